// SPDX-License-Identifier: Apache-2.0
// The same work by three: Keywax, the reference client, and the floor. Parsing is included, trust is prepared once.

import { type KeyObject, createHash, createPublicKey, verify } from 'node:crypto';
import { decodeBundle } from '@keywax/bundle';
import { decodeTrustedRoot } from '@keywax/trust';
import {
  type CheckId,
  type IdentityPolicy,
  type SignatureCheck,
  type VerificationRequest,
  planVerification,
  prepareTrust,
  unsafeAnyIdentity,
  verifyBundle,
  verifyBundleSync,
} from '@keywax/verify';
import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';
import type { Fixture, FixtureSet } from './fixtures.ts';

/** Verifies one bundle; throws, or rejects, if it does not verify. */
export type Contender = (fixture: Fixture) => unknown;

/** Makes a contender for the bundles of a set. */
export type MakeContender = (trustedRoot: string, set: FixtureSet) => Contender;

/** Keywax as it is used: asynchronous, slow signatures on the thread pool. */
export const keywax: MakeContender = (trustedRoot, set) => {
  const request = makeRequest(trustedRoot, set);
  return (fixture) => verifyBundle(fixture.bundle, request(fixture));
};

/** Keywax without waiting. */
export const keywaxSync: MakeContender = (trustedRoot, set) => {
  const request = makeRequest(trustedRoot, set);
  return (fixture) => verifyBundleSync(fixture.bundle, request(fixture));
};

function makeRequest(trustedRoot: string, { key }: FixtureSet): (fixture: Fixture) => VerificationRequest {
  const trust = prepareTrust(decodeTrustedRoot(trustedRoot));
  const identity: IdentityPolicy = key === undefined ? unsafeAnyIdentity : { key };
  return ({ artifact }) => ({ trust, artifact, identity, now: new Date() });
}

/** `@sigstore/verify`, with its trust material made once. */
export const reference: MakeContender = (trustedRoot, { key }) => {
  const publicKey =
    key === undefined ? undefined : createPublicKey({ key: Buffer.from(key), format: 'der', type: 'spki' });
  const material = toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(trustedRoot)), () => {
    if (publicKey === undefined) throw new Error('no key');
    return { publicKey, validFor: () => true };
  });
  const verifier = new Verifier(material);
  return ({ bundle, artifact }) => {
    const parsed = bundleFromJSON(JSON.parse(bundle));
    const data = parsed.content.$case === 'messageSignature' ? Buffer.from(artifact) : undefined;
    return verifier.verify(toSignedEntity(parsed, data));
  };
};

/** Signatures between certificates of the trusted root: the same for every bundle. */
const CONSTANT: ReadonlySet<CheckId> = new Set<CheckId>(['certificate.anchor', 'timestamp.chain']);

/**
 * What no verifier can do without: the bundle parsed by the host, and the signatures that differ from bundle to bundle,
 * over ready-made bytes, with every key but that of the certificate imported before.
 */
export const floor: MakeContender = (trustedRoot, set) => {
  const request = makeRequest(trustedRoot, set);
  const keys = new Map<string, KeyObject>();
  const ready = new Map<Fixture, readonly ReadySignature[]>(
    set.fixtures.map((fixture) => {
      const plan = planVerification(decodeBundle(fixture.bundle), request(fixture));
      const checks = [...plan.signatures, ...plan.paths.flatMap(({ signatures }) => signatures)];
      return [fixture, checks.filter(({ id }) => !CONSTANT.has(id)).map((check) => makeReady(check, set, keys))];
    }),
  );
  return (fixture) => {
    JSON.parse(fixture.bundle);
    for (const { pem, key, hash, data, signature } of ready.get(fixture) ?? []) {
      if (!verify(hash, data, key ?? createPublicKey(pem), signature)) throw new Error('a signature does not verify');
    }
    return createHash('sha256').update(fixture.artifact).digest();
  };
};

interface ReadySignature {
  readonly pem: string;
  /** Absent for the key of the certificate, which no other bundle has. */
  readonly key: KeyObject | undefined;
  readonly hash: string | null;
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
}

function makeReady({ id, input }: SignatureCheck, set: FixtureSet, keys: Map<string, KeyObject>): ReadySignature {
  const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(input.key.spki).toString('base64')}\n-----END PUBLIC KEY-----\n`;
  const isOwn = id === 'artifact.signature' && set.key === undefined;
  const key = isOwn ? undefined : (keys.get(pem) ?? createPublicKey(pem));
  if (key !== undefined) keys.set(pem, key);
  const hash = input.scheme.scheme === 'ed25519' ? null : input.scheme.hash;
  return { pem, key, hash, data: input.data.bytes, signature: input.signature };
}
