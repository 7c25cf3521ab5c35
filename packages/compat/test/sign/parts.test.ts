// SPDX-License-Identifier: Apache-2.0
// Builders with parts of the caller's, options in every form, and what is done when.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { corpus, describeCorpus } from '../../../../test/corpus.js';
import { sendJson, serve } from '../../../../test/loopback.js';
import { bundleFromJSON } from '../../src/bundle.js';
import { type SignOptions, attest, sign } from '../../src/index.js';
import {
  CIContextProvider,
  DSSEBundleBuilder,
  FulcioSigner,
  MessageSignatureBundleBuilder,
  type Signer,
  type Witness,
  bundleBuilderFromSigningConfig,
} from '../../src/sign.js';
import { type FetchOptions, toTransport } from '../../src/sign/fetch-options.js';
import { encodeIntotoProposal } from '../../src/sign/intoto-proposal.js';
import type { ProtoSigningConfig } from '../../src/sign/signing-config.js';
import { failure, useWorld } from './world.js';

const world = useWorld();
const PAYLOAD = Buffer.from('payload');

describe('a payload', () => {
  test('may be any view of bytes, and what the caller writes later changes nothing', async () => {
    const bytes = new Uint8Array(Buffer.from('..payload..')).subarray(2, 9);
    const promise = attest(bytes, 'text/plain', world().options());
    bytes.fill(0);
    const bundle = await promise;
    expect(bundle.dsseEnvelope?.payload).toBe(PAYLOAD.toString('base64'));
    expect(Buffer.isBuffer(bundleFromJSON(bundle).verificationMaterial.tlogEntries[0]?.canonicalizedBody)).toBe(true);
  });
});

describe('a bundle', () => {
  test.each([
    ['sign', () => sign(PAYLOAD, world().options({ tlogUpload: false }))],
    ['attest', () => attest(PAYLOAD, 'text/plain', world().options({ tlogUpload: false }))],
  ])('of %s without a log entry has an empty list of them', async (_name, call) => {
    const bundle = await call();
    expect(bundle.verificationMaterial.tlogEntries).toEqual([]);
    expect(Object.hasOwn(JSON.parse(JSON.stringify(bundle)).verificationMaterial, 'tlogEntries')).toBe(true);
  });
});

describe('witnesses', () => {
  const signer: Signer = {
    sign: async () => ({ signature: Buffer.from('s'), key: { $case: 'publicKey', publicKey: 'PEM', hint: 'h' } }),
  };

  test('are all asked before one has answered, and their evidence keeps their order', async () => {
    const asked: number[] = [];
    let release: (() => void) | undefined;
    const all = new Promise<void>((resolve) => (release = resolve));
    const makeWitness = (number: number): Witness => ({
      testify: async () => {
        if (asked.push(number) === 3) release?.();
        await all;
        return { rfc3161Timestamps: [{ signedTimestamp: Buffer.from([number]) }] };
      },
    });
    const builder = new DSSEBundleBuilder({ signer, witnesses: [1, 2, 3].map(makeWitness) });
    const { verificationMaterial } = await builder.create({ data: PAYLOAD, type: 'text/plain' });
    const stamps = verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
    expect(stamps.map(({ signedTimestamp }) => signedTimestamp[0])).toEqual([1, 2, 3]);
  });

  test('and signers that fail are not wrapped', async () => {
    const thrown = new RangeError('of the caller');
    const fails = () => Promise.reject(thrown);
    const withSigner = new MessageSignatureBundleBuilder({ signer: { sign: fails }, witnesses: [] });
    const withWitness = new MessageSignatureBundleBuilder({ signer, witnesses: [{ testify: fails }] });
    await expect(withSigner.create({ data: PAYLOAD })).rejects.toBe(thrown);
    await expect(withWitness.create({ data: PAYLOAD })).rejects.toBe(thrown);
  });
});

describe('a certificate authority', () => {
  test('may have no transparency log, as those for private builds', async () => {
    world().disturb('fulcio', async (_, next) => {
      const { signedCertificateEmbeddedSct } = (await (await next()).json()) as Record<string, object>;
      return Response.json({ signedCertificateDetachedSct: signedCertificateEmbeddedSct });
    });
    const options = world().options({ tlogUpload: false, tsaServerURL: world().stack.urls.tsa });
    const bundle = await attest(PAYLOAD, 'text/plain', options);
    expect(bundle.verificationMaterial.certificate?.rawBytes).toBeDefined();
    expect(bundle.verificationMaterial.tlogEntries).toEqual([]);
  });
});

