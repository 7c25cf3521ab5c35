// SPDX-License-Identifier: Apache-2.0
// The one table of signature algorithms: the Sigstore algorithm registry by protobuf name, and the
// AlgorithmIdentifiers of X.509 and CMS (RFC 5758, RFC 4055, RFC 8410).
// Refused: SHA-1, MD5 and SHA-224; RSA-PSS whose two hash functions differ, whose salt is longer than the digest, or
// with another trailer; ECDSA and Ed25519 with parameters.

import type { CurveName } from './curve.js';
import { type DerCursor, type DerElement, TAG, contentBytes, contextTag, openElement, readInteger } from './der.js';
import { KeywaxError } from './errors.js';
import { HASH_BYTES, type HashName } from './hash-name.js';
import type { PublicKey } from './key.js';
import { OID, readOid } from './oid.js';

/** How a signature is made: the scheme, and the hash function of the message (SHA-512 for Ed25519, which fixes it). */
export interface SignatureScheme {
  readonly scheme: 'ecdsa' | 'rsa-pkcs1' | 'rsa-pss' | 'ed25519' | 'ed25519ph';
  readonly hash: HashName;
}

/** A name of the protobuf enum `dev.sigstore.common.v1.PublicKeyDetails` that is supported. */
export type KeyDetails =
  | 'PKCS1_RSA_PKCS1V5'
  | 'PKIX_ECDSA_P256_SHA_256'
  | 'PKIX_ED25519'
  | 'PKIX_ED25519_PH'
  | 'PKIX_RSA_PKCS1V15_2048_SHA256'
  | 'PKIX_RSA_PKCS1V15_3072_SHA256'
  | 'PKIX_RSA_PKCS1V15_4096_SHA256'
  | 'PKIX_ECDSA_P384_SHA_384'
  | 'PKIX_ECDSA_P521_SHA_512'
  | 'PKIX_RSA_PSS_2048_SHA256'
  | 'PKIX_RSA_PSS_3072_SHA256'
  | 'PKIX_RSA_PSS_4096_SHA256'
  | 'PKIX_ECDSA_P384_SHA_256'
  | 'PKIX_ECDSA_P521_SHA_256';

/** The kind of key that a suite takes; RSA of any accepted size where `bits` is absent. */
export type SuiteKey =
  | { readonly kind: 'ec'; readonly curve: CurveName }
  | { readonly kind: 'rsa'; readonly bits?: number }
  | { readonly kind: 'ed25519' };

/** One row of the algorithm registry: a scheme together with a kind of key. */
export interface AlgorithmSuite extends SignatureScheme {
  readonly keyDetails: KeyDetails;
  readonly key: SuiteKey;
  /** How key bytes are encoded where a trust root carries them: SubjectPublicKeyInfo or RSAPublicKey. */
  readonly keyEncoding: 'spki' | 'pkcs1';
  /** True where new signatures may be made; the others are only verified. */
  readonly signable: boolean;
  /** True where a digest of the message is enough to verify; false for pure Ed25519. */
  readonly prehashed: boolean;
}

/** The supported rows of the algorithm registry; the first row for a kind of key is its default. */
export const ALGORITHM_SUITES: readonly AlgorithmSuite[] = /* @__PURE__ */ listSuites();

function listSuites(): readonly AlgorithmSuite[] {
  return [
    ecdsa('PKIX_ECDSA_P256_SHA_256', 'P-256', 'sha256'),
    ecdsa('PKIX_ECDSA_P384_SHA_384', 'P-384', 'sha384'),
    ecdsa('PKIX_ECDSA_P521_SHA_512', 'P-521', 'sha512'),
    // RUL-9: made by older clients, verified where bundle and log both name SHA-256, never guessed.
    { ...ecdsa('PKIX_ECDSA_P384_SHA_256', 'P-384', 'sha256'), signable: false },
    { ...ecdsa('PKIX_ECDSA_P521_SHA_256', 'P-521', 'sha256'), signable: false },
    suite('PKIX_ED25519', { scheme: 'ed25519', hash: 'sha512' }, { kind: 'ed25519' }),
    suite('PKIX_ED25519_PH', { scheme: 'ed25519ph', hash: 'sha512' }, { kind: 'ed25519' }),
    // The registry allows verification alone for 2,048 bits.
    { ...rsa('PKIX_RSA_PKCS1V15_2048_SHA256', 'rsa-pkcs1', 2_048), signable: false },
    rsa('PKIX_RSA_PKCS1V15_3072_SHA256', 'rsa-pkcs1', 3_072),
    rsa('PKIX_RSA_PKCS1V15_4096_SHA256', 'rsa-pkcs1', 4_096),
    { ...rsa('PKIX_RSA_PSS_2048_SHA256', 'rsa-pss', 2_048), signable: false },
    rsa('PKIX_RSA_PSS_3072_SHA256', 'rsa-pss', 3_072),
    rsa('PKIX_RSA_PSS_4096_SHA256', 'rsa-pss', 4_096),
    // RUL-18: the keys of some logs in trust roots.
    {
      ...suite('PKCS1_RSA_PKCS1V5', { scheme: 'rsa-pkcs1', hash: 'sha256' }, { kind: 'rsa' }),
      keyEncoding: 'pkcs1',
      signable: false,
    },
  ];
}

