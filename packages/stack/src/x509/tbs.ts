// SPDX-License-Identifier: Apache-2.0
// A certificate taken apart into its DER members and put together again: what adds the timestamps of a CT log to a
// certificate, and what lets tests change any byte and sign again. Members are copied, never re-encoded.

import {
  TAG,
  contextTag,
  elementBytes,
  encodeBitString,
  encodeDer,
  openElement,
  parseDer,
  readBitStringBytes,
  readMembers,
} from '@keywax/core/der';
import { readOid } from '@keywax/core/oid';
import type { HashName } from '@keywax/core/hash';
import { type SigningKey, encodeSignatureAlgorithm, selectKeyHash, signBytes } from '../keys.js';

const AT = 'certificate';
const MAX_EXTENSIONS = 1_000; // only to bound the loop: what comes here was made here or is a precertificate of a caller

/** The members of a TBSCertificate (RFC 5280 §4.1), each a whole DER element. `version` is the element `[0]`. */
export interface TbsMembers {
  readonly version: Uint8Array;
  readonly serialNumber: Uint8Array;
  readonly signatureAlgorithm: Uint8Array;
  readonly issuer: Uint8Array;
  readonly validity: Uint8Array;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly extensions: readonly Uint8Array[];
}

/** The members of a Certificate: `tbs` and `signatureAlgorithm` are DER elements, `signature` is raw. */
export interface CertificateMembers {
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
}

/** Takes a TBSCertificate apart. @throws INPUT_MALFORMED */
export function readTbs(tbs: Uint8Array): TbsMembers {
  const members = openElement(parseDer(tbs, AT), AT);
  const next = (tag: number): Uint8Array => elementBytes(members.next(tag));
  return {
    version: next(contextTag(0)),
    serialNumber: next(TAG.integer),
    signatureAlgorithm: next(TAG.sequence),
    issuer: next(TAG.sequence),
    validity: next(TAG.sequence),
    subject: next(TAG.sequence),
    spki: next(TAG.sequence),
    extensions: readExtensions(members.next(contextTag(3))),
  };
}

function readExtensions(wrapper: ReturnType<typeof parseDer>): readonly Uint8Array[] {
  const list = openElement(wrapper, AT, contextTag(3)).next(TAG.sequence);
  return readMembers(list, AT, TAG.sequence, MAX_EXTENSIONS).map(elementBytes);
}

/** Puts a TBSCertificate together. */
export function encodeTbs(members: TbsMembers): Uint8Array {
  const { version, serialNumber, signatureAlgorithm, issuer, validity, subject, spki, extensions } = members;
  const list = encodeDer(contextTag(3), encodeDer(TAG.sequence, ...extensions));
  return encodeDer(TAG.sequence, version, serialNumber, signatureAlgorithm, issuer, validity, subject, spki, list);
}

/** Takes a certificate apart. @throws INPUT_MALFORMED */
export function readCertificate(der: Uint8Array): CertificateMembers {
  const members = openElement(parseDer(der, AT), AT);
  return {
    tbs: elementBytes(members.next(TAG.sequence)),
    signatureAlgorithm: elementBytes(members.next(TAG.sequence)),
    signature: readBitStringBytes(members.next(TAG.bitString), AT),
  };
}

/** Puts a certificate together. */
export function encodeCertificate({ tbs, signatureAlgorithm, signature }: CertificateMembers): Uint8Array {
  return encodeDer(TAG.sequence, tbs, signatureAlgorithm, encodeBitString(signature));
}

/** Signs a TBSCertificate as it is: nothing in it is adapted to the key. */
export function signTbs(tbs: Uint8Array, key: SigningKey, hash: HashName = selectKeyHash(key)): Uint8Array {
  return encodeCertificate({
    tbs,
    signatureAlgorithm: encodeSignatureAlgorithm(key, hash),
    signature: signBytes(key, tbs, hash),
  });
}

/** The object identifier of a DER `Extension`. @throws INPUT_MALFORMED */
export function readExtensionId(extension: Uint8Array): string {
  return readOid(openElement(parseDer(extension, AT), AT).next(TAG.oid), AT);
}

/** The members without the extension `id`; all else keeps its bytes. */
export function withoutExtension(members: TbsMembers, id: string): TbsMembers {
  return { ...members, extensions: members.extensions.filter((extension) => readExtensionId(extension) !== id) };
}
