// SPDX-License-Identifier: Apache-2.0
// Certificate paths (RFC 5280 §6): finding them, and checking everything about them that needs no key.
// A path is leaf first, anchor last, and the anchor obeys the same rules as every other issuer; anchors are trusted for their
// key, so their own signature is not among those to check. Names chain byte for byte.
// Refused: paths of one or of more than 8 certificates, unknown critical extensions, policy constraints, name constraints of
// kinds that are not implemented; by the rule for leaves, one that may issue, that is a precertificate, or that is for
// another purpose.

import { equalBytes } from './bytes.js';
import { type ErrorCode, KeywaxError } from './errors.js';
import { OID } from './oid.js';
import { type Certificate, isEmptyName, isSelfIssued } from './x509.js';
import { checkNameConstraints } from './x509-constraints.js';
import { GENERAL_NAME_TAG } from './x509-name.js';

const MAX_PATH_CERTIFICATES = 8; // ATTACKS 4.3
const MAX_EXPLORED = 64; // ATTACKS 4.3

/** Certificates from a leaf to an anchor, each issued by the next. */
export type CertificatePath = readonly Certificate[];

/**
 * Extensions that may be critical because their meaning is honoured here. Key identifiers are not among them:
 * RFC 5280 §4.2.1.1 and §4.2.1.2 forbid to mark them critical.
 */
const HONOURED_EXTENSIONS: ReadonlySet<string> = new Set([
  OID.basicConstraints,
  OID.keyUsage,
  OID.extendedKeyUsage,
  OID.subjectAltName,
  OID.nameConstraints,
]);

/**
 * Every path from `leaf` to one of the anchors, by issuer name and key identifiers, each once. Nothing else is checked.
 * @throws INPUT_TOO_LARGE when more than 64 steps would have to be tried
 */
export function findPaths(
  leaf: Certificate,
  candidates: { readonly intermediates: readonly Certificate[]; readonly anchors: readonly Certificate[] },
): readonly CertificatePath[] {
  const paths: CertificatePath[] = [];
  let explored = 0;
  const findLonger = (path: CertificatePath, among: readonly Certificate[]): readonly CertificatePath[] => {
    const last = path[path.length - 1] as Certificate;
    const issuers: Certificate[] = [];
    for (const issuer of among) {
      // Trust roots list one certificate several times, with different windows.
      if (!matchIssuer(last, issuer) || isAmong(path, issuer) || isAmong(issuers, issuer)) continue;
      if (++explored > MAX_EXPLORED) throw tooManyPaths();
      issuers.push(issuer);
    }
    return issuers.map((issuer) => [...path, issuer]);
  };
  const extend = (path: CertificatePath): void => {
    if (path.length === MAX_PATH_CERTIFICATES) return;
    paths.push(...findLonger(path, candidates.anchors));
    for (const longer of findLonger(path, candidates.intermediates)) extend(longer);
  };
  extend([leaf]);
  return paths;
}

function isAmong(certificates: readonly Certificate[], { der }: Certificate): boolean {
  return certificates.some((one) => equalBytes(one.der, der));
}

/** True when `issuer` has the name that `certificate` gives its issuer, and no key identifier speaks against it. */
export function matchIssuer(certificate: Certificate, issuer: Certificate): boolean {
  return equalBytes(certificate.issuer, issuer.subject) && matchKeyIdentifiers(certificate, issuer);
}

/** RFC 5280 §4.2.1.1: what the authority key identifier says, where the issuer says it too. */
function matchKeyIdentifiers({ authorityKeyIdentifier: authority }: Certificate, issuer: Certificate): boolean {
  if (authority === undefined) return true;
  const { keyIdentifier, serialNumber } = authority;
  const { subjectKeyIdentifier } = issuer;
  if (
    keyIdentifier !== undefined &&
    subjectKeyIdentifier !== undefined &&
    !equalBytes(keyIdentifier, subjectKeyIdentifier)
  ) {
    return false;
  }
  if (serialNumber === undefined) return true;
  const isNamed = authority.issuer?.some(
    (name) =>
      name.kind === 'other' && name.tag === GENERAL_NAME_TAG.directoryName && equalBytes(name.bytes, issuer.issuer),
  );
  return isNamed === true && equalBytes(serialNumber, issuer.serialNumber);
}

/**
 * Checks the issuers of a path for a purpose, an extended key usage as object identifier, but for signatures and times
 * (RFC 5280 §6.1). What the leaf is itself, `checkLeaf` says.
 * @throws CERTIFICATE_PATH_INVALID
 */
export function checkPath(path: CertificatePath, { purpose }: { readonly purpose: string }): void {
  const [leaf, ...issuers] = path;
  if (leaf === undefined || issuers.length === 0 || path.length > MAX_PATH_CERTIFICATES) {
    throw invalid('CERTIFICATE_PATH_INVALID', 'path', `2 to ${MAX_PATH_CERTIFICATES} certificates`);
  }
  let subject = leaf;
  let intermediates = 0; // RFC 5280 §6.1.4 (l): those that are not self-issued, between leaf and issuer
  for (const [index, issuer] of issuers.entries()) {
    const at = `path[${index + 1}]`;
    checkIssuer(issuer, { purpose, intermediates, at });
    if (!matchIssuer(subject, issuer)) {
      throw invalid(
        'CERTIFICATE_PATH_INVALID',
        at,
        'the name and key identifier of the issuer that the certificate names',
      );
    }
    checkConstrainedNames(path.slice(0, index + 1), issuer, at);
    if (!isSelfIssued(issuer)) intermediates++;
    subject = issuer;
  }
}

