// SPDX-License-Identifier: Apache-2.0
// `sign`, `attest` and `stack` over real HTTP on this machine.

import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Stack, startStack } from '@keywax/stack';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runConformance } from '../src/conformance.js';
import { type Called, call, makeFolder, makeHost } from './call.js';

let stack: Stack;
let token: string;
let folder: string;
let config: string;

beforeAll(async () => {
  stack = await startStack();
  token = await stack.mintToken({ kind: 'email' });
});
afterAll(() => stack.close());

beforeEach(() => {
  folder = makeFolder();
  config = write('instance.json', JSON.stringify(stack.clientTrustConfig()));
});

function write(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

/** Signs with a token from the environment. */
function sign(...args: readonly string[]): Promise<Called> {
  return call(['sign', '--trust-config', config, ...args], { env: { SIGSTORE_ID_TOKEN: token } });
}

async function isVerified(file: string, ...args: readonly string[]): Promise<boolean> {
  const who = ['--certificate-identity', 'alice@example.com', '--certificate-oidc-issuer', stack.urls.oidc];
  return (await call(['verify', '--trust-config', config, ...who, ...args, file])).code === 0;
}

describe('sign', () => {
  test('writes a bundle beside each file, and says so in prose', async () => {
    const files = [write('a', 'a'), write('b', 'b')];
    const { code, out, err } = await sign(...files);
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(err.match(/✔ .* is signed/g)).toHaveLength(2);
    for (const file of files) expect(await isVerified(file)).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['a', 'a.sigstore.json', 'b', 'b.sigstore.json', 'instance.json']);
  });

  test('prints the bundle alone where it goes to stdout', async () => {
    const file = write('a', 'a');
    const { code, out } = await sign('--bundle', '-', file);
    expect(code).toBe(0);
    expect(await isVerified(file, '--bundle', write('b.json', out))).toBe(true);
  });

  test('prints what it did as JSON', async () => {
    const file = write('a', 'a');
    const bundle = join(folder, 'elsewhere.json');
    const { out } = await sign('--json', '--bundle', bundle, file);
    expect(JSON.parse(out)).toEqual({ results: [{ file, bundle }] });
  });

  test.each([['p256'], ['p384'], ['p521'], ['PKIX_ECDSA_P384_SHA_384']])('with %s', async (algorithm) => {
    const file = write('a', 'a');
    expect((await sign('--algorithm', algorithm, file)).code).toBe(0);
    expect(await isVerified(file)).toBe(true);
  });

  test('with Ed25519, where the log takes it', async () => {
    config = write('instance.json', JSON.stringify(stack.clientTrustConfig({ rekor: 'v2' })));
    const file = write('a', 'a');
    expect((await sign('--algorithm', 'ed25519', file)).code).toBe(0);
    expect(await isVerified(file)).toBe(true);
  });

  test('with a signing request', async () => {
    const file = write('a', 'a');
    expect((await sign('--csr', file)).code).toBe(0);
    expect(await isVerified(file)).toBe(true);
  });

  test('with a trusted root and a signing config apart', async () => {
    const file = write('a', 'a');
    const documents = [
      '--trusted-root',
      write('root.json', JSON.stringify(stack.trustedRoot)),
      '--signing-config',
      write('signing.json', JSON.stringify(stack.signingConfig())),
    ];
    expect((await call(['sign', ...documents, file], { env: { SIGSTORE_ID_TOKEN: token } })).code).toBe(0);
  });

  test('a file that is large', async () => {
    const file = write('a', 'a'.repeat(3_000_000));
    expect((await sign(file)).code).toBe(0);
    expect(await isVerified(file)).toBe(true);
  });
});

