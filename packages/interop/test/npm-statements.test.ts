// SPDX-License-Identifier: Apache-2.0
// What npm's own library would sign for an environment, and what Keywax would: the same, member by member.

import { spawnSync } from 'node:child_process';
import { type CiEnvironment, createProvenance } from '@keywax/npm';
import { describe, expect, test } from 'vitest';
import { GITHUB, GITLAB } from '../../npm/test/statement/environments.js';

/** Runs `generateProvenance` of libnpmpublish with a `sigstore` that hands back what it is given to sign. */
const SCRIPT = `
const { createRequire } = require('node:module');
const { dirname, join } = require('node:path');
const manifest = require.resolve('libnpmpublish/package.json');
const ofLibrary = createRequire(manifest);
const path = ofLibrary.resolve('sigstore');
require.cache[path] = { id: path, filename: path, loaded: true, exports: {
  attest: async (payload, payloadType) => ({ payload: payload.toString(), payloadType }),
} };
const { generateProvenance } = require(join(dirname(manifest), 'lib/provenance.js'));
const subject = JSON.parse(process.argv[1]);
generateProvenance([subject], {}).then((signed) => process.stdout.write(JSON.stringify(signed)));
`;

function askNpm(subject: object, env: CiEnvironment): { readonly payload: string; readonly payloadType: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', SCRIPT, JSON.stringify(subject)], {
    cwd: new URL('..', import.meta.url),
    env: { ...env },
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as { payload: string; payloadType: string };
}

const tagged = { ...GITLAB, CI_COMMIT_REF_NAME: 'v1.0.0', CI_COMMIT_TAG: 'v1.0.0' };
const { CI_COMMIT_BRANCH: _, ...detached } = GITLAB;

describe('provenance equals what npm signs', () => {
  test.each<[string, CiEnvironment]>([
    ['GitHub Actions, of a tag with the name of a package', GITHUB],
    [
      'GitHub Actions, asked for by hand',
      { ...GITHUB, GITHUB_EVENT_NAME: 'workflow_dispatch', GITHUB_RUN_ATTEMPT: '3' },
    ],
    ['GitHub Actions, on a runner of one’s own', { ...GITHUB, RUNNER_ENVIRONMENT: 'self-hosted' }],
    ['a server of GitHub', { ...GITHUB, GITHUB_SERVER_URL: 'https://github.example' }],
    ['GitLab CI', GITLAB],
    ['GitLab CI, of a tag', tagged],
    ['GitLab CI, with variables that are not set', detached],
  ])('on %s', (__, env) => {
    const sha512 = new Uint8Array(64).fill(7);
    const statement = createProvenance({ name: '@octo-org/pkg', version: '1.0.0', sha512, env, form: 'npm' });
    const { payload, payloadType } = askNpm(statement.subject[0], env);
    expect(payloadType).toBe('application/vnd.in-toto+json');
    expect(JSON.parse(JSON.stringify(statement))).toEqual(JSON.parse(payload));
    // The order of members too, as far as npm's is one.
    expect(JSON.stringify(statement)).toBe(payload);
  });

  test('whose subject is the one of npm', () => {
    for (const name of ['pkg', '@octo-org/pkg']) {
      const [subject] = createProvenance({ name, version: '1.0.0', sha512: new Uint8Array(64), env: GITHUB }).subject;
      expect(subject.name).toBe(askPurl(`${name}@1.0.0`));
    }
  });
});

function askPurl(specifier: string): string {
  const script = `
const { createRequire } = require('node:module');
const ofLibrary = createRequire(require.resolve('libnpmpublish/package.json'));
process.stdout.write(ofLibrary('npm-package-arg').toPurl(process.argv[1]));
`;
  const { stdout } = spawnSync(process.execPath, ['-e', script, specifier], {
    cwd: new URL('..', import.meta.url),
    encoding: 'utf8',
  });
  return stdout;
}
