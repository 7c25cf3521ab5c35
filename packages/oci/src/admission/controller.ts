// SPDX-License-Identifier: Apache-2.0
// Decides on workloads. Two steps, as two webhooks: `mutate` writes each image in full, with the digest that its tag means
// now, and `validate` demands full names and digests and asks the policies, after whatever else has changed the workload.
// Fail-closed: whatever is not understood, cannot be reached or takes too long is denied.

import { KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';
import { type JsonObject, isJsonObject } from '@keywax/core/json';
import { copyOptions } from '../options.js';
import type { ClusterImagePolicy } from '../policy/cluster-image-policy.js';
import type { ImageDecision } from '../policy/decision.js';
import {
  type EvaluateImageOptions,
  type EvaluationOptions,
  checkTrustRoots,
  evaluateDigest,
  resolveImage,
  selectPolicies,
} from '../policy/evaluate.js';
import type { ClusterResource } from '../policy/labels.js';
import { formatReference, parseReference } from '../registry/reference.js';
import { type DecisionCache, createDecisionCache } from './decision-cache.js';
import { type PodImage, isWorkload, listPodImages } from './pod-images.js';
import {
  type AdmissionAnswer,
  type AdmissionRequest,
  type PatchOperation,
  decodeAdmissionReview,
  encodeAdmissionReview,
} from './review.js';

/** How workloads are decided on. */
export interface AdmissionOptions extends Omit<EvaluateImageOptions, 'resource' | 'signal'> {
  /** When the answer has to be there; 8,000 unless given, below the 10 seconds that a cluster waits. */
  readonly timeoutMs?: number;
  /** How long an admitted digest stays admitted; five minutes unless given. */
  readonly cacheMs?: number;
  /** Milliseconds since the epoch, for the cache. */
  readonly now?: () => number;
}

/** Answers reviews: JSON in, JSON out. */
export interface AdmissionController {
  /** Writes images in full and pins them to digests. @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED for what is no review */
  mutate(review: Uint8Array): Promise<string>;
  /** Demands full names and digests, and asks the policies. @throws as `mutate` */
  validate(review: Uint8Array): Promise<string>;
}

const TIMEOUT_MS = 8_000;
const CACHE_MS = 300_000;
const MAX_CACHED = 10_000; // digests; a verdict is a few hundred bytes
const MAX_IMAGES = 64; // different ones in one workload
const MAX_PARALLEL = 4; // images of one workload under way at once, each with up to 32 MiB of evidence at a time

/**
 * A controller with an empty cache.
 * @throws CONFIG_INVALID where a policy names a trust root that is not given, or has a glob of tags, which would cover
 *   nothing, because all images are known by digest
 */
export function createAdmissionController(options: AdmissionOptions): AdmissionController {
  const { timeoutMs = TIMEOUT_MS, cacheMs = CACHE_MS, now = Date.now, ...evaluation } = copyOptions(options);
  checkTrustRoots(evaluation.policies, evaluation);
  checkGlobs(evaluation.policies);
  const cache = createDecisionCache<Verdict>({
    maxEntries: MAX_CACHED,
    ttlMs: cacheMs,
    now,
    isKept: ({ admitted, reasons }) => admitted && reasons.length === 0,
  });
  const decide: Record<'mutate' | 'validate', Step> = {
    mutate: (workload, signal) => pinImages(workload, { ...evaluation, signal }),
    validate: (workload, signal) => checkImages(workload, { ...evaluation, signal, timeoutMs, cache }),
  };
  const answer = async (bytes: Uint8Array, step: Step): Promise<string> => {
    const request = decodeAdmissionReview(bytes);
    return encodeAdmissionReview(
      request.uid,
      await answerInTime((signal) => answerRequest(request, { step, signal }), timeoutMs),
    );
  };
  return Object.freeze({
    mutate: (review: Uint8Array) => answer(review, decide.mutate),
    validate: (review: Uint8Array) => answer(review, decide.validate),
  });
}

/** @throws CONFIG_INVALID */
function checkGlobs(policies: readonly ClusterImagePolicy[]): void {
  for (const { name, globs } of policies) {
    const glob = globs.find(({ namesTags }) => namesTags);
    if (glob === undefined) continue;
    const expected = 'globs without tags, because images are known by digest';
    throw new KeywaxError(
      'CONFIG_INVALID',
      `policy ${quoteText(name)}: expected ${expected}, found ${quoteText(glob.source)}`,
      { details: { at: 'policies', expected, actual: glob.source } },
    );
  }
}

interface Workload {
  readonly resource: ClusterResource;
  readonly images: readonly PodImage[];
}

/** What is kept of a decision: the statements that led to it may be many megabytes. */
type Verdict = Pick<ImageDecision, 'admitted' | 'reasons'>;

/** What is said of a workload; the signal ends once the answer has been given. */
type Step = (workload: Workload, signal: AbortSignal) => Promise<AdmissionAnswer>;

/** The parts of a workload that change no image: its status, its number of replicas, where it runs and on how much. */
const PARTS_WITHOUT_IMAGES: readonly string[] = ['status', 'scale', 'binding', 'eviction', 'resize'];

/** What a step says of a request; what cannot run an image is admitted without being asked about. */
async function answerRequest(
  request: AdmissionRequest,
  { step, signal }: { readonly step: Step; readonly signal: AbortSignal },
): Promise<AdmissionAnswer> {
  const { operation, resource, subResource, object } = request;
  if (operation === 'DELETE' || operation === 'CONNECT') return { allowed: true };
  if (PARTS_WITHOUT_IMAGES.includes(subResource) && isWorkload(resource.group, resource.resource))
    return { allowed: true };
  if (subResource !== '' && subResource !== 'ephemeralcontainers')
    return { allowed: false, message: `no images are known of the part ${quoteText(subResource)}` };
  if (object === undefined) return { allowed: false, message: 'the review holds no object' };
  const images = listPodImages(resource, object);
  if (isEnding(object) && addsNoImage(images, request)) return { allowed: true };
  return step({ resource: { ...resource, labels: readLabels(object) }, images }, signal);
}

/** True for an object that is being deleted: taking its finalizers away must stay possible. */
function isEnding(object: JsonObject): boolean {
  const metadata = object.get('metadata');
  return isJsonObject(metadata) && typeof metadata.get('deletionTimestamp') === 'string';
}

function addsNoImage(images: readonly PodImage[], { resource, oldObject }: AdmissionRequest): boolean {
  if (oldObject === undefined || !isEnding(oldObject)) return false;
  const before = new Set(listPodImages(resource, oldObject).map(({ reference }) => reference));
  return images.every(({ reference }) => before.has(reference));
}

function readLabels(object: JsonObject): ReadonlyMap<string, string> {
  const metadata = object.get('metadata');
  const labels = isJsonObject(metadata) ? metadata.get('labels') : undefined;
  if (!isJsonObject(labels)) return new Map();
  return new Map(Array.from(labels).filter((label): label is [string, string] => typeof label[1] === 'string'));
}

interface StepOptions extends EvaluationOptions {
  readonly policies: readonly ClusterImagePolicy[];
  readonly signal: AbortSignal;
}

interface CheckOptions extends StepOptions {
  readonly timeoutMs: number;
  readonly cache: DecisionCache<Verdict>;
}

/** Replaces each reference by one with the digest. */
async function pinImages({ images }: Workload, options: StepOptions): Promise<AdmissionAnswer> {
  const pinned = await mapImages(images, options.signal, (reference) => resolveImage(reference, options));
  const patch = images.flatMap(({ path, reference }): readonly PatchOperation[] => {
    const value = pinned.get(reference);
    return value === undefined || value === reference ? [] : [{ op: 'replace', path, value }];
  });
  return { allowed: true, patch };
}

/** Asks the policies about each image. */
async function checkImages({ images, resource }: Workload, options: CheckOptions): Promise<AdmissionAnswer> {
  const found = await mapImages(images, options.signal, (reference) => decideImage(reference, resource, options));
  const verdicts = Array.from(found.values());
  const reasons = verdicts.flatMap((verdict) => verdict.reasons);
  if (verdicts.every(({ admitted }) => admitted)) return { allowed: true, warnings: reasons };
  return { allowed: false, message: reasons.join('\n') };
}

async function decideImage(
  reference: string,
  resource: ClusterResource,
  { cache, timeoutMs, ...options }: CheckOptions,
): Promise<Verdict> {
  const parsed = parseReference(reference);
  const { registry, repository, digest } = parsed;
  if (digest === undefined) return deny(reference, 'a digest, found a tag, which may come to mean something else');
  // Runtimes look for short names in registries of their own choice.
  const full = formatReference(parsed);
  if (full !== reference) return deny(reference, `the whole name, ${full}`);
  const policies = selectPolicies(reference, options.policies, resource);
  // Not bound to this request: others may wait for the same digest.
  const make = async (): Promise<Verdict> => {
    const evaluation = { ...options, signal: AbortSignal.timeout(timeoutMs) };
    const { admitted, reasons } = await evaluateDigest(reference, policies, evaluation);
    return { admitted, reasons };
  };
  // By their places, because policies of several files may have one name.
  const places = policies.map((policy) => options.policies.indexOf(policy));
  return cache.read(JSON.stringify([formatReference({ registry, repository, digest }), places]), make);
}

function deny(reference: string, expected: string): Verdict {
  return { admitted: false, reasons: [`${reference}: expected ${expected}`] };
}

/** One call for each different reference, a few at a time; the first that throws ends it. */
async function mapImages<T>(
  images: readonly PodImage[],
  signal: AbortSignal,
  call: (reference: string) => Promise<T>,
): Promise<ReadonlyMap<string, T>> {
  const references = [...new Set(images.map(({ reference }) => reference))];
  if (references.length > MAX_IMAGES) throw new RangeError(`expected at most ${MAX_IMAGES} different images`);
  const results = new Map<string, T>();
  const work = async (): Promise<void> => {
    for (let next = references.shift(); next !== undefined; next = references.shift()) {
      signal.throwIfAborted(); // the answer has been given without it
      results.set(next, await call(next));
    }
  };
  await Promise.all(Array.from({ length: MAX_PARALLEL }, work));
  return results;
}

/** The answer of `make`, or a denial: of what it throws, or once the time is over. */
async function answerInTime(
  make: (signal: AbortSignal) => Promise<AdmissionAnswer>,
  timeoutMs: number,
): Promise<AdmissionAnswer> {
  const ending = new AbortController();
  const { promise: late, cancel } = waitFor(timeoutMs);
  try {
    return await Promise.race([make(ending.signal), late]);
  } catch (error) {
    return { allowed: false, message: describeError(error) };
  } finally {
    cancel();
    ending.abort();
  }
}

function waitFor(timeoutMs: number): { readonly promise: Promise<AdmissionAnswer>; readonly cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<AdmissionAnswer>((resolve) => {
    const message = `no decision within ${timeoutMs} ms`;
    timer = setTimeout(() => resolve({ allowed: false, message }), timeoutMs);
  });
  return { promise, cancel: () => clearTimeout(timer) };
}

function describeError(error: unknown): string {
  if (isKeywaxError(error)) return `${error.code}: ${error.message}`;
  return error instanceof RangeError ? error.message : 'INTERNAL_ERROR: the webhook has a defect';
}
