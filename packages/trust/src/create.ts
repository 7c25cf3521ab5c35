// SPDX-License-Identifier: Apache-2.0
// Trusted roots from what an operator has at hand: chains and public keys in PEM or DER, URLs, and dates.
// Refused: whatever the decoder refuses, keys and certificates that it would set aside, and keys whose id depends on the
// version of a log that is not said.

import { defaultSuite } from '@keywax/core/algorithms';
import { encodeBase64 } from '@keywax/core/bytes';
import { KeywaxError } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import { type PublicKey, parsePublicKey, parsePublicKeyPem } from '@keywax/core/key';
import { computeNoteKeyId } from '@keywax/core/note';
import { parsePem } from '@keywax/core/pem';
import type { TimeRange } from '@keywax/core/time';
import { type Certificate, formatName, parseCertificate } from '@keywax/core/x509';
import type { SerializedAuthority, SerializedLog } from './serialized.js';
import { originOf } from './transparency-log.js';
import { encodeValidity } from './trusted-root-encode.js';
import { MEDIA_TYPE_V02, type TrustedRoot, decodeTrustedRoot, selectMediaType } from './trusted-root.js';

/** A certificate or timestamp authority to vouch for. */
export interface AuthorityPart {
  /** PEM, or certificates in DER: towards the anchor, a timestamp authority's leaf first; 1 to 10. */
  readonly chain: string | readonly Uint8Array[];
  /** Where it is; never fetched. */
  readonly uri?: string;
  /** What its entry calls it; the name of the anchor unless given. */
  readonly subject?: { readonly organization: string; readonly commonName: string };
  /** From when on all certificates are valid, without end, unless given. */
  readonly validFor?: { readonly start?: Date; readonly end?: Date };
  readonly operator?: string;
}

/** A certificate log to vouch for. */
export interface CtLogPart {
  /** A `PUBLIC KEY` in PEM, or an SPKI in DER. */
  readonly key: string | Uint8Array;
  readonly baseUrl?: string;
  /** When the key is in use, both ends inclusive. */
  readonly validFor: TimeRange;
  readonly operator?: string;
}

/** A log to vouch for. */
export interface LogPart extends CtLogPart {
  /** Its host, with the port where one is written, is what the log signs as. */
  readonly baseUrl: string;
  /** 1 or 2 of Rekor. The id of an ECDSA key does not depend on it; other keys need it. */
  readonly majorApiVersion?: 1 | 2;
}

/** What a trusted root is made of. */
export interface TrustedRootParts {
  readonly certificateAuthorities?: readonly AuthorityPart[];
  readonly timestampAuthorities?: readonly AuthorityPart[];
  readonly logs?: readonly LogPart[];
  readonly ctLogs?: readonly CtLogPart[];
}

/**
 * Creates a trusted root; key ids, algorithms and names are derived from keys and certificates. `mergeTrustedRoots` adds
 * it to another.
 * @throws CONFIG_INVALID, TRUST_INVALID, KEY_REJECTED, INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED
 * @example
 * const root = createTrustedRoot({
 *   certificateAuthorities: [{ chain: fulcioPem, uri: 'https://fulcio.example.com' }],
 *   logs: [{ key: rekorPem, baseUrl: 'https://rekor.example.com', validFor: { start: new Date(0) } }],
 * });
 */
export function createTrustedRoot(parts: TrustedRootParts): TrustedRoot {
  const { certificateAuthorities = [], timestampAuthorities = [], logs = [], ctLogs = [] } = parts;
  const entries = {
    tlogs: logs.map(describeLog),
    ctlogs: ctLogs.map(describeCtLog),
    certificateAuthorities: certificateAuthorities.map((part, i) => describe(part, `certificateAuthorities[${i}]`)),
    timestampAuthorities: timestampAuthorities.map((part, i) => describe(part, `timestampAuthorities[${i}]`)),
  };
  const root = expectUsable(decodeTrustedRoot({ mediaType: MEDIA_TYPE_V02, ...entries }));
  return Object.freeze({ ...root, mediaType: selectMediaType(root) });
}

