// SPDX-License-Identifier: Apache-2.0
// The keys of a registry, in the two forms that they are published in: the answer of `/-/npm/v1/keys`, and the TUF target.
// Refused: what core's JSON reader refuses, keys without an id, an id that stands twice for one use, more than 64 keys.
// Keys of kinds or uses that are not known are left out, so that whatever they signed lacks a key.

import {
  type Decoder,
  arrayOf,
  decodeBase64Field,
  decodeOpenObject,
  decodeRfc3339,
  decodeString,
  optional,
  required,
  transform,
} from '@keywax/core/decode';
import { KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';
import { type JsonValue, isJsonObject, parseJson, readPlainJson } from '@keywax/core/json';
import { type PublicKey, parsePublicKey } from '@keywax/core/key';
import type { RegistryKey, RegistryKeyUsage } from './evidence.js';

/** JSON text, its UTF-8 bytes, the object that comes of parsing it, or a value of core's reader. */
export type KeysDocument = Uint8Array | string | object | JsonValue;

const LIMITS = { maxBytes: 262_144 } as const; // ATTACKS 4.3: that of a signing config, which is as small
const MAX_KEYS = 64;
const ALGORITHM = 'ecdsa-sha2-nistp256';
const KEY_DETAILS = 'PKIX_ECDSA_P256_SHA_256';
const USAGES: ReadonlyMap<string, RegistryKeyUsage> = new Map([
  ['npm:signatures', 'signatures'],
  ['npm:attestations', 'attestations'],
]);

const decodeKeyId: Decoder<string> = (value, at) => {
  const id = required(decodeString)(value, at);
  if (id === '' || id.length > 256) throw invalid(at, 'a key id of 1 to 256 characters');
  return id;
};

interface ServedKey {
  readonly keyid: string;
  readonly keytype?: string;
  readonly scheme?: string;
  readonly key: Uint8Array;
  readonly expires?: Date;
}

const decodeServedKey: Decoder<ServedKey> = decodeOpenObject<ServedKey>({
  keyid: decodeKeyId,
  keytype: optional(decodeString),
  scheme: optional(decodeString),
  key: required(decodeBase64Field),
  expires: optional(decodeRfc3339),
});

/**
 * Decodes the answer of a registry's `/-/npm/v1/keys`. Its keys are what the registry says of itself.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, SERVICE_INVALID for an id that stands twice
 */
export function decodeRegistryKeys(document: KeysDocument): readonly RegistryKey[] {
  return decodeKeys(document, decodeServedKey, ({ keyid, keytype, scheme, key, expires }, at) => {
    if (keytype !== ALGORITHM || scheme !== ALGORITHM) return undefined;
    const read = parseUsableKey(key, at);
    if (read === undefined) return undefined;
    return { keyId: keyid, key: read, ...(expires === undefined ? {} : { expires }), source: 'registry' };
  });
}

interface TargetKey {
  readonly keyId: string;
  readonly keyUsage: string;
  readonly publicKey: TargetPublicKey;
}

interface TargetPublicKey {
  readonly rawBytes: Uint8Array;
  readonly keyDetails: string;
  readonly validFor?: { readonly start?: Date; readonly end?: Date };
}

const decodeTargetKey: Decoder<TargetKey> = decodeOpenObject<TargetKey>({
  keyId: decodeKeyId,
  keyUsage: required(decodeString),
  publicKey: required(
    decodeOpenObject<TargetPublicKey>({
      rawBytes: required(decodeBase64Field),
      keyDetails: required(decodeString),
      validFor: optional(
        decodeOpenObject<{ readonly start?: Date; readonly end?: Date }>({
          start: optional(decodeRfc3339),
          end: optional(decodeRfc3339),
        }),
      ),
    }),
  ),
});

/**
 * Decodes the TUF target `HOST/keys.json`. Its keys are what the instance vouches for, each with its use.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, SERVICE_INVALID for an id that stands twice for one use
 */
export function decodeKeysTarget(document: KeysDocument): readonly RegistryKey[] {
  return decodeKeys(document, decodeTargetKey, ({ keyId, keyUsage, publicKey }, at) => {
    const usage = USAGES.get(keyUsage);
    if (usage === undefined || publicKey.keyDetails !== KEY_DETAILS) return undefined;
    const key = parseUsableKey(publicKey.rawBytes, at);
    if (key === undefined) return undefined;
    const { start, end } = publicKey.validFor ?? {};
    return {
      keyId,
      key,
      ...(start === undefined ? {} : { validFrom: start }),
      ...(end === undefined ? {} : { expires: end }),
      usage,
      source: 'tuf',
    };
  });
}

/**
 * The key with an id for a use; at most one, as decoders see to.
 */
export function selectRegistryKey(
  keys: readonly RegistryKey[],
  keyId: string,
  usage: RegistryKeyUsage,
): RegistryKey | undefined {
  return keys.find((key) => key.keyId === keyId && (key.usage === undefined || key.usage === usage));
}

/** @throws SERVICE_INVALID where an id stands for two keys of one use, so that nobody chooses between them */
export function checkDistinctKeys(keys: readonly RegistryKey[], at = 'keys'): void {
  const seen = new Set<string>();
  for (const { keyId, usage } of keys) {
    for (const use of usage === undefined ? (['signatures', 'attestations'] as const) : [usage]) {
      const name = `${use} ${keyId}`;
      if (seen.has(name)) throw invalid(at, 'each key id once for each use', keyId);
      seen.add(name);
    }
  }
}

function decodeKeys<T>(
  document: KeysDocument,
  decoder: Decoder<T>,
  convert: (key: T, at: string) => RegistryKey | undefined,
): readonly RegistryKey[] {
  const convertKey = transform(decoder, convert);
  const { keys } = decodeOpenObject<{ readonly keys: readonly (RegistryKey | undefined)[] }>({
    keys: required(arrayOf(convertKey, MAX_KEYS)),
  })(readDocument(document), 'keys');
  const known = keys.filter((key) => key !== undefined).map((key) => Object.freeze(key));
  checkDistinctKeys(known);
  return Object.freeze(known);
}

function readDocument(document: KeysDocument): JsonValue {
  if (typeof document === 'string' || document instanceof Uint8Array) return parseJson(document, LIMITS, 'keys');
  // What core's reader gave is read already; its objects are maps, which plain JSON does not have.
  return document instanceof Map && isJsonObject(document as JsonValue)
    ? (document as JsonValue)
    : readPlainJson(document, LIMITS, 'keys');
}

/** A P-256 key that passed the gate; others are unusable, as in a trusted root (RUL-24). */
function parseUsableKey(spki: Uint8Array, at: string): PublicKey | undefined {
  try {
    const key = parsePublicKey(spki, at);
    return key.kind === 'ec' && key.curve === 'P-256' ? key : undefined;
  } catch (error) {
    if (isKeywaxError(error, 'KEY_REJECTED') || isKeywaxError(error, 'INPUT_UNSUPPORTED')) return undefined;
    throw error;
  }
}

function invalid(at: string, expected: string, actual?: string): KeywaxError {
  const found = actual === undefined ? '' : `, found ${quoteText(actual)} twice`;
  return new KeywaxError('SERVICE_INVALID', `${at}: expected ${expected}${found}`, { details: { at, expected } });
}
