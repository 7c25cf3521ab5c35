// SPDX-License-Identifier: Apache-2.0
// What `verify` and `createVerifier` can do that the original cannot. What both can is compared with the original elsewhere.

import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { isKeywaxError } from '@keywax/core/errors';
import { startStack } from '@keywax/stack';
import { USERNAME_TYPE_ID, createLab, generateSigningKey, personaIdentity } from '@keywax/stack/lab';
import { afterAll, describe, expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import { type CompatEvent, TUFError, type VerifyOptions, createVerifier, verify } from '../src/index.js';

const lab = await createLab();
const trustedRoot = lab.trustedRoot();
const message = await lab.makeBundle({ content: 'message', logs: 'v1' });
const envelope = await lab.makeBundle({ content: 'dsse', logs: 'v1', identity: personaIdentity('github') });
const ISSUER = 'https://oidc.localhost';
const SUBJECT = 'alice@example.com';
const WORKFLOW = 'https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main';

const folder = mkdtempSync(join(tmpdir(), 'keywax-compat-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Verifies the message, and a second time with a verifier: both come to the same. */
async function verifyTwice(made: { readonly bundle: object }, data: Uint8Array | undefined, options: VerifyOptions) {
  const whole = { trustedRoot, ...options };
  const outcomes = await Promise.allSettled([
    verify(made.bundle as never, data, whole),
    createVerifier(whole).then((verifier) => verifier.verify(made.bundle as never, data)),
  ]);
  const [first, second] = outcomes.map((outcome) =>
    outcome.status === 'fulfilled' ? 'accepted' : ((outcome.reason as { code?: string }).code ?? outcome.reason.name),
  );
  expect(second).toBe(first);
  return first;
}

describe('trust that the caller has', () => {
  const path = join(folder, 'trusted_root.json');
  writeFileSync(path, JSON.stringify(trustedRoot));

  test.each([
    ['an object', trustedRoot],
    ['bytes', Buffer.from(JSON.stringify(trustedRoot))],
    ['the path of a file', path],
  ])('as %s', async (_, root) => {
    expect(await verifyTwice(message, message.artifact, { trustedRoot: root })).toBe('accepted');
  });

  test('is refused where it is none', async () => {
    expect(await verifyTwice(message, message.artifact, { trustedRoot: {} })).toBe('TRUST_INVALID');
  });
});

describe('the identity', () => {
  test.each<readonly [VerifyOptions, string]>([
    [{ certificateIdentity: SUBJECT }, 'accepted'],
    [{ certificateIdentity: 'alice@example' }, 'UNTRUSTED_SIGNER_ERROR'],
    [{ certificateIdentity: 'alice@example.co.' }, 'UNTRUSTED_SIGNER_ERROR'],
    [{ certificateIdentityRegexp: 'alice@.*' }, 'accepted'],
    [{ certificateIdentityRegexp: 'alice@' }, 'UNTRUSTED_SIGNER_ERROR'],
    [{ certificateIdentityRegexp: '(alice)\\1' }, 'CONFIG_INVALID'],
    [{ certificateOidcIssuer: ISSUER }, 'accepted'],
    [{ certificateOidcIssuer: 'https://oidc' }, 'UNTRUSTED_SIGNER_ERROR'],
    [{ certificateOidcIssuerRegexp: 'https://oidc\\..*' }, 'accepted'],
    [{ certificateOidcIssuerRegexp: 'https://oidc' }, 'UNTRUSTED_SIGNER_ERROR'],
    [{ certificateIssuer: ISSUER, certificateOidcIssuer: ISSUER }, 'accepted'],
    [{ certificateIssuer: ISSUER, certificateOidcIssuer: 'https://other' }, 'CONFIG_INVALID'],
    [{ certificateIdentity: SUBJECT, certificateIdentityRegexp: '.*' }, 'CONFIG_INVALID'],
    [{ certificateIdentity: SUBJECT, certificateIdentityEmail: '^alice' }, 'accepted'],
    [{ certificateIdentity: SUBJECT, certificateIdentityEmail: '^mallory' }, 'UNTRUSTED_SIGNER_ERROR'],
    [{ certificateIdentity: 'mallory@example.com', certificateIdentityEmail: '^alice' }, 'UNTRUSTED_SIGNER_ERROR'],
  ])('%j: %s', async (options, expected) => {
    expect(await verifyTwice(message, message.artifact, options)).toBe(expected);
  });

  test('of a workflow with the extensions of its certificate', async () => {
    const certificateOIDs = { '1.3.6.1.4.1.57264.1.5': 'octo-org/octo-repo' };
    expect(await verifyTwice(envelope, undefined, { certificateIdentity: WORKFLOW, certificateOIDs })).toBe('accepted');
  });

  test('of a user name is none that an expression could match', async () => {
    const made = await lab.makeBundle({
      content: 'message',
      logs: 'v1',
      identity: {
        ...personaIdentity('email'),
        name: { kind: 'otherName', typeId: USERNAME_TYPE_ID, value: 'alice!example.com' },
      },
    });
    const options = { certificateIdentityEmail: 'alice' };
    expect(await verifyTwice(made, made.artifact, options)).toBe('UNTRUSTED_SIGNER_ERROR');
  });
});

describe('the artifact', () => {
  const digest = (bytes: Uint8Array) => ({ sha256: createHash('sha256').update(bytes).digest() });

  test.each([
    ['a message by its digest', message, message.artifact, 'accepted'],
    ['a message by another digest', message, Buffer.from('other'), 'SIGNATURE_ERROR'],
    ['a subject of an envelope', envelope, envelope.artifact, 'accepted'],
    ['no subject of an envelope', envelope, Buffer.from('other'), 'SIGNATURE_ERROR'],
  ])('%s', async (_, made, bytes, expected) => {
    expect(await verifyTwice(made, undefined, { digest: digest(bytes) })).toBe(expected);
  });

  test.each([
    ['a Buffer', Buffer.from(message.artifact)],
    ['a Uint8Array', new Uint8Array(message.artifact)],
    ['a view of a larger buffer', new Uint8Array([0, ...message.artifact, 0]).subarray(1, -1)],
  ])('as %s', async (_, data) => {
    expect(await verifyTwice(message, data, {})).toBe('accepted');
  });

  test('may be left out with undefined before the options', async () => {
    await expect(verify(envelope.bundle as never, undefined, { trustedRoot })).resolves.toHaveProperty('key');
    await expect(verify(envelope.bundle as never, { trustedRoot })).resolves.toHaveProperty('key');
  });
});

describe('thresholds', () => {
  test.each([
    [0, 'accepted'],
    [1, 'accepted'],
    [2, 'accepted'],
    [3, 'TIMESTAMP_ERROR'],
    [Number.NaN, 'TIMESTAMP_ERROR'],
  ])('timestampThreshold %d, of a timestamp and a promise: %s', async (timestampThreshold, expected) => {
    expect(await verifyTwice(message, message.artifact, { timestampThreshold })).toBe(expected);
  });

  test.each([
    ['tlogThreshold', 'CONFIG_INVALID'],
    ['ctLogThreshold', 'CERTIFICATE_ERROR'],
  ])('%s that is no number is refused', async (name) => {
    expect(await verifyTwice(message, message.artifact, { [name]: Number.NaN })).not.toBe('accepted');
  });

  test('nothing but a signature is enough only where the options say so', async () => {
    const key = generateSigningKey('P-256');
    const steps = { timestamps: () => [] };
    const made = await lab.makeBundle({ content: 'message', logs: 'none', managedKey: true, key, steps });
    const keySelector = (): Buffer => Buffer.from(key.spki);
    const bare = { keySelector, tlogThreshold: 0, timestampThreshold: 0 };
    expect(await verifyTwice(made, made.artifact, bare)).toBe('accepted');
    expect(await verifyTwice(made, made.artifact, { ...bare, timestampThreshold: 1 })).toBe('TIMESTAMP_ERROR');
    expect(await verifyTwice(made, made.artifact, { ...bare, tlogThreshold: 1 })).toBe('TLOG_ERROR');
    expect(await verifyTwice(made, Buffer.from('other'), bare)).toBe('SIGNATURE_ERROR');
  });
});

describe('events', () => {
  test.each<readonly [string, VerifyOptions, readonly CompatEvent['kind'][]]>([
    ['nothing about the identity', {}, ['identityUnchecked']],
    ['an exact identity', { certificateIdentity: SUBJECT }, []],
    ['an issuer alone', { certificateIssuer: ISSUER }, []],
    ['an anchored expression', { certificateIdentityEmail: '^alice@example\\.com$' }, []],
    ['plain text', { certificateIdentityEmail: SUBJECT }, ['identityUnanchored']],
    ['an expression that is open at its end', { certificateIdentityEmail: '^alice' }, ['identityUnanchored']],
  ])('%s', async (_, options, kinds) => {
    const events: CompatEvent[] = [];
    await verify(message.bundle as never, message.artifact, {
      trustedRoot,
      ...options,
      onEvent: (e) => events.push(e),
    });
    expect(events.map(({ kind }) => kind)).toEqual(kinds);
  });

  test('data that is given with an envelope', async () => {
    const events: CompatEvent[] = [];
    const options = { trustedRoot, certificateIdentity: WORKFLOW, onEvent: (event: CompatEvent) => events.push(event) };
    await verify(envelope.bundle as never, envelope.artifact, options);
    expect(events).toMatchObject([{ kind: 'artifactIgnored' }]);
  });
});

describe('errors', () => {
  test('carry the error of the engine with its report', async () => {
    const error = await verify(message.bundle as never, Buffer.from('other'), { trustedRoot }).catch((e: unknown) => e);
    const { cause } = error as { readonly cause: unknown };
    expect(isKeywaxError(cause, 'ARTIFACT_MISMATCH')).toBe(true);
    expect(cause).toHaveProperty('report.verdict', 'refused');
  });

  test('a polluted prototype decides nothing', async () => {
    const made = await lab.makeBundle({ content: 'message', logs: 'none' });
    Object.assign(Object.prototype, { tlogThreshold: 0, ctLogThreshold: 0, certificateIssuer: 'https://other' });
    try {
      expect(await verifyTwice(made, made.artifact, {})).toBe('TLOG_ERROR');
      expect(await verifyTwice(message, message.artifact, {})).toBe('accepted');
    } finally {
      for (const name of ['tlogThreshold', 'ctLogThreshold', 'certificateIssuer'])
        Reflect.deleteProperty(Object.prototype, name);
    }
  });
});

describe('trust from a repository', async () => {
  const stack = await startStack();
  afterAll(() => stack.close());
  const tufRootPath = join(folder, 'root.json');
  writeFileSync(tufRootPath, stack.tuf.root());
  const notOurs = ['TIMESTAMP_ERROR', 'CERTIFICATE_ERROR'];

  function open(name: string, forceCache: boolean) {
    const asked: string[] = [];
    const fetch = async (url: string, init: object): Promise<Response> => {
      asked.push(new URL(url).pathname);
      return globalThis.fetch(url, init);
    };
    const options: VerifyOptions = {
      tufMirrorURL: stack.urls.tuf,
      tufRootPath,
      tufCachePath: join(folder, name),
      tufForceCache: forceCache,
      retry: 0,
      fetch: fetch,
    };
    return { asked, options };
  }

  test.each([true, false])('is obtained once for calls at the same time, tufForceCache %s', async (forceCache) => {
    const { asked, options } = open(`together-${forceCache}`, forceCache);
    const calls = Array.from({ length: 20 }, () => verify(message.bundle as never, message.artifact, options));
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.every((outcome) => outcome.status === 'rejected' && notOurs.includes(outcome.reason.code))).toBe(
      true,
    );
    expect(asked.filter((path) => path.endsWith('/timestamp.json'))).toHaveLength(1);
    const before = asked.length;
    await verify(message.bundle as never, message.artifact, options).catch(() => undefined);
    expect(asked).toHaveLength(before);
  });

  test('is another where the root at the same path is another', async () => {
    const { asked, options } = open('replaced', true);
    const rootPath = join(folder, 'replaced.json');
    writeFileSync(rootPath, stack.tuf.root());
    const call = () => createVerifier({ ...options, tufRootPath: rootPath });
    await call();
    const before = asked.length;
    await call();
    expect(asked).toHaveLength(before);
    await using other = await startStack();
    writeFileSync(rootPath, other.tuf.root());
    await expect(call()).rejects.toBeInstanceOf(TUFError);
  });

  test('is the same by whatever name its folder has', async () => {
    const { asked, options } = open('named', true);
    await createVerifier(options);
    const before = asked.length;
    await createVerifier({ ...options, tufCachePath: relative(process.cwd(), options.tufCachePath ?? '') });
    expect(asked).toHaveLength(before);
  });

  test('a failure is not kept', async () => {
    const { options } = open('failing', true);
    let isDown = true;
    const fetch = (url: string, init: object) =>
      isDown ? Promise.reject(new TypeError('fetch failed')) : globalThis.fetch(url, init);
    const call = () => createVerifier({ ...options, fetch: fetch });
    await expect(call()).rejects.toMatchObject({ name: 'TUFError', code: 'TUF_REFRESH_METADATA_ERROR' });
    isDown = false;
    await expect(call()).resolves.toHaveProperty('verify');
  });

  test('a signal ends the wait of its own call alone', async () => {
    const { options } = open('aborted', true);
    const controller = new AbortController();
    const first = createVerifier({ ...options, signal: controller.signal });
    const second = createVerifier(options);
    controller.abort(new Error('enough'));
    await expect(first).rejects.toMatchObject({ code: 'OPERATION_ABORTED' });
    await expect(second).resolves.toHaveProperty('verify');
  });
});

describeCorpus('without a network and without a cache', () => {
  const bundle = JSON.parse(readFileSync(corpus('real/npm/bundle-provenance.json'), 'utf8'));
  const fetch = () => Promise.reject(new TypeError('fetch failed'));

  test('the public instance is what was compiled in, with tufForceCache', async () => {
    const events: CompatEvent[] = [];
    const signer = await verify(bundle, {
      tufCachePath: join(folder, 'compiled'),
      tufForceCache: true,
      retry: 0,
      fetch: fetch,
      onEvent: (event) => events.push(event),
    });
    expect(signer.identity?.extensions?.issuer).toBe('https://token.actions.githubusercontent.com');
    expect(events.map(({ kind }) => kind)).toContain('trustCompiled');
  });

  test('nothing is verified without it', async () => {
    const options = { tufCachePath: join(folder, 'none'), retry: 0, fetch };
    await expect(verify(bundle, options)).rejects.toMatchObject({ code: 'TUF_REFRESH_METADATA_ERROR' });
  });
});
