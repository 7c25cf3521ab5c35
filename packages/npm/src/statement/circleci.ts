// SPDX-License-Identifier: Apache-2.0
// Provenance of CircleCI, as far as its environment says what was built.
// https://circleci.com/docs/reference/variables/

import { normalizeRepositoryUrl } from '../repository-url.js';
import { type CiEnvironment, readVariable, requireCommit, requireVariables } from './environment.js';
import type { SlsaV1Predicate } from './slsa.js';

const BUILD_TYPE = 'https://github.com/keywax/keywax/blob/main/docs/buildtypes/circleci-v1.md';
const PLATFORM = 'https://app.circleci.com';

/** Describes a job. @throws CONFIG_INVALID, and INPUT_MALFORMED for a repository that is none */
export function describeCircleciBuild(env: CiEnvironment): SlsaV1Predicate {
  const variables = requireVariables(env, [
    'CIRCLE_BUILD_URL',
    'CIRCLE_JOB',
    'CIRCLE_REPOSITORY_URL',
    'CIRCLE_WORKFLOW_ID',
    'CIRCLE_WORKFLOW_JOB_ID',
  ]);
  const repository = normalizeRepositoryUrl(variables.CIRCLE_REPOSITORY_URL, 'env.CIRCLE_REPOSITORY_URL');
  const tag = readVariable(env, 'CIRCLE_TAG');
  // A build is of a tag or of a branch.
  const ref =
    tag === undefined ? `refs/heads/${requireVariables(env, ['CIRCLE_BRANCH']).CIRCLE_BRANCH}` : `refs/tags/${tag}`;
  return {
    buildDefinition: {
      buildType: BUILD_TYPE,
      externalParameters: { pipeline: { ref, repository }, job: variables.CIRCLE_JOB },
      internalParameters: {
        circleci: {
          workflow_id: variables.CIRCLE_WORKFLOW_ID,
          job_id: variables.CIRCLE_WORKFLOW_JOB_ID,
          build_url: variables.CIRCLE_BUILD_URL,
        },
      },
      resolvedDependencies: [
        { uri: `git+${repository}@${ref}`, digest: { gitCommit: requireCommit(env, 'CIRCLE_SHA1') } },
      ],
    },
    runDetails: {
      builder: { id: PLATFORM },
      metadata: {
        // As certificates of this system name the run.
        invocationId: `${PLATFORM}/workflow/${variables.CIRCLE_WORKFLOW_ID}/job/${variables.CIRCLE_WORKFLOW_JOB_ID}`,
      },
    },
  };
}
