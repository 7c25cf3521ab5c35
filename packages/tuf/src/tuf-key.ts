// SPDX-License-Identifier: Apache-2.0
// The public keys of TUF metadata (TUF 1.0.34 §4.3): Ed25519 in hex, ECDSA on P-256 and P-384 and RSA-PSS in PEM, and
// ECDSA as the hex of an uncompressed point, as production's roots 1 to 4 have it.
// Refused: a key type that does not go with the scheme, a key of another kind or curve than the scheme's, and whatever
// the key gate of core refuses. A scheme or key type that nobody knows here makes a key that counts for nothing.

import { decodeHex } from '@keywax/core/bytes';
import type { SignatureScheme } from '@keywax/core/algorithms';
import { type Decoder, decodeOpenObject, decodeString, required } from '@keywax/core/decode';
import { TAG, encodeBitString, encodeDer } from '@keywax/core/der';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { type JsonObject, isJsonObject, memberPath } from '@keywax/core/json';
import { type PublicKey, parsePublicKey, parsePublicKeyPem } from '@keywax/core/key';
import { OID, encodeOid } from '@keywax/core/oid';
import { MAX_KEYS, MAX_KEY_ID_CHARS } from './limits.js';

/** A key with the scheme that it signs by. */
export interface TufKey {
  readonly key: PublicKey;
  readonly scheme: SignatureScheme;
}

/** Keys by id. Ids are the names that the metadata gives, not recomputed; `undefined` for a scheme nobody knows here. */
export type TufKeys = ReadonlyMap<string, TufKey | undefined>;

interface SchemeRow {
  readonly scheme: SignatureScheme;
  readonly keyTypes: readonly string[];
  readonly isKey: (key: PublicKey) => boolean;
  readonly parse: (text: string, at: string) => PublicKey;
}

const SCHEMES: ReadonlyMap<string, SchemeRow> = new Map([
  [
    'ed25519',
    row({ scheme: 'ed25519', hash: 'sha512' }, ['ed25519'], (key) => key.kind === 'ed25519', parseEd25519Hex),
  ],
  ['ecdsa-sha2-nistp256', ecdsaRow('P-256', 'sha256', 'ecdsa-sha2-nistp256')],
  ['ecdsa-sha2-nistp384', ecdsaRow('P-384', 'sha384', 'ecdsa-sha2-nistp384')],
  [
    'rsassa-pss-sha256',
    row({ scheme: 'rsa-pss', hash: 'sha256' }, ['rsa'], (key) => key.kind === 'rsa', parsePublicKeyPem),
  ],
]);

function row(
  scheme: SignatureScheme,
  keyTypes: readonly string[],
  isKey: SchemeRow['isKey'],
  parse: SchemeRow['parse'],
): SchemeRow {
  return { scheme, keyTypes, isKey, parse };
}

function ecdsaRow(curve: 'P-256' | 'P-384', hash: 'sha256' | 'sha384', oldKeyType: string): SchemeRow {
  const isKey = (key: PublicKey): boolean => key.kind === 'ec' && key.curve === curve;
  const parse = (text: string, at: string): PublicKey =>
    text.startsWith('04') ? parsePointHex(text, curve, at) : parsePublicKeyPem(text, at);
  return row({ scheme: 'ecdsa', hash }, ['ecdsa', oldKeyType], isKey, parse);
}

function parseEd25519Hex(text: string, at: string): PublicKey {
  const algorithm = encodeDer(TAG.sequence, encodeOid(OID.ed25519));
  return parsePublicKey(encodeDer(TAG.sequence, algorithm, encodeBitString(decodeHex(text, at))), at);
}

function parsePointHex(text: string, curve: 'P-256' | 'P-384', at: string): PublicKey {
  const curveOid = curve === 'P-256' ? OID.prime256v1 : OID.secp384r1;
  const algorithm = encodeDer(TAG.sequence, encodeOid(OID.ecPublicKey), encodeOid(curveOid));
  return parsePublicKey(encodeDer(TAG.sequence, algorithm, encodeBitString(decodeHex(text, at))), at);
}

const decodeKeyMembers = decodeOpenObject({
  keytype: required(decodeString),
  scheme: required(decodeString),
  keyval: required(decodeOpenObject({ public: required(decodeString) })),
});

/** Decodes the `keys` of a root or of delegations. @throws INPUT_MALFORMED, INPUT_TOO_LARGE, KEY_REJECTED, … */
export const decodeKeys: Decoder<TufKeys> = (value, at) => {
  const object = isJsonObject(value) ? value : missing(at);
  if (object.size > MAX_KEYS) {
    const expected = `at most ${MAX_KEYS} keys`;
    throw new KeywaxError('INPUT_TOO_LARGE', `${at}: expected ${expected}`, {
      details: { at, expected, limit: MAX_KEYS },
    });
  }
  return new Map(Array.from(object, ([id, key]) => [expectKeyId(id, at), decodeKey(key, memberPath(at, id))]));
};

function missing(at: string): JsonObject {
  throw new KeywaxError('INPUT_MALFORMED', `${at}: expected an object of keys`, { details: { at } });
}

/** A key id as written: text of a bounded length. @throws INPUT_MALFORMED */
export function expectKeyId(text: string, at: string): string {
  if (text.length > 0 && text.length <= MAX_KEY_ID_CHARS) return text;
  const expected = `a key id of 1 to ${MAX_KEY_ID_CHARS} characters`;
  throw new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}`, { details: { at, expected } });
}

const decodeKey: Decoder<TufKey | undefined> = (value, at) => {
  const { keytype, scheme: name, keyval } = decodeKeyMembers(value, at);
  const found = SCHEMES.get(name);
  if (found === undefined) return undefined;
  const { scheme, keyTypes, isKey, parse } = found;
  if (!keyTypes.includes(keytype)) throw confused(at, `the key type ${keyTypes.join(' or ')} with ${name}`, keytype);
  const key = parse(keyval.public, `${at}.keyval.public`);
  if (!isKey(key)) throw confused(at, `a key for ${name}`, key.kind === 'ec' ? key.curve : key.kind);
  return Object.freeze({ key, scheme });
};

function confused(at: string, expected: string, found: string): KeywaxError {
  const actual = quoteText(found, 40);
  return new KeywaxError('KEY_REJECTED', `${at}: expected ${expected}, found ${actual}`, {
    details: { at, expected, actual },
  });
}
