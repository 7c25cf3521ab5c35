// SPDX-License-Identifier: Apache-2.0
// Cluster policies on the command line: `image verify --policy` and `admission serve`.

import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { type Stack, startStack } from '@keywax/stack';
import { type OciRegistry, startOciRegistry } from '@keywax/stack/oci-registry';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../../test/tls.js';
import { pushImage } from '../../oci/test/images.js';
import { runCommand } from '../src/run.js';
import { type Called, call, makeFolder, makeHost } from './call.js';

let stack: Stack;
let registry: OciRegistry;
let signed: string;
let unsigned: string;
let folder: string;
let config: string;

beforeAll(async () => {
  [stack, registry] = await Promise.all([startStack(), startOciRegistry()]);
  [signed, unsigned] = [`${registry.host}/team/signed:v1`, `${registry.host}/team/unsigned:v1`];
  for (const name of [signed, unsigned]) await pushImage(name);
});
afterAll(() => Promise.all([stack.close(), registry.close()]));

beforeEach(() => {
  folder = makeFolder();
  config = write('instance.json', JSON.stringify(stack.clientTrustConfig()));
});

function write(file: string, content: string): string {
  writeFileSync(join(folder, file), content);
  return join(folder, file);
}

function writePolicy(subject: string, more = ''): string {
  return write(
    'policy.yaml',
    `apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: { name: team }
spec:
  images: [{ glob: "${registry.host}/team/**" }]
  authorities:
    - name: people
      keyless:
        identities: [{ issuer: ${stack.urls.oidc}, subject: ${subject} }]
${more}`,
  );
}

async function keywax(...args: readonly string[]): Promise<Called> {
  return call(args, { env: { SIGSTORE_ID_TOKEN: await stack.mintToken({ kind: 'email' }), HOME: folder } });
}

describe('image verify --policy', () => {
  test('admits what the policy admits, and nothing else', async () => {
    expect(await keywax('image', 'sign', '--trust-config', config, '--yes', signed)).toMatchObject({ code: 0 });
    const policy = writePolicy('alice@example.com');
    const of = (...images: readonly string[]) =>
      keywax('image', 'verify', '--trust-config', config, '--policy', policy, ...images);
    const admitted = await of(signed);
    expect(admitted).toMatchObject({ code: 0, out: '' });
    expect(admitted.err).toMatch(/is admitted\n {2}by people of policy team\n$/);
    const denied = await of(signed, unsigned);
    expect(denied).toMatchObject({ code: 1, out: '' });
    expect(denied.err).toContain('is not admitted');
    expect(denied.err).toContain('IMAGE_UNSIGNED');
  });

  test('prints decisions as JSON', async () => {
    const policy = writePolicy('mallory@example.com');
    const args = ['image', 'verify', '--trust-config', config, '--policy', policy, '--json'];
    const { code, out } = await keywax(...args, signed, `${registry.host}/team/none:v1`);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      admitted: false,
      results: [
        {
          image: signed,
          admitted: false,
          policies: [{ name: 'team', mode: 'enforce', authorities: [{ name: 'people', admitted: false }] }],
        },
        { admitted: false, error: { code: 'IMAGE_NOT_FOUND' } },
      ],
    });
  });

  test.each<[string, readonly string[], number]>([
    ['denies what no policy is about', [], 1],
    ['admits it with a warning where asked to', ['--no-match', 'warn'], 0],
    ['admits it where asked to', ['--no-match', 'allow'], 0],
    ['refuses another answer', ['--no-match', 'maybe'], 2],
    ['refuses a trust root without a name', ['--policy-trust-root', 'FILE'], 2],
    ['refuses an identity beside policies', ['--certificate-identity', 'x'], 2],
    ['refuses a key beside policies', ['--key', 'x'], 2],
    ['refuses a type beside policies', ['--type', 'vuln'], 2],
    ['refuses annotations beside policies', ['-a', 'build=42'], 2],
    ['refuses an annotation beside policies', ['--annotation', 'build=42'], 2],
    ['refuses a place beside policies', ['--registry-referrers-mode', 'legacy'], 2],
    ['refuses thresholds beside policies', ['--timestamp-threshold', '1'], 2],
    ['refuses operators beside policies', ['--distinct-operators'], 2],
    ['refuses to ignore logs beside policies', ['--insecure-ignore-tlog'], 2],
    ['refuses explanations beside policies', ['--explain'], 2],
  ])('%s', async (_, flags, code) => {
    const policy = writePolicy('alice@example.com');
    const other = `${registry.host}/other/app:v1`;
    await pushImage(other);
    const args = ['image', 'verify', '--trust-config', config, '--policy', policy, ...flags, other];
    expect(await keywax(...args)).toMatchObject({ code });
  });

  test.each([
    ['an answer', '--no-match', 'deny'],
    ['a trust root', '--policy-trust-root', 'mine=root.json'],
  ])('takes %s with policies alone', async (_, ...flags) => {
    const who = ['--certificate-identity', 'a@example.com', '--certificate-oidc-issuer', stack.urls.oidc];
    const args = ['image', 'verify', '--trust-config', config, ...who, ...flags, signed];
    expect(await keywax(...args)).toMatchObject({ code: 2 });
  });

  test('refuses two policies of one name', async () => {
    const policy = writePolicy('alice@example.com');
    const args = ['image', 'verify', '--trust-config', config, '--policy', policy, '--policy', policy, signed];
    expect(await keywax(...args)).toMatchObject({ code: 2 });
  });

  test('takes trust roots by the names of the policies', async () => {
    await keywax('image', 'sign', '--trust-config', config, '--yes', signed);
    const policy = writePolicy('alice@example.com', '        trustRootRef: mine');
    const root = write('root.json', JSON.stringify(stack.trustedRoot));
    const args = ['image', 'verify', '--trust-config', config, '--policy', policy];
    expect(await keywax(...args, '--policy-trust-root', `mine=${root}`, signed)).toMatchObject({ code: 0 });
    expect(await keywax(...args, signed)).toMatchObject({ code: 2 });
  });
});

