// SPDX-License-Identifier: Apache-2.0
// Signs and attests images by digest, and attaches what was made. Every bundle was verified before it leaves here.

import { type SerializedBundle, decodeBundle } from '@keywax/bundle';
import { type SignOptions, attest, sign } from 'keywax';
import { configError } from '../fault.js';
import { copyOptions } from '../options.js';
import type { Annotations, Descriptor } from '../registry/descriptor.js';
import { type Reference, DOCKER_HUB, formatReference, parseRepositoryName } from '../registry/reference.js';
import { type Repository, type RepositoryOptions, openRepository } from '../registry/repository.js';
import { attachBundle, attachLayer } from './attach.js';
import { selectChain } from './chain.js';
import { listImages } from './images.js';
import { LAYER_TYPES, encodeEnvelopeLayer, encodeLayerAnnotations } from './layer.js';
import { readAnnotations, readReference, withSignal } from './options.js';
import { SIGN_PREDICATE_TYPE, parsePredicateType } from './predicate.js';
import { encodeSimpleSigning } from './simple-signing.js';
import { encodeImageStatement } from './statement.js';
import { expectEvidenceTag } from './subject.js';

/** How an image is signed: as `sign` does, with an identity or, with `signer` and `keyHint`, a key pair. */
export interface SignImageOptions extends SignOptions {
  /** Signed with the image, and demanded with `verifyImage`. */
  readonly annotations?: Readonly<Record<string, string>>;
  /**
   * `bundle` (unless given): a bundle as a referrer, cosign 3's default. `layer`: cosign's older format behind a tag, which
   * needs Rekor v1.
   */
  readonly format?: 'bundle' | 'layer';
  /** Signs what an index lists too, each image for itself. */
  readonly recursive?: boolean;
  /** The repository that takes the signatures, in place of the image's own. */
  readonly evidenceRepository?: string;
  /** How registries are reached. */
  readonly registry?: RepositoryOptions;
}

/** What is said of an image. */
export interface AttestImageOptions extends SignImageOptions {
  /** A URI, or one of cosign's short names. */
  readonly predicateType: string;
  /** Plain JSON; `parsePredicate` makes it of a document. */
  readonly predicate: object;
}

/** A signature that was made and attached. */
export interface SignedImage {
  /** By digest: what was signed, whatever a tag says now. */
  readonly reference: string;
  readonly digest: string;
  readonly predicateType: string;
  readonly bundle: SerializedBundle;
  /** The referrer, or the layer of the older format. */
  readonly attached: Descriptor;
}

/**
 * Signs an image, or with `recursive` all images of an index, by digest.
 * @returns one signature for each image
 * @throws CONFIG_INVALID, IMAGE_NOT_FOUND, REGISTRY_…, INPUT_TOO_LARGE, and as `sign`
 * @example
 * await signImage('registry.example/app:v1', { identityToken, annotations: { build: '42' } });
 */
export async function signImage(
  reference: string | Reference,
  options: SignImageOptions = {},
): Promise<readonly SignedImage[]> {
  return signAll(reference, options, { predicateType: SIGN_PREDICATE_TYPE, predicate: {} });
}

/**
 * Signs a statement about an image, or with `recursive` one about each image of an index, by digest.
 * @returns one attestation for each image
 * @throws CONFIG_INVALID, IMAGE_NOT_FOUND, REGISTRY_…, INPUT_TOO_LARGE, INPUT_MALFORMED, and as `attest`
 * @example
 * await attestImage('registry.example/app:v1', { identityToken, predicateType: 'slsaprovenance1', predicate });
 */
export async function attestImage(
  reference: string | Reference,
  given: AttestImageOptions,
): Promise<readonly SignedImage[]> {
  const { predicateType, predicate, ...options } = copyOptions(given);
  if (typeof predicate !== 'object' || predicate === null) throw configError('predicate', 'a JSON object');
  const type = parsePredicateType(predicateType);
  if (type === SIGN_PREDICATE_TYPE) throw configError('predicateType', 'another type than that of signatures');
  return signAll(reference, options, { predicateType: type, predicate });
}

