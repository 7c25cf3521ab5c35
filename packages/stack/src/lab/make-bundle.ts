// SPDX-License-Identifier: Apache-2.0
// A complete good bundle in steps. A test replaces a step, and everything after it is made and signed over the result.

import type { SerializedBundle, SerializedEnvelope, SerializedLogEntry } from '@keywax/bundle';
import { encodeBase64, encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import { encodePae } from '@keywax/core/dsse';
import { type HashName, HASH_PROTO_NAMES, hash } from '@keywax/core/hash';
import { importKeyPair } from '@keywax/core/key-pair';
import type { CertifiedIdentity } from '../fulcio/identity.js';
import type { Instance } from '../instance.js';
import {
  type SigningKey,
  encodeSigningKey,
  generateSigningKey,
  selectKeyDetails,
  selectKeyHash,
  signBytes,
} from '../keys.js';
import {
  type BodyVerifier,
  type LoggedEnvelope,
  type SignedDigest,
  describeDsseV1,
  describeHashedRekordV1,
  describeHashedRekordV2,
  encodeBody,
} from '../rekor/body.js';
import { personaIdentity } from './persona.js';

/** What kind of bundle to make. */
export interface BundleRequest {
  readonly content: 'message' | 'dsse';
  /** The logs that hold an entry for it; `none` gives a bundle with timestamps only. */
  readonly logs: 'v1' | 'v2' | 'both' | 'none';
  readonly version?: '0.1' | '0.2' | '0.3';
  /** The artifact; its SHA-256 is the subject of the statement where the content is an envelope. */
  readonly artifact?: Uint8Array;
  /** The signing key, a new P-256 key unless given. */
  readonly key?: SigningKey;
  readonly hash?: HashName;
  /** Whether the key itself is the material, without a certificate. */
  readonly managedKey?: boolean;
  readonly identity?: CertifiedIdentity;
  /** The statement as payload of the envelope, and its type. */
  readonly payload?: Uint8Array;
  readonly payloadType?: string;
  readonly steps?: Partial<BundleSteps>;
}

/** Everything that was signed, for steps that need it and for tests that change it. */
export interface BundleParts {
  readonly artifact: Uint8Array;
  readonly payload: Uint8Array;
  readonly payloadType: string;
  readonly key: SigningKey;
  readonly hash: HashName;
  readonly verifier: BodyVerifier;
  /** Digest of what was signed: the artifact, or the PAE of the envelope. */
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  readonly identity: CertifiedIdentity;
}

/** The steps after the key is made. Each default makes what a good client and good services make. */
export interface BundleSteps {
  /** The leaf (DER) for a key. */
  certificate(spki: Uint8Array, identity: CertifiedIdentity): Promise<Uint8Array>;
  /** The signature over the artifact or the PAE. */
  sign(key: SigningKey, data: Uint8Array, hash: HashName): Uint8Array | Promise<Uint8Array>;
  /** The timestamps (DER TimeStampResp) over a signature. */
  timestamps(signature: Uint8Array, parts: BundleParts): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** The canonical body that each log gets. */
  bodyV1(parts: BundleParts): Uint8Array;
  bodyV2(parts: BundleParts): Uint8Array;
  /** The entry for a body, with its evidence. */
  entryV1(body: Uint8Array): Promise<SerializedLogEntry>;
  entryV2(body: Uint8Array): Promise<SerializedLogEntry>;
  /** The bundle at last. */
  bundle(bundle: SerializedBundle): SerializedBundle;
}

/** A bundle with what it was made from. */
export interface MadeBundle extends BundleParts {
  readonly bundle: SerializedBundle;
}

/** The payload type of in-toto statements. */
export const IN_TOTO_TYPE = 'application/vnd.in-toto+json';
const MEDIA_TYPES = {
  '0.1': 'application/vnd.dev.sigstore.bundle+json;version=0.1',
  '0.2': 'application/vnd.dev.sigstore.bundle+json;version=0.2',
  '0.3': 'application/vnd.dev.sigstore.bundle.v0.3+json',
} as const;

/** The default steps over an instance. */
export function defaultBundleSteps(instance: Instance, { content, logs }: BundleRequest): BundleSteps {
  const { rekorV1, rekorV2 } = instance;
  return {
    certificate: (spki, identity) => instance.issueCertificate(spki, identity),
    // A log that sees only a digest takes Ed25519ph; an envelope in Rekor v1 is signed with Ed25519 itself.
    sign: (key, data, hashName) => {
      const isPrehashed = key.kind === 'ed25519' && (content === 'message' || logs === 'v2' || logs === 'both');
      return isPrehashed ? signEd25519ph(key, data) : signBytes(key, data, hashName);
    },
    timestamps: (signature) => [
      instance.timestamp({ imprint: { algorithm: 'sha256', digest: hash('sha256', signature) } }),
    ],
    bodyV1: (parts) =>
      encodeBody(
        content === 'message' ? describeHashedRekordV1(signedDigest(parts)) : describeDsseV1(loggedEnvelope(parts)),
      ),
    bodyV2: (parts) => encodeBody(describeHashedRekordV2(signedDigest(parts), selectEntryKeyDetails(parts.key))),
    entryV1: async (body) => rekorV1.entry(await rekorV1.append(body)),
    entryV2: async (body) => rekorV2.entry(await rekorV2.append(body)),
    bundle: (bundle) => bundle,
  };
}

/** Signs with Ed25519ph (RFC 8032 §5.1), which Node does not offer. */
async function signEd25519ph(key: SigningKey, data: Uint8Array): Promise<Uint8Array> {
  const pair = await importKeyPair(encodeSigningKey(key));
  return pair.sign(data, { scheme: 'ed25519ph', hash: 'sha512' });
}

/** The name of the algorithm in an entry of Rekor v2: the one that signs a digest. */
function selectEntryKeyDetails(key: SigningKey): string {
  return key.kind === 'ed25519' ? 'PKIX_ED25519_PH' : selectKeyDetails(key);
}

/** Makes a bundle against an instance. */
export async function makeBundle(instance: Instance, request: BundleRequest): Promise<MadeBundle> {
  const steps: BundleSteps = { ...defaultBundleSteps(instance, request), ...request.steps };
  const parts = await signParts(request, steps);
  const entries = [
    ...(request.logs === 'v1' || request.logs === 'both' ? [await steps.entryV1(steps.bodyV1(parts))] : []),
    ...(request.logs === 'v2' || request.logs === 'both' ? [await steps.entryV2(steps.bodyV2(parts))] : []),
  ];
  const timestamps = await steps.timestamps(parts.signature, parts);
  const bundle = steps.bundle(assemble(request, parts, { entries, timestamps }));
  return { ...parts, bundle };
}

async function signParts(request: BundleRequest, steps: BundleSteps): Promise<BundleParts> {
  const {
    artifact = encodeUtf8('artifact\n'),
    key = generateSigningKey('P-256'),
    identity = personaIdentity('email'),
  } = request;
  const {
    payload = encodeStatement(artifact),
    payloadType = IN_TOTO_TYPE,
    hash: hashName = selectKeyHash(key),
  } = request;
  const data = request.content === 'message' ? artifact : encodePae(payloadType, payload);
  const verifier: BodyVerifier =
    request.managedKey === true
      ? { kind: 'publicKey', spki: key.spki }
      : { kind: 'certificate', der: await steps.certificate(key.spki, identity) };
  const signature = await steps.sign(key, data, hashName);
  return {
    artifact,
    payload,
    payloadType,
    key,
    hash: hashName,
    verifier,
    digest: hash(hashName, data),
    signature,
    identity,
  };
}

/** A statement (in-toto v1) about the artifact, as JSON. */
export function encodeStatement(artifact: Uint8Array): Uint8Array {
  const sha256 = encodeHex(hash('sha256', artifact));
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'artifact', digest: { sha256 } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {},
  };
  return encodeUtf8(JSON.stringify(statement));
}

