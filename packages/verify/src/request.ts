// SPDX-License-Identifier: Apache-2.0
// What a caller asks for, read once and found complete before the bundle is looked at (ATTACKS stage A).

import { decodeHex } from '@keywax/core/bytes';
import type { CryptoProvider } from '@keywax/core/crypto';
import { defaultCrypto } from '@keywax/core/crypto';
import { HASH_BYTES, type HashName } from '@keywax/core/hash';
import { configError, readOptions } from './options.js';
import { type IdentityPolicy, type ReadPolicy, readPolicy, selectInstant } from './policy.js';
import { type PreparedTrust, isPreparedTrust } from './prepare.js';
import { type Threshold, readThreshold } from './threshold.js';

/** Verifies a statement without saying which artifact it should be about. The subjects are in the result. */
export const unsafeNoArtifact: unique symbol = Symbol('unsafeNoArtifact');

/**
 * Demands no log and no timestamp authority either: nothing but the signature of the key that the policy names is left
 * (ATTACKS A2). Only for a key without a window, as everything else needs a proven time.
 */
export const unsafeNoLog: unique symbol = Symbol('unsafeNoLog');

/** The artifact: its bytes, or digests of it as bytes or lower-case hex. */
export type ArtifactInput = Uint8Array | ArtifactDigests | typeof unsafeNoArtifact;

/** Digests of an artifact, by algorithm; at least one. */
export interface ArtifactDigests {
  readonly sha256?: Uint8Array | string;
  readonly sha384?: Uint8Array | string;
  readonly sha512?: Uint8Array | string;
}

/** What is to be verified, against what, for whom. */
export interface VerificationRequest {
  /** Made by `prepareTrust`. */
  readonly trust: PreparedTrust;
  readonly artifact: ArtifactInput;
  readonly identity: IdentityPolicy;
  /** The present, for claims that lie in the future. */
  readonly now: Date;
  /** Distinct transparency logs demanded; 1 unless given. */
  readonly logThreshold?: Threshold | typeof unsafeNoLog;
  /** Distinct timestamp authorities demanded; `'none'` unless given, which leaves proven times to the logs. */
  readonly timestampThreshold?: Threshold;
  /** Distinct certificate transparency logs demanded; 1 unless given. */
  readonly sctThreshold?: Threshold;
  /** Logs of one operator count once. */
  readonly distinctOperators?: boolean;
  /** Demands an inclusion proof of entries of bundles 0.1 too (RUL-8). */
  readonly requireInclusionProof?: boolean;
  /** Ignores a root certificate in the chain of an old bundle (RUL-11). It is never an anchor. */
  readonly allowRootInChain?: boolean;
  /** Lets intermediate certificates of the bundle complete a path to a trusted anchor, for private authorities. */
  readonly allowIntermediatesInBundle?: boolean;
  /**
   * Demands an envelope with this payload type. Unless given, envelopes hold `application/vnd.in-toto+json`; other payloads
   * are not parsed and need `unsafeNoArtifact`.
   */
  readonly payloadType?: string;
  /** Demands a statement with this predicate type. */
  readonly predicateType?: string;
  /** Hashes, and checks signatures, with this provider. */
  readonly crypto?: CryptoProvider;
}

/** The artifact as the steps use it. */
export interface ReadArtifact {
  readonly kind: 'bytes' | 'digests' | 'none';
  /** A copy of the bytes, where they are few enough to keep. */
  readonly bytes?: Uint8Array;
  /** The digest, or `undefined` where only digests of other algorithms were given. */
  digest(algorithm: HashName): Uint8Array | undefined;
}

/** A request that has been read and found complete. */
export interface ReadRequest {
  readonly trust: PreparedTrust;
  readonly artifact: ReadArtifact;
  readonly policy: ReadPolicy;
  readonly now: Date;
  readonly logThreshold: Threshold;
  readonly timestampThreshold: Threshold;
  readonly sctThreshold: Threshold;
  readonly distinctOperators: boolean;
  readonly requireInclusionProof: boolean;
  readonly allowRootInChain: boolean;
  readonly allowIntermediatesInBundle: boolean;
  readonly payloadType: string;
  readonly predicateType?: string;
  /** True where payload or predicate type are asked for, which a signature over the artifact itself does not have. */
  readonly demandsEnvelope: boolean;
  readonly crypto: CryptoProvider;
}

/** The payload type of in-toto statements. */
export const IN_TOTO_PAYLOAD_TYPE = 'application/vnd.in-toto+json';

const MAX_COPIED_BYTES = 1 << 20; // above, the digest taken while planning is what the signature is checked over
const HASHES: readonly HashName[] = ['sha256', 'sha384', 'sha512'];
const OPTION_NAMES = [
  'trust',
  'artifact',
  'identity',
  'now',
  'logThreshold',
  'timestampThreshold',
  'sctThreshold',
  'distinctOperators',
  'requireInclusionProof',
  'allowRootInChain',
  'allowIntermediatesInBundle',
  'payloadType',
  'predicateType',
  'crypto',
] as const satisfies readonly (keyof VerificationRequest)[];

