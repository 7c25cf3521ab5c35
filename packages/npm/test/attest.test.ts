// SPDX-License-Identifier: Apache-2.0

import { encodeBase64 } from '@keywax/core/bytes';
import { isKeywaxError } from '@keywax/core/errors';
import { packTarball } from '@keywax/stack/npm-registry';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type AttestPackageOptions,
  type CiEnvironment,
  attestPackage,
  parseIntegrity,
  verifyPackage,
} from '../src/index.js';
import { GITHUB, GITLAB } from './statement/environments.js';
import { type World, startWorld } from './world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const TAG = 'refs/tags/@octo-org/pkg@1.0.0';
/** The claims of the token that goes with the environment. */
const GITHUB_CLAIMS = {
  kind: 'github',
  ref: TAG,
  workflow_ref: `octo-org/octo-repo/.github/workflows/release.yml@${TAG}`,
} as const;

const pack = (name: string, version = '1.0.0') => packTarball({ 'package.json': JSON.stringify({ name, version }) });

const attest = async (tarball: Uint8Array, options: Partial<AttestPackageOptions> & { env: CiEnvironment }) =>
  attestPackage(tarball, { instance: { trustConfig: world.stack.clientTrustConfig() }, ...options });

const GITHUB_REPOSITORY = 'git+https://github.com/octo-org/octo-repo.git';

interface Publication {
  readonly name: string;
  readonly tarball: Uint8Array;
  readonly attachments: object;
  readonly repository?: string;
}

/** Publishes as npm does: one document with everything in it. */
async function publish({ name, tarball, attachments, repository = GITHUB_REPOSITORY }: Publication): Promise<number> {
  const file = { content_type: 'application/octet-stream', data: encodeBase64(tarball), length: tarball.length };
  const dist = { integrity: `sha512-${encodeBase64(await digest(tarball))}` };
  const document = {
    _id: name,
    name,
    'dist-tags': { latest: '1.0.0' },
    versions: { '1.0.0': { name, version: '1.0.0', repository, dist } },
    access: 'public',
    _attachments: { [`${name}-1.0.0.tgz`]: file, ...attachments },
  };
  const url = `${world.registry.url}${name.replace('/', '%2f')}`;
  const headers = { 'content-type': 'application/json' };
  return (await fetch(url, { method: 'PUT', headers, body: JSON.stringify(document) })).status;
}

async function digest(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-512', Uint8Array.from(bytes)));
}

const verify = (name: string) =>
  verifyPackage({
    name,
    version: '1.0.0',
    npmConfig: { registry: world.registry.url },
    instance: { mirrorUrl: world.stack.urls.tuf, root: world.stack.tuf.root() },
    cacheDirectory: world.makeFolder(),
  });

describe('an attested package', () => {
  test('of GitHub Actions is published, and verifies as what the environment says', async () => {
    const tarball = pack('@octo-org/pkg');
    const identityToken = await world.stack.mintToken(GITHUB_CLAIMS);
    const { name, version, integrity, statement, bundle, attachments } = await attest(tarball, {
      env: GITHUB,
      identityToken,
    });
    expect({ name, version }).toEqual({ name: '@octo-org/pkg', version: '1.0.0' });
    expect(parseIntegrity(integrity).get('sha512')).toEqual(await digest(tarball));
    expect(attachments['@octo-org/pkg-1.0.0.sigstore']).toEqual({
      content_type: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      data: JSON.stringify(bundle),
      length: JSON.stringify(bundle).length,
    });
    expect(await publish({ name, tarball, attachments })).toBeLessThan(300);
    const { provenance, publish: published } = await verify(name);
    expect(published).toBeDefined();
    expect(provenance).toMatchObject({ ref: TAG, workflow: '.github/workflows/release.yml' });
    expect(provenance?.statement.predicateType).toBe(statement.predicateType);
  });

  test.each(['slsa-v1', 'npm'] as const)(
    'of GitLab CI in the form %s, with the token of its environment',
    async (form) => {
      const name = `of-gitlab-${form}`;
      const tarball = pack(name);
      const env = { ...GITLAB, SIGSTORE_ID_TOKEN: await world.stack.mintToken({ kind: 'gitlab' }) };
      const { attachments } = await attest(tarball, { env, form });
      expect(
        await publish({ name, tarball, attachments, repository: 'https://gitlab.com/group/project.git' }),
      ).toBeLessThan(300);
      expect((await verify(name)).provenance).toMatchObject({
        sourceRepository: 'https://gitlab.com/group/project',
        workflow: '.gitlab-ci.yml',
        trigger: 'push',
      });
    },
  );

  test('is refused by whoever verifies it where the environment was made up', async () => {
    const tarball = pack('made-up');
    const env = { ...GITHUB, GITHUB_RUN_ID: '1' };
    const { attachments } = await attest(tarball, { env, identityToken: await world.stack.mintToken(GITHUB_CLAIMS) });
    expect(await publish({ name: 'made-up', tarball, attachments })).toBeLessThan(300);
    await expect(verify('made-up')).rejects.toMatchObject({ code: 'STATEMENT_INVALID' });
  });

  test.each<[string, Uint8Array, Partial<AttestPackageOptions>, string]>([
    ['another name', pack('pkg'), { name: 'other' }, 'ARTIFACT_MISMATCH'],
    ['another version', pack('pkg'), { version: '1.0.1' }, 'ARTIFACT_MISMATCH'],
    ['no tarball', new Uint8Array(10), {}, 'INPUT_MALFORMED'],
    ['no bytes', 'pkg.tgz' as never, {}, 'CONFIG_INVALID'],
    ['an environment of nothing', pack('pkg'), { env: {} }, 'CONFIG_INVALID'],
    ['no environment', pack('pkg'), { env: null as never }, 'CONFIG_INVALID'],
    ['an environment without a token', pack('pkg'), { env: GITHUB }, 'TOKEN_UNAVAILABLE'],
  ])('is not made of %s', async (_, tarball, options, code) => {
    const error: unknown = await attest(tarball, { env: GITHUB, ...options }).catch((thrown: unknown) => thrown);
    expect(isKeywaxError(error) ? error.code : error).toBe(code);
  });
});
