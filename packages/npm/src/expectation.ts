// SPDX-License-Identifier: Apache-2.0
// What a caller expects of a package's provenance: facts that the certificate proves, never what a predicate claims.

import { quoteText } from '@keywax/core/errors';
import { compilePattern } from '@keywax/verify';
import type { Matcher } from 'keywax';
import type { PackageEvidence } from './evidence.js';
import { copyOptions } from './options.js';
import { type PackageCheckId, type PackageLedger, refusal } from './package-report.js';
import type { ProvenSource } from './proven-source.js';
import { normalizeRepositoryUrl } from './repository-url.js';

/** Where and how a package is expected to be built. At least one member; every one has to hold. */
export interface Expectation {
  /**
   * The repository, in any form that package.json takes; or the one that the package's own package.json names. That is the
   * publisher's word: it shows that both agree, not that the repository is the one that you mean.
   */
  readonly sourceRepository?: string | { readonly from: 'packument' };
  /**
   * The file that defines the build: its path, such as `.github/workflows/release.yml`, the name of a file in
   * `.github/workflows`, or its URL without a ref.
   */
  readonly workflow?: string;
  /** The git ref, such as `refs/tags/v1.0.0`, or a whole-string pattern for it. */
  readonly ref?: Matcher;
  /** Where the build ran, such as `https://github.com/actions/runner/github-hosted`, or a whole-string pattern. */
  readonly builder?: Matcher;
  /** Why the build ran, such as `push`, or a whole-string pattern. */
  readonly trigger?: Matcher;
}

/** An expectation that was met. */
export interface MetExpectation {
  /** The repository that was expected, and who named it. */
  readonly sourceRepository?: { readonly url: string; readonly from: 'caller' | 'packument' };
}

/** An expectation that has been read. */
export interface ReadExpectation {
  readonly sourceRepository?: { readonly url: string } | { readonly from: 'packument' };
  readonly tests: readonly Test[];
}

interface Test {
  readonly id: PackageCheckId;
  readonly expected: string;
  readonly select: (source: ProvenSource) => string | undefined;
  readonly matches: (value: string) => boolean;
}

const NAMES: readonly (keyof Expectation)[] = ['sourceRepository', 'workflow', 'ref', 'builder', 'trigger'];

/** @throws CONFIG_INVALID for an expectation of nothing, of something unknown, or that is not text */
export function readExpectation(expectation: Expectation): ReadExpectation {
  const own = copyOptions(expectation, NAMES, 'expect');
  if (NAMES.every((name) => own[name] === undefined))
    throw refusal('CONFIG_INVALID', 'expect', { expected: 'at least one expectation' });
  const { sourceRepository, workflow, ref, builder, trigger } = own;
  return {
    ...(sourceRepository === undefined ? {} : { sourceRepository: readRepository(sourceRepository) }),
    tests: [
      ...(workflow === undefined ? [] : [readWorkflow(workflow)]),
      ...(ref === undefined ? [] : [readMatcher('ref', ref)]),
      ...(builder === undefined ? [] : [readMatcher('builder', builder)]),
      ...(trigger === undefined ? [] : [readMatcher('trigger', trigger)]),
    ],
  };
}

function readRepository(
  value: NonNullable<Expectation['sourceRepository']>,
): NonNullable<ReadExpectation['sourceRepository']> {
  if (typeof value !== 'object') return { url: normalizeOption(value) };
  if (copyOptions(value, ['from'], 'expect.sourceRepository').from === 'packument') return { from: 'packument' };
  throw refusal('CONFIG_INVALID', 'expect.sourceRepository', { expected: "a repository, or { from: 'packument' }" });
}

function normalizeOption(value: string): string {
  try {
    return normalizeRepositoryUrl(value);
  } catch {
    const actual = typeof value === 'string' ? quoteText(value) : typeof value;
    throw refusal('CONFIG_INVALID', 'expect.sourceRepository', { expected: 'the address of a git repository', actual });
  }
}

