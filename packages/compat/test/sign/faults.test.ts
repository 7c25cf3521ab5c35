// SPDX-License-Identifier: Apache-2.0
// Signing on a bad day: services that fail, lose their answers, are slow, or answer about something else.

import type { Interceptor } from '@keywax/stack';
import { describe, expect, test } from 'vitest';
import { DEFAULT_FULCIO_URL, attest, sign } from '../../src/index.js';
import { DSSEBundleBuilder, MessageSignatureBundleBuilder, RekorWitness, TSAWitness } from '../../src/sign.js';
import { createEphemeralKeyHolder } from '../../src/sign/signer.js';
import { failure, print, useWorld } from './world.js';

const PAYLOAD = Buffer.from('payload');
const TYPE = 'application/vnd.in-toto+json';
const world = useWorld();

const refuse = (status: number, message = 'no', headers: Record<string, string> = {}): Interceptor => {
  return () => Response.json({ code: status, message }, { status, headers });
};

/** Applies a fault to the first request alone. */
function first(fault: Interceptor): Interceptor {
  let requests = 0;
  return (request, next) => (requests++ === 0 ? fault(request, next) : next());
}

/** Does what is asked, and loses the answer. */
const loseAnswer: Interceptor = async (_, next) => {
  await next();
  return new Response('lost', { status: 502 });
};

const CODES = [
  ['fulcio', 'CA_CREATE_SIGNING_CERTIFICATE_ERROR', 'error creating signing certificate'],
  ['rekorV1', 'TLOG_CREATE_ENTRY_ERROR', 'error creating tlog entry'],
  ['tsa', 'TSA_CREATE_TIMESTAMP_ERROR', 'error creating timestamp'],
] as const;

describe.each(CODES)('where %s', (service, code, text) => {
  // One witness, so that no request is under way when another has failed.
  const witness = () => (service === 'tsa' ? { tlogUpload: false, tsaServerURL: world().stack.urls.tsa } : {});
  const signOnce = (more = {}) => sign(PAYLOAD, world().options({ ...witness(), ...more }));
  const count = () => world().seen.filter((request) => request.startsWith(service)).length;

  test.each([400, 401, 403, 404, 422, 500])(
    'answers %d, the status and what it said are in the error',
    async (status) => {
      world().disturb(service, refuse(status, 'not today'));
      const error = await failure(code, signOnce({ retry: 0 }));
      expect(error.message).toBe(`${text} - (${status}) "not today"`);
      expect(error.cause).toMatchObject({ code: 'NETWORK_STATUS', details: { status } });
    },
  );

  test.each([408, 429, 500, 502, 503, 504])('first answers %d, signing goes on', async (status) => {
    world().disturb(service, first(refuse(status)));
    await signOnce();
    expect(count()).toBe(2);
  });

  test('asks for patience that nobody has, signing ends', async () => {
    world().disturb(service, refuse(503, 'later', { 'retry-after': '3600' }));
    await failure(code, signOnce({ retry: 3 }));
    expect(count()).toBe(1);
  });

  test('hangs once, the next attempt counts', async () => {
    world().disturb(
      service,
      first(() => new Promise(() => {})),
    );
    await signOnce({ timeout: 2_500 });
    expect(count()).toBe(2);
  });

  test('hangs, every attempt ends with its time', async () => {
    world().disturb(service, () => new Promise(() => {}));
    const error = await failure(code, signOnce({ timeout: 150, retry: true }));
    expect(error.cause).toMatchObject({ code: 'NETWORK_TIMEOUT' });
    expect(count()).toBe(2);
  });

  test('redirects, nobody follows', async () => {
    world().disturb(service, () => new Response(null, { status: 307, headers: { location: '/elsewhere' } }));
    const error = await failure(code, signOnce());
    expect(error.cause).toMatchObject({ code: 'NETWORK_REDIRECT' });
  });

  test.each(['http://keywax.invalid', 'ftp://127.0.0.1', 'junk', 'https://user@127.0.0.1:1'])(
    'would be at %s, nothing is sent',
    async (url) => {
      const name = { fulcio: 'fulcioURL', rekorV1: 'rekorURL', tsa: 'tsaServerURL' }[service];
      await failure(code, signOnce({ [name]: url }));
      expect(count()).toBe(0);
    },
  );
});

