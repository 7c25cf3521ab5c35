// SPDX-License-Identifier: Apache-2.0
// Calls of `verify` that the original and the package in its place both get: bundles of every kind, every option, and
// evidence that does not hold.

import { createHash } from 'node:crypto';
import {
  type BundleRequest,
  type Lab,
  createLab,
  generateSigningKey,
  personaIdentity,
  requestSctsFrom,
} from '@keywax/stack/lab';
import type { VerifyOptions } from 'sigstore';
import type { DifferenceName } from './compat-differences.js';

/** A bundle as JSON, open to changes. */
// oxlint-disable-next-line typescript/no-explicit-any -- cases change every corner of it
export type OpenBundle = any;

/** One call. */
export interface VerifyCase {
  readonly name: string;
  readonly bundle: () => Promise<OpenBundle>;
  /** The artifact that was signed unless given. */
  readonly data?: Buffer | 'none';
  readonly options?: VerifyOptions;
  /** `accepted`, or the code of the error, or its class where it has no code. */
  readonly expected: string;
  /** What this package does where that is something else, and the row of the table that says so. */
  readonly differs?: { readonly ours: string; readonly row: DifferenceName };
}

/** What was signed. */
export const ARTIFACT: Buffer = Buffer.from('artifact\n');
/** The instance that both trust. */
export const lab: Lab = await createLab();
const elsewhere = await createLab();
const managed = generateSigningKey('P-256');
const stranger = generateSigningKey('P-256');
const LARGE = Buffer.alloc(3_000_000, 'keywax ');
const EMAIL = 'alice@example.com';

const hashOf = (bytes: Uint8Array): Uint8Array => Uint8Array.from(createHash('sha256').update(bytes).digest());

function pem({ spki }: { readonly spki: Uint8Array }): string {
  return `-----BEGIN PUBLIC KEY-----\n${Buffer.from(spki).toString('base64')}\n-----END PUBLIC KEY-----\n`;
}

const MESSAGE_V1: BundleRequest = { content: 'message', logs: 'v1' };
const MESSAGE_V2: BundleRequest = { content: 'message', logs: 'v2' };
const MESSAGE_BOTH: BundleRequest = { content: 'message', logs: 'both' };
const DSSE_V1: BundleRequest = { content: 'dsse', logs: 'v1' };
const DSSE_V2: BundleRequest = { content: 'dsse', logs: 'v2' };
const GITHUB: BundleRequest = { ...MESSAGE_V1, identity: personaIdentity('github') };
const MANAGED: BundleRequest = { ...MESSAGE_V1, managedKey: true, key: managed };
const MANAGED_DSSE: BundleRequest = { ...DSSE_V1, managedKey: true, key: managed };

/** A good bundle, or one that `change` has spoiled; `other` is a good one of the same kind. */
function make(
  request: BundleRequest,
  change?: (bundle: OpenBundle, other: OpenBundle) => void,
  from: Lab = lab,
): () => Promise<OpenBundle> {
  return async () => {
    const [{ bundle }, other] = [
      await from.makeBundle(request),
      change === undefined ? undefined : await lab.makeBundle(request),
    ];
    const open = structuredClone(bundle) as OpenBundle;
    change?.(open, structuredClone(other?.bundle));
    return open;
  };
}

/** Changes the last bit of some bytes in base64. */
function flip(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return bytes.toString('base64');
}

const entryOf = (bundle: OpenBundle): OpenBundle => bundle.verificationMaterial.tlogEntries[0];

const GOOD: readonly VerifyCase[] = (['message', 'dsse'] as const).flatMap((content) =>
  (['v1', 'v2', 'both'] as const).flatMap((logs) =>
    (['0.1', '0.2', '0.3'] as const).map((version) => ({
      name: `${content} in ${logs === 'both' ? 'both logs' : `log ${logs}`}, bundle ${version}`,
      bundle: make({ content, logs, version }),
      expected: version === '0.1' && logs !== 'v1' ? 'ValidationError' : 'accepted',
    })),
  ),
);

const KEYS: readonly VerifyCase[] = (['P-384', 'P-521', 'rsa-2048', 'rsa-3072'] as const).map((kind) => ({
  name: `a certificate for a key of kind ${kind}`,
  bundle: make({ ...MESSAGE_V1, key: generateSigningKey(kind) }),
  expected: 'accepted',
}));