describe('the token', () => {
  test.each([
    ['from a file', () => ({ args: ['--identity-token-file', write('token', `${token}\n`)], env: {} })],
    ['from a variable that is named', () => ({ args: ['--identity-token-env', 'MY_TOKEN'], env: { MY_TOKEN: token } })],
    ['from the variable of Sigstore', () => ({ args: [], env: { SIGSTORE_ID_TOKEN: token } })],
    [
      'from the service of GitHub Actions',
      () => ({
        args: [],
        env: {
          ACTIONS_ID_TOKEN_REQUEST_URL: `${stack.urls.oidc}/github/request-token`,
          ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'any',
        },
      }),
    ],
  ] as const)('comes %s, and is not shown', async (_, source) => {
    const { args, env } = source();
    const { code, err } = await call(['sign', '--trust-config', config, ...args, write('a', 'a')], { env });
    expect(code).toBe(0);
    expect(err).not.toContain(token);
    expect(err).not.toContain('other users');
  });

  test('on the command line is taken, with a warning', async () => {
    const { code, err } = await call(['sign', '--trust-config', config, '--identity-token', token, write('a', 'a')]);
    expect(code).toBe(0);
    expect(err).toContain('shows the token to other users');
    expect(err).not.toContain(token);
  });

  test.each([
    ['that is nowhere', [], {}, 3, 'TOKEN_UNAVAILABLE'],
    ['that is none', [], { SIGSTORE_ID_TOKEN: 'canary' }, 3, 'TOKEN_INVALID'],
    ['in a variable that is not set', ['--identity-token-env', 'MY_TOKEN'], {}, 2, 'CONFIG_INVALID'],
    ['in a variable that only objects have', ['--identity-token-env', 'constructor'], {}, 2, 'CONFIG_INVALID'],
    ['in a file that is not there', ['--identity-token-file', 'missing'], {}, 2, 'FILE_FAILED'],
  ])('%s', async (_, args, env, code, name) => {
    const file = write('a', 'a');
    const called = await call(['sign', '--trust-config', config, ...args, file], { env });
    expect(called).toMatchObject({ code, out: '', err: expect.stringContaining(name) });
    expect(called.err).not.toContain('canary');
    expect(existsSync(`${file}.sigstore.json`)).toBe(false);
  });
});

describe('what exists', () => {
  test('is not overwritten, and nothing is signed', async () => {
    const file = write('a', 'a');
    write('a.sigstore.json', 'mine');
    expect(await sign(file)).toMatchObject({ code: 2, err: expect.stringContaining('--force') });
    expect(readFileSync(`${file}.sigstore.json`, 'utf8')).toBe('mine');
    expect((await sign('--force', file)).code).toBe(0);
    expect(await isVerified(file)).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['a', 'a.sigstore.json', 'instance.json']);
  });

  test('is not overwritten where it is what is signed, even by force', async () => {
    const file = write('a', 'a');
    expect((await sign('--force', '--bundle', file, file)).code).toBe(2);
    expect(readFileSync(file, 'utf8')).toBe('a');
  });

  test('is no folder', async () => {
    mkdirSync(join(folder, 'there'));
    expect((await sign('--force', '--bundle', join(folder, 'there'), write('a', 'a'))).code).toBe(2);
  });
});

test.each(['--identity-token-file', '--identity-token-env'])(
  'a token in place of its place is not repeated: %s',
  async (flag) => {
    const { code, out, err } = await call(['sign', '--trust-config', config, flag, token, write('a', 'a')]);
    expect(code).toBe(2);
    expect(out + err).not.toContain(token.slice(0, 20));
  },
);