/** What a hashedrekord entry is made from. */
export function signedDigest(parts: BundleParts): SignedDigest {
  return { algorithm: parts.hash, digest: parts.digest, signature: parts.signature, verifier: parts.verifier };
}

/** What a dsse entry is made from. */
export function loggedEnvelope(parts: BundleParts): LoggedEnvelope {
  const { payload, signature, verifier } = parts;
  return { envelopeText: JSON.stringify(encodeEnvelope(parts)), payload, signatures: [{ signature, verifier }] };
}

/** The DSSE envelope of the parts. */
export function encodeEnvelope({ payload, payloadType, signature }: BundleParts): SerializedEnvelope {
  return { payload: encodeBase64(payload), payloadType, signatures: [{ sig: encodeBase64(signature) }] };
}

interface Evidence {
  readonly entries: SerializedLogEntry[];
  readonly timestamps: readonly Uint8Array[];
}

function assemble(
  { content, version = '0.3' }: BundleRequest,
  parts: BundleParts,
  { entries, timestamps }: Evidence,
): SerializedBundle {
  return {
    mediaType: MEDIA_TYPES[version],
    verificationMaterial: {
      ...encodeMaterial(parts.verifier, version),
      tlogEntries: entries,
      timestampVerificationData: {
        rfc3161Timestamps: timestamps.map((der) => ({ signedTimestamp: encodeBase64(der) })),
      },
    },
    ...(content === 'message'
      ? {
          messageSignature: {
            messageDigest: { algorithm: HASH_PROTO_NAMES[parts.hash], digest: encodeBase64(parts.digest) },
            signature: encodeBase64(parts.signature),
          },
        }
      : { dsseEnvelope: encodeEnvelope(parts) }),
  };
}

function encodeMaterial(verifier: BodyVerifier, version: '0.1' | '0.2' | '0.3') {
  if (verifier.kind === 'publicKey') return { publicKey: { hint: encodeBase64(hash('sha256', verifier.spki)) } };
  const certificate = { rawBytes: encodeBase64(verifier.der) };
  return version === '0.3' ? { certificate } : { x509CertificateChain: { certificates: [certificate] } };
}
