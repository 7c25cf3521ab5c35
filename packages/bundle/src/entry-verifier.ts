// SPDX-License-Identifier: Apache-2.0
// The key or certificate that a log entry records: PEM in entries of Rekor v1, DER in those of v2.
// Refused: PEM other than one CERTIFICATE or PUBLIC KEY with bare line feeds, none or both forms in v2, empty bytes.

import { decodeUtf8, encodeBase64, encodeUtf8 } from '@keywax/core/bytes';
import {
  type Decoder,
  arm,
  decodeBase64Field,
  decodeObject,
  decodeString,
  expectOneArm,
  transform,
} from '@keywax/core/decode';
import type { JsonValue } from '@keywax/core/json';
import { encodePem, parsePem } from '@keywax/core/pem';
import { malformed } from './fields.js';

/** What a log entry says that a signature was verified with. */
export type EntryVerifier =
  | { readonly kind: 'certificate'; readonly der: Uint8Array }
  | { readonly kind: 'publicKey'; readonly spki: Uint8Array };

/**
 * A verifier as base64 of PEM with lines of any length, as intoto entries keep what their client wrote.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export const decodePemVerifier: Decoder<EntryVerifier> = (value, at) => readPem(readText(value, at), at);

/**
 * A verifier as base64 of PEM in the one form in which Rekor v1 writes it anew.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export const decodeCanonicalPemVerifier: Decoder<EntryVerifier> = (value, at) => {
  const text = readText(value, at);
  const verifier = readPem(text, at);
  if (text !== encodePemOf(verifier)) throw malformed(at, 'PEM in lines of 64 characters with a line feed at its end');
  return verifier;
};

function readText(value: JsonValue | undefined, at: string): string {
  return decodeUtf8(decodeBase64Field(value, at), at);
}

function readPem(text: string, at: string): EntryVerifier {
  if (text.includes('\r')) throw malformed(at, 'PEM without carriage returns');
  const [block, second] = parsePem(text, at);
  if (block === undefined || second !== undefined) throw malformed(at, 'exactly one PEM block');
  if (block.label === 'CERTIFICATE') return Object.freeze({ kind: 'certificate', der: block.bytes });
  if (block.label === 'PUBLIC KEY') return Object.freeze({ kind: 'publicKey', spki: block.bytes });
  throw malformed(at, 'a CERTIFICATE or a PUBLIC KEY');
}

/** A verifier as base64 of PEM, the form of Rekor v1. */
export function encodePemVerifier(verifier: EntryVerifier): string {
  return encodeBase64(encodeUtf8(encodePemOf(verifier)));
}

function encodePemOf(verifier: EntryVerifier): string {
  return verifier.kind === 'certificate'
    ? encodePem('CERTIFICATE', verifier.der)
    : encodePem('PUBLIC KEY', verifier.spki);
}

/** A verifier in DER with the name of its row in the algorithm registry. */
export interface VerifierWithDetails {
  readonly verifier: EntryVerifier;
  readonly keyDetails: string;
}

interface VerifierMembers {
  readonly x509Certificate?: { readonly rawBytes: Uint8Array };
  readonly publicKey?: { readonly rawBytes: Uint8Array };
  readonly keyDetails: string;
}

const decodeRaw = arm(decodeObject<{ rawBytes: Uint8Array }>({ rawBytes: decodeBase64Field }), 'INPUT_MALFORMED');

/** A verifier in DER, the form of Rekor v2. @throws INPUT_MALFORMED */
export const decodeVerifierWithDetails: Decoder<VerifierWithDetails> = transform(
  decodeObject<VerifierMembers>({ x509Certificate: decodeRaw, publicKey: decodeRaw, keyDetails: decodeString }),
  (members, at) => {
    if (members.keyDetails === '') throw malformed(`${at}.keyDetails`, 'a name, found none');
    const name = expectOneArm(members, ['x509Certificate', 'publicKey'], { at, code: 'INPUT_MALFORMED' });
    const bytes = members[name]?.rawBytes;
    if (bytes === undefined || bytes.length === 0) throw malformed(`${at}.${name}`, 'bytes, found none');
    const verifier: EntryVerifier =
      name === 'publicKey' ? { kind: 'publicKey', spki: bytes } : { kind: 'certificate', der: bytes };
    return { verifier: Object.freeze(verifier), keyDetails: members.keyDetails };
  },
);
