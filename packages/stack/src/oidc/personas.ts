// SPDX-License-Identifier: Apache-2.0
// Who asks for tokens: a person with an e-mail address, a GitHub workflow, a GitLab pipeline.

import type { IssuerKind } from '../fulcio/identity.js';

/** Claims of a token, as the issuer of that kind writes them; `iss`, `aud` and times are the issuer's to add. */
export type PersonaClaims = Readonly<Record<string, string | boolean | number | object>>;

const COMMIT = '8f5d2c0e7b1a4936d5e8c7f60a1b2c3d4e5f6071';

/** One persona of each kind. Overrides replace single claims. */
export const PERSONAS: Readonly<Record<IssuerKind, PersonaClaims>> = {
  email: {
    sub: 'CgVhbGljZRIFbG9jYWw',
    email: 'alice@example.com',
    email_verified: true,
    federated_claims: { connector_id: 'local', user_id: 'alice' },
  },
  github: {
    sub: 'repo:octo-org/octo-repo:ref:refs/heads/main',
    repository: 'octo-org/octo-repo',
    repository_id: '74',
    repository_owner: 'octo-org',
    repository_owner_id: '65',
    repository_visibility: 'public',
    ref: 'refs/heads/main',
    ref_type: 'branch',
    sha: COMMIT,
    workflow: 'release',
    workflow_ref: 'octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main',
    workflow_sha: COMMIT,
    job_workflow_ref: 'octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main',
    job_workflow_sha: COMMIT,
    event_name: 'push',
    run_id: '1234567890',
    run_number: '10',
    run_attempt: '1',
    runner_environment: 'github-hosted',
    actor: 'octocat',
    actor_id: '12',
  },
  gitlab: {
    sub: 'project_path:group/project:ref_type:branch:ref:main',
    namespace_id: '72',
    namespace_path: 'group',
    project_id: '20',
    project_path: 'group/project',
    project_visibility: 'public',
    user_login: 'alice',
    pipeline_id: '574',
    pipeline_source: 'push',
    job_id: '302',
    ref: 'main',
    ref_type: 'branch',
    ref_path: 'refs/heads/main',
    ref_protected: 'true',
    environment: 'production',
    runner_id: 1,
    runner_environment: 'gitlab-hosted',
    sha: COMMIT,
    ci_config_ref_uri: 'gitlab.com/group/project//.gitlab-ci.yml@refs/heads/main',
    ci_config_sha: COMMIT,
  },
};

/** The issuers of an instance, below the base URL of its OIDC service. */
export const ISSUER_PATHS: Readonly<Record<IssuerKind, string>> = { email: '', github: '/github', gitlab: '/gitlab' };