/** Every case. */
export const VERIFY_CASES: readonly VerifyCase[] = [
  ...GOOD,
  ...KEYS,
  {
    name: 'an Ed25519 key in an envelope',
    bundle: make({ ...DSSE_V1, key: generateSigningKey('ed25519') }),
    expected: 'accepted',
  },
  {
    name: 'certificateIssuer, exact',
    bundle: make(MESSAGE_V1),
    options: { certificateIssuer: 'https://oidc.localhost' },
    expected: 'accepted',
  },
  {
    name: 'certificateIssuer of another',
    bundle: make(MESSAGE_V1),
    options: { certificateIssuer: 'https://oidc.example' },
    expected: 'UNTRUSTED_SIGNER_ERROR',
  },
  {
    name: 'certificateIssuer, a prefix of it',
    bundle: make(MESSAGE_V1),
    options: { certificateIssuer: 'https://oidc.local' },
    expected: 'UNTRUSTED_SIGNER_ERROR',
  },
  {
    name: 'certificateIssuer, empty',
    bundle: make(MESSAGE_V1),
    options: { certificateIssuer: '' },
    expected: 'accepted',
  },
  {
    name: 'certificateIdentityEmail, anchored',
    bundle: make(MESSAGE_V1),
    options: { certificateIssuer: 'https://oidc.localhost', certificateIdentityEmail: '^alice@example\\.com$' },
    expected: 'accepted',
  },
  {
    name: 'certificateIdentityEmail as plain text',
    bundle: make(MESSAGE_V1),
    options: { certificateIdentityEmail: EMAIL },
    expected: 'accepted',
  },
  {
    name: 'certificateIdentityEmail, a part of it',
    bundle: make(MESSAGE_V1),
    options: { certificateIdentityEmail: 'alice@' },
    expected: 'accepted',
  },
  {
    name: 'certificateIdentityEmail of another',
    bundle: make(MESSAGE_V1),
    options: { certificateIdentityEmail: '^mallory@example\\.com$' },
    expected: 'UNTRUSTED_SIGNER_ERROR',
  },
  {
    name: 'certificateIdentityEmail, in another case',
    bundle: make(MESSAGE_V1),
    options: { certificateIdentityEmail: 'ALICE@example.com' },
    expected: 'UNTRUSTED_SIGNER_ERROR',
  },
  {
    name: 'certificateIdentityEmail before certificateIdentityURI',
    bundle: make(MESSAGE_V1),
    options: { certificateIdentityEmail: EMAIL, certificateIdentityURI: '^https://' },
    expected: 'accepted',
  },
  {
    name: 'certificateIdentityEmail that is no regular expression',
    bundle: make(MESSAGE_V1),
    options: { certificateIdentityEmail: '(' },
    expected: 'SyntaxError',
  },
  {
    name: 'certificateIdentityEmail, empty, and a URI',
    bundle: make(GITHUB),
    options: { certificateIdentityEmail: '', certificateIdentityURI: '^https://github\\.com/' },
    expected: 'accepted',
  },
  {
    name: 'certificateIdentityURI, anchored',
    bundle: make(GITHUB),
    options: { certificateIdentityURI: '^https://github\\.com/octo-org/octo-repo/.*@refs/heads/main$' },
    expected: 'accepted',
  },
  {
    name: 'certificateIdentityURI, a prefix',
    bundle: make(GITHUB),
    options: { certificateIdentityURI: 'https://github.com/octo-org' },
    expected: 'accepted',
  },
  {
    name: 'certificateIdentityURI of another',
    bundle: make(GITHUB),
    options: { certificateIdentityURI: '^https://github\\.com/octo-org/other/' },
    expected: 'UNTRUSTED_SIGNER_ERROR',
  },
  {
    name: 'certificateIdentityURI and the right issuer',
    bundle: make(GITHUB),
    options: { certificateIssuer: 'https://oidc.localhost/github', certificateIdentityURI: 'octo-org' },
    expected: 'accepted',
  },
  {
    name: 'certificateIdentityURI and another issuer',
    bundle: make(GITHUB),
    options: { certificateIssuer: 'https://oidc.localhost', certificateIdentityURI: 'octo-org' },
    expected: 'UNTRUSTED_SIGNER_ERROR',
  },
  {
    name: 'certificateOIDs that the certificate has',
    bundle: make(GITHUB),
    options: { certificateOIDs: { '1.3.6.1.4.1.57264.1.5': 'octo-org/octo-repo' } },
    expected: 'accepted',
  },
  {
    name: 'certificateOIDs with another value',
    bundle: make(GITHUB),
    options: { certificateOIDs: { '1.3.6.1.4.1.57264.1.5': 'octo-org/other' } },
    expected: 'UNTRUSTED_SIGNER_ERROR',
  },
  {
    name: 'certificateOIDs that the certificate lacks',
    bundle: make(MESSAGE_V1),
    options: { certificateOIDs: { '1.3.6.1.4.1.57264.1.5': 'octo-org/octo-repo' } },
    expected: 'UNTRUSTED_SIGNER_ERROR',
  },
  {
    name: 'certificateOIDs, one of two',
    bundle: make(GITHUB),
    options: { certificateOIDs: { '1.3.6.1.4.1.57264.1.5': 'octo-org/octo-repo', '1.2.3': 'x' } },
    expected: 'UNTRUSTED_SIGNER_ERROR',
  },
  { name: 'certificateOIDs, none', bundle: make(GITHUB), options: { certificateOIDs: {} }, expected: 'accepted' },
  {
    name: 'certificateOIDs under a name that is no OID',
    bundle: make(GITHUB),
    options: { certificateOIDs: { issuer: 'x' } },
    expected: 'UNTRUSTED_SIGNER_ERROR',
  },
  {
    name: 'keySelector with PEM',
    bundle: make(MANAGED),
    options: { keySelector: () => pem(managed) },
    expected: 'accepted',
  },
  {
    name: 'keySelector with DER',
    bundle: make(MANAGED),
    options: { keySelector: () => Buffer.from(managed.spki) },
    expected: 'accepted',
  },
  {
    name: 'keySelector with base64 of DER',
    bundle: make(MANAGED),
    options: { keySelector: () => Buffer.from(managed.spki).toString('base64') },
    expected: 'accepted',
  },
  {
    name: 'keySelector, an envelope',
    bundle: make(MANAGED_DSSE),
    options: { keySelector: () => pem(managed) },
    expected: 'accepted',
  },
  {
    name: 'keySelector, Rekor v2',
    bundle: make({ ...MANAGED, logs: 'v2' }),
    options: { keySelector: () => pem(managed) },
    expected: 'accepted',
  },
  {
    name: 'keySelector that gets the hint',
    bundle: make(MANAGED, (bundle) => {
      bundle.verificationMaterial.publicKey.hint = 'release';
    }),
    options: { keySelector: (hint) => (hint === 'release' ? pem(managed) : undefined) },
    expected: 'accepted',
  },
  {
    name: 'keySelector with the key of another',
    bundle: make(MANAGED_DSSE),
    options: { keySelector: () => pem(stranger) },
    expected: 'SIGNATURE_ERROR',
  },
  {
    name: 'keySelector that finds nothing',
    bundle: make(MANAGED),
    options: { keySelector: () => undefined },
    expected: 'PUBLIC_KEY_ERROR',
  },
  {
    name: 'keySelector that finds nothing but an empty text',
    bundle: make(MANAGED),
    options: { keySelector: () => '' },
    expected: 'PUBLIC_KEY_ERROR',
  },
  {
    name: 'keySelector that throws',
    bundle: make(MANAGED),
    options: {
      keySelector: () => {
        throw new RangeError('no');
      },
    },
    expected: 'RangeError',
  },
  {
    name: 'keySelector with what is no key',
    bundle: make(MANAGED),
    options: { keySelector: () => '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n' },
    expected: 'ERR_OSSL_ASN1_WRONG_TAG',
    differs: { ours: 'PUBLIC_KEY_ERROR', row: 'key-gate' },
  },
  { name: 'a key, and no keySelector', bundle: make(MANAGED), expected: 'PUBLIC_KEY_ERROR' },
  {
    name: 'a key, and a keySelector that is undefined',
    bundle: make(MANAGED),
    options: { keySelector: undefined } as never,
    expected: 'PUBLIC_KEY_ERROR',
  },
  {
    name: 'a certificate, and a keySelector',
    bundle: make(MESSAGE_V1),
    options: { keySelector: () => undefined },
    expected: 'accepted',
  },
  {
    name: 'a certificate, and a keySelector that is undefined',
    bundle: make(DSSE_V1),
    options: { keySelector: undefined } as never,
    expected: 'accepted',
  },
  {
    name: 'a key, and certificateIssuer',
    bundle: make(MANAGED),
    options: { keySelector: () => pem(managed), certificateIssuer: 'https://oidc.localhost' },
    expected: 'UNTRUSTED_SIGNER_ERROR',
  },
  {
    name: 'a key, and certificateIdentityEmail',
    bundle: make(MANAGED),
    options: { keySelector: () => pem(managed), certificateIdentityEmail: EMAIL },
    expected: 'UNTRUSTED_SIGNER_ERROR',
  },
  {
    name: 'a key, and certificateOIDs',
    bundle: make(MANAGED),
    options: { keySelector: () => pem(managed), certificateOIDs: { '1.2.3': 'x' } },
    expected: 'UNTRUSTED_SIGNER_ERROR',
  },
  {
    name: 'a key without any time',
    bundle: make({ ...MANAGED, logs: 'v2', steps: { timestamps: () => [] } }),
    options: { keySelector: () => pem(managed) },
    expected: 'TIMESTAMP_ERROR',
  },
  { name: 'ctLogThreshold 0', bundle: make(MESSAGE_V1), options: { ctLogThreshold: 0 }, expected: 'accepted' },
  { name: 'ctLogThreshold 1', bundle: make(MESSAGE_V1), options: { ctLogThreshold: 1 }, expected: 'accepted' },
  { name: 'ctLogThreshold 2', bundle: make(MESSAGE_V1), options: { ctLogThreshold: 2 }, expected: 'CERTIFICATE_ERROR' },
  { name: 'tlogThreshold 0', bundle: make(MESSAGE_V1), options: { tlogThreshold: 0 }, expected: 'accepted' },
  {
    name: 'tlogThreshold 0 and no entry',
    bundle: make({ ...MESSAGE_V1, logs: 'none' }),
    options: { tlogThreshold: 0 },
    expected: 'accepted',
  },
  { name: 'no entry', bundle: make({ ...MESSAGE_V1, logs: 'none' }), expected: 'TLOG_ERROR' },
  {
    name: 'tlogThreshold 2 and one entry',
    bundle: make(MESSAGE_V1),
    options: { tlogThreshold: 2 },
    expected: 'TLOG_ERROR',
  },
  {
    name: 'tlogThreshold 2 and two logs',
    bundle: make(MESSAGE_BOTH),
    options: { tlogThreshold: 2 },
    expected: 'accepted',
  },
  {
    name: 'tlogThreshold 3 and two logs',
    bundle: make(MESSAGE_BOTH),
    options: { tlogThreshold: 3 },
    expected: 'TLOG_ERROR',
  },
  { name: 'tlogThreshold 33', bundle: make(MESSAGE_BOTH), options: { tlogThreshold: 33 }, expected: 'TLOG_ERROR' },
  {
    name: 'tlogThreshold 0, no entry, and no timestamp',
    bundle: make({ ...MESSAGE_V1, logs: 'none', steps: { timestamps: () => [] } }),
    options: { tlogThreshold: 0 },
    expected: 'TIMESTAMP_ERROR',
  },
  {
    name: 'a key, tlogThreshold 0, no entry, a timestamp',
    bundle: make({ ...MANAGED, logs: 'none' }),
    options: { keySelector: () => pem(managed), tlogThreshold: 0 },
    expected: 'accepted',
  },
  {
    name: 'options that nobody knows',
    bundle: make(MESSAGE_V1),
    options: { registry: 'x', key: 'y', cert: 'z', offline: true, cache: '/nowhere', location: 'user' } as never,
    expected: 'accepted',
  },
  { name: 'no data', bundle: make(MESSAGE_V1), data: 'none', expected: 'SIGNATURE_ERROR' },
  { name: 'other data', bundle: make(MESSAGE_V1), data: Buffer.from('other'), expected: 'SIGNATURE_ERROR' },
  { name: 'empty data', bundle: make(MESSAGE_V1), data: Buffer.alloc(0), expected: 'SIGNATURE_ERROR' },
  { name: 'other data, Rekor v2', bundle: make(MESSAGE_V2), data: Buffer.from('other'), expected: 'SIGNATURE_ERROR' },
  { name: 'an envelope without data', bundle: make(DSSE_V1), data: 'none', expected: 'accepted' },
  { name: 'an envelope with other data', bundle: make(DSSE_V1), data: Buffer.from('other'), expected: 'accepted' },
  {
    name: 'an envelope of another payload type',
    bundle: make({ ...DSSE_V1, payload: Buffer.from('hello'), payloadType: 'text/plain' }),
    data: 'none',
    expected: 'accepted',
  },
  {
    name: 'a statement that is none',
    bundle: make({ ...DSSE_V1, payload: Buffer.from('hello') }),
    data: 'none',
    expected: 'accepted',
    differs: { ours: 'SIGNATURE_ERROR', row: 'statement' },
  },
  {
    name: 'the signature with one bit changed',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.messageSignature.signature = flip(bundle.messageSignature.signature);
    }),
    expected: 'TIMESTAMP_ERROR',
  },
  {
    name: 'the signature of another signing',
    bundle: make(MESSAGE_V1, (bundle, other) => {
      bundle.messageSignature = other.messageSignature;
    }),
    expected: 'TIMESTAMP_ERROR',
  },
  {
    name: 'the digest of something else',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.messageSignature.messageDigest.digest = flip(bundle.messageSignature.messageDigest.digest);
    }),
    expected: 'TLOG_BODY_ERROR',
  },
  {
    name: 'the certificate of another signing',
    bundle: make(MESSAGE_V1, (bundle, other) => {
      bundle.verificationMaterial.certificate = other.verificationMaterial.certificate;
    }),
    expected: 'SIGNATURE_ERROR',
  },
  {
    name: 'the entry of another signing',
    bundle: make(MESSAGE_V1, (bundle, other) => {
      bundle.verificationMaterial.tlogEntries = other.verificationMaterial.tlogEntries;
    }),
    expected: 'TLOG_BODY_ERROR',
  },
  {
    name: 'the timestamp of another signing',
    bundle: make(MESSAGE_V1, (bundle, other) => {
      bundle.verificationMaterial.timestampVerificationData = other.verificationMaterial.timestampVerificationData;
    }),
    expected: 'TIMESTAMP_ERROR',
  },
  {
    name: 'a promise with one bit changed',
    bundle: make(MESSAGE_V1, (bundle) => {
      entryOf(bundle).inclusionPromise.signedEntryTimestamp = flip(
        entryOf(bundle).inclusionPromise.signedEntryTimestamp,
      );
    }),
    expected: 'TLOG_INCLUSION_PROMISE_ERROR',
  },
  {
    name: 'an index other than the promised one',
    bundle: make(MESSAGE_V1, (bundle) => {
      entryOf(bundle).logIndex = '7';
    }),
    expected: 'TLOG_INCLUSION_PROMISE_ERROR',
  },
  {
    name: 'a time other than the promised one',
    bundle: make(MESSAGE_V1, (bundle) => {
      entryOf(bundle).integratedTime = `${Number(entryOf(bundle).integratedTime) + 1}`;
    }),
    expected: 'TLOG_INCLUSION_PROMISE_ERROR',
  },
  {
    name: 'a promise without its time',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete entryOf(bundle).integratedTime;
    }),
    expected: 'TLOG_INCLUSION_PROMISE_ERROR',
  },
  {
    name: 'another payload',
    bundle: make(DSSE_V1, (bundle) => {
      bundle.dsseEnvelope.payload = Buffer.from(
        JSON.stringify({
          ...JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString()),
          predicate: { x: 1 },
        }),
      ).toString('base64');
    }),
    expected: 'TLOG_BODY_ERROR',
  },
  {
    name: 'another payload type',
    bundle: make(DSSE_V1, (bundle) => {
      bundle.dsseEnvelope.payloadType = 'text/plain';
    }),
    expected: 'SIGNATURE_ERROR',
  },
  {
    name: 'the signature of another envelope',
    bundle: make(DSSE_V1, (bundle, other) => {
      bundle.dsseEnvelope.signatures = other.dsseEnvelope.signatures;
    }),
    expected: 'TIMESTAMP_ERROR',
  },
  {
    name: 'the payload of another envelope, Rekor v2',
    bundle: make(DSSE_V2, (bundle) => {
      bundle.dsseEnvelope.payload = Buffer.from(
        JSON.stringify({
          ...JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString()),
          predicate: { x: 1 },
        }),
      ).toString('base64');
    }),
    expected: 'TLOG_BODY_ERROR',
  },
  {
    name: 'a proof with one bit changed',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.hashes = entryOf(bundle).inclusionProof.hashes.map(flip);
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
  },
  {
    name: 'a proof without its last hash',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.hashes.pop();
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
  },
  {
    name: 'a proof for another index',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.logIndex = '0';
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
  },
  {
    name: 'a proof for an index beyond the tree',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.logIndex = '4096';
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
  },
  {
    name: 'a proof for an index that is no number',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.logIndex = 'x';
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
    differs: { ours: 'ValidationError', row: 'strict-members' },
  },
  {
    name: 'a proof that names another root',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.rootHash = flip(entryOf(bundle).inclusionProof.rootHash);
    }),
    expected: 'accepted',
    differs: { ours: 'TLOG_INCLUSION_PROOF_ERROR', row: 'proof-claims' },
  },
  {
    name: 'a proof that names another tree size',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.treeSize = '4096';
    }),
    expected: 'accepted',
    differs: { ours: 'TLOG_INCLUSION_PROOF_ERROR', row: 'proof-claims' },
  },
  {
    name: 'an entry that names another index than its proof',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).logIndex = '0';
    }),
    expected: 'accepted',
    differs: { ours: 'TLOG_INCLUSION_PROOF_ERROR', row: 'proof-claims' },
  },
  {
    name: 'a checkpoint with one bit of its signature changed',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.checkpoint.envelope = entryOf(bundle).inclusionProof.checkpoint.envelope.replace(
        /(\S+)\n$/,
        (_: string, signature: string) => `${flip(signature)}\n`,
      );
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
  },
  {
    name: 'a checkpoint of another tree',
    bundle: make(MESSAGE_V2, (bundle, other) => {
      entryOf(bundle).inclusionProof.checkpoint = entryOf(other).inclusionProof.checkpoint;
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
  },
  {
    name: 'a checkpoint without signatures',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.checkpoint.envelope =
        entryOf(bundle).inclusionProof.checkpoint.envelope.split('\n\n')[0] + '\n\n';
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
  },
  {
    name: 'a checkpoint that is none',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.checkpoint.envelope = 'x';
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
  },
  {
    name: 'a body that is no JSON',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).canonicalizedBody = Buffer.from('{').toString('base64');
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
    differs: { ours: 'TLOG_BODY_ERROR', row: 'order' },
  },
  {
    name: 'a body with one byte changed',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).canonicalizedBody = Buffer.from(
        Buffer.from(entryOf(bundle).canonicalizedBody, 'base64').toString().replace('0.0.2', '0.0.3'),
      ).toString('base64');
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
    differs: { ours: 'TLOG_BODY_ERROR', row: 'order' },
  },
  {
    name: "another kind than the body's",
    bundle: make(MESSAGE_V1, (bundle) => {
      entryOf(bundle).kindVersion = { kind: 'dsse', version: '0.0.1' };
    }),
    expected: 'TLOG_BODY_ERROR',
  },
  {
    name: "another version than the body's",
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).kindVersion.version = '0.0.1';
    }),
    expected: 'TLOG_BODY_ERROR',
  },
  {
    name: 'no timestamp, where nothing else proves a time',
    bundle: make(MESSAGE_V2, (bundle) => {
      bundle.verificationMaterial.timestampVerificationData = { rfc3161Timestamps: [] };
    }),
    expected: 'TIMESTAMP_ERROR',
  },
  {
    name: 'no timestamp data at all',
    bundle: make(MESSAGE_V2, (bundle) => {
      delete bundle.verificationMaterial.timestampVerificationData;
    }),
    expected: 'TIMESTAMP_ERROR',
  },
  {
    name: 'a timestamp that is none',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps = [{ signedTimestamp: 'AAAA' }];
    }),
    expected: 'ASN1ParseError',
    differs: { ours: 'TIMESTAMP_ERROR', row: 'raw-errors' },
  },
  {
    name: 'a certificate that is none',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.verificationMaterial.certificate.rawBytes = 'AAAA';
    }),
    expected: 'ASN1ParseError',
    differs: { ours: 'CERTIFICATE_ERROR', row: 'raw-errors' },
  },
  {
    name: 'the same timestamp twice',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps.push(
        bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps[0],
      );
    }),
    expected: 'TIMESTAMP_ERROR',
    differs: { ours: 'accepted', row: 'duplicates' },
  },
  {
    name: 'the same entry twice',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.verificationMaterial.tlogEntries.push(entryOf(bundle));
    }),
    expected: 'TIMESTAMP_ERROR',
    differs: { ours: 'accepted', row: 'duplicates' },
  },
  {
    name: 'an entry of another signing too',
    bundle: make(MESSAGE_V1, (bundle, other) => {
      bundle.verificationMaterial.tlogEntries.push(entryOf(other));
    }),
    expected: 'TIMESTAMP_ERROR',
    differs: { ours: 'TLOG_BODY_ERROR', row: 'order' },
  },
  {
    name: 'a log that nobody knows',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).logId.keyId = flip(entryOf(bundle).logId.keyId);
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
  },
  {
    name: 'a promise of a log that nobody knows',
    bundle: make(MESSAGE_V1, (bundle) => {
      entryOf(bundle).logId.keyId = flip(entryOf(bundle).logId.keyId);
    }),
    expected: 'TLOG_INCLUSION_PROMISE_ERROR',
  },
  {
    name: 'a promise without a proof',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete entryOf(bundle).inclusionProof;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'neither promise nor proof',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete entryOf(bundle).inclusionProof;
      delete entryOf(bundle).inclusionPromise;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'a proof alone, beside the promise of Rekor v1',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete entryOf(bundle).inclusionPromise;
    }),
    expected: 'accepted',
  },
  {
    name: 'no media type',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete bundle.mediaType;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'another media type',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.mediaType = 'application/json';
    }),
    expected: 'ValidationError',
  },
  {
    name: 'a version that does not exist',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.mediaType = 'application/vnd.dev.sigstore.bundle.v0.9+json';
    }),
    expected: 'accepted',
    differs: { ours: 'ValidationError', row: 'media-type' },
  },
  {
    name: 'a media type with something behind it',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.mediaType += ';x=y';
    }),
    expected: 'accepted',
    differs: { ours: 'ValidationError', row: 'media-type' },
  },
  {
    name: 'no content',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete bundle.messageSignature;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'no verification material',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete bundle.verificationMaterial;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'no key and no certificate',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete bundle.verificationMaterial.certificate;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'no list of entries',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete bundle.verificationMaterial.tlogEntries;
    }),
    expected: 'TLOG_ERROR',
  },
  {
    name: 'a chain in a bundle 0.3',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.verificationMaterial.x509CertificateChain = { certificates: [bundle.verificationMaterial.certificate] };
      delete bundle.verificationMaterial.certificate;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'no digest',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete bundle.messageSignature.messageDigest;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'a digest without an algorithm',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete bundle.messageSignature.messageDigest.algorithm;
    }),
    expected: 'accepted',
    differs: { ours: 'ValidationError', row: 'hash-algorithm' },
  },
  {
    name: 'a digest by an algorithm that does not exist',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.messageSignature.messageDigest.algorithm = 'MD5';
    }),
    expected: 'Error',
    differs: { ours: 'ValidationError', row: 'hash-algorithm' },
  },
  {
    name: 'no signature',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete bundle.messageSignature.signature;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'an envelope without signature',
    bundle: make(DSSE_V1, (bundle) => {
      bundle.dsseEnvelope.signatures = [];
    }),
    expected: 'ValidationError',
  },
  {
    name: 'an envelope with an empty signature',
    bundle: make(DSSE_V1, (bundle) => {
      bundle.dsseEnvelope.signatures[0].sig = '';
    }),
    expected: 'ValidationError',
  },
  {
    name: 'an envelope with two signatures',
    bundle: make(DSSE_V1, (bundle) => {
      bundle.dsseEnvelope.signatures.push(bundle.dsseEnvelope.signatures[0]);
    }),
    expected: 'ValidationError',
  },
  {
    name: 'an envelope without payload',
    bundle: make(DSSE_V1, (bundle) => {
      bundle.dsseEnvelope.payload = '';
    }),
    expected: 'ValidationError',
  },
  {
    name: 'an entry without log id',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete entryOf(bundle).logId;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'an entry without kind',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete entryOf(bundle).kindVersion;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'a proof without checkpoint',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete entryOf(bundle).inclusionProof.checkpoint;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'several faults',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete bundle.mediaType;
      delete bundle.messageSignature.signature;
      delete entryOf(bundle).logId;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'members that are null',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.dsseEnvelope = null;
      bundle.verificationMaterial.publicKey = null;
      entryOf(bundle).kindVersion.extra = null;
    }),
    expected: 'accepted',
    differs: { ours: 'ValidationError', row: 'strict-members' },
  },
  {
    name: 'an unknown member',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.extra = 1;
    }),
    expected: 'accepted',
    differs: { ours: 'ValidationError', row: 'strict-members' },
  },
  {
    name: 'base64 with junk in it',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.messageSignature.signature = `${bundle.messageSignature.signature.slice(0, 8)}!${bundle.messageSignature.signature.slice(8)}`;
    }),
    expected: 'accepted',
    differs: { ours: 'ValidationError', row: 'base64' },
  },
  {
    name: 'base64 without padding',
    bundle: make(DSSE_V1, (bundle) => {
      bundle.dsseEnvelope.payload = bundle.dsseEnvelope.payload.replace(/=+$/, '');
    }),
    expected: 'accepted',
    differs: { ours: 'ValidationError', row: 'base64' },
  },
  {
    name: 'signature and envelope at once',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.dsseEnvelope = { payload: 'AAAA', payloadType: 'x', signatures: [{ sig: 'AAAA' }] };
    }),
    expected: 'accepted',
    differs: { ours: 'ValidationError', row: 'strict-members' },
  },
  {
    name: 'numbers in place of text',
    bundle: make(MESSAGE_V1, (bundle) => {
      entryOf(bundle).logIndex = Number(entryOf(bundle).logIndex);
    }),
    expected: 'accepted',
  },
  { name: 'a bundle of another instance', bundle: make(MESSAGE_V1, undefined, elsewhere), expected: 'TIMESTAMP_ERROR' },
  {
    name: 'a bundle of another instance, Rekor v2',
    bundle: make(MESSAGE_V2, undefined, elsewhere),
    expected: 'TIMESTAMP_ERROR',
  },
  { name: 'an envelope of another instance', bundle: make(DSSE_V1, undefined, elsewhere), expected: 'TIMESTAMP_ERROR' },
  {
    name: 'null in place of a bundle',
    bundle: async () => null,
    expected: 'TypeError',
    differs: { ours: 'ValidationError', row: 'raw-errors' },
  },
  { name: 'text in place of a bundle', bundle: async () => 'bundle', expected: 'ValidationError' },
  { name: 'nothing in a bundle', bundle: async () => ({}), expected: 'ValidationError' },
  {
    name: 'a leaf without a certificate timestamp',
    bundle: make({
      ...MESSAGE_V1,
      steps: { certificate: (spki, identity) => lab.issueCertificate(spki, identity, { requestScts: async () => [] }) },
    }),
    expected: 'CERTIFICATE_ERROR',
  },
  {
    name: 'a leaf without a certificate timestamp, ctLogThreshold 0',
    bundle: make({
      ...MESSAGE_V1,
      steps: { certificate: (spki, identity) => lab.issueCertificate(spki, identity, { requestScts: async () => [] }) },
    }),
    options: { ctLogThreshold: 0 },
    expected: 'accepted',
  },
  {
    name: 'a certificate timestamp of a log that nobody knows',
    bundle: make({
      ...MESSAGE_V1,
      steps: {
        certificate: (spki, identity) =>
          lab.issueCertificate(spki, identity, { requestScts: requestSctsFrom(elsewhere.ct) }),
      },
    }),
    expected: 'CERTIFICATE_ERROR',
  },
  {
    name: 'certificate timestamps of a log that is known and of one that is not',
    bundle: make({
      ...MESSAGE_V1,
      steps: {
        certificate: (spki, identity) =>
          lab.issueCertificate(spki, identity, {
            requestScts: async (...precertificate) => [
              ...(await requestSctsFrom(lab.ct)(...precertificate)),
              ...(await requestSctsFrom(elsewhere.ct)(...precertificate)),
            ],
          }),
      },
    }),
    expected: 'CERTIFICATE_ERROR',
  },
  {
    name: 'an artifact of several megabytes',
    bundle: make({ ...MESSAGE_V1, artifact: LARGE }),
    data: LARGE,
    expected: 'accepted',
  },
  {
    name: 'another artifact of several megabytes',
    bundle: make({ ...MESSAGE_V1, artifact: LARGE }),
    data: LARGE.subarray(1),
    expected: 'SIGNATURE_ERROR',
  },
  {
    name: 'a chain with its root in a bundle 0.2',
    bundle: make({ ...MESSAGE_V1, version: '0.2' }, (bundle) => {
      const [authority] = lab.trustedRoot().certificateAuthorities;
      bundle.verificationMaterial.x509CertificateChain.certificates.push(...(authority?.certChain.certificates ?? []));
    }),
    expected: 'accepted',
  },
  {
    name: 'a timestamp of another instance beside the promise',
    bundle: make({
      ...MESSAGE_V1,
      steps: {
        timestamps: async (signature) => [
          elsewhere.timestamp({ imprint: { algorithm: 'sha256', digest: hashOf(signature) } }),
        ],
      },
    }),
    expected: 'TIMESTAMP_ERROR',
  },
  {
    name: 'a leaf of another instance',
    bundle: make({
      ...MESSAGE_V1,
      steps: { certificate: (spki, identity) => elsewhere.issueCertificate(spki, identity) },
    }),
    expected: 'CERTIFICATE_ERROR',
  },
  {
    name: 'a leaf that was valid yesterday',
    bundle: make({
      ...MESSAGE_V1,
      steps: {
        certificate: (spki, identity) =>
          lab.issueCertificate(spki, identity, { now: new Date(Date.now() - 86_400_000) }),
      },
    }),
    expected: 'CERTIFICATE_ERROR',
  },
];
