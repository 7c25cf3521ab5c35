// SPDX-License-Identifier: Apache-2.0
// The provenance of a package: its subject, and what the environment of the build says of the build.

import { encodeHex } from '@keywax/core/bytes';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { SLSA_V02, SLSA_V1 } from '../predicate.js';
import { type PackageId, encodePurl } from '../purl.js';
import { describeBuildkiteBuild } from './buildkite.js';
import { describeCircleciBuild } from './circleci.js';
import { type CiEnvironment, type CiProvider, detectCiProvider } from './environment.js';
import { describeGithubBuild } from './github.js';
import { describeGitlabBuild, describeGitlabBuildV02 } from './gitlab.js';
import type { NpmSubject, ProvenanceV02, ProvenanceV1, SlsaV1Predicate } from './slsa.js';

/** What provenance is about, and where it was built. */
export interface ProvenanceInput extends PackageId {
  /** SHA-512 of the tarball. */
  readonly sha512: Uint8Array;
  /** The variables of the build, such as `process.env`. */
  readonly env: CiEnvironment;
  /** The CI system; told by the environment unless given. */
  readonly provider?: CiProvider;
  /** The form of the predicate; `'slsa-v1'` unless given. `'npm'` is what npm writes: SLSA 0.2 for GitLab, else SLSA 1. */
  readonly form?: 'slsa-v1' | 'npm';
}

const BUILDS: Readonly<Record<CiProvider, (env: CiEnvironment) => SlsaV1Predicate>> = {
  github: describeGithubBuild,
  gitlab: describeGitlabBuild,
  circleci: describeCircleciBuild,
  buildkite: describeBuildkiteBuild,
};

/**
 * Describes where a package was built, as an in-toto statement in plain JSON.
 * @throws CONFIG_INVALID where the environment is that of no CI system or lacks a variable, INPUT_MALFORMED
 */
export function createProvenance(input: ProvenanceInput): ProvenanceV1 | ProvenanceV02 {
  const { env, form = 'slsa-v1' } = input;
  if (typeof env !== 'object' || env === null) throw invalid('env', 'the variables of the build');
  if (form !== 'slsa-v1' && form !== 'npm') throw invalid('form', 'slsa-v1 or npm');
  const provider = input.provider ?? detectCiProvider(env);
  if (!Object.hasOwn(BUILDS, provider)) throw invalid('provider', Object.keys(BUILDS).join(', '), provider);
  const subject = [describeSubject(input)] as const;
  if (provider === 'gitlab' && form === 'npm') {
    const predicate = describeGitlabBuildV02(env);
    return { _type: 'https://in-toto.io/Statement/v0.1', subject, predicateType: SLSA_V02, predicate };
  }
  const predicate = BUILDS[provider](env);
  return { _type: 'https://in-toto.io/Statement/v1', subject, predicateType: SLSA_V1, predicate };
}

/** The subject of statements about a version. @throws INPUT_MALFORMED, CONFIG_INVALID */
export function describeSubject({ name, version, sha512 }: PackageId & { readonly sha512: Uint8Array }): NpmSubject {
  if (!(sha512 instanceof Uint8Array) || sha512.length !== 64) throw invalid('sha512', '64 bytes');
  return { name: encodePurl({ name, version }), digest: { sha512: encodeHex(sha512) } };
}

function invalid(at: string, expected: string, actual?: string): KeywaxError {
  const found = typeof actual === 'string' ? `, found ${quoteText(actual)}` : '';
  return new KeywaxError('CONFIG_INVALID', `${at}: expected ${expected}${found}`, { details: { at, expected } });
}
