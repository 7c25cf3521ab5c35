// SPDX-License-Identifier: Apache-2.0
// Verifies an image: resolves it to a digest, finds its signatures or attestations in both formats, and verifies each
// with the engine, as a statement about this digest and nothing else.

import type { Statement } from '@keywax/bundle';
import { type ErrorInit, KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';
import { type Verified, type Verifier, type VerifierOptions, type VerifyOptions, createVerifier } from 'keywax';
import { configError } from '../fault.js';
import { copyOptions } from '../options.js';
import type { Annotations, Descriptor } from '../registry/descriptor.js';
import { type Reference, formatReference, parseRepositoryName } from '../registry/reference.js';
import { type Repository, type RepositoryOptions, openRepository } from '../registry/repository.js';
import { type Candidate, readCandidate } from './candidate.js';
import { type EvidencePlace, type FoundEvidence, fetchEvidence } from './evidence.js';
import { readAnnotations, readReference, withSignal } from './options.js';
import { SIGN_PREDICATE_TYPE, parsePredicateType } from './predicate.js';
import { describeArtifact } from './subject.js';

/** What is demanded of an image. Everything but the identity may be left out. */
export interface VerifyImageOptions
  extends Omit<VerifyOptions, 'artifact' | 'payloadType'>,
    Omit<VerifierOptions, 'now' | 'signal'> {
  /**
   * The type of the statements that count: a URI, or one of cosign's short names. Signatures unless given
   * (`https://sigstore.dev/cosign/sign/v1`), the older format among them.
   */
  readonly predicateType?: string;
  /** Signed annotations that have to be there, with exactly these values. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Where evidence is looked for; everywhere unless given. */
  readonly places?: readonly EvidencePlace[];
  /** Repositories that hold the evidence, in place of the image's own. */
  readonly evidenceRepositories?: readonly string[];
  /** How registries are reached. */
  readonly registry?: RepositoryOptions;
  /** Trust that was prepared before, in place of an instance. */
  readonly verifier?: Verifier;
}

/** A statement about an image that was verified. */
export interface VerifiedStatement extends Verified {
  /** What was signed; for the older format's signatures, a statement that means the same. */
  readonly statement: Statement;
  /** The bytes that were signed. */
  readonly payload: Uint8Array;
  readonly predicateType: string;
  /** Those that were signed with the image. */
  readonly annotations: Annotations;
  readonly format: Candidate['format'];
  readonly place: EvidencePlace;
  /** Digest of the manifest that holds the evidence. */
  readonly manifest: string;
}

/** Evidence that does not verify, or not for this signer. */
export interface RejectedStatement {
  readonly place: EvidencePlace;
  readonly manifest: string;
  readonly error: KeywaxError;
}

/** An image of which at least one statement verified. */
export interface VerifiedImage {
  /** By digest: what was verified, whatever a tag says now. */
  readonly reference: string;
  readonly digest: string;
  /** At least one. */
  readonly statements: readonly VerifiedStatement[];
  /** Evidence of the same kind that did not verify. */
  readonly rejected: readonly RejectedStatement[];
}

const MAX_SIGNATURES = 100; // ATTACKS 4.3
const PLACES: readonly EvidencePlace[] = ['referrers', 'tags'];

/**
 * Verifies that an allowed identity or key signed an image, or attested something of it. One statement is enough; those that
 * do not verify are reported beside it.
 * @throws IMAGE_UNSIGNED where there is no statement of the type; the error of the first where none verifies, with its report;
 *   INPUT_TOO_LARGE above 100 statements; CONFIG_INVALID, IMAGE_NOT_FOUND, REGISTRY_…, NETWORK_…, and as `createVerifier`
 * @example
 * const { digest, statements } = await verifyImage('registry.example/app:v1', {
 *   identity: { issuer: 'https://accounts.example', subject: 'release@example.com' },
 * });
 */
export async function verifyImage(reference: string | Reference, options: VerifyImageOptions): Promise<VerifiedImage> {
  const task = await readTask(reference, options);
  const { repository, digest } = task;
  const statements: VerifiedStatement[] = [];
  const rejected: RejectedStatement[] = [];
  let others = 0;
  for (const source of task.sources) {
    for await (const found of fetchEvidence(source, digest, task.places)) {
      const outcome = await judge(found, task);
      if (outcome === 'other') others++;
      else if ('error' in outcome) rejected.push(outcome);
      else statements.push(outcome);
      if (statements.length + rejected.length > MAX_SIGNATURES) throw tooMany();
    }
  }
  if (statements.length === 0 && rejected.length === 0) {
    await expectImage(repository, task);
    throw unsigned(task, others);
  }
  if (statements.length === 0) throw allRejected(task, rejected);
  return Object.freeze({ reference: task.name, digest, statements, rejected });
}

interface Task {
  readonly repository: Repository;
  /** Repositories that may hold evidence. */
  readonly sources: readonly Repository[];
  readonly name: string;
  readonly digest: string;
  readonly isPinned: boolean;
  readonly predicateType: string;
  /** Those that are demanded. */
  readonly annotations: Annotations;
  readonly places: readonly EvidencePlace[];
  readonly verifier: Verifier;
  readonly request: Omit<VerifyOptions, 'artifact'>;
}

async function readTask(given: string | Reference, options: VerifyImageOptions): Promise<Task> {
  const own = copyOptions(options);
  const { predicateType, annotations, places, evidenceRepositories, registry, verifier, instance, ...others } = own;
  const { offline, cacheDirectory, fetch, timeoutMs, retries, ...rest } = copyOptions(others);
  const request = copyOptions(rest);
  if (request.identity === undefined) throw configError('identity', 'a record, a list of records, or a key');
  if (verifier !== undefined && instance !== undefined) throw configError('verifier', 'a verifier or an instance');
  const type = predicateType === undefined ? SIGN_PREDICATE_TYPE : parsePredicateType(predicateType);
  const reference = readReference(given);
  const reached = withSignal(registry, request.signal);
  const sources = evidenceRepositories?.map((name) => openRepository(parseRepositoryName(name), reached));
  const trust = omitAbsent({ instance, offline, cacheDirectory, fetch, timeoutMs, retries, signal: request.signal });
  const prepared = verifier ?? (await createVerifier(trust));
  const repository = openRepository(reference, reached);
  const { digest } = await resolve(repository, reference);
  return {
    repository,
    sources: sources ?? [repository],
    digest,
    isPinned: reference.tag === undefined,
    name: formatReference({ registry: reference.registry, repository: reference.repository, digest }),
    predicateType: type,
    annotations: readAnnotations(annotations),
    places: readPlaces(places),
    verifier: prepared,
    request,
  };
}

/** A reference by digest needs no look at the image itself: what is verified are statements about the digest. */
async function resolve(repository: Repository, { tag, digest }: Reference): Promise<Pick<Descriptor, 'digest'>> {
  return digest !== undefined && tag === undefined ? { digest } : repository.resolve();
}

function readPlaces(places: readonly EvidencePlace[] = PLACES): readonly EvidencePlace[] {
  if (places.length > 0 && places.every((place) => PLACES.includes(place))) return places;
  throw configError('places', PLACES.join(' or '));
}

/** The same without members that are `undefined`. */
function omitAbsent<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const given = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

async function judge(found: FoundEvidence, task: Task): Promise<VerifiedStatement | RejectedStatement | 'other'> {
  if ('error' in found) return found;
  const { place, manifest } = found.evidence;
  try {
    const candidate = readCandidate(found.evidence);
    return candidate.predicateType === task.predicateType ? await verifyCandidate(candidate, task) : 'other';
  } catch (error) {
    // A wrong option is wrong for every piece, and what the caller ended is not judged.
    if (!isKeywaxError(error) || error.code === 'CONFIG_INVALID' || isOutside(error)) throw error;
    return { place, manifest, error };
  }
}

/** True for what says nothing about the evidence: the network on which trust is obtained, and defects of ours. */
function isOutside({ code }: KeywaxError): boolean {
  return /^(?:NETWORK_|TUF_|TRUST_INVALID|FILE_FAILED|OPERATION_ABORTED|INTERNAL_ERROR)/.test(code);
}

async function verifyCandidate(candidate: Candidate, task: Task): Promise<VerifiedStatement> {
  const { digest, verifier, request } = task;
  const { bundle, covers, payload, predicateType, statement, format, place, manifest } = candidate;
  if (candidate.material === 'certificate' && isKeyPolicy(request.identity))
    throw new KeywaxError('IDENTITY_MISMATCH', 'a key was asked for, and this was signed under a certificate', {
      details: { expected: 'a signature of the key', actual: 'a certificate' },
    });
  const verified =
    covers === 'payload'
      ? await verifier.verify(bundle, { ...request, artifact: payload })
      : await verifier.verify(bundle, { ...request, artifact: describeArtifact(digest), predicateType });
  // What the payload of the older format says counts now that its signature holds.
  if (candidate.digest !== undefined && candidate.digest !== digest)
    throw new KeywaxError('ARTIFACT_MISMATCH', `signed was ${candidate.digest}, not ${digest}`, {
      details: { expected: digest, actual: candidate.digest },
      report: verified.report,
    });
  const annotations = candidate.annotationsOf(digest);
  checkAnnotations(annotations, task, verified);
  // For a payload of the older format the engine has no statement.
  const said = verified.statement ?? statement;
  return Object.freeze({ ...verified, statement: said, payload, predicateType, annotations, format, place, manifest });
}

function isKeyPolicy(identity: VerifyImageOptions['identity']): boolean {
  return typeof identity === 'object' && identity !== null && Object.hasOwn(identity, 'key');
}

function checkAnnotations(signed: Annotations, { annotations }: Task, { report }: Verified): void {
  for (const [name, value] of Object.entries(annotations)) {
    if (signed[name] === value) continue;
    const expected = `the signed annotation ${quoteText(name)} = ${quoteText(value)}`;
    const actual = signed[name] === undefined ? 'none' : quoteText(signed[name]);
    throw new KeywaxError('STATEMENT_INVALID', `expected ${expected}, found ${actual}`, {
      details: { expected, actual },
      report,
    });
  }
}

/** Nothing was found by digest: that the image is not there says more. @throws IMAGE_NOT_FOUND */
async function expectImage(repository: Repository, { digest, isPinned }: Task): Promise<void> {
  if (isPinned) await repository.resolve(digest);
}

function unsigned({ name, predicateType }: Task, others: number): KeywaxError {
  const what = predicateType === SIGN_PREDICATE_TYPE ? 'signature' : `attestation of type ${quoteText(predicateType)}`;
  const rest = others === 0 ? '' : `, but ${others} of other types`;
  return new KeywaxError('IMAGE_UNSIGNED', `${name}: no ${what} was found${rest}`);
}

function tooMany(): KeywaxError {
  return new KeywaxError('INPUT_TOO_LARGE', `image: more than ${MAX_SIGNATURES} signatures of the same kind`, {
    details: { limit: MAX_SIGNATURES },
  });
}

function allRejected({ name }: Task, rejected: readonly RejectedStatement[]): KeywaxError {
  const [first] = rejected as readonly [RejectedStatement];
  const { code, message, details, report } = first.error;
  const rest = rejected.length === 1 ? '' : ` (the first of ${rejected.length} that were found)`;
  const init = { cause: first.error, details, report } as ErrorInit<typeof code>;
  return new KeywaxError(code, `${name}: ${message}${rest}`, init);
}
