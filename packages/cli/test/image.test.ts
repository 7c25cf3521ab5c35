// SPDX-License-Identifier: Apache-2.0
// `image sign | attest | verify | tree | copy` over real HTTP on this machine, against both registries.

import { spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Stack, startStack } from '@keywax/stack';
import { type OciRegistry, startOciRegistry } from '@keywax/stack/oci-registry';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pushImage, pushIndex } from '../../oci/test/images.js';
import { describeDockerRegistry, startDockerRegistry } from '../../oci/test/docker-registry.js';
import { runCommand } from '../src/run.js';
import { type Called, call, makeFolder, makeHost } from './call.js';

const KEYWAX = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const isBuilt = existsSync(KEYWAX) && spawnSync(process.execPath, [KEYWAX, 'help', 'image', 'sign']).status === 0;

let stack: Stack;
let registry: OciRegistry;
let folder: string;
let config: string;
let count = 0;
let name: string;
let digest: string;

beforeAll(async () => {
  stack = await startStack();
  registry = await startOciRegistry();
});
afterAll(async () => {
  await registry.close();
  await stack.close();
});

beforeEach(async () => {
  folder = makeFolder();
  config = write('instance.json', JSON.stringify(stack.clientTrustConfig()));
  name = `${registry.host}/app${count++}`;
  digest = await pushImage(`${name}:v1`);
});

function write(file: string, content: string): string {
  writeFileSync(join(folder, file), content);
  return join(folder, file);
}

/** With a token in the environment, and without the Docker configuration of whoever runs this. */
async function image(...args: readonly string[]): Promise<Called> {
  const env = { SIGSTORE_ID_TOKEN: await stack.mintToken({ kind: 'email' }), HOME: folder, COSIGN_PASSWORD: '' };
  return call(['image', ...args], { env });
}

function alice(): readonly string[] {
  const who = ['--certificate-identity', 'alice@example.com', '--certificate-oidc-issuer', stack.urls.oidc];
  return ['--trust-config', config, ...who];
}

/** Key files, and the flags that sign with them and verify without a log. */
function makeKey(): { readonly sign: readonly string[]; readonly verify: readonly string[] } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = write('key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const pub = write('key.pub', publicKey.export({ type: 'spki', format: 'pem' }).toString());
  return { sign: ['--key', key, '--tlog-upload', 'false'], verify: ['--key', pub, '--insecure-ignore-tlog'] };
}

describe.each([
  ['a bundle', []],
  ['the older format', ['--new-bundle-format=false']],
  ['the older format, by the other flag', ['--registry-referrers-mode', 'legacy']],
])('%s', (_, format) => {
  test('is signed and verified keyless', async () => {
    const signed = await image('sign', '--trust-config', config, '--yes', '-a', 'build=42', ...format, `${name}:v1`);
    expect(signed).toMatchObject({ code: 0, out: '' });
    expect(signed.err).toBe(
      `✔ ${name}@${digest} is signed\n  by alice@example.com, as https://sigstore.dev/cosign/sign/v1\n`,
    );
    const verified = await image('verify', ...alice(), '-a', 'build=42', `${name}:v1`);
    expect(verified).toMatchObject({ code: 0, out: '' });
    expect(verified.err).toMatch(new RegExp(`^✔ ${name}@${digest} is verified\n  signed by alice@example.com on `));
    const { code, err } = await image('verify', ...alice(), '-a', 'build=43', `${name}:v1`);
    expect(code).toBe(1);
    expect(err).toMatch(/STATEMENT_INVALID/);
  });

  test('is attested and verified with a key', async () => {
    const key = makeKey();
    const predicate = write('predicate.json', '{"buildDefinition":{},"runDetails":{}}');
    const said = ['--type', 'slsaprovenance1', '--predicate', predicate];
    expect(await image('attest', ...key.sign, ...said, ...format, `${name}:v1`)).toMatchObject({ code: 0 });
    const asked = ['verify', ...key.verify, '--json', `${name}:v1`];
    const { code, out } = await image(...asked, '--type', 'slsaprovenance1');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      verified: true,
      results: [
        {
          image: `${name}:v1`,
          reference: `${name}@${digest}`,
          digest,
          statements: [
            {
              predicateType: 'https://slsa.dev/provenance/v1',
              signer: { kind: 'key' },
              statement: { predicate: { buildDefinition: {}, runDetails: {} }, subject: [{ name }] },
            },
          ],
          rejected: [],
        },
      ],
    });
    const told = await image('verify', ...key.verify, '--type', 'slsaprovenance1', `${name}:v1`);
    expect(told.err).toMatch(/\n {2}signed by the key you gave, which is all that is proven, as https:/);
    const unsigned = await image(...asked);
    expect(unsigned.code).toBe(10);
    expect(JSON.parse(unsigned.out)).toMatchObject({
      verified: false,
      results: [{ error: { code: 'IMAGE_UNSIGNED' } }],
    });
  });

  test('is copied, and shown in the tree', async () => {
    const key = makeKey();
    const { digest: root, images } = await pushIndex(`${name}:v2`);
    await image('sign', ...key.sign, '--recursive', ...format, `${name}:v2`);
    const copied = await image('copy', '--json', `${name}:v2`, `${registry.host}/copies/${name.slice(-4)}:v2`);
    expect(copied.code).toBe(0);
    const { image: target } = JSON.parse(copied.out) as { image: string };
    expect(target).toBe(`${registry.host}/copies/${name.slice(-4)}:v2@${root}`);
    const repository = target.replace(/:v2@.*$/, '');
    for (const part of [root, ...images]) {
      expect((await image('verify', ...key.verify, `${repository}@${part}`)).code).toBe(0);
    }
    const { out } = await image('tree', `${repository}:v2`);
    expect(out.split('\n')[0]).toBe(`${repository}@${root} (nothing below is verified)`);
    expect(out.match(/─ image sha256:.*, linux\/|─ image sha256:.* linux\//g)).toHaveLength(2);
    expect(out.match(/─ (?:bundle|signature) sha256:/g)).toHaveLength(3);
    const tree = JSON.parse((await image('tree', '--json', `${repository}:v2`)).out) as { children: unknown[] };
    expect(tree).toMatchObject({ verified: false, kind: 'index', digest: root });
  });
});

