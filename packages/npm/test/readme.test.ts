// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeExamples } from '../../../test/readme.js';
import * as exported from '../src/index.js';

const root = new URL('../', import.meta.url);

test('the README lists every export', () => {
  const readme = readFileSync(new URL('README.md', root), 'utf8');
  const listed = [...readme.slice(readme.indexOf('## Exports')).matchAll(/`(\w+)`/g)].map(([, name]) => name);
  expect(new Set(listed)).toEqual(new Set(Object.keys(exported)));
});

describeExamples(root, new URL('README.md', root), {
  before: `
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '@keywax/stack';
import { packTarball, startNpmRegistry } from '@keywax/stack/npm-registry';
import { attestPackage as attestBefore } from '@keywax/npm';

await using stack = await startStack();
await using server = await startNpmRegistry({ stack });
const registry = server.url;
const trustConfig = stack.clientTrustConfig();
const mirrorUrl = stack.urls.tuf;
const tufRoot = stack.tuf.root();
const env = {
  GITLAB_CI: 'true',
  SIGSTORE_ID_TOKEN: await stack.mintToken({ kind: 'gitlab' }),
  CI_COMMIT_REF_NAME: 'main',
  CI_COMMIT_SHA: '8f5d2c0e7b1a4936d5e8c7f60a1b2c3d4e5f6071',
  CI_CONFIG_PATH: '.gitlab-ci.yml',
  CI_JOB_ID: '302',
  CI_JOB_NAME: 'publish',
  CI_JOB_URL: 'https://gitlab.com/group/project/-/jobs/302',
  CI_PIPELINE_ID: '574',
  CI_PIPELINE_SOURCE: 'push',
  CI_PROJECT_ID: '20',
  CI_PROJECT_PATH: 'group/project',
  CI_PROJECT_URL: 'https://gitlab.com/group/project',
  CI_RUNNER_ID: '1',
  CI_SERVER_URL: 'https://gitlab.com',
};
const github = {
  GITHUB_ACTIONS: 'true',
  GITHUB_EVENT_NAME: 'push',
  GITHUB_REF: 'refs/heads/main',
  GITHUB_REPOSITORY: 'octo-org/octo-repo',
  GITHUB_REPOSITORY_ID: '74',
  GITHUB_REPOSITORY_OWNER_ID: '65',
  GITHUB_RUN_ATTEMPT: '1',
  GITHUB_RUN_ID: '1234567890',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_SHA: '8f5d2c0e7b1a4936d5e8c7f60a1b2c3d4e5f6071',
  GITHUB_WORKFLOW_REF: 'octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main',
  RUNNER_ENVIRONMENT: 'github-hosted',
};
const tarball = packTarball({ 'package.json': '{"name":"@octo-org/pkg","version":"1.0.0"}' });
const signed = await attestBefore(tarball, {
  env: github,
  identityToken: await stack.mintToken({ kind: 'github' }),
  instance: { trustConfig },
});
const { integrity } = await server.addPackage({ name: '@octo-org/pkg', version: '1.0.0', tarball, provenance: signed.bundle });
const directory = mkdtempSync(join(tmpdir(), 'keywax-npm-'));
const project = mkdtempSync(join(directory, 'project-'));
const locked = { 'node_modules/@octo-org/pkg': { version: '1.0.0', resolved: registry + 'pkg.tgz', integrity } };
writeFileSync(join(project, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages: { '': {}, ...locked } }));
process.on('exit', () => rmSync(directory, { recursive: true }));
`,
});
