// SPDX-License-Identifier: Apache-2.0
// Certificate and timestamp authorities of a trusted root (`CertificateAuthority`).
// Refused: no certificate, or more than ten; certificates that are not strict DER; chains in which one is not issued in the
// name of the next; authorities that are only a leaf, and leaves anywhere but first in a timestamp authority.
// Set aside as unusable: certificates with weak or unknown keys or signatures, or of another version than 3.

import { equalBytes } from '@keywax/core/bytes';
import {
  type Decoder,
  arrayOf,
  decodeObject,
  decodeString,
  optional,
  required,
  transform,
  withDefault,
} from '@keywax/core/decode';
import { type ErrorCode, isKeywaxError } from '@keywax/core/errors';
import { parsePublicKey } from '@keywax/core/key';
import type { TimeRange } from '@keywax/core/time';
import { type Certificate, parseCertificate } from '@keywax/core/x509';
import { decodeBytes, decodeValidity, invalidTrust } from './fields.js';

/** A certificate or timestamp authority that a trusted root vouches for. */
export interface CertificateAuthority {
  /** As the trusted root describes it; says nothing about the certificates. */
  readonly subject: { readonly organization: string; readonly commonName: string };
  /** Empty where there is none. */
  readonly uri: string;
  /** DER, towards the anchor: a timestamp authority's leaf first where it is listed, the anchor last; 1 to 10. */
  readonly certificates: readonly Uint8Array[];
  /** The same, parsed; each is issued in the name of the next. Empty where the authority is unusable. */
  readonly chain: readonly Certificate[];
  /** Why nothing of this authority can be verified: what needs it fails with `KEY_REJECTED`. */
  readonly unusable?: string;
  /** When the authority was in use, both ends inclusive. */
  readonly validFor: TimeRange;
  /** Who runs it; authorities of one operator may count as one. */
  readonly operator?: string;
}

const MAX_CERTIFICATES = 10; // ATTACKS 4.3

/** With these, the certificate reader and the key gate set an authority aside. */
const UNUSABLE_CODES: ReadonlySet<ErrorCode> = new Set([
  'INPUT_UNSUPPORTED',
  'KEY_REJECTED',
  'CERTIFICATE_PROFILE_INVALID',
]);

interface AuthorityMembers {
  readonly subject: { readonly organization: string; readonly commonName: string };
  readonly uri: string;
  readonly certChain: readonly Uint8Array[];
  readonly validFor: TimeRange;
  readonly operator?: string;
}

const decodeSubject: Decoder<AuthorityMembers['subject']> = decodeObject<AuthorityMembers['subject']>({
  organization: withDefault(decodeString, ''),
  commonName: withDefault(decodeString, ''),
});

const decodeCertificate: Decoder<Uint8Array> = transform(
  decodeObject<{ rawBytes: Uint8Array }>({ rawBytes: decodeBytes }),
  ({ rawBytes }) => rawBytes,
);

const decodeChain: Decoder<readonly Uint8Array[]> = transform(
  decodeObject<{ certificates: readonly Uint8Array[] }>({ certificates: arrayOf(decodeCertificate, MAX_CERTIFICATES) }),
  ({ certificates }, at) => {
    if (certificates.length === 0) throw invalidTrust(`${at}.certificates`, 'at least one certificate');
    return certificates;
  },
);

const decodeMembers: Decoder<AuthorityMembers> = decodeObject<AuthorityMembers>({
  subject: withDefault(decodeSubject, Object.freeze({ organization: '', commonName: '' })),
  uri: withDefault(decodeString, ''),
  certChain: required(decodeChain, 'TRUST_INVALID'),
  validFor: decodeValidity,
  operator: optional(decodeString),
});

/** An authority that issues signing certificates. @throws INPUT_MALFORMED, INPUT_TOO_LARGE, TRUST_INVALID */
export const decodeCertificateAuthority: Decoder<CertificateAuthority> = transform(decodeMembers, (members, at) =>
  makeAuthority(members, at, { leafFirst: false }),
);

/** An authority that issues timestamps, whose leaf comes first (RUL-28). @throws INPUT_MALFORMED, INPUT_TOO_LARGE, TRUST_INVALID */
export const decodeTimestampAuthority: Decoder<CertificateAuthority> = transform(decodeMembers, (members, at) =>
  makeAuthority(members, at, { leafFirst: true }),
);

interface Role {
  /** True where the first of several certificates may be one that does not issue others. */
  readonly leafFirst: boolean;
}

function makeAuthority(members: AuthorityMembers, at: string, role: Role): CertificateAuthority {
  const { subject, uri, certChain, validFor, operator } = members;
  return Object.freeze({
    subject,
    uri,
    certificates: certChain,
    ...readChain(certChain, `${at}.certChain.certificates`, role),
    validFor,
    ...(operator === undefined ? {} : { operator }),
  });
}

/** RUL-24: what is weak or unknown is set aside, what is malformed refuses the whole. */
function readChain(
  certificates: readonly Uint8Array[],
  at: string,
  role: Role,
): Pick<CertificateAuthority, 'chain' | 'unusable'> {
  try {
    const chain = certificates.map((der, i) => readCertificate(der, `${at}[${i}]`));
    checkChain(chain, at, role);
    return { chain: Object.freeze(chain) };
  } catch (cause) {
    if (!isKeywaxError(cause) || !UNUSABLE_CODES.has(cause.code)) throw cause;
    return { chain: Object.freeze([]), unusable: cause.message };
  }
}

function readCertificate(der: Uint8Array, at: string): Certificate {
  try {
    const certificate = parseCertificate(der, at);
    parsePublicKey(certificate.spki, at);
    return certificate;
  } catch (cause) {
    if (isKeywaxError(cause, 'INPUT_MALFORMED') || isKeywaxError(cause, 'CERTIFICATE_PATH_INVALID')) {
      throw invalidTrust(at, `a certificate: ${cause.message}`, cause);
    }
    throw cause;
  }
}

/** ATTACKS B4: leaf first, anchor last, each issued in the name of the next. */
function checkChain(chain: readonly Certificate[], at: string, { leafFirst }: Role): void {
  chain.forEach((certificate, i) => {
    const issuer = chain[i + 1];
    if (issuer !== undefined && !equalBytes(certificate.issuer, issuer.subject)) {
      throw invalidTrust(`${at}[${i + 1}]`, 'the issuer of the certificate before it');
    }
    const mayBeLeaf = leafFirst && i === 0 && issuer !== undefined;
    if (certificate.basicConstraints?.ca !== true && !mayBeLeaf)
      throw invalidTrust(`${at}[${i}]`, 'the certificate of an authority');
  });
}
