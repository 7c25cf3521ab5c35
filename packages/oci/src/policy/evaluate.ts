// SPDX-License-Identifier: Apache-2.0
// Holds an image against cluster policies: each policy that is about it has to admit it, by one of its authorities, which
// wants a signature, or every attestation that it names.

import { KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';
import { type Verifier, unsafeNoLog } from 'keywax';
import type { EvidencePlace } from '../image/evidence.js';
import { copyOptions } from '../options.js';
import { type VerifyImageOptions, type VerifiedImage, verifyImage } from '../image/verify.js';
import { formatReference, parseReference } from '../registry/reference.js';
import { type RepositoryOptions, openRepository } from '../registry/repository.js';
import type { Authority, SignatureAuthority } from './authority.js';
import type { ClusterImagePolicy } from './cluster-image-policy.js';
import { type AuthorityDecision, type ImageDecision, type PolicyDecision, describeDenial } from './decision.js';
import { type ClusterResource, matchResource } from './labels.js';

/** Where evidence of each format is attached. */
const PLACES: Readonly<Record<NonNullable<SignatureAuthority['format']>, EvidencePlace>> = {
  bundle: 'referrers',
  legacy: 'tags',
};

/** With what images are held against policies. */
export interface EvaluationOptions {
  /** Verifies by the trust root that authorities mean which name none; made by `createVerifier` of `keywax`. */
  readonly verifier: Verifier;
  /** Verifiers for other trust roots, by the names or service URLs that the policies have for them. */
  readonly trustRoots?: Readonly<Record<string, Verifier>>;
  /** How registries are reached. */
  readonly registry?: RepositoryOptions;
  /** What becomes of images that no policy is about; denied unless given. */
  readonly noMatch?: 'deny' | 'warn' | 'allow';
  readonly signal?: AbortSignal;
}

/** What is held against which policies. */
export interface EvaluateImageOptions extends EvaluationOptions {
  readonly policies: readonly ClusterImagePolicy[];
  /** The resource that wants to run the image. Without one, policies about certain resources apply too. */
  readonly resource?: ClusterResource;
}

/**
 * Says whether policies admit an image, and why.
 * @throws CONFIG_INVALID for a reference that is none, or a trust root that is not given; IMAGE_NOT_FOUND, REGISTRY_…, NETWORK_…
 *   where a tag cannot be resolved. What goes wrong with the evidence denies, and is told.
 * @example
 * const policies = await parseClusterImagePolicies(await readFile('policy.yaml'));
 * const { admitted, reasons } = await evaluateImage('registry.example/app:v1', { policies, verifier: await createVerifier() });
 */
export async function evaluateImage(reference: string, options: EvaluateImageOptions): Promise<ImageDecision> {
  const { policies, resource, ...evaluation } = copyOptions(options);
  checkTrustRoots(policies, evaluation);
  const selected = selectPolicies(reference, policies, resource);
  const pinned = await resolveImage(reference, evaluation);
  return { ...(await evaluateDigest(pinned, selected, evaluation)), reference };
}

/** The policies that are about an image and a resource. @throws CONFIG_INVALID for a reference that is none */
export function selectPolicies(
  reference: string,
  policies: readonly ClusterImagePolicy[],
  resource?: ClusterResource,
): readonly ClusterImagePolicy[] {
  return policies.filter(({ globs, resources }) => {
    const isAboutResource =
      resource === undefined || resources.length === 0 || resources.some((one) => matchResource(one, resource));
    return isAboutResource && globs.some((glob) => glob.matches(reference));
  });
}

/** The reference in full, with the digest that its tag has now unless it has one. @throws as `evaluateImage` */
export async function resolveImage(
  reference: string,
  options: Pick<EvaluationOptions, 'registry' | 'signal'>,
): Promise<string> {
  const parsed = parseReference(reference);
  if (parsed.digest !== undefined) return formatReference(parsed);
  const { digest } = await openRepository(parsed, registryOptions(options)).resolve();
  return formatReference({ ...parsed, digest });
}

/** @throws CONFIG_INVALID where a policy names a trust root that is not given */
export function checkTrustRoots(
  policies: readonly ClusterImagePolicy[],
  options: Pick<EvaluationOptions, 'trustRoots'>,
): void {
  const { trustRoots = {} } = copyOptions(options);
  for (const { name, authorities } of policies) {
    for (const authority of authorities) {
      const trustRoot = authority.kind === 'signature' ? copyOptions(authority).trustRoot : undefined;
      if (trustRoot === undefined || Object.hasOwn(trustRoots, trustRoot)) continue;
      const expected = `a trust root for ${quoteText(trustRoot)}`;
      throw new KeywaxError('CONFIG_INVALID', `policy ${quoteText(name)}: expected ${expected}, found none`, {
        details: { at: 'trustRoots', expected },
      });
    }
  }
}

/** What the given policies say of an image by digest. */
export async function evaluateDigest(
  reference: string,
  policies: readonly ClusterImagePolicy[],
  given: EvaluationOptions,
): Promise<ImageDecision> {
  const options = copyOptions(given);
  const { registry, repository, digest } = parseReference(reference);
  if (digest === undefined) throw new KeywaxError('CONFIG_INVALID', 'image: expected a digest');
  const image = formatReference({ registry, repository, digest });
  if (policies.length === 0) return describeNoMatch(reference, image, options.noMatch);
  const decisions: PolicyDecision[] = [];
  for (const policy of policies) decisions.push(await evaluatePolicy(image, policy, options));
  const denied = decisions.filter(({ admitted }) => !admitted);
  return {
    reference,
    image,
    admitted: denied.every(({ mode }) => mode === 'warn'),
    reasons: denied.map((decision) => `${image}: ${describeDenial(decision)}`),
    policies: decisions,
  };
}

function describeNoMatch(
  reference: string,
  image: string,
  noMatch: EvaluationOptions['noMatch'] = 'deny',
): ImageDecision {
  const reasons = noMatch === 'allow' ? [] : [`${image}: no policy is about it`];
  return { reference, image, admitted: noMatch !== 'deny', reasons, policies: [] };
}

/** Asks the authorities one after the other, until one admits the image. */
async function evaluatePolicy(
  image: string,
  { name, mode, authorities }: ClusterImagePolicy,
  options: EvaluationOptions,
): Promise<PolicyDecision> {
  const asked: AuthorityDecision[] = [];
  for (const authority of authorities) {
    const decision = await evaluateAuthority(image, authority, options);
    asked.push(decision);
    if (decision.admitted) break;
  }
  return { name, mode, admitted: asked.some(({ admitted }) => admitted), authorities: asked };
}

async function evaluateAuthority(
  image: string,
  authority: Authority,
  options: EvaluationOptions,
): Promise<AuthorityDecision> {
  const { name } = authority;
  if (authority.kind === 'static') {
    if (authority.action === 'pass') return { name, admitted: true };
    return { name, admitted: false, reason: authority.message ?? 'it always denies' };
  }
  try {
    return { name, admitted: true, verified: await verifyForAuthority(image, authority, options) };
  } catch (error) {
    if (!isKeywaxError(error)) throw error;
    return { name, admitted: false, reason: `${error.code}: ${error.message}`, error };
  }
}

/** One verified image for each statement that the authority wants. */
async function verifyForAuthority(
  image: string,
  authority: SignatureAuthority,
  options: EvaluationOptions,
): Promise<readonly VerifiedImage[]> {
  const { identity, predicateTypes, repositories, format, trustRoot } = copyOptions(authority);
  const request: VerifyImageOptions = {
    identity,
    verifier: selectVerifier(trustRoot, options),
    registry: registryOptions(options),
    ...(repositories.length === 0 ? {} : { evidenceRepositories: repositories }),
    ...(format === undefined ? {} : { places: [PLACES[format]] }),
    ...describeThresholds(authority),
    ...(authority.ignoresScts ? { sctThreshold: 'none' } : {}),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  if (predicateTypes.length === 0) return [await verifyImage(image, request)];
  const verified: VerifiedImage[] = [];
  for (const predicateType of predicateTypes) verified.push(await verifyImage(image, { ...request, predicateType }));
  return verified;
}

/** A log unless the authority wants none; then a timestamp, or the key alone. */
function describeThresholds({
  demandsLog,
  demandsTimestamp,
}: SignatureAuthority): Pick<VerifyImageOptions, 'logThreshold' | 'timestampThreshold'> {
  if (demandsTimestamp) return { timestampThreshold: 1, ...(demandsLog ? {} : { logThreshold: 'none' }) };
  return demandsLog ? {} : { logThreshold: unsafeNoLog };
}

function selectVerifier(
  trustRoot: string | undefined,
  { verifier, trustRoots = {} }: Pick<EvaluationOptions, 'verifier' | 'trustRoots'>,
): Verifier {
  if (trustRoot === undefined) return verifier;
  const named = Object.hasOwn(trustRoots, trustRoot) ? trustRoots[trustRoot] : undefined;
  if (named !== undefined) return named;
  throw new KeywaxError('CONFIG_INVALID', `policy: no trust root is given for ${quoteText(trustRoot)}`);
}

/** How registries are reached, until the signal says otherwise. */
function registryOptions({ registry, signal }: Pick<EvaluationOptions, 'registry' | 'signal'>): RepositoryOptions {
  return signal === undefined ? { ...registry } : { ...registry, transport: { ...registry?.transport, signal } };
}