/** @throws CONFIG_INVALID, and the errors of a key that is not accepted */
export function readRequest(request: VerificationRequest): ReadRequest {
  const own = readOptions<VerificationRequest>(request, OPTION_NAMES, 'request');
  const { trust, artifact, identity } = own;
  const now = selectInstant(own.now);
  if (!isPreparedTrust(trust)) throw configError('trust', 'a value that prepareTrust made');
  if (now === undefined) throw configError('now', 'a Date that holds an instant');
  if (artifact === undefined) throw configError('artifact', 'bytes, digests or unsafeNoArtifact');
  if (identity === undefined) throw configError('identity', 'a record, a list of records, or a key');
  const isBare = own.logThreshold === unsafeNoLog;
  const logThreshold = isBare ? 'none' : readThreshold(own.logThreshold, 'logThreshold', 1);
  const timestampThreshold = readThreshold(own.timestampThreshold, 'timestampThreshold', 'none');
  const policy = readPolicy(identity);
  if (isBare && policy.kind !== 'key')
    throw configError('logThreshold', 'unsafeNoLog with a key alone, because an identity needs a proven time');
  if (!isBare && logThreshold === 'none' && timestampThreshold === 'none') {
    throw configError('logThreshold', 'a log or, with timestampThreshold, a timestamp authority to be required');
  }
  const crypto = readCrypto(own.crypto);
  const payloadType = readText(own.payloadType, 'payloadType') ?? IN_TOTO_PAYLOAD_TYPE;
  const predicateType = readText(own.predicateType, 'predicateType');
  if (predicateType !== undefined && payloadType !== IN_TOTO_PAYLOAD_TYPE)
    throw configError('predicateType', `payloads of type ${IN_TOTO_PAYLOAD_TYPE}, because only statements have one`);
  return {
    trust,
    artifact: readArtifact(artifact, crypto),
    policy,
    now,
    logThreshold,
    timestampThreshold,
    sctThreshold: readThreshold(own.sctThreshold, 'sctThreshold', 1),
    distinctOperators: readFlag(own.distinctOperators, 'distinctOperators'),
    requireInclusionProof: readFlag(own.requireInclusionProof, 'requireInclusionProof'),
    allowRootInChain: readFlag(own.allowRootInChain, 'allowRootInChain'),
    allowIntermediatesInBundle: readFlag(own.allowIntermediatesInBundle, 'allowIntermediatesInBundle'),
    payloadType,
    ...(predicateType === undefined ? {} : { predicateType }),
    demandsEnvelope: own.payloadType !== undefined || predicateType !== undefined,
    crypto,
  };
}

/** @throws CONFIG_INVALID for anything that is not a crypto provider */
export function readCrypto(crypto: CryptoProvider = defaultCrypto): CryptoProvider {
  if (typeof crypto?.hash !== 'function' || typeof crypto.verify !== 'function')
    throw configError('crypto', 'a crypto provider');
  return crypto;
}

function readFlag(value: unknown, name: string): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw configError(name, 'true or false');
  return value === true;
}

function readText(value: unknown, name: string): string | undefined {
  if (value !== undefined && (typeof value !== 'string' || value === ''))
    throw configError(name, 'text that is not empty');
  return value;
}

function readArtifact(artifact: ArtifactInput, crypto: CryptoProvider): ReadArtifact {
  if (artifact === unsafeNoArtifact) return { kind: 'none', digest: () => undefined };
  if (artifact instanceof Uint8Array) return readArtifactBytes(artifact, crypto);
  const own = readOptions(artifact, HASHES, 'artifact');
  const digests = new Map<HashName, Uint8Array>();
  for (const name of HASHES) {
    const value = own[name];
    if (value !== undefined) digests.set(name, readDigest(value, name));
  }
  if (digests.size === 0) throw configError('artifact', 'bytes, or a digest by sha256, sha384 or sha512');
  return { kind: 'digests', digest: (name) => digests.get(name) };
}

function readArtifactBytes(artifact: Uint8Array, crypto: CryptoProvider): ReadArtifact {
  let bytes: Uint8Array;
  try {
    // A copy, so that the caller's later writes change nothing; it refuses detached buffers.
    bytes = artifact.length <= MAX_COPIED_BYTES ? new Uint8Array(artifact) : artifact;
  } catch {
    throw configError('artifact', 'bytes that are not detached');
  }
  const digests = new Map<HashName, Uint8Array>();
  return {
    kind: 'bytes',
    ...(bytes === artifact ? {} : { bytes }),
    digest(name) {
      const digest = digests.get(name) ?? crypto.hash(name, bytes);
      digests.set(name, digest);
      return digest;
    },
  };
}

function readDigest(value: unknown, name: HashName): Uint8Array {
  const digest =
    typeof value === 'string' && /^[0-9a-f]*$/.test(value) && value.length % 2 === 0 ? decodeHex(value) : value;
  if (!(digest instanceof Uint8Array) || digest.length !== HASH_BYTES[name]) {
    throw configError(`artifact.${name}`, `${HASH_BYTES[name]} bytes, or as many in lower-case hex`);
  }
  return new Uint8Array(digest);
}