describe('admission serve', () => {
  function certify(): readonly string[] {
    const { certFile, keyFile } = makeCertificate(folder, 'tls');
    return ['--tls-certificate', certFile, '--tls-key', keyFile];
  }

  test('listens until it is stopped', async () => {
    const policy = writePolicy('alice@example.com');
    const stop = new AbortController();
    const { host, written } = makeHost({ env: { HOME: folder }, signal: stop.signal });
    const ended = new Promise<number>((resolve, reject) => {
      const args = ['admission', 'serve', '--policy', policy, '--trust-config', config, '--listen', '127.0.0.1:0'];
      runCommand([...args, '--json', ...certify()], host).then(resolve, reject);
    });
    await expect.poll(() => written.err, { timeout: 20_000 }).toContain('listens');
    const { url } = JSON.parse(written.out) as { url: string };
    expect(written.err).toBe(`The webhook listens at ${url}; Ctrl-C stops it.\n`);
    const ca = readFileSync(join(folder, 'tls.pem'));
    const status = await new Promise((resolve, reject) => {
      const sent = request(`${url}/readyz`, { ca, agent: false }, (answer) => resolve(answer.resume().statusCode));
      sent.on('error', reject).end();
    });
    expect(status).toBe(200);
    stop.abort();
    expect(await ended).toBe(0);
  });

  test.each<[string, () => readonly string[]]>([
    ['policies', () => certify()],
    ['a certificate', () => ['--policy', writePolicy('a@example.com')]],
    ['an address', () => ['--policy', writePolicy('a@example.com'), ...certify(), '--listen', 'here']],
    ['a port', () => ['--policy', writePolicy('a@example.com'), ...certify(), '--listen', '127.0.0.1:65536']],
  ])('wants %s', async (_, flags) => {
    expect(await keywax('admission', 'serve', '--trust-config', config, ...flags())).toMatchObject({ code: 2 });
  });

  test('does not start with a policy that it does not understand', async () => {
    const policy = writePolicy('a@example.com', '  policy: { type: cue, data: x }');
    const answer = await keywax('admission', 'serve', '--trust-config', config, '--policy', policy, ...certify());
    expect(answer.code).not.toBe(0);
    expect(answer.err).toContain('INPUT_UNSUPPORTED');
  });
});
