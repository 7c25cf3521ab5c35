// SPDX-License-Identifier: Apache-2.0
// Bundles that other and older clients wrote, made into the strict form, for conversion alone (RUL-7). Verification does
// not read them.
// Taken, where `decodeBundle` refuses it: snake_case names, enum numbers, `null` for every member that is unset, base64 in
// the URL alphabet or without padding, a chain in a bundle 0.3, a single certificate in an older one.
// Refused: everything else that `decodeBundle` refuses, and a member under both of its names.

import { decodeBase64Url, encodeBase64 } from '@keywax/core/bytes';
import { KeywaxError } from '@keywax/core/errors';
import { HASH_PROTO_NAMES } from '@keywax/core/hash';
import {
  type JsonObject,
  type JsonValue,
  isJsonArray,
  isJsonNumber,
  isJsonObject,
  memberPath,
  readJson,
} from '@keywax/core/json';
import { type Bundle, MAX_BUNDLE_BYTES, readBundle } from './bundle.js';
import { invalid, malformed } from './fields.js';
import { BUNDLE_MEDIA_TYPE } from './version.js';

/** `dev.sigstore.common.v1.HashAlgorithm`, from its first value on. */
const HASH_NUMBERS: readonly string[] = [HASH_PROTO_NAMES.sha256, HASH_PROTO_NAMES.sha384, HASH_PROTO_NAMES.sha512];

/** The members that hold bytes. */
const BYTES_MEMBERS: ReadonlySet<string> = new Set([
  'rawBytes',
  'keyId',
  'signedEntryTimestamp',
  'rootHash',
  'hashes',
  'canonicalizedBody',
  'signedTimestamp',
  'digest',
  'signature',
  'payload',
  'sig',
]);

/**
 * Decodes a bundle in any form that the protobuf readers of other clients take.
 * @throws as `decodeBundle`
 */
export function decodeLenientBundle(input: Uint8Array | string | object): Bundle {
  const value = readJson(input, { maxBytes: MAX_BUNDLE_BYTES });
  if (!isJsonObject(value)) throw malformed('$', 'an object');
  const bundle = normalizeObject(value, '$');
  const material = bundle.get('verificationMaterial');
  if (!isJsonObject(material)) return readBundle(bundle, '$');
  const mediaType = bundle.get('mediaType');
  const isSingle = typeof mediaType === 'string' && /version=0\.3$|\.v0\.3\+json$/.test(mediaType);
  return readBundle(new Map([...bundle, ['verificationMaterial', normalizeMaterial(material, isSingle)]]), '$');
}

function normalizeObject(object: JsonObject, at: string): JsonObject {
  const members = new Map<string, JsonValue>();
  for (const [name, value] of object) {
    const path = memberPath(at, name);
    const camel = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    if (members.has(camel)) throw malformed(path, 'each member once');
    const normal = normalizeMember(camel, value, path);
    if (normal !== null) members.set(camel, normal);
  }
  return members;
}

function normalizeMember(name: string, value: JsonValue, at: string): JsonValue {
  if (isJsonArray(value)) return value.map((item, i) => normalizeMember(name, item, `${at}[${i}]`));
  if (isJsonObject(value)) return normalizeObject(value, at);
  if (name === 'algorithm' && (typeof value === 'number' || isJsonNumber(value))) return nameHash(value, at);
  return BYTES_MEMBERS.has(name) && typeof value === 'string' ? normalizeBase64(value, at) : value;
}

function nameHash(value: JsonValue, at: string): string {
  const name = typeof value === 'number' ? HASH_NUMBERS[value - 1] : undefined;
  if (name !== undefined) return name;
  const expected = 'the number of a hash algorithm that is SHA-2';
  throw new KeywaxError('INPUT_UNSUPPORTED', `${at}: expected ${expected}`, { details: { at, expected } });
}

function normalizeBase64(text: string, at: string): string {
  if (!/[-_]|[^=]$/.test(text)) return text; // padded, or nothing: as the strict reader takes it
  const bare = text
    .replace(/={1,2}$/, '')
    .replaceAll('+', '-')
    .replaceAll('/', '_');
  return encodeBase64(decodeBase64Url(bare, at));
}

/** The form of certificates that the version has: one alone, or a chain. */
function normalizeMaterial(material: JsonObject, isSingle: boolean): JsonObject {
  const { certificate, chain } = {
    certificate: material.get('certificate'),
    chain: material.get('x509CertificateChain'),
  };
  if (certificate !== undefined && chain !== undefined) return material; // which the strict reader refuses
  if (certificate !== undefined && !isSingle)
    return replaceMember(material, 'certificate', 'x509CertificateChain', new Map([['certificates', [certificate]]]));
  const [leaf] = isJsonObject(chain) ? listOf(chain.get('certificates')) : [];
  return leaf === undefined || !isSingle
    ? material
    : replaceMember(material, 'x509CertificateChain', 'certificate', leaf);
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return isJsonArray(value) ? value : [];
}

function replaceMember(object: JsonObject, old: string, name: string, value: JsonValue): JsonObject {
  return new Map([...[...object].filter(([member]) => member !== old), [name, value]]);
}

/**
 * The same evidence as a bundle 0.3. Of a chain only the leaf is kept: what others need of it is in their trusted roots.
 * @throws BUNDLE_INVALID for an entry without a proof and its checkpoint, which only its log has (RUL-8)
 */
export function upgradeBundle(bundle: Bundle): Bundle {
  bundle.entries.forEach(({ proof }, i) => {
    if (proof?.checkpoint === undefined)
      throw invalid(`tlogEntries[${i}].inclusionProof`, 'a proof with its checkpoint, as a bundle 0.3 has');
  });
  const { material } = bundle;
  return Object.freeze({
    ...bundle,
    version: '0.3',
    mediaType: BUNDLE_MEDIA_TYPE,
    material:
      material.kind === 'certificate'
        ? Object.freeze({ kind: 'certificate', certificates: Object.freeze(material.certificates.slice(0, 1)) })
        : material,
  });
}