describe('a signer', () => {
  test.each([
    ['a private key', 'PRIVATE KEY'],
    ['a public key', 'PUBLIC KEY'],
    ['nothing', undefined],
  ])('that gives %s for its certificate publishes nothing', async (_name, label) => {
    const secret = Buffer.from('CANARY-SECRET').toString('base64');
    const certificate = label === undefined ? '' : `-----BEGIN ${label}-----\n${secret}\n-----END ${label}-----\n`;
    const shown: string[] = [];
    const witness: Witness = { testify: async (_content, pem) => (shown.push(pem), {}) };
    const parts = {
      signer: { sign: async () => ({ signature: PAYLOAD, key: { $case: 'x509Certificate' as const, certificate } }) },
      witnesses: [witness],
    };
    for (const builder of [new DSSEBundleBuilder(parts), new MessageSignatureBundleBuilder(parts)]) {
      const error = await builder.create({ data: PAYLOAD, type: 'x' }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'INPUT_MALFORMED' });
      expect(inspect(error, { depth: 9 })).not.toContain(secret);
    }
    expect(shown).toEqual([]);
  });

  test('has one key, and gets a certificate and a token for each signature', async () => {
    let tokens = 0;
    const identityProvider = { getToken: async () => (tokens++, world().token) };
    const signer = new FulcioSigner({ fulcioBaseURL: world().stack.urls.fulcio, identityProvider });
    const [first, second] = [await signer.sign(PAYLOAD), await signer.sign(PAYLOAD)];
    expect(tokens).toBe(2);
    expect(first.key).not.toEqual(second.key);
    expect(world().seen).toEqual(['fulcio POST', 'fulcio POST']);
  });

  test('passes on what its source of tokens says', async () => {
    const cause = new Error('ask again tomorrow');
    const identityProvider = { getToken: () => Promise.reject(cause) };
    const error = await failure('IDENTITY_TOKEN_READ_ERROR', sign(PAYLOAD, world().options({ identityProvider })));
    expect(error.message).toBe('error retrieving identity token');
    expect(error.cause).toBe(cause);
  });
});

describe('options', () => {
  test('that every object has decide nothing (AP-011)', async () => {
    const elsewhere = 'http://127.0.0.1:1';
    const polluting = { fulcioURL: elsewhere, tsaServerURL: elsewhere, tlogUpload: false, minTimeout: 1e9 };
    const { tlogUpload: _, ...options } = world().options();
    // Not enumerable, or the services of the stack would go astray.
    const every: object = Object.prototype;
    for (const [name, value] of Object.entries(polluting))
      Object.defineProperty(every, name, { value, configurable: true, writable: true });
    try {
      expect((await sign(PAYLOAD, options)).verificationMaterial.tlogEntries).toHaveLength(1);
      expect(toTransport({ retry: { retries: 1 } }).delay).toBeUndefined();
    } finally {
      for (const name of Object.keys(polluting)) Reflect.deleteProperty(every, name);
    }
  });

  test('that a class has count', async () => {
    class Options {
      get tlogUpload(): boolean {
        return false;
      }
    }
    const { tlogUpload: _, ...own } = world().options();
    const options = Object.assign(new Options(), { ...own, tsaServerURL: world().stack.urls.tsa }) as SignOptions;
    expect((await sign(PAYLOAD, options)).verificationMaterial.tlogEntries).toHaveLength(0);
  });

  test.each([[null], ['text'], [7], [[]], [Promise.resolve({})]])('that are %o are refused', async (options) => {
    await expect(sign(PAYLOAD, options as never)).rejects.toBeInstanceOf(TypeError);
    await expect(attest(PAYLOAD, 'text/plain', options as never)).rejects.toBeInstanceOf(TypeError);
  });
});

describe('additions', () => {
  test('send requests in place of the host', async () => {
    const asked: string[] = [];
    const send: NonNullable<FetchOptions['fetch']> = async (url, init) => {
      asked.push(new URL(url).pathname);
      const { method, headers, body } = init;
      return fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
    };
    await sign(PAYLOAD, world().options({ fetch: send, tsaServerURL: world().stack.urls.tsa }));
    expect(asked.sort()).toEqual(['/api/v1/log/entries', '/api/v1/timestamp', '/api/v2/signingCert']);
  });

  test('end what is under way', async () => {
    world().disturb('fulcio', () => new Promise(() => {}));
    const promise = sign(PAYLOAD, world().options({ signal: AbortSignal.timeout(100) }));
    const error = await failure('CA_CREATE_SIGNING_CERTIFICATE_ERROR', promise);
    expect(error.cause).toMatchObject({ code: 'OPERATION_ABORTED' });
  });
});

