// SPDX-License-Identifier: Apache-2.0
// The certificate transparency log: it signs timestamps for precertificates and certificates (RFC 6962 §3), and keeps
// what it signed in a tree.

import { concatBytes, encodeUint } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { OID } from '@keywax/core/oid';
import { type SigningKey, signBytes } from '../keys.js';
import type { Log } from '../log/log.js';
import { encodeTbs, readCertificate, readExtensionId, readTbs, withoutExtension } from '../x509/tbs.js';
import {
  type LoggedCertificate,
  type SctFields,
  encodeDigitallySigned,
  encodeLeafIndex,
  encodeSctSignatureInput,
  encodeTimestampedEntry,
  encodeVector,
  selectTlsAlgorithms,
} from './sct.js';

/** A certificate transparency log. */
export interface CtLog {
  readonly key: SigningKey;
  /** SHA-256 of the key's SubjectPublicKeyInfo. */
  readonly logId: Uint8Array;
  readonly log: Log;
  /** Logs an entry and returns its timestamp. `chain` is what was submitted, the certificate itself first. */
  append(entry: LoggedCertificate, chain: readonly Uint8Array[]): Promise<SctFields>;
  /** Signs a timestamp for an entry without logging it; `overrides` change fields before they are signed. */
  sign(
    entry: LoggedCertificate,
    overrides?: { readonly timestampMs?: bigint; readonly extensions?: Uint8Array },
  ): SctFields;
  /** A signed tree head of the present size (RFC 6962 §3.5). */
  signTreeHead(): {
    readonly size: number;
    readonly timestampMs: bigint;
    readonly root: Uint8Array;
    readonly signature: Uint8Array;
  };
}

/** What a CT log is made of. */
export interface CtLogOptions {
  readonly key: SigningKey;
  readonly log: Log;
  readonly now: () => Date;
  /** Whether timestamps carry the leaf index, as a static CT log's do. */
  readonly leafIndexExtension?: boolean;
}

const NO_BYTES = new Uint8Array();

/** A record: the leaf of the tree (RFC 6962 §3.4) behind its length in four bytes, then the submitted chain (§4.6). */
function encodeRecord(leaf: Uint8Array, entry: LoggedCertificate, chain: readonly Uint8Array[]): Uint8Array {
  const [first, ...issuers] = chain.map((certificate) => encodeVector(3, certificate));
  const extra = concatBytes(
    entry.kind === 'precertificate' && first !== undefined ? first : NO_BYTES,
    encodeVector(3, ...issuers),
  );
  return concatBytes(encodeVector(4, leaf), extra);
}

/** `leaf_input` and `extra_data` of a record (RFC 6962 §4.6). */
export function readCtRecord(record: Uint8Array): { readonly leafInput: Uint8Array; readonly extraData: Uint8Array } {
  const length = new DataView(record.buffer, record.byteOffset).getUint32(0);
  return { leafInput: record.subarray(4, 4 + length), extraData: record.subarray(4 + length) };
}

/** Opens a CT log. */
export function createCtLog({ key, log, now, leafIndexExtension = false }: CtLogOptions): CtLog {
  const logId = hash('sha256', key.spki);
  let reserved = log.size(); // leaf indices are part of what is signed, so they are given out before the write
  const sign: CtLog['sign'] = (entry, { timestampMs = BigInt(now().getTime()), extensions = NO_BYTES } = {}) => ({
    version: 0,
    logId,
    timestampMs,
    extensions,
    ...selectTlsAlgorithms(key),
    signature: signBytes(key, encodeSctSignatureInput(entry, timestampMs, extensions), 'sha256'),
  });
  return {
    key,
    logId,
    log,
    sign,
    async append(entry, chain) {
      const extensions = leafIndexExtension ? encodeLeafIndex(reserved) : NO_BYTES;
      reserved++;
      const sct = sign(entry, { extensions });
      const leaf = concatBytes(Uint8Array.of(0, 0), encodeTimestampedEntry(entry, sct.timestampMs, extensions));
      await log.append(encodeRecord(leaf, entry, chain));
      return sct;
    },
    signTreeHead() {
      const size = log.size();
      const timestampMs = BigInt(now().getTime());
      const root = log.tree.root(size);
      const input = concatBytes(Uint8Array.of(0, 1), encodeUint(timestampMs, 8), encodeUint(size, 8), root);
      return { size, timestampMs, root, signature: encodeDigitallySigned(key, signBytes(key, input, 'sha256')) };
    },
  };
}

/** What a log sees in a precertificate: its TBSCertificate without the poison, and the issuer's key hash. @throws INPUT_MALFORMED */
export function readPrecertificate(precertificate: Uint8Array, issuerSpki: Uint8Array): LoggedCertificate {
  const members = readTbs(readCertificate(precertificate).tbs);
  const tbs = encodeTbs(withoutExtension(members, OID.precertificatePoison));
  return { kind: 'precertificate', issuerKeyHash: hash('sha256', issuerSpki), tbs };
}

/** True when the certificate carries the poison of a precertificate. @throws INPUT_MALFORMED */
export function isPrecertificate(certificate: Uint8Array): boolean {
  const { extensions } = readTbs(readCertificate(certificate).tbs);
  return extensions.some((extension) => readExtensionId(extension) === OID.precertificatePoison);
}