describe('a log that has the entry already', () => {
  const lost = ['rekorV1 POST', 'rekorV1 POST', 'rekorV1 GET'];
  const asked = () => world().seen.filter((request) => request.startsWith('rekorV1'));

  test.each([
    ['sign', () => sign(PAYLOAD, world().options()), 'hashedrekord'],
    ['attest', () => attest(PAYLOAD, TYPE, world().options()), 'dsse'],
    [
      'attest with legacyCompatibility',
      () => attest(PAYLOAD, TYPE, world().options({ legacyCompatibility: true })),
      'intoto',
    ],
  ])('because its first answer to %s was lost, is asked for it', async (_name, call, kind) => {
    world().disturb('rekorV1', first(loseAnswer));
    const bundle = await call();
    expect(bundle.verificationMaterial.tlogEntries[0]?.kindVersion?.kind).toBe(kind);
    expect(asked()).toEqual(lost);
  });

  test('because its first answer was lost, is asked even where conflicts are not', async () => {
    world().disturb('rekorV1', first(loseAnswer));
    const witness = new RekorWitness({ rekorBaseURL: world().stack.urls.rekorV1, fetchOnConflict: false, retry: 1 });
    const builder = new MessageSignatureBundleBuilder({ signer: createEphemeralKeyHolder(), witnesses: [witness] });
    expect((await builder.create({ data: PAYLOAD })).verificationMaterial.tlogEntries).toHaveLength(1);
    expect(asked()).toEqual(lost);
  });

  test('and does not give it, is the fault of fetching', async () => {
    let posts = 0;
    world().disturb('rekorV1', (request, next) => {
      if (request.method === 'GET') return refuse(400)(request, next);
      return posts++ === 0 ? loseAnswer(request, next) : next();
    });
    const error = await failure('TLOG_FETCH_ENTRY_ERROR', sign(PAYLOAD, world().options()));
    expect(error.message).toBe('error fetching tlog entry - (400) "no"');
  });

  test('and gives another, is found out', async () => {
    const other = await sign(Buffer.from('other'), world().options());
    const index = other.verificationMaterial.tlogEntries[0]?.logIndex ?? '';
    world().disturb('rekorV1', answerOther(index));
    await failure('TLOG_FETCH_ENTRY_ERROR', sign(PAYLOAD, world().options()));
  });
});

/** Loses the first answer, and gives the entry at `index` to whoever asks for one by its id. */
function answerOther(index: string): Interceptor {
  let posts = 0;
  return (request, next) => {
    if (request.method === 'POST') return posts++ === 0 ? loseAnswer(request, next) : next();
    const url = new URL(request.url);
    if (url.search !== '') return next();
    return fetch(`${url.origin}/api/v1/log/entries?logIndex=${index}`);
  };
}

describe('an answer about something else is refused', () => {
  test('by the certificate authority: a certificate for another key', async () => {
    let certificate: Response | undefined;
    world().disturb('fulcio', async (_, next) => (certificate ??= await next()).clone());
    await sign(PAYLOAD, world().options());
    const error = await failure('CA_CREATE_SIGNING_CERTIFICATE_ERROR', sign(PAYLOAD, world().options()));
    expect(error.cause).toMatchObject({ code: 'SERVICE_INVALID' });
  });

  test.each([
    [
      'a message',
      (witness: RekorWitness) =>
        new MessageSignatureBundleBuilder({ signer: createEphemeralKeyHolder(), witnesses: [witness] }),
    ],
    [
      'an envelope',
      (witness: RekorWitness) => new DSSEBundleBuilder({ signer: createEphemeralKeyHolder(), witnesses: [witness] }),
    ],
  ])('by the log: the entry of another signature, for %s', async (_name, make) => {
    let entry: Response | undefined;
    world().disturb('rekorV1', async (_, next) => (entry ??= await next()).clone());
    const builder = make(new RekorWitness({ rekorBaseURL: world().stack.urls.rekorV1 }));
    await builder.create({ data: PAYLOAD, type: TYPE });
    const error = await failure('TLOG_CREATE_ENTRY_ERROR', builder.create({ data: PAYLOAD, type: TYPE }));
    expect(error.cause).toMatchObject({ code: 'SERVICE_INVALID' });
  });

  test('by the timestamp authority: a timestamp over another signature', async () => {
    let timestamp: Response | undefined;
    world().disturb('tsa', async (_, next) => (timestamp ??= await next()).clone());
    const witness = new TSAWitness({ tsaBaseURL: world().stack.urls.tsa });
    const builder = new MessageSignatureBundleBuilder({ signer: createEphemeralKeyHolder(), witnesses: [witness] });
    await builder.create({ data: PAYLOAD });
    const error = await failure('TSA_CREATE_TIMESTAMP_ERROR', builder.create({ data: PAYLOAD }));
    expect(error.cause).toMatchObject({ code: 'SERVICE_INVALID' });
  });
});

