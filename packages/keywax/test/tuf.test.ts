// SPDX-License-Identifier: Apache-2.0
// Signing and verifying with trust and services from the TUF repository of a local instance.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Interceptor, type Stack, startStack } from '@keywax/stack';
import { type InstanceChoice, initInstance } from '@keywax/tuf';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import {
  type Instance,
  type SerializedBundle,
  type Verified,
  attest,
  createVerifier,
  email,
  githubActions,
  sign,
  unsafeAnyIdentity,
  verify,
} from '../src/index.js';
import { refusalOf } from './refusal.js';

const ARTIFACT = new TextEncoder().encode('the artifact\n');
const DAY_MS = 86_400_000;

/** A network that is not there. */
async function refuse(): Promise<never> {
  throw new TypeError('no network');
}

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'keywax-facade-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const requests: string[] = [];
const watch: Interceptor = async (request, next) => {
  requests.push(new URL(request.url).pathname);
  return next();
};
const refreshes = (): number => requests.filter((path) => path === '/timestamp.json').length;

let stack: Stack;
let identityToken: string;
let bundle: SerializedBundle;
let cacheDirectory = '';

const mirror = (): Instance => ({ mirrorUrl: stack.urls.tuf, root: stack.tuf.root() });
type Options = Partial<Parameters<typeof verify>[1]>;

async function verifyAlice(signed: object, options: Options = {}): Promise<Verified> {
  const identity = email({ address: 'alice@example.com', issuer: stack.urls.oidc });
  return verify(signed, { artifact: ARTIFACT, identity, instance: mirror(), cacheDirectory, ...options });
}

beforeAll(async () => {
  stack = await startStack({ faults: { tuf: watch } });
  identityToken = await stack.mintToken({ kind: 'email' });
  bundle = await sign(ARTIFACT, { identityToken, instance: { trustConfig: stack.clientTrustConfig() } });
});
afterAll(() => stack.close());
beforeEach(() => {
  cacheDirectory = createFolder();
  requests.length = 0;
});

describe('online', () => {
  test.each(['v1', 'v2'] as const)('signs by the distributed signing config, with Rekor %s', async (rekor) => {
    await stack.tuf.publish({ signingConfig: stack.signingConfig({ rekor }) });
    const options = { identityToken, instance: mirror(), cacheDirectory };
    const signed = await sign(ARTIFACT, options);
    expect((await verifyAlice(signed)).entries).toHaveLength(1);
    const { verificationMaterial } = signed;
    expect(verificationMaterial.tlogEntries?.[0]?.kindVersion.version).toBe(rekor === 'v1' ? '0.0.1' : '0.0.2');
    const statement = { subjects: [{ name: 'artifact', artifact: ARTIFACT }], predicateType: 'x:y', predicate: {} };
    expect((await verifyAlice(await attest(statement, options))).subject?.name).toBe('artifact');
    expect(refreshes()).toBe(1);
  });

  test('needs a root only once', async () => {
    const instance: InstanceChoice = { mirrorUrl: stack.urls.tuf };
    expect(await refusalOf(() => verifyAlice(bundle, { instance }))).toBe('TUF_TARGET_MISSING');
    await initInstance({ instance, root: stack.tuf.root(), cacheDirectory });
    expect((await verifyAlice(bundle, { instance })).report.verdict).toBe('verified');
  });

  test('fifty verifications at once make one refresh', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => verifyAlice(bundle)));
    expect(all.every(({ report }) => report.verdict === 'verified')).toBe(true);
    expect(refreshes()).toBe(1);
  });

  test('goes on through rotations of root and online keys, in one verifier and in others', async () => {
    const verifier = await createVerifier({ instance: mirror(), cacheDirectory });
    await stack.tuf.rotateRoot();
    await stack.tuf.rotateOnlineKeys();
    const options = { artifact: ARTIFACT, identity: unsafeAnyIdentity } as const;
    await verifier.verify(bundle, options);
    await verifyAlice(bundle, { cacheDirectory: createFolder() });
    // By tomorrow's clock the cache is old: it answers, and the refresh follows the new roots.
    const now = new Date(Date.now() + 2 * DAY_MS);
    await verifier.verify(bundle, { ...options, now });
    expect(verifier.verifySync(bundle, options).report.verdict).toBe('verified');
  });

  test.each([
    ['a bundle that is none', {}, 'BUNDLE_INVALID'],
    ['no identity', { identity: undefined as never }, 'CONFIG_INVALID'],
    ['a signal that has fired', { signal: AbortSignal.abort() }, 'OPERATION_ABORTED'],
  ] as const)('asks nothing for %s', async (_, options, code) => {
    const input = code === 'BUNDLE_INVALID' ? {} : bundle;
    expect(await refusalOf(() => verifyAlice(input, options))).toBe(code);
    expect(requests).toEqual([]);
  });

  test('takes away trust that was withdrawn', async () => {
    await verifyAlice(bundle);
    const without = { ...stack.trustedRoot, tlogs: [] };
    await stack.tuf.publish({ trustedRoot: without });
    onTestFinished(() => stack.tuf.publish({ trustedRoot: stack.trustedRoot }));
    expect(await refusalOf(() => verifyAlice(bundle, { cacheDirectory: createFolder() }))).toBe('LOG_THRESHOLD');
  });

  test.each([
    ['rollback', 'TUF_VERSION_ROLLBACK'],
    ['wrongKeys', 'TUF_SIGNATURE_INVALID'],
    ['endlessData', 'INPUT_TOO_LARGE'],
    ['mixAndMatch', 'TUF_CONTENT_MISMATCH'],
    ['freeze', 'TUF_METADATA_EXPIRED'],
  ] as const)('an expired cache is not refreshed by an attack: %s', async (attack, code) => {
    let now = new Date();
    await using other = await startStack({ now: () => now });
    await other.tuf.publish({ trustedRoot: stack.trustedRoot });
    const instance = { mirrorUrl: other.urls.tuf, root: other.tuf.root() };
    await verifyAlice(bundle, { instance, now });
    other.tuf.attack(attack);
    now = new Date(now.getTime() + 8 * DAY_MS);
    await other.tuf.publish();
    expect(await refusalOf(() => verifyAlice(bundle, { instance, now }))).toBe(code);
    // What was verified before is as it was, and the truth is taken up again.
    await verifyAlice(bundle, { instance, now, offline: true });
    other.tuf.attack();
    await verifyAlice(bundle, { instance, now });
  });
});