test('an image that nobody signed is told apart from one that is refused, and one that is not there', async () => {
  const none = await image('verify', ...alice(), `${name}:v1`);
  expect(none.code).toBe(10);
  expect(none.err).toBe(`✘ ${name}:v1 is not verified\n  IMAGE_UNSIGNED: ${name}@${digest}: no signature was found\n`);
  expect((await image('verify', ...alice(), `${name}:v2`)).code).toBe(3);
  await image('sign', ...makeKey().sign, `${name}:v1`);
  expect((await image('verify', ...alice(), `${name}:v1`)).code).toBe(1);
  expect((await image('verify', ...alice(), `${name}:v1`, `${name}:v2`)).code).toBe(1);
});

test.each(['--allow-http-registry', '--allow-insecure-registry'])('%s says what it gives away', async (flag) => {
  const away = await image('tree', flag, 'registry.invalid/x');
  expect(away.code).toBe(3);
  expect(away.err).toContain('in plain http others on the way can read the credentials');
  expect((await image('tree', flag, 'localhost:1/x')).err).not.toContain('plain http');
});

test('every check is explained where that is asked for', async () => {
  await image('sign', '--trust-config', config, `${name}:v1`);
  const { code, out } = await image('verify', ...alice(), '--explain', `${name}:v1`);
  expect(code).toBe(0);
  for (const text of [`${name}@${digest}`, 'alice@example.com', 'artifact.subject']) expect(out).toContain(text);
});

test.each([
  ['no image', ['sign'], 2],
  ['a name that is none', ['sign', 'UPPER/case'], 2],
  ['no identity', ['verify', 'localhost:1/x'], 2],
  ['no predicate', ['attest', '--type', 'vuln', 'localhost:1/x'], 2],
  ['a type that is none', ['attest', '--type', 'x y', '--predicate', 'f', 'localhost:1/x'], 2],
  ['an annotation without a value', ['sign', '-a', 'x', 'localhost:1/x'], 2],
  ['an annotation twice', ['sign', '-a', 'x=1', '--annotation', 'x=2', 'localhost:1/x'], 2],
  ['another mode', ['sign', '--registry-referrers-mode', 'x', 'localhost:1/x'], 2],
  ['a password without a user', ['tree', '--registry-password', 'x', 'localhost:1/x'], 2],
  ['a token and a user', ['tree', '--registry-token', 'x', '--registry-username', 'x', 'localhost:1/x'], 2],
  ['one image to copy', ['copy', 'localhost:1/x'], 2],
  ['a destination by digest', ['copy', 'localhost:1/x', `localhost:1/x@sha256:${'0'.repeat(64)}`], 2],
  ['a registry that is not there', ['tree', 'localhost:1/x'], 3],
])('%s', async (_, args, code) => {
  expect((await image(...args)).code).toBe(code);
});

