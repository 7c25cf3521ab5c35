// SPDX-License-Identifier: Apache-2.0
// One bundle through the engine: options become a request, its verdict becomes the signer that callers expect.

import { Buffer } from 'node:buffer';
import type { KeyObject } from 'node:crypto';
import type { Bundle } from '@keywax/bundle';
import { equalBytes } from '@keywax/core/bytes';
import { type CryptoProvider, type SignatureInput, defaultCrypto } from '@keywax/core/crypto';
import type { PublicKey } from '@keywax/core/key';
import {
  type ArtifactDigests,
  type IdentityPolicy,
  type Plan,
  type PreparedTrust,
  type Threshold,
  type VerificationRequest,
  type Verified,
  planVerification,
  settle,
  settleSync,
  unsafeNoArtifact,
  unsafeNoLog,
} from '@keywax/verify';
import { VerificationError } from '../errors.js';
import type { CompatListener } from '../events.js';
import { countAuthorities } from './distinct-times.js';
import { refuseSetAside, toPeerError } from './error-table.js';
import { toKeyObject } from './key.js';
import {
  type ObjectIdentifierValuePair,
  type SignerPolicy,
  checkExtensions,
  reportWeakness,
  selectName,
  toIdentityPolicy,
} from './policy.js';

/** Who signed, as callers know it. */
export interface Signer {
  key: KeyObject;
  /** Absent where a key was named by a hint. */
  identity?: {
    subjectAlternativeName?: string;
    extensions?: { issuer?: string };
    /** Every extension of the certificate. */
    oids?: ObjectIdentifierValuePair[];
  };
}

/** A key that a caller found for a hint. */
export interface FoundKey {
  readonly publicKey: PublicKey;
  readonly validFor: (date: Date) => boolean;
}

/** How much evidence is demanded; 1 of each unless given. */
export interface EvidenceThresholds {
  readonly logs?: number | undefined;
  readonly certificateLogs?: number | undefined;
  /** Timestamps and promises together. */
  readonly timestamps?: number | undefined;
}

/** What is to be verified. */
export interface VerificationTask {
  readonly bundle: Bundle;
  readonly trust: PreparedTrust;
  /** The artifact, or digests of it; an envelope is compared with digests alone. */
  readonly data?: Uint8Array | undefined;
  readonly digests?: ArtifactDigests | undefined;
  readonly findKey: (hint: string) => FoundKey;
  readonly thresholds: EvidenceThresholds;
  readonly policy: SignerPolicy;
  readonly report: CompatListener;
}

/** @throws VerificationError, PolicyError, and what `findKey` throws */
export async function runTask(task: VerificationTask): Promise<Signer> {
  const prepared = prepare(task);
  try {
    return conclude(task, prepared, await settle(prepared.plan));
  } catch (error) {
    throw toPeerError(error);
  }
}

/** As `runTask`, without waiting. @throws as `runTask` */
export function runTaskSync(task: VerificationTask): Signer {
  const prepared = prepare(task);
  try {
    return conclude(task, prepared, settleSync(prepared.plan, prepared.crypto));
  } catch (error) {
    throw toPeerError(error);
  }
}

interface Prepared {
  readonly plan: Plan;
  readonly key: FoundKey | undefined;
  readonly crypto: CryptoProvider;
}

function prepare(task: VerificationTask): Prepared {
  const { bundle, policy, report } = task;
  const { material } = bundle;
  reportWeakness(policy, report);
  const key = material.kind === 'publicKey' ? task.findKey(material.hint) : undefined;
  const identity: IdentityPolicy = key === undefined ? toIdentityPolicy(policy) : { key: key.publicKey.spki };
  const request: VerificationRequest = {
    trust: task.trust,
    identity,
    now: new Date(),
    // What a chain holds beyond its leaf is never looked at, so that a root in an old one does no harm (RUL-11).
    allowRootInChain: true,
    ...toArtifact(task),
    ...toThresholds(task),
  };
  try {
    return { plan: planVerification(bundle, request), key, crypto: holdArtifact(task.data) };
  } catch (error) {
    throw toPeerError(error);
  }
}