/**
 * Checks a leaf for a purpose (client-spec §4.3): no CA, able to sign, for exactly named purposes, nothing unknown critical.
 * @throws CERTIFICATE_PROFILE_INVALID
 */
export function checkLeaf(leaf: Certificate, options: { readonly purpose: string }): void {
  const expect = (holds: boolean, expected: string): void => {
    if (!holds) throw invalid('CERTIFICATE_PROFILE_INVALID', 'path[0]', expected);
  };
  const { keyUsage, extendedKeyUsage } = leaf;
  // A precertificate is a promise to issue, never a certificate (RFC 6962 §3.1).
  expect(!leaf.extensions.has(OID.precertificatePoison), 'a certificate, not a precertificate');
  checkCriticalExtensions(leaf, 'CERTIFICATE_PROFILE_INVALID', 'path[0]');
  expect(leaf.basicConstraints?.ca !== true && leaf.nameConstraints === undefined, 'a leaf, not a CA');
  expect(
    keyUsage?.has('digitalSignature') === true && !keyUsage.has('keyCertSign'),
    'key usage digitalSignature, not keyCertSign',
  );
  // anyExtendedKeyUsage is no substitute.
  expect(extendedKeyUsage?.purposes.includes(options.purpose) === true, `extended key usage ${options.purpose}`);
  // RFC 5280 §4.2.1.6: without a subject, the alternative names are the name.
  const isNamed = !isEmptyName(leaf.subject) || leaf.extensions.get(OID.subjectAltName)?.critical === true;
  expect(isNamed, 'a subject, or critical alternative names');
}

interface IssuerRole {
  readonly purpose: string;
  readonly intermediates: number;
  readonly at: string;
}

function checkIssuer(issuer: Certificate, { purpose, intermediates, at }: IssuerRole): void {
  const expect = (holds: boolean, expected: string): void => {
    if (!holds) throw invalid('CERTIFICATE_PATH_INVALID', at, expected);
  };
  const { basicConstraints, extendedKeyUsage } = issuer;
  checkCriticalExtensions(issuer, 'CERTIFICATE_PATH_INVALID', at);
  expect(!issuer.extensions.has(OID.policyConstraints), 'no policy constraints');
  expect(!isEmptyName(issuer.subject), 'an issuer with a name'); // RFC 5280 §4.1.2.6
  expect(basicConstraints?.ca === true && basicConstraints.critical, 'critical basic constraints with CA true');
  expect(issuer.keyUsage?.has('keyCertSign') === true, 'key usage keyCertSign');
  expect(
    intermediates <= (basicConstraints?.pathLength ?? MAX_PATH_CERTIFICATES),
    'no more intermediates than its path length',
  );
  const purposes = extendedKeyUsage?.purposes;
  const isForPurpose =
    purposes === undefined || purposes.includes(purpose) || purposes.includes(OID.anyExtendedKeyUsage);
  expect(isForPurpose, `extended key usage ${purpose}, where it has any`);
}

function checkCriticalExtensions(
  certificate: Certificate,
  code: 'CERTIFICATE_PROFILE_INVALID' | 'CERTIFICATE_PATH_INVALID',
  at: string,
): void {
  for (const [id, { critical }] of certificate.extensions) {
    if (critical && !HONOURED_EXTENSIONS.has(id)) throw invalid(code, at, `no unknown critical extension, found ${id}`);
  }
}

/** RFC 5280 §6.1.3 (b), (c): constraints bind all certificates below, but for self-issued ones other than the leaf. */
function checkConstrainedNames(below: CertificatePath, issuer: Certificate, at: string): void {
  const { nameConstraints } = issuer;
  if (nameConstraints === undefined) return;
  for (const [index, certificate] of below.entries()) {
    if (index === 0 || !isSelfIssued(certificate)) checkNameConstraints(certificate, nameConstraints, at);
  }
}

/**
 * Checks that every certificate, the anchor included, is valid at `time`; validity is closed at both ends (RFC 5280 §4.1.2.5).
 * @throws CERTIFICATE_PATH_INVALID
 */
export function checkPathValidity(path: CertificatePath, time: Date): void {
  for (const [index, { notBefore, notAfter }] of path.entries()) {
    // In this form an invalid time is never inside.
    if (time >= notBefore && time <= notAfter) continue;
    const expected = `a time from ${notBefore.toISOString()} to ${notAfter.toISOString()}`;
    throw invalid('CERTIFICATE_PATH_INVALID', `path[${index}]`, expected);
  }
}

/** The signatures that make a path: each certificate's, by its issuer's key. The anchor's own is not among them. */
export function pathSignatures(
  path: CertificatePath,
): readonly { readonly certificate: Certificate; readonly issuer: Certificate }[] {
  return path.slice(1).map((issuer, index) => ({ certificate: path[index] as Certificate, issuer }));
}

type Refusal = Extract<ErrorCode, 'CERTIFICATE_PATH_INVALID' | 'CERTIFICATE_PROFILE_INVALID'>;

function invalid(code: Refusal, at: string, expected: string): KeywaxError {
  return new KeywaxError(code, `${at}: expected ${expected}`, { details: { at, expected } });
}

function tooManyPaths(): KeywaxError {
  const expected = `at most ${MAX_EXPLORED} steps to the anchors`;
  return new KeywaxError('INPUT_TOO_LARGE', `path: expected ${expected}`, {
    details: { expected, limit: MAX_EXPLORED },
  });
}