describe('options for the network', () => {
  test.each<[FetchOptions, number, number | undefined]>([
    [{}, 0, undefined],
    [{ retry: true }, 1, undefined],
    [{ retry: false }, 0, undefined],
    [{ retry: 3 }, 3, undefined],
    [{ retry: { retries: 2 }, timeout: 5_000 }, 2, 5_000],
    [{ retry: {} }, 0, undefined],
    [{ retry: 1_000 }, 10, undefined],
    [{ retry: -1 }, 0, undefined],
    [{ retry: Number.NaN, timeout: Number.NaN }, 0, undefined],
    [{ retry: null as never, timeout: null as never }, 0, undefined],
    [{ timeout: 0 }, 0, undefined],
    [{ timeout: 0.5 }, 0, 1],
    [{ timeout: Number.POSITIVE_INFINITY }, 0, 2 ** 31 - 1],
  ])('%j give %d retries, and %s ms for an attempt', (given, retries, responseTimeoutMs) => {
    const transport = toTransport(given);
    expect(transport).toMatchObject({ retries, allowHttp: 'loopback' });
    expect(transport.responseTimeoutMs).toBe(responseTimeoutMs);
    expect(transport.timeoutMs ?? Infinity).toBeGreaterThanOrEqual(responseTimeoutMs ?? 0);
  });

  describe('name waits', () => {
    afterEach(() => void vi.useRealTimers());

    test.each([
      [{ retries: 3, minTimeout: 1_000 }, [500, 500, 500], [1_000, 2_000, 4_000]],
      [{ retries: 3, minTimeout: 1_000, factor: 10, maxTimeout: 5_000 }, [0, 0, 0], [1_000, 5_000, 5_000]],
      [{ retries: 2, minTimeout: 1 }, [7_000, 400], [7_000, 400]],
    ])('%j: with %j of the schedule or the service %j', async (retry, asked, waited) => {
      vi.useFakeTimers();
      const { delay } = toTransport({ retry });
      for (const [i, ms] of asked.entries()) {
        let over = false;
        void delay?.(ms, new AbortController().signal).then(() => (over = true));
        await vi.advanceTimersByTimeAsync((waited[i] ?? 0) - 1);
        expect(over).toBe(false);
        await vi.advanceTimersByTimeAsync(1);
        expect(over).toBe(true);
      }
    });
  });
});

describe('CIContextProvider', () => {
  const environment = process.env;
  afterEach(() => void (process.env = environment));
  const getToken = (variables: Record<string, string>) => {
    process.env = variables;
    return new CIContextProvider('audience').getToken();
  };

  test('rejects with a text that is no error', async () => {
    await expect(getToken({})).rejects.toBe('CI: no tokens available');
  });

  test('takes the variable, whatever it holds', async () => {
    expect(await getToken({ SIGSTORE_ID_TOKEN: 'anything' })).toBe('anything');
  });

  test('asks the service of GitHub Actions, for the audience', async () => {
    const server = await serve((response) => sendJson(response, 200, { value: 'a.b.c' }));
    const variables = { ACTIONS_ID_TOKEN_REQUEST_URL: `${server.url}/?v=2`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'secret' };
    expect(await getToken(variables)).toBe('a.b.c');
    expect(server.seen).toMatchObject([
      { path: '/?v=2&audience=audience', headers: { authorization: 'Bearer secret' } },
    ]);
  });

  test('asks no other host', async () => {
    const variables = {
      ACTIONS_ID_TOKEN_REQUEST_URL: 'https://keywax.invalid/',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'secret',
    };
    await expect(getToken(variables)).rejects.toBe('CI: no tokens available');
  });

  test('asks the agent of Buildkite', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keywax-agent-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'buildkite-agent'), '#!/bin/sh\necho "$*"\n');
    chmodSync(join(folder, 'buildkite-agent'), 0o755);
    expect(await getToken({ BUILDKITE: 'true', PATH: folder })).toBe('oidc request-token --audience audience');
  });
});

