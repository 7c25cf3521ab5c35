// SPDX-License-Identifier: Apache-2.0

import { inspect } from 'node:util';
import { type ErrorCode, isKeywaxError } from '@keywax/core/errors';
import type { FetchInit } from '@keywax/http';
import { describe, expect, test } from 'vitest';
import { type Answer, sendJson, serve } from '../../../test/loopback.js';
import { detectIdentityToken, provideAmbientToken, provideToken } from '../src/index.js';
import { PERSON, WORKFLOW, jwt } from './jwt.js';

const TRANSPORT = { allowHttp: 'loopback', delay: async () => {} } as const;
const CANARY = 'CANARY-CREDENTIAL';

/** Demands `code`, and that the credential is nowhere in the error. */
async function failure(code: ErrorCode, promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => expect.fail(`expected ${code}`),
    (thrown: unknown) => thrown,
  );
  expect(isKeywaxError(error) ? error.code : error).toBe(code);
  const { stack, cause } = error as Error;
  const printed = [
    String(error),
    stack,
    JSON.stringify(error),
    inspect(error, { depth: 9, showHidden: true }),
    inspect(cause),
  ];
  expect(printed.join('\n')).not.toContain('CANARY');
  return error as Error;
}

function github(url: string): Record<string, string> {
  return { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: CANARY, GITHUB_ACTIONS: 'true' };
}

