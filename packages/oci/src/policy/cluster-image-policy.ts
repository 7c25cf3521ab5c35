// SPDX-License-Identifier: Apache-2.0
// Reads `ClusterImagePolicy` resources (policy.sigstore.dev, v1alpha1 and v1beta1) from YAML or JSON.
// Refused: YAML but 1.2 without tags of its own, other kinds and versions, members that are not known, policies without images or authorities, and whatever an
// authority refuses.

import { decodeUtf8 } from '@keywax/core/bytes';
import {
  type Decoder,
  arrayOf,
  decodeJsonValue,
  decodeObject,
  decodeOpenObject,
  decodeString,
  oneOfNames,
  optional,
  required,
  transform,
} from '@keywax/core/decode';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { type JsonValue, readPlainJson } from '@keywax/core/json';
import type { Document } from 'yaml';
import { type Authority, decodeAuthority, refusePolicy } from './authority.js';
import { type ImageGlob, parseGlob } from './glob.js';
import { type ResourceSelector, decodeResourceSelector } from './labels.js';

/** A policy of a cluster: which images it is about, and who may have signed them. */
export interface ClusterImagePolicy {
  readonly name: string;
  /** The policy is about an image that any of them covers. */
  readonly globs: readonly ImageGlob[];
  /** The policy is about a resource that any of them selects; about all where there are none. */
  readonly resources: readonly ResourceSelector[];
  /** `warn` admits what the policy denies, with a warning. */
  readonly mode: 'enforce' | 'warn';
  /** One of them has to admit the image. */
  readonly authorities: readonly Authority[];
}

interface PolicyJson {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Omit<ClusterImagePolicy, 'name'>;
  readonly status?: JsonValue;
}

interface SpecJson {
  readonly images: readonly ImageGlob[];
  readonly authorities: readonly JsonValue[];
  readonly policy?: undefined;
  readonly mode?: ClusterImagePolicy['mode'];
  readonly match: readonly ResourceSelector[];
}

const MAX_BYTES = 1 << 20; // what a cluster stores in one resource
const MAX_DOCUMENTS = 1_000;
const MAX_ITEMS = 1_000; // globs, authorities, selectors
const MAX_ALIASES = 100; // of YAML, which can be made to expand without end
const VERSIONS = ['policy.sigstore.dev/v1alpha1', 'policy.sigstore.dev/v1beta1'] as const;

const decodeGlob: Decoder<ImageGlob> = transform(
  decodeObject<{ glob: string }>({ glob: required(decodeString) }),
  ({ glob }, at) => parseGlob(glob, `${at}.glob`),
);

const decodeSpec: Decoder<PolicyJson['spec']> = transform(
  decodeObject<SpecJson>({
    images: arrayOf(decodeGlob, MAX_ITEMS),
    authorities: arrayOf(decodeJsonValue, MAX_ITEMS),
    policy: refusePolicy,
    mode: optional(oneOfNames(['enforce', 'warn'])),
    match: arrayOf(decodeResourceSelector, MAX_ITEMS),
  }),
  ({ images, authorities, mode = 'enforce', match }, at) => {
    if (images.length === 0) throw missing(`${at}.images`);
    if (authorities.length === 0) throw missing(`${at}.authorities`);
    return Object.freeze({
      globs: images,
      resources: match,
      mode,
      authorities: authorities.map((json, i) => decodeAuthority(json, `${at}.authorities[${i}]`, i)),
    });
  },
);

const decodePolicy: Decoder<ClusterImagePolicy> = transform(
  decodeObject<PolicyJson>({
    apiVersion: required(oneOfNames(VERSIONS)),
    kind: required(oneOfNames(['ClusterImagePolicy'])),
    metadata: required(decodeOpenObject<{ name: string }>({ name: required(decodeString) })),
    spec: required(decodeSpec),
    status: optional(decodeJsonValue),
  }),
  ({ metadata, spec }) => Object.freeze({ name: metadata.name, ...spec }),
);

/**
 * The policies of a file: YAML with one or several documents, or JSON.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED (other kinds, CUE, Rego, keys outside the file),
 *   CONFIG_INVALID (incomplete or contradictory), KEY_REJECTED
 */
export async function parseClusterImagePolicies(file: string | Uint8Array): Promise<readonly ClusterImagePolicy[]> {
  const documents = await parseYaml(typeof file === 'string' ? file : decodeUtf8(file, 'policy'));
  if (documents.length === 0) throw missing('policy');
  const policies = documents.map((document, i) => {
    const at = documents.length === 1 ? '$' : `$[${i}]`;
    return decodePolicy(readPlainJson(document, { maxBytes: MAX_BYTES }, at), at);
  });
  const names = policies.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return Object.freeze(policies);
  throw new KeywaxError('CONFIG_INVALID', `policy: expected names that differ, found ${quoteText(twice)} twice`);
}

/** The documents of a YAML file that are not empty. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
async function parseYaml(text: string): Promise<readonly unknown[]> {
  if (text.length > MAX_BYTES)
    throw new KeywaxError('INPUT_TOO_LARGE', `policy: expected at most ${MAX_BYTES} characters`, {
      details: { at: 'policy', limit: MAX_BYTES },
    });
  const { parseAllDocuments } = await import('yaml');
  const documents = [
    ...parseAllDocuments(text, { uniqueKeys: true, stringKeys: true, strict: true, logLevel: 'silent' }),
  ];
  if (documents.length > MAX_DOCUMENTS)
    throw new KeywaxError('INPUT_TOO_LARGE', `policy: expected at most ${MAX_DOCUMENTS} documents`, {
      details: { at: 'policy', limit: MAX_DOCUMENTS },
    });
  return documents.map((document) => readDocument(document)).filter((document) => document !== null);
}

/** A document as plain values; null for an empty one. */
function readDocument(document: Pick<Document, 'errors' | 'warnings' | 'directives' | 'toJS'>): unknown {
  // What is only warned of is read in another way than it was meant, such as a tag that is not known.
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw malformed(problem);
  // YAML 1.1 has other booleans and numbers, and merges members that nobody reads where they stand.
  if (document.directives?.yaml.explicit === true && document.directives.yaml.version !== '1.2')
    throw malformed(new Error('another version of YAML than 1.2'));
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown;
  } catch (cause) {
    throw malformed(cause);
  }
}

function malformed(cause: unknown): KeywaxError {
  const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : '';
  return new KeywaxError('INPUT_MALFORMED', `policy: expected YAML, found ${quoteText(reason)}`, { cause });
}

function missing(at: string): KeywaxError {
  return new KeywaxError('CONFIG_INVALID', `${at}: expected at least one`, { details: { at } });
}