function suite(keyDetails: KeyDetails, scheme: SignatureScheme, key: SuiteKey): AlgorithmSuite {
  return { keyDetails, ...scheme, key, keyEncoding: 'spki', signable: true, prehashed: scheme.scheme !== 'ed25519' };
}

function ecdsa(keyDetails: KeyDetails, curve: CurveName, hash: HashName): AlgorithmSuite {
  return suite(keyDetails, { scheme: 'ecdsa', hash }, { kind: 'ec', curve });
}

function rsa(keyDetails: KeyDetails, scheme: 'rsa-pkcs1' | 'rsa-pss', bits: number): AlgorithmSuite {
  return suite(keyDetails, { scheme, hash: 'sha256' }, { kind: 'rsa', bits });
}

/** The suite of a protobuf name such as `PKIX_ECDSA_P256_SHA_256`, matched exactly. */
export function selectSuite(keyDetails: string): AlgorithmSuite | undefined {
  return ALGORITHM_SUITES.find((row) => row.keyDetails === keyDetails);
}

/**
 * The suite that a bare key stands for: ECDSA with the hash of the curve, RSA PKCS#1 v1.5 with SHA-256, and Ed25519,
 * or Ed25519ph where only a digest is signed (`prehash`).
 * @throws INPUT_UNSUPPORTED for an RSA key of a size that the registry does not list
 */
export function defaultSuite(key: PublicKey, options: { readonly prehash?: boolean } = {}): AlgorithmSuite {
  const found = ALGORITHM_SUITES.find(
    (row) => matchSuiteKey(row, key) && row.keyEncoding === 'spki' && (row.prehashed || options.prehash !== true),
  );
  if (found !== undefined) return found;
  const expected = 'an RSA key of 2048, 3072 or 4096 bits';
  throw new KeywaxError('INPUT_UNSUPPORTED', `expected ${expected}`, { details: { expected } });
}

/** True when the key is of the kind, and the curve or size, that the suite demands. */
export function matchSuiteKey(suite: AlgorithmSuite, key: PublicKey): boolean {
  switch (suite.key.kind) {
    case 'ec':
      return key.kind === 'ec' && key.curve === suite.key.curve;
    case 'rsa':
      return key.kind === 'rsa' && (suite.key.bits === undefined || key.bits === suite.key.bits);
    case 'ed25519':
      return key.kind === 'ed25519';
  }
}

const HASH_BY_OID: ReadonlyMap<string, HashName> = new Map([
  [OID.sha256, 'sha256'],
  [OID.sha384, 'sha384'],
  [OID.sha512, 'sha512'],
]);

const SCHEME_BY_OID: ReadonlyMap<string, SignatureScheme> = new Map([
  [OID.ecdsaWithSha256, { scheme: 'ecdsa', hash: 'sha256' }],
  [OID.ecdsaWithSha384, { scheme: 'ecdsa', hash: 'sha384' }],
  [OID.ecdsaWithSha512, { scheme: 'ecdsa', hash: 'sha512' }],
  [OID.sha256WithRsa, { scheme: 'rsa-pkcs1', hash: 'sha256' }],
  [OID.sha384WithRsa, { scheme: 'rsa-pkcs1', hash: 'sha384' }],
  [OID.sha512WithRsa, { scheme: 'rsa-pkcs1', hash: 'sha512' }],
  [OID.ed25519, { scheme: 'ed25519', hash: 'sha512' }],
] as const);

/** An AlgorithmIdentifier (RFC 5280 §4.1.1.2). */
interface AlgorithmIdentifier {
  readonly oid: string;
  readonly parameters: DerElement | undefined;
}

/**
 * Reads the AlgorithmIdentifier of a signature. In CMS an RSA signer may name only its key type, and the hash function
 * elsewhere (RFC 3370 §3.2): `digest` is that hash function.
 * @throws INPUT_UNSUPPORTED, INPUT_MALFORMED
 */