function toArtifact({
  bundle: { content },
  data,
  digests,
  report,
}: VerificationTask): Pick<VerificationRequest, 'artifact' | 'payloadType'> {
  if (content.kind === 'dsse') {
    if (digests !== undefined) return { artifact: digests };
    if (data !== undefined)
      report({ kind: 'artifactIgnored', message: 'the bundle holds an envelope, with which data is not compared' });
    const { payloadType } = content;
    return { artifact: unsafeNoArtifact, ...(payloadType === '' ? {} : { payloadType }) };
  }
  const artifact = data ?? digests;
  if (artifact !== undefined) return { artifact };
  const message = 'signature verification failed: the bundle signs an artifact, and none was given';
  throw new VerificationError({ code: 'SIGNATURE_ERROR', message });
}

function toThresholds({ bundle, thresholds }: VerificationTask): Partial<VerificationRequest> {
  const logs = toThreshold(thresholds.logs);
  const sctThreshold = toThreshold(thresholds.certificateLogs);
  if (logs !== 'none') return { logThreshold: logs, sctThreshold };
  // Entries that are there have to hold, whether one is demanded or not; without any, times come from an authority.
  if (bundle.entries.length > 0) return { logThreshold: 1, sctThreshold };
  const isBare = bundle.material.kind === 'publicKey' && toThreshold(thresholds.timestamps) === 'none';
  return isBare ? { logThreshold: unsafeNoLog } : { logThreshold: 'none', timestampThreshold: 1, sctThreshold };
}

function toThreshold(count: number | undefined): Threshold {
  if (count === undefined) return 1;
  return count <= 0 ? 'none' : Math.ceil(count);
}

const MAX_COPIED_BYTES = 1 << 20;

/**
 * The engine checks signatures of long artifacts over a digest that it took while planning, which needs curves in JavaScript
 * where nothing can be waited for. Here the bytes cannot change meanwhile, so the host is given them again.
 */
function holdArtifact(data: Uint8Array | undefined): CryptoProvider {
  if (data === undefined || data.length <= MAX_COPIED_BYTES) return defaultCrypto;
  return {
    ...defaultCrypto,
    verifySync(input) {
      const isData =
        input.data.kind === 'digest' &&
        input.scheme.scheme !== 'ed25519ph' &&
        equalBytes(input.data.bytes, defaultCrypto.hash(input.scheme.hash, data));
      const asked: SignatureInput = isData ? { ...input, data: { kind: 'message', bytes: data } } : input;
      return defaultCrypto.verifySync?.(asked) === true;
    },
  };
}

function conclude({ thresholds, policy, trust }: VerificationTask, { key }: Prepared, verified: Verified): Signer {
  const { signer, times, report } = verified;
  refuseSetAside(report);
  const found = countAuthorities(times, trust.root);
  const demanded = thresholds.timestamps ?? 1;
  if (!(found >= demanded)) {
    const message = `expected ${demanded} timestamps, got ${found}`;
    throw new VerificationError({ code: 'TIMESTAMP_ERROR', message });
  }
  // A key that nothing proves a time for has to be valid now: it may have been given up since.
  for (const { at } of times.length === 0 ? [{ at: new Date() }] : times) {
    if (key === undefined || key.validFor(new Date(at.getTime())) === true) continue;
    const message = `Public key is not valid for timestamp: ${at.toISOString()}`;
    throw new VerificationError({ code: 'PUBLIC_KEY_ERROR', message });
  }
  checkExtensions(policy, signer);
  return describeSigner(signer);
}

function describeSigner(signer: Verified['signer']): Signer {
  const key = toKeyObject(signer.key);
  if (signer.kind === 'key') return { key };
  const { identity, certificate } = signer;
  const name = selectName(identity);
  return {
    key,
    identity: {
      extensions: { issuer: identity.issuer },
      ...(name === undefined ? {} : { subjectAlternativeName: name }),
      oids: Array.from(certificate.extensions, ([oid, { value }]) => ({
        oid: { id: oid.split('.').map(Number) },
        value: Buffer.from(value),
      })),
    },
  };
}