describe('no error holds a token', () => {
  const parts = (token: string) => [token, ...token.split('.')].filter((part) => part.length > 3);
  const demandSilence = (error: unknown, token: string) => {
    const printed = print(error);
    for (const part of parts(token)) expect(printed).not.toContain(part);
  };

  test.each<[string, (token: string) => Interceptor]>([
    ['repeats it in its message', (token) => refuse(400, `bad token ${token} here`)],
    ['repeats a part of it', (token) => refuse(400, token.split('.')[1])],
    [
      'repeats it in HTML',
      (token) => () => new Response(token, { status: 500, headers: { 'content-type': 'text/html' } }),
    ],
    ['answers with it', (token) => () => Response.json({ [token]: token })],
    [
      'answers with broken JSON',
      (token) => () => new Response(`{"${token}`, { headers: { 'content-type': 'application/json' } }),
    ],
    ['redirects to it', (token) => () => new Response(null, { status: 302, headers: { location: `/${token}` } })],
    ['hangs', () => () => new Promise(() => {})],
  ])('where the authority %s', async (_name, fault) => {
    const { token, disturb, options } = world();
    disturb('fulcio', fault(token));
    demandSilence(
      await failure('CA_CREATE_SIGNING_CERTIFICATE_ERROR', sign(PAYLOAD, options({ retry: 0, timeout: 300 }))),
      token,
    );
  });

  test.each<[string, (token: string) => string]>([
    ['is cut', (token) => token.slice(0, -40)],
    ['has four parts', (token) => `${token}.${token}`],
    ['has a newline', (token) => `${token}\n`],
    ['has other claims', (token) => token.replace('.', '.CANARY')],
  ])('where the token %s', async (_name, edit) => {
    const identityToken = edit(world().token);
    const promise = sign(PAYLOAD, world().options({ identityToken }));
    const error = await promise.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'InternalError' });
    demandSilence(error, world().token);
    expect(print(error)).not.toContain('CANARY');
  });

  test('where the token has expired, and it is not sent', async () => {
    const identityToken = await world().stack.mintToken({ kind: 'email', exp: 1_700_000_000 });
    const error = await failure(
      'CA_CREATE_SIGNING_CERTIFICATE_ERROR',
      sign(PAYLOAD, world().options({ identityToken })),
    );
    demandSilence(error, identityToken);
    expect(world().seen).toEqual([]);
  });
});

test('a token for another audience is not sent to the public authority, and is to others', async () => {
  const identityToken = await world().stack.mintToken({ kind: 'email', aud: 'other' });
  const { fulcioURL: _, ...atPublic } = world().options({ identityToken });
  for (const options of [atPublic, { ...atPublic, fulcioURL: `${DEFAULT_FULCIO_URL}:443/` }]) {
    const unsent = await failure('CA_CREATE_SIGNING_CERTIFICATE_ERROR', sign(PAYLOAD, options));
    expect(unsent.cause).toMatchObject({ code: 'TOKEN_INVALID' });
  }
  const refused = await failure(
    'CA_CREATE_SIGNING_CERTIFICATE_ERROR',
    sign(PAYLOAD, world().options({ identityToken })),
  );
  expect(refused.cause).toMatchObject({ code: 'NETWORK_STATUS' });
});