function readWorkflow(workflow: string): Test {
  if (typeof workflow !== 'string' || workflow === '')
    throw refusal('CONFIG_INVALID', 'expect.workflow', { expected: 'the path of a file' });
  // GitHub has workflows nowhere else, so that the name of a file says which it is.
  const paths = workflow.includes('/') ? [workflow] : [workflow, `.github/workflows/${workflow}`];
  return {
    id: 'expectation.workflow',
    expected: quoteText(workflow, 300),
    select: (source) => source.workflow,
    matches: (value) => paths.includes(value),
  };
}

function readMatcher(name: 'ref' | 'builder' | 'trigger', matcher: Matcher): Test {
  const at = `expect.${name}`;
  const test = { id: `expectation.${name}` as const, select: (source: ProvenSource) => source[name] };
  if (typeof matcher === 'string' && matcher !== '')
    return { ...test, expected: quoteText(matcher, 300), matches: (value) => value === matcher };
  const source = typeof matcher === 'object' ? copyOptions(matcher, ['pattern'], at).pattern : undefined;
  if (typeof source !== 'string' || source === '')
    throw refusal('CONFIG_INVALID', at, { expected: 'text, or a record with a pattern' });
  const pattern = compilePattern(source, at);
  return { ...test, expected: `a match of ${quoteText(source, 300)}`, matches: (value) => pattern.matches(value) };
}

/**
 * Demands that provenance meets every expectation.
 * @throws PACKAGE_PROVENANCE_MISSING where there is none, IDENTITY_MISMATCH
 */
export function checkExpectation(
  { sourceRepository, tests }: ReadExpectation,
  {
    source,
    evidence,
    ledger,
  }: { readonly source: ProvenSource | undefined; readonly evidence: PackageEvidence; readonly ledger: PackageLedger },
): MetExpectation {
  const proven = ledger.run('expectation.provenance', {}, () => {
    if (source !== undefined) return source;
    throw refusal('PACKAGE_PROVENANCE_MISSING', 'provenance', {
      expected: 'provenance, as something is expected of it',
      actual: 'none',
    });
  });
  const met =
    sourceRepository === undefined ? undefined : checkRepository(sourceRepository, proven, { evidence, ledger });
  for (const { id, expected, select, matches } of tests) {
    const value = select(proven);
    const actual = value === undefined ? 'none that the certificate proves' : quoteText(value, 300);
    ledger.run(id, { expected, actual }, () => {
      if (value === undefined || !matches(value)) throw refusal('IDENTITY_MISMATCH', id, { expected, actual });
    });
  }
  return Object.freeze(met === undefined ? {} : { sourceRepository: met });
}

function checkRepository(
  wanted: NonNullable<ReadExpectation['sourceRepository']>,
  source: ProvenSource,
  { evidence, ledger }: { readonly evidence: PackageEvidence; readonly ledger: PackageLedger },
): NonNullable<MetExpectation['sourceRepository']> {
  const id = 'expectation.sourceRepository';
  const isGiven = 'url' in wanted;
  const reason = isGiven ? 'as the caller says' : 'as the package.json of the version says';
  return ledger.run(id, { reason }, () => {
    const url = isGiven ? wanted.url : readPackumentRepository(evidence);
    const actual = source.sourceRepository;
    if (actual === undefined || normalizeRepositoryUrl(actual) !== url)
      throw refusal('IDENTITY_MISMATCH', id, {
        expected: `${quoteText(url, 300)}, ${reason}`,
        actual: actual === undefined ? 'none that the certificate proves' : quoteText(actual, 300),
      });
    return Object.freeze({ url, from: isGiven ? ('caller' as const) : ('packument' as const) });
  });
}

function readPackumentRepository({ repository }: PackageEvidence): string {
  if (repository === undefined)
    throw refusal('IDENTITY_MISMATCH', 'expectation.sourceRepository', {
      expected: 'a repository in the package.json of the version',
      actual: 'none',
    });
  try {
    return normalizeRepositoryUrl(repository);
  } catch {
    throw refusal('IDENTITY_MISMATCH', 'expectation.sourceRepository', {
      expected: 'the address of a git repository in the package.json of the version',
      actual: quoteText(repository),
    });
  }
}