/** What a decoder sets aside because others may not need it is an error of the one who makes it. */
function expectUsable(root: TrustedRoot): TrustedRoot {
  const { mediaType: _, ...lists } = root;
  for (const [name, list] of Object.entries(lists)) {
    list.forEach(({ unusable }, i) => {
      if (unusable !== undefined) throw new KeywaxError('KEY_REJECTED', `${name}[${i}]: ${unusable}`);
    });
  }
  return root;
}

function describeLog(part: LogPart, i: number): SerializedLog {
  const at = `logs[${i}]`;
  const key = readKey(part.key, `${at}.key`);
  return encodePart(part, key, computeLogId(part, key, at));
}

function describeCtLog(part: CtLogPart, i: number): SerializedLog {
  const key = readKey(part.key, `ctLogs[${i}].key`);
  return encodePart(part, key, hash('sha256', key.spki));
}

/** RUL-18: SHA-256 of the SPKI, or from version 2 on the id of the note key, which for ECDSA is the same. */
function computeLogId({ baseUrl, majorApiVersion }: LogPart, key: PublicKey, at: string): Uint8Array {
  if (key.kind !== 'ec' && majorApiVersion === undefined) {
    const expected = '1 or 2, on which the id of this key depends';
    throw new KeywaxError('CONFIG_INVALID', `${at}.majorApiVersion: expected ${expected}`, {
      details: { at: `${at}.majorApiVersion`, expected },
    });
  }
  if (majorApiVersion !== 2) return hash('sha256', key.spki);
  return computeNoteKeyId(originOf(baseUrl), key, (...pieces) => hash('sha256', ...pieces));
}

function encodePart(part: CtLogPart, key: PublicKey, logId: Uint8Array): SerializedLog {
  const { baseUrl = '', validFor, operator } = part;
  return {
    ...(baseUrl === '' ? {} : { baseUrl }),
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: encodeBase64(key.spki),
      keyDetails: defaultSuite(key).keyDetails,
      validFor: encodeValidity(validFor),
    },
    logId: { keyId: encodeBase64(logId) },
    ...(operator === undefined ? {} : { operator }),
  };
}

function readKey(key: string | Uint8Array, at: string): PublicKey {
  return typeof key === 'string' ? parsePublicKeyPem(key, at) : parsePublicKey(key, at);
}

function describe(part: AuthorityPart, at: string): SerializedAuthority {
  const { uri = '', operator, validFor = {} } = part;
  const chain = readChain(part.chain, `${at}.chain`);
  const start = validFor.start ?? latestStart(chain);
  return {
    subject: part.subject ?? { organization: '', commonName: nameAnchor(chain) },
    ...(uri === '' ? {} : { uri }),
    certChain: { certificates: chain.map(({ der }) => ({ rawBytes: encodeBase64(der) })) },
    validFor: encodeValidity({ start, ...(validFor.end === undefined ? {} : { end: validFor.end }) }),
    ...(operator === undefined ? {} : { operator }),
  };
}

function readChain(chain: string | readonly Uint8Array[], at: string): readonly Certificate[] {
  const certificates = typeof chain === 'string' ? readPemChain(chain, at) : chain;
  if (certificates.length > 0) return certificates.map((der, i) => parseCertificate(der, `${at}[${i}]`));
  throw new KeywaxError('CONFIG_INVALID', `${at}: expected at least one certificate`);
}

function readPemChain(text: string, at: string): readonly Uint8Array[] {
  return parsePem(text, at).map(({ label, bytes }, i) => {
    if (label === 'CERTIFICATE') return bytes;
    throw new KeywaxError('INPUT_MALFORMED', `${at}[${i}]: expected a PEM block CERTIFICATE`);
  });
}

function latestStart(chain: readonly Certificate[]): Date {
  return new Date(Math.max(...chain.map(({ notBefore }) => notBefore.getTime())));
}

function nameAnchor(chain: readonly Certificate[]): string {
  const anchor = chain.at(-1);
  return anchor === undefined ? '' : formatName(anchor.subject);
}