describe('a signing config', () => {
  const service = (url: string, majorApiVersion = 1, validFor?: object, operator = 'a') =>
    ({ url, majorApiVersion, validFor, operator }) as ProtoSigningConfig['caUrls'][number];
  const ANY = { selector: 2, count: 0 };

  const build = (edit: (config: ProtoSigningConfig) => void = () => {}) => {
    const { urls } = world().stack;
    const signingConfig: ProtoSigningConfig = {
      mediaType: '',
      caUrls: [service(urls.fulcio)],
      oidcUrls: [],
      rekorTlogUrls: [service(urls.rekorV1)],
      rekorTlogConfig: { ...ANY },
      tsaUrls: [service(urls.tsa)],
      tsaConfig: { ...ANY },
    };
    edit(signingConfig);
    const identityProvider = { getToken: async () => world().token };
    return bundleBuilderFromSigningConfig({ signingConfig, identityProvider, bundleType: 'messageSignature' });
  };

  test.each<[string, (config: ProtoSigningConfig) => void, number, number]>([
    ['names one of each', () => {}, 1, 1],
    [
      'wants every log',
      (config) => {
        config.rekorTlogUrls.push(service(world().stack.urls.rekorV1, 1, undefined, 'b'));
        config.rekorTlogConfig = { selector: 1, count: 0 };
      },
      2,
      1,
    ],
    [
      'wants two timestamp authorities',
      (config) => {
        config.tsaUrls.push(service(world().stack.urls.tsa, 1, undefined, 'b'));
        config.tsaConfig = { selector: 3, count: 2 };
      },
      1,
      2,
    ],
    ['offers version 2 too', (config) => config.rekorTlogUrls.push(service(world().stack.urls.rekorV2, 2)), 1, 1],
    ['has no log', (config) => (config.rekorTlogConfig = undefined), 0, 1],
    [
      'has a log that begins later',
      (config) => config.rekorTlogUrls.push(service('https://keywax.invalid', 1, { start: new Date(4e12) })),
      1,
      1,
    ],
  ])('that %s is followed', async (_name, edit, entries, timestamps) => {
    const { verificationMaterial } = await build(edit).create({ data: PAYLOAD });
    expect(verificationMaterial.tlogEntries).toHaveLength(entries);
    expect(verificationMaterial.timestampVerificationData?.rfc3161Timestamps).toHaveLength(timestamps);
  });

  test.each<[string, (config: ProtoSigningConfig) => void, string]>([
    ['has no authority', (config) => (config.caUrls = []), 'CONFIG_INVALID'],
    [
      'has an authority that has ended',
      (config) => (config.caUrls = [service('https://keywax.invalid', 1, { end: new Date(1) })]),
      'CONFIG_INVALID',
    ],
    [
      'has logs of versions to come',
      (config) => (config.rekorTlogUrls = [service('https://keywax.invalid', 3)]),
      'INPUT_UNSUPPORTED',
    ],
    [
      'wants more authorities than there are',
      (config) => (config.tsaConfig = { selector: 3, count: 2 }),
      'CONFIG_INVALID',
    ],
    ['says nothing of how many', (config) => (config.tsaConfig = { selector: 0, count: 0 }), 'CONFIG_INVALID'],
  ])('that %s is refused', (_name, edit, code) => {
    expect(() => build(edit)).toThrow(expect.objectContaining({ code }));
  });
});

describeCorpus('an intoto entry of the public log', () => {
  test('is what is expected of a proposal for its envelope', () => {
    const json: unknown = JSON.parse(readFileSync(corpus('real/js/bundleV01-full-cert-chain.sigstore'), 'utf8'));
    const { content, verificationMaterial } = bundleFromJSON(json);
    const body = verificationMaterial.tlogEntries[0]?.canonicalizedBody ?? Buffer.alloc(0);
    const pem = /"publicKey":"([^"]+)"/.exec(body.toString())?.[1] ?? '';
    if (content.$case !== 'dsseEnvelope') expect.fail('no envelope');
    const proposal = encodeIntotoProposal(content.dsseEnvelope, Buffer.from(pem, 'base64').toString());
    expect(Buffer.from(proposal.body).toString()).toBe(body.toString());
  });

  test('is not proposed for a key that is no PEM', () => {
    const envelope = { payload: PAYLOAD, payloadType: 'x', signatures: [{ sig: Buffer.from('s'), keyid: '' }] };
    const code = 'INPUT_MALFORMED';
    expect(() => encodeIntotoProposal(envelope, 'junk')).toThrow(expect.objectContaining({ code }));
  });
});