describe('a registry that wants credentials', () => {
  const user = ['--registry-username', 'user', '--registry-password', 'canary-secret'];

  test.each(['basic', 'bearer'] as const)('is given those of the flags or of Docker (%s)', async (kind) => {
    await using guarded = await startOciRegistry({ auth: { kind, username: 'user', password: 'canary-secret' } });
    const target = `${guarded.host}/app:v1`;
    const refused = await image('copy', `${name}:v1`, target);
    expect(refused.code).toBe(3);
    const copied = await image('copy', ...user, `${name}:v1`, target);
    expect(copied).toMatchObject({ code: 0, out: '' });
    expect(copied.err).toMatch(/other users of this machine can see the credentials/);
    mkdirSync(join(folder, '.docker'));
    const auths = { [guarded.host]: { auth: btoa('user:canary-secret') } };
    writeFileSync(join(folder, '.docker', 'config.json'), JSON.stringify({ auths }));
    const key = makeKey();
    const results = [
      await image('sign', ...key.sign, target),
      await image('verify', ...key.verify, target),
      await image('tree', target),
    ];
    expect(results.map((result) => result.code)).toEqual([0, 0, 0]);
    const wrong = await image('tree', '--registry-username', 'user', '--registry-password', 'canary-wrong', target);
    expect(wrong.code).toBe(3);
    for (const { out, err } of [refused, copied, ...results, wrong]) expect(out + err).not.toContain('canary');
    expect(registry.requests.every(({ authorized }) => !authorized)).toBe(true);
  });

  const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
  test.skipIf(!hasOpenssl)('speaks HTTPS by an authority of its own', async () => {
    const [key, cert] = [join(folder, 'tls.key'), join(folder, 'tls.crt')];
    const subject = ['-subj', '/CN=registry', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const made = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      cert,
      ...subject,
    ];
    expect(spawnSync('openssl', made).status).toBe(0);
    const https = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
    await using secure = await startOciRegistry({ https });
    const target = `${secure.host}/app:v1`;
    const trusted = ['--registry-cacert', cert];
    // The flag is for both registries, so the source is on it too.
    expect((await image('tree', target)).code).toBe(3);
    expect(await image('tree', ...trusted, target)).toMatchObject({
      code: 3,
      err: expect.stringMatching(/IMAGE_NOT_FOUND/),
    });
  });
});

test('the stack runs a registry with an image to try, and stops it', async () => {
  const controller = new AbortController();
  const { host, written } = makeHost({ signal: controller.signal });
  const [trust, tokenFile] = [join(folder, 'trust.json'), join(folder, 'token')];
  const flags = ['--trust-config', trust, '--token-file', tokenFile];
  const running = runCommand(['stack', '--json', '--registry', `${await findFreePort()}`, ...flags], host);
  await expect.poll(() => written.err, { timeout: 20_000 }).toContain('An image to sign:');
  const { urls, image: hello } = JSON.parse(written.out) as { urls: { oidc: string }; image: string };
  const env = { HOME: folder, COSIGN_REPOSITORY: hello.replace('hello:v1', 'signatures') };
  const who = ['--certificate-identity', 'alice@example.com', '--certificate-oidc-issuer', urls.oidc];
  const results = [
    await call(['image', 'sign', '--trust-config', trust, '--identity-token-file', tokenFile, hello], { env }),
    await call(['image', 'verify', '--trust-config', trust, ...who, hello], { env }),
    await call(['image', 'verify', '--trust-config', trust, ...who, hello], { env: { HOME: folder } }),
  ];
  expect(results.map(({ code }) => code)).toEqual([0, 0, 10]);
  controller.abort();
  expect(await running).toBe(0);
  expect((await call(['image', 'tree', hello], { env })).code).toBe(3);
});

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describeDockerRegistry('docker-registry', () => {
  test.each([[[]], [['--new-bundle-format=false']]])('takes signatures with %j', async (format) => {
    await using docker = await startDockerRegistry();
    await pushImage(`${docker.host}/app:v1`);
    const key = makeKey();
    expect((await image('sign', ...key.sign, ...format, `${docker.host}/app:v1`)).code).toBe(0);
    expect((await image('verify', ...key.verify, `${docker.host}/app:v1`)).code).toBe(0);
    expect((await image('copy', `${docker.host}/app:v1`, `${registry.host}/from-docker:v1`)).code).toBe(0);
    expect((await image('verify', ...key.verify, `${registry.host}/from-docker:v1`)).code).toBe(0);
  });
});

describe.skipIf(!isBuilt)(isBuilt ? 'several processes' : 'several processes (not built)', () => {
  test.each([[[]], [['--new-bundle-format=false']]])('attach at once and lose nothing, with %j', async (format) => {
    await using tagged = await startOciRegistry({ referrers: false });
    const target = `${tagged.host}/app:v1`;
    await pushImage(target);
    const key = makeKey();
    const runs = ['1', '2', '3', '4'].map(async (n) => {
      const args = [KEYWAX, 'image', 'sign', ...key.sign, ...format, '-a', `n=${n}`, target];
      const child = spawn(process.execPath, args, { env: { ...process.env, HOME: folder }, stdio: 'ignore' });
      return ((await once(child, 'close')) as [number])[0];
    });
    expect(await Promise.all(runs)).toEqual([0, 0, 0, 0]);
    const { out } = await image('verify', ...key.verify, '--json', target);
    const [result] = (JSON.parse(out) as { results: { statements: { annotations: { n: string } }[] }[] }).results;
    expect(result?.statements.map(({ annotations }) => annotations.n).sort()).toEqual(['1', '2', '3', '4']);
  });
});