describe('a provider', () => {
  test('of a given token gives it', async () => {
    const text = jwt(PERSON);
    expect((await provideToken(text)({})).reveal()).toBe(text);
  });

  test('refuses a given token that is malformed at once', () => {
    expect(() => provideToken('junk')).toThrow(expect.objectContaining({ code: 'TOKEN_INVALID' }));
  });

  test('reads SIGSTORE_ID_TOKEN before it asks a service', async () => {
    const token = await detectIdentityToken({ ...github('https://evil.example'), SIGSTORE_ID_TOKEN: jwt(PERSON) });
    expect(token.subject).toBe('subject-1');
  });

  test('refuses a SIGSTORE_ID_TOKEN with a newline (CL-026)', async () => {
    await failure('TOKEN_INVALID', detectIdentityToken({ SIGSTORE_ID_TOKEN: `${jwt(PERSON)}\n` }));
  });

  test.each([
    ['is empty', {}],
    ['has an empty token', { SIGSTORE_ID_TOKEN: '' }],
    ['only inherits one', Object.create({ SIGSTORE_ID_TOKEN: jwt(PERSON) }) as Record<string, string>],
    ['has half of what GitHub sets', { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://run.actions.githubusercontent.com/' }],
  ])('finds nothing in an environment that %s', async (_name, environment) => {
    await failure('TOKEN_UNAVAILABLE', detectIdentityToken(environment));
  });

  test('tells a workflow without the permission which one it needs', async () => {
    const error = await failure('TOKEN_UNAVAILABLE', detectIdentityToken({ GITHUB_ACTIONS: 'true' }));
    expect(error.message).toContain('id-token: write');
  });
});

describe('GitHub Actions', () => {
  const answering =
    (value: unknown): Answer =>
    (response) =>
      sendJson(response, 200, value);

  test.each([
    ['/token?api-version=2.0', undefined, '/token?api-version=2.0&audience=sigstore'],
    ['/token', undefined, '/token?audience=sigstore'],
    ['/token?audience=evil', 'private', '/token?audience=private'],
  ])('is asked at %s', async (path, audience, asked) => {
    const server = await serve(answering({ count: 1, value: jwt(WORKFLOW) }));
    const provide = provideAmbientToken(github(server.url + path));
    const token = await provide({ ...TRANSPORT, ...(audience === undefined ? {} : { audience }) });
    expect(token.subject).toBe('repo:o/r:ref:refs/heads/main');
    expect(server.seen).toMatchObject([
      { method: 'GET', path: asked, headers: { authorization: `Bearer ${CANARY}`, accept: 'application/json' } },
    ]);
  });

  test.each([
    'https://run-actions-3.actions.githubusercontent.com/1//idtoken/2?api-version=2.0',
    'https://ghes.example/_services/token',
    'https://pipelines.ghes.example/token',
  ])('may be at %s', async (url) => {
    const asked: string[] = [];
    const fetch = async (target: string, _init: FetchInit) => {
      asked.push(target);
      const body = new Blob([JSON.stringify({ value: jwt(WORKFLOW) })]).stream();
      return { status: 200, headers: new Headers({ 'content-type': 'application/json' }), body };
    };
    await detectIdentityToken({ ...github(url), GITHUB_SERVER_URL: 'https://ghes.example' }, { fetch });
    expect(asked).toEqual([`${url}${url.includes('?') ? '&' : '?'}audience=sigstore`]);
  });

  test.each([
    ['another host', 'https://evil.example/token'],
    ['a host that ends like it', 'https://evilactions.githubusercontent.com/'],
    ['a host that begins like it', 'https://run.actions.githubusercontent.com.evil.example/'],
    ['a host that ends like the server', 'https://evilghes.example/'],
    ['plain http', 'http://run.actions.githubusercontent.com/'],
    ['user information', 'https://CANARY@run.actions.githubusercontent.com/'],
    ['a file', 'file:///etc/passwd'],
  ])('is never asked at %s (CL-025)', async (_name, url) => {
    const fetch = (): never => expect.fail('asked');
    const environment = { ...github(url), GITHUB_SERVER_URL: 'https://ghes.example' };
    await failure('NETWORK_POLICY', detectIdentityToken(environment, { fetch }));
  });

  test('is asked on loopback only where that is allowed', async () => {
    await failure('NETWORK_POLICY', detectIdentityToken(github('http://127.0.0.1:1/')));
  });

  test.each<[string, unknown]>([
    ['an empty object', {}],
    ['null', { value: null }],
    ['a number', { value: 7 }],
    ['a list', ['CANARY']],
    ['a list of tokens', { value: [jwt(WORKFLOW)] }],
  ])('that gives %s gives no token (CL-016)', async (_name, value) => {
    const server = await serve(answering(value));
    await failure('TOKEN_UNAVAILABLE', detectIdentityToken(github(server.url), TRANSPORT));
  });

  test.each<[string, Answer]>([
    ['HTML', (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>CANARY')],
    [
      'broken JSON',
      (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"value":"CANARY'),
    ],
    [
      'a name twice',
      (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"CANARY":1,"CANARY":1}'),
    ],
    ['a mebibyte', (response) => sendJson(response, 200, { value: 'CANARY'.repeat(180_000) })],
    ['a refusal that repeats the credential', (response) => sendJson(response, 401, { message: `not ${CANARY}` })],
    ['an error', (response) => sendJson(response, 500, { message: CANARY })],
    ['a reset', (response) => response.socket?.destroy()],
  ])('that answers with %s gives no token (CL-016, SE-002)', async (_name, answer) => {
    const server = await serve(answer);
    await failure('TOKEN_UNAVAILABLE', detectIdentityToken(github(`${server.url}/?key=CANARY`), TRANSPORT));
  });

  test('that gives a malformed token is refused, and the token not repeated (SE-001)', async () => {
    const server = await serve(answering({ value: 'CANARY.CANARY' }));
    await failure('TOKEN_INVALID', detectIdentityToken(github(server.url), TRANSPORT));
  });

  test('that redirects is not followed', async () => {
    const server = await serve((response) => response.writeHead(307, { location: '/elsewhere' }).end());
    await failure('NETWORK_REDIRECT', detectIdentityToken(github(server.url), TRANSPORT));
    expect(server.seen).toHaveLength(1);
  });

  test('that hangs ends with the deadline, and the URL is not repeated (SE-004)', async () => {
    const server = await serve(() => {});
    const options = { ...TRANSPORT, timeoutMs: 100 };
    await failure('NETWORK_TIMEOUT', detectIdentityToken(github(`${server.url}/?key=CANARY`), options));
  });

  test('is asked again after a failure', async () => {
    const server = await serve((response, _request, count) =>
      sendJson(response, count === 0 ? 503 : 200, { value: jwt(WORKFLOW) }),
    );
    await detectIdentityToken(github(server.url), TRANSPORT);
    expect(server.seen).toHaveLength(2);
  });

  test.each(['a\r\nX-Evil: 1', 'a b', 'ä'])('is not asked with the credential %j (NW-021)', async (credential) => {
    const environment = {
      ...github('https://run.actions.githubusercontent.com/'),
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: credential,
    };
    await failure('TOKEN_UNAVAILABLE', detectIdentityToken(environment, { fetch: () => expect.fail('asked') }));
  });
});
