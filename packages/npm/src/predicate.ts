// SPDX-License-Identifier: Apache-2.0
// What provenance claims, held against what its certificate proves. A claim that the certificate says nothing about is
// neither refused nor used.

import { quoteText } from '@keywax/core/errors';
import { type JsonObject, type JsonValue, isJsonArray, isJsonObject } from '@keywax/core/json';
import type { SignerIdentity } from '@keywax/verify';
import { refusal } from './package-report.js';
import { GITHUB_RUNNER, type ProvenSource, isGithubBuild } from './proven-source.js';
import { matchRepositoryUrls } from './repository-url.js';

/** Predicate type of SLSA 0.2. */
export const SLSA_V02 = 'https://slsa.dev/provenance/v0.2';
/** Predicate type of SLSA 1. */
export const SLSA_V1 = 'https://slsa.dev/provenance/v1';
/** Predicate type of the registry's own attestation that it published a version. */
export const PUBLISH_V01 = 'https://github.com/npm/attestation/tree/main/specs/publish/v0.1';

/** Provenance that `actions/attest` writes; it names the signing workflow as the builder. */
const ATTEST_BUILD_TYPE = 'https://actions.github.io/buildtypes/workflow/v1';

/** What a certificate proves, as claims are compared with it. */
interface Facts {
  readonly identity: SignerIdentity;
  readonly source: ProvenSource;
  /** The ref of the build configuration, which may differ from that of the source. */
  readonly workflowRef: string | undefined;
  readonly buildType: string;
}

/** A claim and the facts that bear on it. */
interface ClaimRow {
  /** Where it stands in the predicate. */
  readonly at: string;
  /** True or false where the certificate decides the claim, `undefined` where it does not. */
  readonly matches: (claim: string, facts: Facts) => boolean | undefined;
  /** What the certificate says. */
  readonly proven: (facts: Facts) => string | undefined;
  /** Only for builds of GitHub Actions: elsewhere the member means something else. */
  readonly githubOnly?: boolean;
}

const equal =
  (select: (facts: Facts) => string | undefined) =>
  (at: string, options: Pick<ClaimRow, 'githubOnly'> = {}): ClaimRow => ({
    at,
    proven: select,
    matches: (claim, facts) => {
      const value = select(facts);
      return value === undefined ? undefined : value === claim;
    },
    ...options,
  });

const trigger = equal(({ source }) => source.trigger);
const commit = equal(({ source }) => source.sourceDigest);
const workflow = equal(({ source }) => source.workflow);
const repositoryId = equal(({ identity }) => identity.extensions.sourceRepositoryIdentifier);
const ownerId = equal(({ identity }) => identity.extensions.sourceRepositoryOwnerIdentifier);
const runner = equal(({ identity }) => identity.extensions.runnerEnvironment);
const workflowCommit = equal(({ identity }) => identity.extensions.buildConfigDigest);

/** `https://HOST/PATH`, possibly after `git+` and before `@` and a ref. */
const repository = (at: string): ClaimRow => ({
  at,
  proven: ({ source }) => source.sourceRepository,
  matches: (claim, facts) => {
    const { sourceRepository } = facts.source;
    if (sourceRepository === undefined) return undefined;
    const [, url = claim, ref] = /^(.*?\/\/[^@]*)@(.*)$/.exec(claim) ?? [];
    return matchRepositoryUrls(url, sourceRepository) && (ref === undefined || matchRef(ref, facts) !== false);
  },
});

/** The URL of the run; Fulcio's have two slashes in the middle where a CI system's own URL ends with one. */
const run = (at: string): ClaimRow => ({
  at,
  proven: ({ source }) => source.runUri,
  matches: (claim, { source: { runUri } }) =>
    runUri === undefined ? undefined : joinSlashes(claim) === joinSlashes(runUri),
});

function joinSlashes(url: string): string {
  return url.replace(/([^:/])\/\/+/g, '$1/');
}

/** The path of a repository on its host, such as `owner/name`. */
const repositoryPath = (at: string): ClaimRow => ({
  at,
  proven: ({ source }) => source.sourceRepository,
  matches: (claim, { source: { sourceRepository } }) =>
    sourceRepository === undefined ? undefined : pathOf(sourceRepository).toLowerCase() === claim.toLowerCase(),
});

/** What follows the host of a URL, without the slash. */
function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/]*\//, '');
}

/** The ref of the source, or that of the build configuration: producers write either. */
const ref = (at: string): ClaimRow => ({ at, proven: ({ source }) => source.ref, matches: matchRef });

function matchRef(claim: string, { source, workflowRef }: Facts): boolean | undefined {
  if (source.ref === undefined && workflowRef === undefined) return undefined;
  return claim === source.ref || claim === workflowRef;
}

/** `owner/name/.github/workflows/file@ref`. */
const workflowReference = (at: string): ClaimRow => ({
  at,
  proven: ({ source }) => source.workflowUri,
  matches: (claim, { source: { workflowUri } }) =>
    workflowUri === undefined ? undefined : pathOf(workflowUri) === claim,
});

/** The run and the attempt as they end the URL of the run. */
const runNumbers = (at: string, separator: string): ClaimRow => ({
  at,
  githubOnly: true,
  proven: ({ source }) => source.runUri,
  matches: (claim, { source: { runUri } }) => {
    const [, id, attempt] = /\/actions\/runs\/(\d+)\/attempts\/(\d+)$/.exec(runUri ?? '') ?? [];
    if (id === undefined || attempt === undefined || !claim.includes(separator)) return undefined;
    return claim === `${id}${separator}${attempt}`;
  },
});