/** What is said. */
interface Said {
  readonly predicateType: string;
  readonly predicate: object;
}

/** Where and how everything goes. */
interface Task extends Said {
  readonly reference: Reference;
  readonly target: Repository;
  readonly annotations: Annotations;
  readonly format: 'bundle' | 'layer';
  readonly signing: SignOptions;
}

async function signAll(
  given: string | Reference,
  options: SignImageOptions,
  said: Said,
): Promise<readonly SignedImage[]> {
  const { annotations, format = 'bundle', recursive, evidenceRepository, registry, ...rest } = copyOptions(options);
  const signing = copyOptions(rest);
  if (format !== 'bundle' && format !== 'layer') throw configError('format', 'bundle or layer');
  const reference = readReference(given);
  const reached = withSignal(registry, signing.signal);
  const repository = openRepository(reference, reached);
  const target =
    evidenceRepository === undefined ? repository : openRepository(parseRepositoryName(evidenceRepository), reached);
  const task: Task = { ...said, reference, target, annotations: readAnnotations(annotations), format, signing };
  const root = await repository.resolve();
  const images = recursive === true ? await listImages(repository, root) : [root];
  if (format === 'layer') for (const { digest } of images) expectEvidenceTag(digest, 'sig'); // before anything is signed
  const signed: SignedImage[] = [];
  // One after the other: each asks for a token, and a failure leaves whole signatures alone.
  for (const image of images) signed.push(await signOne(image, task));
  return signed;
}

async function signOne(subject: Descriptor, task: Task): Promise<SignedImage> {
  const { reference, target, format, signing, predicateType } = task;
  const isSimple = format === 'layer' && predicateType === SIGN_PREDICATE_TYPE;
  const payload = isSimple ? encodePayload(subject, task) : encodeStatement(subject, task);
  const bundle = isSimple ? await sign(payload, signing) : await attest(payload, signing);
  const attached =
    format === 'bundle'
      ? await attachBundle(target, { subject, bundle, predicateType, now: (signing.now ?? (() => new Date()))() })
      : await attachMade(subject, { payload, bundle }, task);
  const { registry, repository } = reference;
  const { digest } = subject;
  return { reference: formatReference({ registry, repository, digest }), digest, predicateType, bundle, attached };
}

/** The name of the subject is the repository's; of signatures, cosign names none. */
function encodeStatement({ digest }: Descriptor, task: Task): Uint8Array {
  const { reference, predicateType, predicate, annotations } = task;
  const name = predicateType === SIGN_PREDICATE_TYPE ? {} : { name: nameRepository(reference) };
  return encodeImageStatement({ digest, ...name, predicateType, predicate, annotations });
}

function encodePayload({ digest }: Descriptor, { reference, annotations }: Task): Uint8Array {
  return encodeSimpleSigning({ digest, name: nameRepository(reference), annotations });
}

/** As cosign names it. */
function nameRepository({ registry, repository }: Reference): string {
  return `${registry === DOCKER_HUB ? 'index.docker.io' : registry}/${repository}`;
}

async function attachMade(
  subject: Descriptor,
  { payload, bundle }: { readonly payload: Uint8Array; readonly bundle: SerializedBundle },
  { target, predicateType, signing }: Task,
): Promise<Descriptor> {
  const decoded = decodeBundle(bundle);
  const [leaf] = decoded.material.kind === 'certificate' ? decoded.material.certificates : [];
  const chain = leaf === undefined ? [] : selectChain(leaf, signing.instance);
  const { dsseEnvelope } = bundle;
  if (dsseEnvelope === undefined)
    return attachLayer(target, {
      subject,
      suffix: 'sig',
      mediaType: LAYER_TYPES.signature,
      bytes: payload,
      annotations: encodeLayerAnnotations(decoded, { chain }),
    });
  return attachLayer(target, {
    subject,
    suffix: 'att',
    mediaType: LAYER_TYPES.attestation,
    bytes: encodeEnvelopeLayer(dsseEnvelope),
    annotations: encodeLayerAnnotations(decoded, { chain, predicateType }),
  });
}
