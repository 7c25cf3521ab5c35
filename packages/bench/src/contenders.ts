// SPDX-License-Identifier: Apache-2.0
// The same work by three: Keywax, the reference client, and the floor. Parsing is included, trust is prepared once.

import { type KeyObject, createPublicKey, createHash, verify } from 'node:crypto';
import { decodeBundle } from '@keywax/bundle';
import { decodeTrustedRoot } from '@keywax/trust';
import {
  type CheckId,
  type PreparedTrust,
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
import type { Fixture } from './fixtures.ts';

/** Verifies one bundle; throws if it does not verify. */
export type Contender = () => unknown;

/** Keywax as it is used: asynchronous, slow signatures on the thread pool. */
export function keywax(trustedRoot: string, fixture: Fixture): Contender {
  const request = makeRequest(prepareTrust(decodeTrustedRoot(trustedRoot)), fixture);
  return () => verifyBundle(fixture.bundle, { ...request, now: new Date() });
}

/** Keywax without waiting. */
export function keywaxSync(trustedRoot: string, fixture: Fixture): Contender {
  const request = makeRequest(prepareTrust(decodeTrustedRoot(trustedRoot)), fixture);
  return () => verifyBundleSync(fixture.bundle, { ...request, now: new Date() });
}

function makeRequest(trust: PreparedTrust, { artifact, key }: Fixture): Omit<VerificationRequest, 'now'> {
  return { trust, artifact, identity: key === undefined ? unsafeAnyIdentity : { key } };
}

/** `@sigstore/verify`, with its trust material made once. */
export function reference(trustedRoot: string, { bundle, artifact, key }: Fixture): Contender {
  const publicKey =
    key === undefined ? undefined : createPublicKey({ key: Buffer.from(key), format: 'der', type: 'spki' });
  const material = toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(trustedRoot)), () => {
    if (publicKey === undefined) throw new Error('no key');
    return { publicKey, validFor: () => true };
  });
  const verifier = new Verifier(material);
  const data = Buffer.from(artifact);
  return () => {
    const parsed = bundleFromJSON(JSON.parse(bundle));
    return verifier.verify(toSignedEntity(parsed, parsed.content.$case === 'messageSignature' ? data : undefined));
  };
}

/** Signatures between certificates of the trusted root: the same for every bundle. */
const CONSTANT: ReadonlySet<CheckId> = new Set<CheckId>(['certificate.anchor', 'timestamp.chain']);

/**
 * What no verifier can do without: the bundle parsed by the host, and the signatures that differ from bundle to bundle,
 * over ready-made bytes, with every key but the signer's imported before.
 */
export function floor(trustedRoot: string, fixture: Fixture): Contender {
  const trust = prepareTrust(decodeTrustedRoot(trustedRoot));
  const plan = planVerification(decodeBundle(fixture.bundle), { ...makeRequest(trust, fixture), now: new Date() });
  const checks = [...plan.signatures, ...plan.paths.flatMap(({ signatures }) => signatures)].filter(
    ({ id }) => !CONSTANT.has(id),
  );
  const keys = new Map(checks.map((check) => [check, importKey(check)]));
  return () => {
    JSON.parse(fixture.bundle);
    for (const check of checks) {
      const isSigner = check.id === 'artifact.signature' && fixture.key === undefined;
      const key = isSigner ? importKey(check) : keys.get(check);
      const hash = check.input.scheme.scheme === 'ed25519' ? null : check.input.scheme.hash;
      if (key === undefined || !verify(hash, check.input.data.bytes, key, check.input.signature))
        throw new Error(`${check.id} does not verify`);
    }
    return createHash('sha256').update(fixture.artifact).digest();
  };
}

function importKey({ input }: SignatureCheck): KeyObject {
  const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(input.key.spki).toString('base64')}\n-----END PUBLIC KEY-----\n`;
  return createPublicKey(pem);
}