describe('a signing that fails', () => {
  test('leaves nothing behind', async () => {
    const broken = {
      ...stack.clientTrustConfig(),
      signingConfig: {
        ...stack.signingConfig(),
        tsaUrls: [{ ...stack.signingConfig().tsaUrls[0], url: `${stack.urls.oidc}/nowhere` }],
      },
    };
    config = write('instance.json', JSON.stringify(broken));
    const { code, err } = await sign(write('a', 'a'));
    expect(code).toBe(3);
    expect(err).toMatch(/^keywax: [A-Z_]+: /);
    expect(readdirSync(folder).sort()).toEqual(['a', 'instance.json']);
  });

  test('in a place that cannot be written leaves nothing either', async () => {
    const missing = join(folder, 'missing', 'b.json');
    expect(await sign('--bundle', missing, write('a', 'a'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('FILE_FAILED'),
    });
    expect(readdirSync(folder).sort()).toEqual(['a', 'instance.json']);
  });

  test('by the signal of the user is an interruption', async () => {
    const options = { env: { SIGSTORE_ID_TOKEN: token }, signal: AbortSignal.abort() };
    expect((await call(['sign', '--trust-config', config, write('a', 'a')], options)).code).toBe(130);
  });
});

describe('attest', () => {
  const TYPE = 'https://example.com/built/v1';
  const attest = (...args: readonly string[]) =>
    call(['attest', '--trust-config', config, '--type', TYPE, ...args], { env: { SIGSTORE_ID_TOKEN: token } });

  test('signs a statement about a file', async () => {
    const file = write('a', 'a');
    expect((await attest('--predicate', write('p.json', '{"by":"hand"}'), file)).code).toBe(0);
    expect(await isVerified(file, '--predicate-type', TYPE)).toBe(true);
    expect(await isVerified(file, '--predicate-type', 'https://example.com/other')).toBe(false);
  });

  test('signs one statement about several files', async () => {
    const [a, b, bundle] = [write('a', 'a'), write('b', 'b'), join(folder, 'bundle.json')];
    expect((await attest('--predicate', write('p.json', '{}'), '--bundle', bundle, a, b)).code).toBe(0);
    expect(await isVerified(a, '--bundle', bundle)).toBe(true);
    expect(await isVerified(b, '--bundle', bundle)).toBe(true);
    expect(await isVerified(write('c', 'c'), '--bundle', bundle)).toBe(false);
  });

  test.each([
    ['no JSON', '{', 'INPUT_MALFORMED'],
    ['JSON with a name twice', '{"a":1,"a":2}', 'INPUT_MALFORMED'],
    ['no object', '[]', 'CONFIG_INVALID'],
  ])('takes a predicate that is %s as a mistake', async (_, predicate, name) => {
    const file = write('a', 'a');
    const { code, err } = await attest('--predicate', write('p.json', predicate), file);
    expect(code).not.toBe(0);
    expect(err).toContain(name);
    expect(existsSync(`${file}.sigstore.json`)).toBe(false);
  });
});

describe('inspect', () => {
  test('marks everything as unverified, in both forms', async () => {
    const file = write('a', 'a');
    await sign(file);
    const { code, out } = await call(['inspect', `${file}.sigstore.json`]);
    expect(code).toBe(0);
    expect(out).toContain('nothing of it is verified');
    expect(out).toMatch(/signer +alice@example\.com/);
    expect(JSON.parse((await call(['inspect', '--json', `${file}.sigstore.json`])).out)).toMatchObject({
      verified: false,
      claims: expect.arrayContaining([{ name: 'signer', value: 'alice@example.com' }]),
    });
  });

  test('refuses what is no bundle', async () => {
    expect(await call(['inspect', write('a', '{}')])).toMatchObject({ code: 1, out: '' });
  });
});

describe('the conformance protocol', () => {
  const conform = async (...args: readonly string[]) => {
    const { host, written } = makeHost();
    return { code: await runConformance(args, host), ...written };
  };
  const services = () => [
    '--trusted-root',
    write('root.json', JSON.stringify(stack.trustedRoot)),
    '--signing-config',
    write('signing.json', JSON.stringify(stack.signingConfig())),
  ];

  test('signs what it verifies, in silence', async () => {
    const [file, bundle] = [write('a', 'a'), join(folder, 'b.json')];
    const [root, rootPath, ...rest] = services() as [string, string, ...string[]];
    expect(
      await conform('sign-bundle', '--identity-token', token, '--bundle', bundle, root, rootPath, ...rest, file),
    ).toEqual({ code: 0, out: '', err: '' });
    const who = ['--certificate-identity', 'alice@example.com', '--certificate-oidc-issuer', stack.urls.oidc];
    expect(await conform('verify-bundle', '--bundle', bundle, ...who, root, rootPath, file)).toEqual({
      code: 0,
      out: '',
      err: '',
    });
    expect(await conform('verify-bundle', '--bundle', bundle, ...who, root, rootPath, config)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^ARTIFACT_MISMATCH: /),
    });
  });

  test('signs a statement as it is', async () => {
    const statement = write(
      's.json',
      `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"${'0'.repeat(64)}"}}],"predicateType":"x:y","predicate":{}}`,
    );
    const bundle = join(folder, 'b.json');
    expect(
      (
        await conform(
          'sign-bundle',
          '--in-toto',
          '--identity-token',
          token,
          '--bundle',
          bundle,
          ...services(),
          statement,
        )
      ).code,
    ).toBe(0);
    const { dsseEnvelope } = JSON.parse(readFileSync(bundle, 'utf8')) as {
      readonly dsseEnvelope: { readonly payload: string };
    };
    expect(Buffer.from(dsseEnvelope.payload, 'base64').toString()).toBe(readFileSync(statement, 'utf8'));
  });

  test.each([
    ['no call', []],
    ['an unknown call', ['verify']],
    ['no bundle', ['verify-bundle', '--key', 'k', 'file']],
    ['no file', ['verify-bundle', '--bundle', 'b', '--key', 'k']],
    ['no token', ['sign-bundle', '--bundle', 'b', 'file']],
  ])('refuses %s with a name', async (_, args) => {
    expect(await conform(...args)).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/^CONFIG_INVALID: /) });
  });
});