describe('offline', () => {
  test('verifies after one refresh, without asking, whatever the date', async () => {
    await verifyAlice(bundle);
    for (const now of [new Date(), new Date(Date.now() + 400 * DAY_MS)]) {
      const { report } = await verifyAlice(bundle, { offline: true, fetch: refuse, now });
      expect(report.verdict).toBe('verified');
    }
    expect(refreshes()).toBe(1);
  });

  test('verifies no more than before', async () => {
    await verifyAlice(bundle);
    const options = { offline: true, fetch: refuse };
    expect(await refusalOf(() => verifyAlice(bundle, { ...options, artifact: new Uint8Array(3) }))).toBe(
      'ARTIFACT_MISMATCH',
    );
  });

  test('bounds the age where that is asked for', async () => {
    await verifyAlice(bundle);
    const now = new Date(Date.now() + 3 * DAY_MS);
    expect(await refusalOf(() => verifyAlice(bundle, { offline: { maxAgeDays: 2 }, now }))).toBe(
      'TUF_METADATA_EXPIRED',
    );
  });

  test('has nothing where nothing was ever fetched', async () => {
    expect(await refusalOf(() => verifyAlice(bundle, { offline: true }))).toBe('TUF_TARGET_MISSING');
    expect(readdirSync(cacheDirectory)).toEqual([]);
  });

  test('without a network but online, an expired cache says so', async () => {
    await verifyAlice(bundle);
    const now = new Date(Date.now() + 8 * DAY_MS);
    expect(await refusalOf(() => verifyAlice(bundle, { fetch: refuse, retries: 0, now }))).toBe('NETWORK_FAILED');
  });

  const hasNamespaces = spawnSync('unshare', ['--net', '--map-root-user', 'true']).status === 0;
  test.skipIf(!hasNamespaces)('verifies in a process that has no network', async () => {
    await verifyAlice(bundle);
    const folder = createFolder();
    const paths = { bundle: join(folder, 'bundle.json'), root: join(folder, 'root.json') };
    writeFileSync(paths.bundle, JSON.stringify(bundle));
    writeFileSync(paths.root, stack.tuf.root());
    const script = fileURLToPath(new URL('offline-child.mjs', import.meta.url));
    const node = [process.execPath, '--conditions=source', '--no-warnings', script];
    const args = [...node, paths.bundle, paths.root, stack.urls.tuf, cacheDirectory];
    const run = (): string => execFileSync('unshare', ['--net', '--map-root-user', ...args], { encoding: 'utf8' });
    expect(JSON.parse(run())).toEqual({ verdict: 'verified', reachable: false });
  });
});

describe('an instance without logs', () => {
  test('takes timestamps in their place, and lets the caller ask for more', async () => {
    await initInstance({ instance: 'github', root: stack.tuf.root(), cacheDirectory });
    const config = stack.signingConfig();
    const signed = await sign(ARTIFACT, {
      identityToken,
      instance: { trustedRoot: stack.trustedRoot, signingConfig: { ...config, rekorTlogUrls: [] } },
    });
    const fetch = async (url: string): Promise<Response> =>
      globalThis.fetch(url.replace('https://tuf-repo.github.com', stack.urls.tuf));
    const options = { instance: 'github', fetch } as const;
    expect((await verifyAlice(signed, options)).times.map(({ source }) => source)).toEqual(['timestamp']);
    expect(await refusalOf(() => verifyAlice(signed, { ...options, logThreshold: 1 }))).toBe('LOG_THRESHOLD');
    expect(await refusalOf(() => verifyAlice(signed))).toBe('LOG_THRESHOLD');
  });
});

describeCorpus('production on a machine without a network', () => {
  const identity = githubActions({
    repository: 'sigstore-conformance/extremely-dangerous-public-oidc-beacon',
    workflow: 'extremely-dangerous-oidc-beacon.yml',
    ref: 'refs/heads/main',
  });
  const verifyReal = async (options: Options): Promise<Verified> =>
    verify(readFileSync(corpus('conformance/bundle-verify/happy-path-v0.3/bundle.sigstore.json')), {
      artifact: readFileSync(corpus('conformance/bundle-verify/a.txt')),
      identity,
      cacheDirectory,
      ...options,
    });

  test.each([
    ['a network that refuses', { fetch: refuse, retries: 0 }],
    ['a network that hangs', { fetch: async () => new Promise<never>(() => {}), timeoutMs: 100 }],
    ['offline', { offline: true }],
  ] as const)('verifies with what is compiled in: %s', async (_, options) => {
    expect((await verifyReal(options)).report.verdict).toBe('verified');
  });

  test('but not where something else answers', async () => {
    const fetch = async (): Promise<Response> => new Response('<html>Please log in</html>');
    expect(await refusalOf(() => verifyReal({ fetch }))).toBe('TUF_METADATA_INVALID');
  });
});