/** Builders that are runners, and the one that `actions/attest` names. Reusable workflows name what they like. */
const builder = (at: string): ClaimRow => ({
  at,
  proven: ({ source, buildType }) => (buildType === ATTEST_BUILD_TYPE ? source.signerUri : source.builder),
  matches: (claim, { source, identity, buildType }) => {
    if (buildType === ATTEST_BUILD_TYPE) return source.signerUri === undefined ? undefined : claim === source.signerUri;
    if (claim === GITHUB_RUNNER) return isGithubBuild(identity);
    if (claim.startsWith(`${GITHUB_RUNNER}/`))
      return source.builder === undefined ? undefined : claim === source.builder;
    const [, project] = /^(.*)\/-\/runners\/\d+$/.exec(claim) ?? [];
    if (project === undefined || source.sourceRepository === undefined) return undefined;
    return matchRepositoryUrls(project, source.sourceRepository);
  },
});

const V1_CLAIMS: readonly ClaimRow[] = [
  repository('buildDefinition.externalParameters.workflow.repository'),
  workflow('buildDefinition.externalParameters.workflow.path'),
  ref('buildDefinition.externalParameters.workflow.ref'),
  trigger('buildDefinition.internalParameters.github.event_name'),
  repositoryId('buildDefinition.internalParameters.github.repository_id'),
  ownerId('buildDefinition.internalParameters.github.repository_owner_id'),
  runner('buildDefinition.internalParameters.github.runner_environment'),
  repository('buildDefinition.resolvedDependencies.0.uri'),
  commit('buildDefinition.resolvedDependencies.0.digest.gitCommit'),
  builder('runDetails.builder.id'),
  run('runDetails.metadata.invocationId'),
];

const V02_CLAIMS: readonly ClaimRow[] = [
  repository('invocation.configSource.uri'),
  commit('invocation.configSource.digest.sha1'),
  workflow('invocation.configSource.entryPoint', { githubOnly: true }),
  trigger('invocation.environment.GITHUB_EVENT_NAME'),
  ref('invocation.environment.GITHUB_REF'),
  repositoryPath('invocation.environment.GITHUB_REPOSITORY'),
  repositoryId('invocation.environment.GITHUB_REPOSITORY_ID'),
  ownerId('invocation.environment.GITHUB_REPOSITORY_OWNER_ID'),
  commit('invocation.environment.GITHUB_SHA'),
  workflowReference('invocation.environment.GITHUB_WORKFLOW_REF'),
  workflowCommit('invocation.environment.GITHUB_WORKFLOW_SHA'),
  commit('invocation.parameters.CI_COMMIT_SHA'),
  repository('invocation.parameters.CI_PROJECT_URL'),
  trigger('invocation.parameters.CI_PIPELINE_SOURCE'),
  builder('builder.id'),
  runNumbers('metadata.buildInvocationId', '-'),
  repository('materials.0.uri'),
  commit('materials.0.digest.sha1'),
];

/** The type of build that provenance names. @throws STATEMENT_INVALID where it names none */
export function readBuildType(predicateType: string, predicate: JsonObject | null): string {
  const at = predicateType === SLSA_V1 ? 'buildDefinition.buildType' : 'buildType';
  const buildType = selectMember(predicate, at);
  if (typeof buildType === 'string' && buildType !== '') return buildType;
  throw refusal('STATEMENT_INVALID', `predicate.${at}`, { expected: 'a type of build' });
}

/**
 * Demands that provenance says nothing other than its certificate.
 * @throws STATEMENT_INVALID
 */
export function checkPredicate(
  { predicateType, predicate }: { readonly predicateType: string; readonly predicate: JsonObject | null },
  { identity, source }: { readonly identity: SignerIdentity; readonly source: ProvenSource },
): void {
  const facts = {
    identity,
    source,
    workflowRef: readWorkflowRef(source),
    buildType: readBuildType(predicateType, predicate),
  };
  for (const row of predicateType === SLSA_V1 ? V1_CLAIMS : V02_CLAIMS) {
    if (row.githubOnly === true && !isGithubBuild(identity)) continue;
    const claim = selectMember(predicate, row.at);
    if (claim === undefined || claim === null) continue;
    if (typeof claim === 'string' && row.matches(claim, facts) !== false) continue;
    throw refusal('STATEMENT_INVALID', `predicate.${row.at}`, {
      expected: `what the certificate says, ${quoteText(row.proven(facts) ?? 'something else', 200)}`,
      actual: typeof claim === 'string' ? quoteText(claim, 200) : 'something that is no text',
    });
  }
}

/**
 * Demands that the registry attested to this package, version and registry.
 * @throws STATEMENT_INVALID
 */
export function checkPublishPredicate(
  predicate: JsonObject | null,
  expected: { readonly name: string; readonly version: string; readonly registry: string },
): void {
  for (const name of ['name', 'version', 'registry'] as const) {
    const value = selectMember(predicate, name);
    const matches =
      typeof value === 'string' &&
      (name === 'registry' ? trimSlash(value) === trimSlash(expected.registry) : value === expected[name]);
    if (!matches)
      throw refusal('STATEMENT_INVALID', `predicate.${name}`, {
        expected: quoteText(expected[name], 200),
        actual: typeof value === 'string' ? quoteText(value, 200) : 'no text',
      });
  }
}

function trimSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url;
}

function readWorkflowRef({ workflowUri }: ProvenSource): string | undefined {
  return /^.*@(refs\/.*)$/.exec(workflowUri ?? '')?.[1];
}

/** The member at a path of names and positions; `undefined` where there is none. */
function selectMember(value: JsonValue, at: string): JsonValue | undefined {
  let member: JsonValue | undefined = value;
  for (const name of at.split('.')) {
    if (isJsonObject(member)) member = member.get(name);
    else if (isJsonArray(member) && name === '0') member = member[0];
    else return undefined;
  }
  return member;
}