describe('staging in the conformance protocol', () => {
  test.each([
    ['verify-bundle', ['--certificate-identity', 'a', '--certificate-oidc-issuer', 'b']],
    ['sign-bundle', ['--identity-token', 'x']],
  ])('needs its root once, for %s', async (name, args) => {
    const { host, written } = makeHost({ env: { HOME: folder, XDG_DATA_HOME: folder } });
    expect(await runConformance([name, '--staging', ...args, '--bundle', 'b', write('a', 'a')], host)).toBe(3);
    expect(written.err).toMatch(/^TUF_TARGET_MISSING: .*keywax trust init/);
  });
});

describe('stack', () => {
  test('runs until it is stopped, and what it writes is enough to sign and verify', async () => {
    const controller = new AbortController();
    const { host, written } = makeHost({ signal: controller.signal });
    const { runCommand } = await import('../src/run.js');
    const [trust, tokenFile, file] = [join(folder, 'tc.json'), join(folder, 'token'), write('a', 'a')];
    const running = runCommand(
      ['stack', '--json', '--directory', join(folder, 'state'), '--trust-config', trust, '--token-file', tokenFile],
      host,
    );
    await expect.poll(() => written.err, { timeout: 20_000 }).toContain('The stack is running');
    const { urls, tufRoot } = JSON.parse(written.out) as {
      readonly urls: Readonly<Record<'oidc' | 'tuf', string>>;
      readonly tufRoot: string;
    };
    expect((await call(['sign', '--trust-config', trust, '--identity-token-file', tokenFile, file])).code).toBe(0);
    const who = ['--certificate-identity', 'alice@example.com', '--certificate-oidc-issuer', urls.oidc];
    expect((await call(['verify', '--trust-config', trust, ...who, file])).code).toBe(0);
    expect(written.err).toContain(`--explain ${who.join(' ')} FILE`);
    expect((await call(['verify', '--tuf-mirror', urls.tuf, '--tuf-root', tufRoot, ...who, file])).code).toBe(0);
    controller.abort();
    expect(await running).toBe(0);
    await expect(fetch(urls.oidc)).rejects.toThrow();
  });

  test('shows how to sign and verify without a token file, too', async () => {
    const controller = new AbortController();
    const { host, written } = makeHost({ signal: controller.signal });
    const { runCommand } = await import('../src/run.js');
    const running = runCommand(['stack'], host);
    await expect.poll(() => written.err, { timeout: 20_000 }).toContain('The stack is running');
    const [, url = '', token = ''] = /_URL='(.+)' .*_TOKEN=(.+)/.exec(written.err) ?? [];
    const lines = written.err.split('\n').map((line) => line.trim());
    const file = write('a', 'a');
    const args = ['sign', 'verify'].map((name) =>
      (lines.find((line) => line.startsWith(`keywax ${name}`)) ?? '').replace(' FILE', ` ${file}`).split(' ').slice(1),
    );
    const env = { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token };
    expect(await call(args[0] ?? [], { env })).toMatchObject({ code: 0 });
    expect(await call(args[1] ?? [])).toMatchObject({ code: 0 });
    controller.abort();
    expect(await running).toBe(0);
  });

  test('says what is wrong with its folder', async () => {
    const path = write('state', 'a file');
    expect(await call(['stack', '--directory', path])).toMatchObject({
      code: 2,
      err: expect.stringContaining('FILE_FAILED'),
    });
  });
});

test.skipIf(process.getuid?.() === 0)('a folder without permission is named', async () => {
  const file = write('a', 'a');
  chmodSync(folder, 0o500);
  expect((await sign(file)).code).toBe(2);
  chmodSync(folder, 0o700);
});