export function parseSignatureAlgorithm(
  element: DerElement,
  at: string,
  options: { readonly digest?: HashName } = {},
): SignatureScheme {
  const { oid, parameters } = readAlgorithmIdentifier(element, at);
  if (oid === OID.rsassaPss) return { scheme: 'rsa-pss', hash: readPssHash(parameters, at) };
  const scheme =
    oid === OID.rsaEncryption && options.digest !== undefined
      ? ({ scheme: 'rsa-pkcs1', hash: options.digest } as const)
      : SCHEME_BY_OID.get(oid);
  if (scheme === undefined) throw unsupported(at, 'a signature by ECDSA, RSA or Ed25519 over SHA-2', oid);
  expectNoParameters(parameters, { nullAllowed: scheme.scheme === 'rsa-pkcs1' }, at);
  return scheme;
}

/**
 * Reads the AlgorithmIdentifier of SHA-256, SHA-384 or SHA-512, with NULL or absent parameters (RFC 5754 §2).
 * @throws INPUT_UNSUPPORTED, INPUT_MALFORMED
 */
export function parseHashAlgorithm(element: DerElement, at: string): HashName {
  const { oid, parameters } = readAlgorithmIdentifier(element, at);
  const hash = HASH_BY_OID.get(oid);
  if (hash === undefined) throw unsupported(at, 'SHA-256, SHA-384 or SHA-512', oid);
  expectNoParameters(parameters, { nullAllowed: true }, at);
  return hash;
}

function readAlgorithmIdentifier(element: DerElement, at: string): AlgorithmIdentifier {
  const members = openElement(element, at);
  const oid = readOid(members.next(TAG.oid), at);
  const parameters = members.more() ? members.next() : undefined;
  members.end();
  return { oid, parameters };
}

/** RFC 4055 §5 asks for NULL with RSA and to accept its absence; RFC 5758 §3.2 and RFC 8410 §3 ask for absence. */
function expectNoParameters(
  parameters: DerElement | undefined,
  form: { readonly nullAllowed: boolean },
  at: string,
): void {
  if (parameters === undefined) return;
  if (form.nullAllowed && parameters.tag === TAG.null && contentBytes(parameters).length === 0) return;
  throw malformed(at, form.nullAllowed ? 'parameters that are NULL or absent' : 'no parameters');
}

/** The hash function of RSASSA-PSS-params (RFC 4055 §3.1). Absent members stand for SHA-1, which is refused. */
function readPssHash(parameters: DerElement | undefined, at: string): HashName {
  if (parameters === undefined) throw malformed(at, 'RSA-PSS parameters');
  const members = openElement(parameters, at);
  const hash = parseHashAlgorithm(readPssMember(members, 0, at), at);
  const mask = readAlgorithmIdentifier(readPssMember(members, 1, at), at);
  if (mask.oid !== OID.mgf1) throw unsupported(at, 'RSA-PSS with MGF1', mask.oid);
  if (mask.parameters === undefined || parseHashAlgorithm(mask.parameters, at) !== hash) {
    throw unsupported(at, 'RSA-PSS with one hash function', 'two');
  }
  // RUL-22: any salt up to the length of the digest. The default of 20 bytes is left out in DER.
  const salt = members.optional(contextTag(2));
  if (salt !== undefined) readSaltLength(salt, HASH_BYTES[hash], at);
  members.end(); // a trailer field other than the default is refused with the rest
  return hash;
}

function readPssMember(members: DerCursor, tag: number, at: string): DerElement {
  const member = members.optional(contextTag(tag));
  if (member === undefined) throw unsupported(at, 'RSA-PSS with a SHA-2 function', 'its default, SHA-1');
  return readExplicit(member, at);
}

function readSaltLength(member: DerElement, max: number, at: string): void {
  const salt = readInteger(readExplicit(member, at), at);
  if (salt < 0n || salt > BigInt(max))
    throw unsupported(at, `an RSA-PSS salt of at most ${max} bytes`, 'another length');
}

/** The one member of an explicitly tagged element. */
function readExplicit(element: DerElement, at: string): DerElement {
  const members = openElement(element, at, element.tag);
  const member = members.next();
  members.end();
  return member;
}

function malformed(at: string, expected: string): KeywaxError {
  return new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}`, { details: { at, expected } });
}

function unsupported(at: string, expected: string, actual: string): KeywaxError {
  return new KeywaxError('INPUT_UNSUPPORTED', `${at}: expected ${expected}, found ${actual}`, {
    details: { at, expected, actual },
  });
}
