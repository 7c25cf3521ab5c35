// SPDX-License-Identifier: Apache-2.0
// The environment of a build, as a record that the caller passes: nothing here reads that of the process.

import { KeywaxError, quoteText } from '@keywax/core/errors';

/** Variables by name. */
export type CiEnvironment = { readonly [name: string]: string | undefined };

/** A CI system that is known. */
export type CiProvider = 'github' | 'gitlab' | 'circleci' | 'buildkite';

/** The variable that each system sets in every job. */
const MARKS: Readonly<Record<CiProvider, string>> = {
  github: 'GITHUB_ACTIONS',
  gitlab: 'GITLAB_CI',
  circleci: 'CIRCLECI',
  buildkite: 'BUILDKITE',
};

const PROVIDERS = Object.keys(MARKS) as readonly CiProvider[];

/** The CI system whose environment this is. @throws CONFIG_INVALID where it is that of none, or of several */
export function detectCiProvider(env: CiEnvironment): CiProvider {
  const [provider, ...others] = PROVIDERS.filter((name) => (readVariable(env, MARKS[name]) ?? 'false') !== 'false');
  if (provider !== undefined && others.length === 0) return provider;
  const expected = `exactly one of ${Object.values(MARKS).join(', ')} to be set`;
  const actual = provider === undefined ? 'none' : [provider, ...others].map((name) => MARKS[name]).join(' and ');
  throw new KeywaxError('CONFIG_INVALID', `env: expected ${expected}, found ${actual}`, {
    details: { at: 'env', expected, actual },
  });
}

/** A variable, where it is set to something. Nothing is inherited. */
export function readVariable(env: CiEnvironment, name: string): string | undefined {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  return value === '' ? undefined : value;
}

/** Reads variables that have to be there. @throws CONFIG_INVALID, naming the first that is not */
export function requireVariables<const T extends string>(env: CiEnvironment, names: readonly T[]): Record<T, string> {
  const values = names.map((name) => {
    const value = readVariable(env, name);
    if (typeof value === 'string') return [name, value] as const;
    throw new KeywaxError('CONFIG_INVALID', `env.${name}: expected to be set`, {
      details: { at: `env.${name}`, expected: 'to be set' },
    });
  });
  return Object.fromEntries(values) as Record<T, string>; // one of each name
}

/**
 * Reads the commit that is built; systems may pass on what they were asked for instead, such as `HEAD`.
 * @throws CONFIG_INVALID
 */
export function requireCommit(env: CiEnvironment, name: string): string {
  const { [name]: commit = '' } = requireVariables(env, [name]);
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return commit;
  const expected = 'the hash of a commit';
  throw new KeywaxError('CONFIG_INVALID', `env.${name}: expected ${expected}, found ${quoteText(commit)}`, {
    details: { at: `env.${name}`, expected, actual: quoteText(commit) },
  });
}
