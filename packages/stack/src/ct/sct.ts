// SPDX-License-Identifier: Apache-2.0
// Signed certificate timestamps as bytes (RFC 6962 §3.2, §3.3), written field by field so that each can be wrong.

import { concatBytes, encodeUint } from '@keywax/core/bytes';
import { TAG, encodeDer } from '@keywax/core/der';
import { OID } from '@keywax/core/oid';
import type { SigningKey } from '../keys.js';
import type { ExtensionValue } from '../x509/extensions.js';

/** What a log saw: a precertificate, or a certificate (RFC 6962 §3.1). */
export type LoggedCertificate =
  | { readonly kind: 'certificate'; readonly der: Uint8Array }
  | { readonly kind: 'precertificate'; readonly issuerKeyHash: Uint8Array; readonly tbs: Uint8Array };

/** The fields of a timestamp. `timestampMs` counts from 1970. */
export interface SctFields {
  readonly version: number;
  readonly logId: Uint8Array;
  readonly timestampMs: bigint;
  readonly extensions: Uint8Array;
  readonly hashAlgorithm: number;
  readonly signatureAlgorithm: number;
  readonly signature: Uint8Array;
}

/** A TLS vector whose length prefix has `width` bytes (RFC 8446 §3.4). */
export function encodeVector(width: number, ...pieces: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(...pieces);
  return concatBytes(encodeUint(content.length, width), content);
}

/** `timestamp ‖ entry type ‖ entry ‖ extensions`: what the signature and the tree leaf have in common. */
export function encodeTimestampedEntry(
  entry: LoggedCertificate,
  timestampMs: bigint,
  extensions: Uint8Array,
): Uint8Array {
  const type = encodeUint(entry.kind === 'certificate' ? 0 : 1, 2);
  const body =
    entry.kind === 'certificate'
      ? encodeVector(3, entry.der)
      : concatBytes(entry.issuerKeyHash, encodeVector(3, entry.tbs));
  return concatBytes(encodeUint(timestampMs, 8), type, body, encodeVector(2, extensions));
}

/** What the log signs for an entry: version 1, signature type `certificate_timestamp`. */
export function encodeSctSignatureInput(
  entry: LoggedCertificate,
  timestampMs: bigint,
  extensions: Uint8Array,
): Uint8Array {
  return concatBytes(Uint8Array.of(0, 0), encodeTimestampedEntry(entry, timestampMs, extensions));
}

/** The two bytes that name hash and signature algorithm (RFC 5246 §7.4.1.4.1). */
export function selectTlsAlgorithms(key: SigningKey): {
  readonly hashAlgorithm: number;
  readonly signatureAlgorithm: number;
} {
  const signatureAlgorithm = key.kind.startsWith('rsa') ? 1 : 3;
  return { hashAlgorithm: 4, signatureAlgorithm };
}

/** `DigitallySigned` of TLS 1.2: algorithms and signature. */
export function encodeDigitallySigned(key: SigningKey, signature: Uint8Array): Uint8Array {
  const { hashAlgorithm, signatureAlgorithm } = selectTlsAlgorithms(key);
  return concatBytes(Uint8Array.of(hashAlgorithm, signatureAlgorithm), encodeVector(2, signature));
}

/** One serialized timestamp. */
export function encodeSct(fields: SctFields): Uint8Array {
  return concatBytes(
    Uint8Array.of(fields.version),
    fields.logId,
    encodeUint(fields.timestampMs, 8),
    encodeVector(2, fields.extensions),
    Uint8Array.of(fields.hashAlgorithm, fields.signatureAlgorithm),
    encodeVector(2, fields.signature),
  );
}

/** The certificate extension that carries serialized timestamps (RFC 6962 §3.3): an OCTET STRING in `extnValue`. */
export function sctListExtension(scts: readonly Uint8Array[]): ExtensionValue {
  const list = encodeVector(2, ...scts.map((sct) => encodeVector(2, sct)));
  return { id: OID.sctList, critical: false, value: encodeDer(TAG.octetString, list) };
}

/** The extension that makes a certificate a precertificate (RFC 6962 §3.1). */
export const POISON: ExtensionValue = {
  id: OID.precertificatePoison,
  critical: true,
  value: Uint8Array.of(0x05, 0x00),
};

/** The timestamp extension of a static CT log: the leaf index in 40 bits. */
export function encodeLeafIndex(index: number): Uint8Array {
  return concatBytes(Uint8Array.of(0), encodeVector(2, encodeUint(index, 5)));
}
