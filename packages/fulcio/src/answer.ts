// SPDX-License-Identifier: Apache-2.0
// What an authority answers, and whether it is about what was asked.
// Refused: answers with both forms of certificate timestamps or none, no or more than ten certificates, PEM that is not
// strict, a leaf for another key, subject or issuer, with several names or none, that has expired, begins in the future,
// lives longer than a day, or lacks certificate timestamps.

import { decodeUtf8, equalBytes } from '@keywax/core/bytes';
import {
  type Decoder,
  arrayOf,
  decodeOpenObject,
  decodeString,
  optional,
  required,
  transform,
} from '@keywax/core/decode';
import { parseDer, readUtf8String } from '@keywax/core/der';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import type { JsonValue } from '@keywax/core/json';
import { OID } from '@keywax/core/oid';
import { parseSinglePem } from '@keywax/core/pem';
import { parseSctList } from '@keywax/core/sct';
import { formatRfc3339 } from '@keywax/core/time';
import { type Certificate, parseCertificate } from '@keywax/core/x509';

/** Of whom a certificate must speak. */
export interface ExpectedSubject {
  /** The one name in the certificate, where it is known beforehand. */
  readonly name?: { readonly kind: 'email' | 'uri'; readonly value: string };
  /** The issuers that the certificate may name. */
  readonly issuers: readonly string[];
}

/** A certificate that is for the key and subject that were asked for. Who issued it is not verified. */
export interface IssuedCertificate {
  /** DER, the leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly leaf: Certificate;
}

/** What was asked for. */
export interface Expectation {
  readonly spki: Uint8Array;
  readonly subject: ExpectedSubject;
  readonly now: Date;
  readonly allowDetachedSct: boolean;
}

const MAX_CERTIFICATES = 10; // ATTACKS 4.3
const MAX_SKEW_MS = 300_000; // between the clock of the authority and ours, as ATTACKS RUL-13
const MAX_LIFETIME_MS = 86_400_000; // public authorities give ten minutes
const ISSUER_OID = '1.3.6.1.4.1.57264.1.8';
const RAW_ISSUER_OID = '1.3.6.1.4.1.57264.1.1';

/** One certificate as PEM. */
export const decodePemCertificate: Decoder<Uint8Array> = transform(required(decodeString), (text, at) =>
  parseSinglePem(text, 'CERTIFICATE', at),
);

/** Certificates as PEM, as every answer of an authority has them. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export const decodePemChain: Decoder<readonly Uint8Array[]> = transform(
  decodeOpenObject<{ certificates: readonly Uint8Array[] }>({
    certificates: arrayOf(decodePemCertificate, MAX_CERTIFICATES),
  }),
  ({ certificates }, at) => {
    if (certificates.length === 0) throw invalid(`${at}: expected at least one certificate`);
    return certificates;
  },
);

interface Signed {
  readonly chain: readonly Uint8Array[];
}

const decodeSigned = optional(decodeOpenObject<Signed>({ chain: required(decodePemChain) }));

const decodeAnswer = decodeOpenObject<{
  readonly signedCertificateEmbeddedSct: Signed | undefined;
  readonly signedCertificateDetachedSct: Signed | undefined;
}>({ signedCertificateEmbeddedSct: decodeSigned, signedCertificateDetachedSct: decodeSigned });

/**
 * Decodes the answer to a request for a certificate and checks the leaf.
 * @throws SERVICE_INVALID, INPUT_TOO_LARGE, and what the readers of core throw
 */
export function decodeIssuedCertificate(answer: JsonValue, expected: Expectation): IssuedCertificate {
  const { signedCertificateEmbeddedSct: embedded, signedCertificateDetachedSct: detached } = decodeAnswer(answer, '$');
  const chain = (embedded ?? detached)?.chain;
  if (chain === undefined || (embedded !== undefined && detached !== undefined))
    throw invalid('expected one certificate');
  const [leaf] = chain.map((der, i) => parseCertificate(der, `certificate ${i}`));
  if (leaf === undefined) throw invalid('expected a certificate');
  if (!equalBytes(leaf.spki, expected.spki)) throw invalid('the certificate is for another key');
  checkSubject(leaf, expected.subject);
  checkValidity(leaf, expected.now);
  checkScts(leaf, { demanded: embedded !== undefined || !expected.allowDetachedSct });
  return Object.freeze({ chain, leaf });
}

function checkSubject(leaf: Certificate, { name, issuers }: ExpectedSubject): void {
  const [found, ...others] = leaf.subjectAltNames ?? [];
  // ATTACKS RUL-10: a verifier takes no certificate with several.
  if (found === undefined || others.length > 0) throw invalid('expected exactly one name in the certificate');
  if (name !== undefined && !(found.kind === name.kind && found.value === name.value)) {
    throw invalid(`the certificate is for another subject than ${quoteText(name.value)}`);
  }
  const named = readIssuers(leaf);
  if (named.length === 0 || !named.every((issuer) => issuers.includes(issuer))) {
    throw invalid('the certificate names another issuer than the identity token');
  }
}

/** The issuer of the identity, in the form of today and that of before, which are both present. */
function readIssuers(leaf: Certificate): readonly string[] {
  const today = leaf.extensions.get(ISSUER_OID);
  const before = leaf.extensions.get(RAW_ISSUER_OID);
  return [
    ...(today === undefined ? [] : [readUtf8String(parseDer(today.value, 'issuer'), 'issuer')]),
    ...(before === undefined ? [] : [decodeUtf8(before.value, 'issuer')]),
  ];
}

function checkValidity({ notBefore, notAfter }: Certificate, now: Date): void {
  const times = `${formatRfc3339(notBefore)} to ${formatRfc3339(notAfter)}`;
  const lifetimeMs = notAfter.getTime() - notBefore.getTime();
  if (lifetimeMs <= 0 || lifetimeMs > MAX_LIFETIME_MS) throw invalid(`the certificate is not short-lived: ${times}`);
  if (notAfter < now || notBefore.getTime() > now.getTime() + MAX_SKEW_MS) {
    throw invalid(`the certificate is not valid now (${times}); is the clock of this machine right?`);
  }
}

function checkScts(leaf: Certificate, { demanded }: { readonly demanded: boolean }): void {
  const list = leaf.extensions.get(OID.sctList);
  if (list === undefined) {
    if (demanded) throw invalid('the certificate holds no certificate timestamp');
    return;
  }
  parseSctList(list.value, 'certificate timestamps');
}

function invalid(message: string): KeywaxError<'SERVICE_INVALID'> {
  return new KeywaxError('SERVICE_INVALID', message);
}
