// SPDX-License-Identifier: Apache-2.0
// Signatures that lie beside what they sign, each piece in a file of its own, and cosign's old JSON around them
// (PROTOCOL 9.1): read, and put together as a bundle.
// Refused: unknown members; verifiers that are neither a certificate nor a public key; a bundle without a signature.

import type { LogEntry } from '@keywax/bundle';
import { decodeBase64, decodeUtf8 } from '@keywax/core/bytes';
import { type Decoder, decodeBase64Field, decodeObject, decodeString, optional, transform } from '@keywax/core/decode';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { parsePublicKey } from '@keywax/core/key';
import { isJsonObject, parseJson } from '@keywax/core/json';
import { parsePem } from '@keywax/core/pem';
import { parseCertificate } from '@keywax/core/x509';
import { malformed } from '../fault.js';
import { decodeRekorBundle } from './rekor-bundle.js';

/** What a signature is verified with: the signer's certificate or public key, in DER. */
export type DetachedVerifier =
  | { readonly kind: 'certificate'; readonly der: Uint8Array }
  | { readonly kind: 'publicKey'; readonly spki: Uint8Array };

/** The pieces of a signature. Nothing in them is proven. */
export interface DetachedSignature {
  /** The signature, or the JSON of a DSSE envelope. */
  readonly signature: Uint8Array;
  readonly verifier?: DetachedVerifier;
  readonly entry?: LogEntry;
}

const MAX_BYTES = 33_554_432; // a bundle of 16 MiB, as base64 of base64
const MAX_SIGNATURE_BYTES = 16_777_216; // an envelope

/**
 * Reads a signature file: base64 as cosign writes it, with or without a line end, or the bytes themselves.
 * @throws INPUT_MALFORMED for an empty file, INPUT_TOO_LARGE
 */
export function parseSignatureFile(content: Uint8Array): Uint8Array {
  const at = 'signature';
  if (content.length > MAX_SIGNATURE_BYTES)
    throw new KeywaxError('INPUT_TOO_LARGE', `${at}: expected at most ${MAX_SIGNATURE_BYTES} bytes`, {
      details: { at, limit: MAX_SIGNATURE_BYTES },
    });
  const signature = selectBase64(content) ?? new Uint8Array(content);
  if (signature.length === 0) throw malformed(at, 'a signature, found none');
  return signature;
}

function selectBase64(content: Uint8Array): Uint8Array | undefined {
  try {
    return decodeBase64(decodeUtf8(content).replace(/\r?\n$/, ''));
  } catch (error) {
    if (isKeywaxError(error, 'INPUT_MALFORMED')) return undefined;
    throw error;
  }
}

/**
 * Reads a certificate or public key: PEM, or base64 of PEM as cosign writes it. Of several certificates the first is the
 * signer's; the others are left out, because trust comes from elsewhere.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED, KEY_REJECTED, CERTIFICATE_PROFILE_INVALID
 */
export function parseVerifier(content: string, at = 'certificate'): DetachedVerifier {
  const pem = content.includes('-----BEGIN')
    ? content
    : decodeUtf8(decodeBase64(content.replace(/\r?\n$/, ''), at), at);
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY/.test(pem))
    throw new KeywaxError('KEY_REJECTED', `${at}: expected a certificate or a public key, not a private one`, {
      details: { at },
    });
  const [block, ...others] = parsePem(pem, at);
  if (block?.label === 'CERTIFICATE' && others.every(({ label }) => label === 'CERTIFICATE')) {
    parseCertificate(block.bytes, at);
    return { kind: 'certificate', der: block.bytes };
  }
  if (block?.label === 'PUBLIC KEY' && others.length === 0)
    return { kind: 'publicKey', spki: parsePublicKey(block.bytes, at).spki };
  throw malformed(at, 'certificates, or one public key');
}

interface Members {
  readonly base64Signature: Uint8Array;
  readonly cert?: DetachedVerifier;
  readonly rekorBundle?: LogEntry;
}

const decodeMembers: Decoder<Members> = decodeObject<Members>({
  base64Signature: transform(decodeBase64Field, (signature, at) => {
    if (signature.length === 0) throw malformed(at, 'a signature, found none');
    return signature;
  }),
  cert: (value, at) => {
    const text = optional(decodeString)(value, at);
    return text === undefined || text === '' ? undefined : parseVerifier(text, at);
  },
  rekorBundle: optional(decodeRekorBundle),
});

/**
 * Decodes cosign's old bundle of a blob: `base64Signature`, `cert` and `rekorBundle`.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED, KEY_REJECTED, CERTIFICATE_PROFILE_INVALID
 */
export function decodeBlobBundle(input: Uint8Array | string): DetachedSignature {
  const {
    base64Signature: signature,
    cert,
    rekorBundle,
  } = decodeMembers(parseJson(input, { maxBytes: MAX_BYTES }), '$');
  return Object.freeze({
    signature,
    ...(cert === undefined ? {} : { verifier: cert }),
    ...(rekorBundle === undefined ? {} : { entry: rekorBundle }),
  });
}

/** True for JSON that has the one member which cosign's old bundle always has and a Sigstore bundle never. */
export function isBlobBundle(input: Uint8Array | string): boolean {
  try {
    const value = parseJson(input, { maxBytes: MAX_BYTES });
    return isJsonObject(value) && value.has('base64Signature');
  } catch (error) {
    if (isKeywaxError(error)) return false;
    throw error;
  }
}

const decodeTimestampMembers = decodeObject<{ SignedRFC3161Timestamp: Uint8Array }>({
  SignedRFC3161Timestamp: decodeBase64Field,
});

/**
 * Reads a timestamp as cosign keeps it, JSON with `SignedRFC3161Timestamp`, or as the authority answered, in DER. It is
 * not parsed further.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export function parseTimestampFile(content: Uint8Array): Uint8Array {
  const DER_SEQUENCE = 0x30;
  if (content[0] === DER_SEQUENCE) return new Uint8Array(content);
  const json = parseJson(content, { maxBytes: MAX_BYTES }, 'timestamp');
  return decodeTimestampMembers(json, 'timestamp').SignedRFC3161Timestamp;
}
