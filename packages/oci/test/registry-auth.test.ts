// SPDX-License-Identifier: Apache-2.0
// Who is told the credentials, and what becomes of a registry that asks for them in bad faith.

import { type ErrorCode, isKeywaxError } from '@keywax/core/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sendJson, serve } from '../../../test/loopback.js';
import {
  type CredentialSource,
  MEDIA_TYPES,
  type RegistryCredential,
  fixedCredentials,
  openRepository,
  parseReference,
} from '../src/index.js';
import { parseChallenge } from '../src/registry/challenge.js';
import {
  CANARY,
  CANARY_BASIC,
  type Contact,
  EAGER,
  digestOf,
  expectNoCanary,
  failure,
  manifestText,
  recordFetch,
  serveRegistry,
} from './registry-hosts.js';

const BASIC: RegistryCredential = { kind: 'basic', username: 'user', password: CANARY };
const always: CredentialSource = async () => BASIC;

function manifestResponse(): Response {
  return new Response(manifestText(), { headers: { 'content-type': MEDIA_TYPES.ociManifest } });
}

/** A registry of the public network that wants a token from `realm`. */
function challengeWith(challenge: string, token = 'the-token'): (contact: Contact) => Response {
  return ({ url, headers }) => {
    if (!url.startsWith('https://registry.example/v2/')) return Response.json({ token });
    if (headers['authorization'] === `Bearer ${token}`) return manifestResponse();
    return new Response('{}', { status: 401, headers: { 'www-authenticate': challenge } });
  };
}

function openPublic(
  answer: (contact: Contact) => Response,
  options: {
    readonly credential?: RegistryCredential;
    readonly tokenHosts?: readonly string[];
    readonly name?: string;
  } = {},
) {
  const { fetch, contacts } = recordFetch(answer);
  const { credential = BASIC, tokenHosts, name = 'registry.example/a/b' } = options;
  const reference = parseReference(name);
  const repository = openRepository(reference, {
    credentials: fixedCredentials(reference.registry, credential),
    transport: { fetch, retries: 0, ...EAGER },
    ...(tokenHosts === undefined ? {} : { tokenHosts }),
  });
  return { repository, contacts };
}

function authorizations(contacts: readonly Contact[]): readonly (string | undefined)[] {
  return contacts.map(({ headers }) => headers['authorization']);
}

describe('a registry that asks for a token', () => {
  test('gets one from its own host, for our scope alone (OC-005)', async () => {
    const challenge = 'Bearer realm="https://registry.example/token?keep=1",service="a service",scope="repository:*:*"';
    const { repository, contacts } = openPublic(challengeWith(challenge));
    await repository.resolve();
    expect(contacts.map(({ url }) => url)).toEqual([
      'https://registry.example/v2/a/b/manifests/latest',
      'https://registry.example/token?keep=1&service=a+service&scope=repository%3Aa%2Fb%3Apull',
      'https://registry.example/v2/a/b/manifests/latest',
    ]);
    expect(authorizations(contacts)).toEqual([undefined, `Basic ${CANARY_BASIC}`, 'Bearer the-token']);
  });

  test('gets the same one for the next request', async () => {
    const { repository, contacts } = openPublic(challengeWith('Bearer realm="https://registry.example/token"'));
    await repository.resolve();
    await repository.resolve();
    expect(contacts).toHaveLength(4);
  });

  test('gets one token for requests at the same time', async () => {
    const { repository, contacts } = openPublic(challengeWith('Bearer realm="https://registry.example/token"'));
    await Promise.all([repository.resolve(), repository.resolve(), repository.resolve()]);
    expect(contacts.filter(({ url }) => url.includes('/token'))).toHaveLength(1);
  });

  test('gets a new one when the old has expired', async () => {
    let valid = 'token-1';
    const { repository, contacts } = openPublic(({ url, headers }) => {
      if (url.includes('/token')) return Response.json({ access_token: valid });
      if (headers['authorization'] === `Bearer ${valid}`) return manifestResponse();
      return new Response(null, {
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="https://registry.example/token"' },
      });
    });
    await repository.resolve();
    valid = 'token-2';
    await repository.resolve();
    expect(authorizations(contacts).at(-1)).toBe('Bearer token-2');
  });

  test('gets an anonymous one where there are no credentials', async () => {
    const { fetch, contacts } = recordFetch(challengeWith('Bearer realm="https://registry.example/token"'));
    await openRepository(parseReference('registry.example/a/b'), { transport: { fetch, ...EAGER } }).resolve();
    expect(authorizations(contacts)).toEqual([undefined, undefined, 'Bearer the-token']);
  });

  test('gets one for an identity token (OAuth 2)', async () => {
    const { repository, contacts } = openPublic(
      challengeWith('Bearer realm="https://registry.example/token",service="s"'),
      { credential: { kind: 'identityToken', token: CANARY } },
    );
    await repository.resolve();
    expect(contacts[1]).toMatchObject({ method: 'POST', url: 'https://registry.example/token' });
    expect(Object.fromEntries(new URLSearchParams(contacts[1]?.body))).toEqual({
      grant_type: 'refresh_token',
      service: 's',
      scope: 'repository:a/b:pull',
      client_id: 'keywax',
      refresh_token: CANARY,
    });
    expect(authorizations(contacts)).toEqual([undefined, undefined, 'Bearer the-token']);
  });

  test('gets the token that the caller has for it', async () => {
    const { repository, contacts } = openPublic(
      challengeWith('Bearer realm="https://registry.example/token"', CANARY),
      { credential: { kind: 'bearer', token: CANARY } },
    );
    await repository.resolve();
    expect(authorizations(contacts)).toEqual([undefined, `Bearer ${CANARY}`]);
  });

  test('of Docker Hub names a service on another host that is known', async () => {
    const { repository, contacts } = openPublic(
      ({ url, headers }) => {
        if (url.startsWith('https://auth.docker.io/')) return Response.json({ token: 't' });
        if (headers['authorization'] !== undefined) return manifestResponse();
        return new Response(null, {
          status: 401,
          headers: { 'www-authenticate': 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"' },
        });
      },
      { name: 'debian' },
    );
    await repository.resolve();
    expect(contacts.map(({ url }) => new URL(url).host)).toEqual([
      'registry-1.docker.io',
      'auth.docker.io',
      'registry-1.docker.io',
    ]);
  });

  test('may name a host that the caller trusts with the credentials', async () => {
    const { repository, contacts } = openPublic(challengeWith('Bearer realm="https://login.example/token"'), {
      tokenHosts: ['login.example'],
    });
    await repository.resolve();
    expect(authorizations(contacts)[1]).toBe(`Basic ${CANARY_BASIC}`);
  });

  test.each([
    ['another host', 'https://evil.example/token'],
    ['a host that begins like it', 'https://registry.example.evil.example/token'],
    ['a host that ends like it', 'https://evil-registry.example/token'],
    ['a host below it', 'https://auth.registry.example/token'],
    ['another port', 'https://registry.example:8443/token'],
    ['plain http', 'http://registry.example/token'],
    ['an address', 'https://192.0.2.1/token'],
    ['this machine', 'http://127.0.0.1/token'],
    ['a metadata service', 'http://169.254.169.254/token'],
    ['user information', 'https://registry.example@evil.example/token'],
    ['a password', 'https://user:password@registry.example/token'],
    ['a backslash', String.raw`https://evil.example\@registry.example/token`.replaceAll('\\', '%5c')],
    ['a relative URL', '/token'],
    ['a file', 'file:///etc/passwd'],
    ['the host of Docker Hub', 'https://auth.docker.io/token'],
    ['a fragment', 'https://registry.example/token#x'],
  ])('from %s gets no credentials (OC-002)', async (_name, realm) => {
    const { repository, contacts } = openPublic(challengeWith(`Bearer realm="${realm}",service="s"`));
    await failure('NETWORK_POLICY', repository.resolve());
    expect(contacts).toHaveLength(1);
    expect(authorizations(contacts)).toEqual([undefined]);
  });

  test('from another port of loopback sends nothing there (OC-002)', async () => {
    const evil = await serve((response) => sendJson(response, 200, { token: 'x' }));
    const { repository, server } = await serveRegistry(
      (response) => response.writeHead(401, { 'www-authenticate': `Bearer realm="${evil.url}/token"` }).end(),
      { credentials: always },
    );
    await failure('NETWORK_POLICY', repository.resolve());
    expect(evil.seen).toHaveLength(0);
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test('is asked again once only (OC-026)', async () => {
    const { repository, server } = await serveRegistry(
      (response, { path, headers }) => {
        if (path.startsWith('/token')) return sendJson(response, 200, { token: `${CANARY}-token` });
        const realm = `http://${headers.host}/token`;
        response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}"` }).end(`{"message":"${CANARY}"}`);
      },
      { credentials: always },
    );
    await failure('REGISTRY_UNAUTHORIZED', repository.resolve());
    expect(server.seen.map(({ path }) => path.replace(/\?.*/, ''))).toEqual([
      '/v2/a/b/manifests/latest',
      '/token',
      '/v2/a/b/manifests/latest',
    ]);
  });

  test.each<[string, number, string, ErrorCode]>([
    ['refuses', 401, `{"details":"${CANARY}"}`, 'REGISTRY_UNAUTHORIZED'],
    ['forbids', 403, `{"message":"${CANARY}"}`, 'REGISTRY_UNAUTHORIZED'],
    ['finds fault', 400, `{"error":"${CANARY}"}`, 'REGISTRY_UNAUTHORIZED'],
    ['breaks', 500, `{"message":"${CANARY}"}`, 'NETWORK_STATUS'],
    ['redirects', 302, '', 'NETWORK_REDIRECT'],
    ['gives no token', 200, '{}', 'REGISTRY_INVALID'],
    ['gives no JSON', 200, `${CANARY}`, 'REGISTRY_INVALID'],
    ['gives a number', 200, '{"token":1}', 'REGISTRY_INVALID'],
    ['gives a token with a newline', 200, `{"token":"${CANARY}\\r\\nx: y"}`, 'REGISTRY_INVALID'],
    ['gives an empty token', 200, '{"token":""}', 'REGISTRY_INVALID'],
    ['gives two tokens of one name', 200, `{"token":"a","token":"${CANARY}"}`, 'REGISTRY_INVALID'],
    ['gives a megabyte', 200, JSON.stringify({ token: 'x'.repeat(1_000_000) }), 'INPUT_TOO_LARGE'],
  ])('from a service that %s fails and says nothing of it (SE-005)', async (_name, status, body, code) => {
    const evil = await serve((response) => sendJson(response, 200, {}));
    for (const credential of [BASIC, { kind: 'identityToken', token: CANARY } as const]) {
      const { repository } = await serveRegistry(
        (response, { path, headers }) => {
          if (path.startsWith('/token')) {
            response.writeHead(status, { 'content-type': 'application/json', location: `${evil.url}/` }).end(body);
          } else {
            response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${headers.host}/token"` }).end();
          }
        },
        { credentials: async () => credential },
      );
      await failure(code, repository.resolve());
    }
    expect(evil.seen).toHaveLength(0);
  });
});

describe('a registry that asks for a user and a password', () => {
  test('gets them at once and for every request', async () => {
    const { repository, server } = await serveRegistry(
      (response, { headers }) => {
        if (headers.authorization === `Basic ${CANARY_BASIC}`) {
          response.writeHead(200, { 'content-type': MEDIA_TYPES.ociManifest }).end(manifestText());
        } else response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      },
      { credentials: always },
    );
    await repository.resolve();
    await repository.resolve();
    expect(server.seen).toHaveLength(3);
  });

  test('gets no token in their place', async () => {
    const { repository, server } = await serveRegistry(
      (response) => response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
      { credentials: async () => ({ kind: 'identityToken', token: CANARY }) },
    );
    await failure('REGISTRY_UNAUTHORIZED', repository.resolve());
    expect(server.seen).toHaveLength(1);
  });

  test.each([401, 403])('and answers %i to them is told no more (OC-026)', async (status) => {
    const { repository, server } = await serveRegistry(
      (response, { headers }) => {
        const isFirst = headers.authorization === undefined;
        response
          .writeHead(isFirst ? 401 : status, { 'www-authenticate': 'Basic realm="x"' })
          .end(JSON.stringify({ errors: [{ code: 'DENIED', message: headers.authorization ?? CANARY }] }));
      },
      { credentials: always },
    );
    const error = await failure('REGISTRY_UNAUTHORIZED', repository.resolve());
    expect(error.message).toContain('DENIED');
    expect(server.seen).toHaveLength(2);
  });
});

describe('a challenge', () => {
  test.each([
    ['Bearer realm="https://a/b",service="s",scope="x y"', { kind: 'bearer', realm: 'https://a/b', service: 's' }],
    ['bearer Realm="https://a/b"', { kind: 'bearer', realm: 'https://a/b', service: undefined }],
    ['Bearer service=s , realm = "r"', { kind: 'bearer', realm: 'r', service: 's' }],
    ['Bearer realm="r",error="insufficient_scope"', { kind: 'bearer', realm: 'r', service: undefined }],
    ['Basic', { kind: 'basic' }],
    ['Basic realm="Registry, \'Realm\'", charset="UTF-8"', { kind: 'basic' }],
  ])('%s is read', (header, challenge) => {
    expect(parseChallenge(header, 'GET')).toEqual(challenge);
  });

  test.each<[string, string | undefined, ErrorCode]>([
    ['absent', undefined, 'REGISTRY_INVALID'],
    ['empty', '', 'REGISTRY_INVALID'],
    ['of an unknown scheme (OC-004)', 'Negotiate', 'REGISTRY_INVALID'],
    ['of another scheme (OC-004)', 'Digest realm="r"', 'REGISTRY_INVALID'],
    ['of two schemes (OC-004)', 'Basic realm="r", Bearer realm="s"', 'REGISTRY_INVALID'],
    ['of two schemes the other way (OC-004)', 'Bearer realm="r",service="s", Basic realm="t"', 'REGISTRY_INVALID'],
    ['of two bearers', 'Bearer realm="r", Bearer realm="s"', 'REGISTRY_INVALID'],
    ['of a scheme that begins alike', 'BearerX realm="r"', 'REGISTRY_INVALID'],
    ['without a realm', 'Bearer service="s"', 'REGISTRY_INVALID'],
    ['a realm twice (OC-003)', 'Bearer realm="r",realm="s"', 'REGISTRY_INVALID'],
    ['a realm twice in other letters (OC-003)', 'Bearer realm="r",REALM="s"', 'REGISTRY_INVALID'],
    ['an extra quote (OC-003)', 'Bearer realm="r"",service="s"', 'REGISTRY_INVALID'],
    ['an open quote (OC-003)', 'Bearer realm="r', 'REGISTRY_INVALID'],
    ['an extra comma (OC-003)', 'Bearer realm="r",,service="s"', 'REGISTRY_INVALID'],
    ['an escape (OC-003)', String.raw`Bearer realm="r\"x"`, 'REGISTRY_INVALID'],
    ['unicode (OC-003)', 'Bearer realm="https://ré"', 'REGISTRY_INVALID'],
    ['a parameter without a value', 'Bearer realm', 'REGISTRY_INVALID'],
    ['no comma', 'Bearer realm="r" service="s"', 'REGISTRY_INVALID'],
    ['a megabyte (OC-003)', `Bearer realm="${'r'.repeat(1_048_576)}"`, 'INPUT_TOO_LARGE'],
    ['a megabyte of commas', `Bearer ${','.repeat(1_048_576)}`, 'INPUT_TOO_LARGE'],
  ])('that is or has %s is refused', (_name, header, code) => {
    expect(() => parseChallenge(header, 'GET')).toThrow(expect.objectContaining({ code }));
  });

  test('on two lines of the headers is two challenges (OC-004)', async () => {
    const { repository, server } = await serveRegistry(
      (response, { headers }) =>
        response
          .writeHead(401, [
            'www-authenticate',
            'Basic realm="x"',
            'www-authenticate',
            `Bearer realm="http://${headers.host}/token"`,
          ])
          .end(),
      { credentials: always },
    );
    await failure('REGISTRY_INVALID', repository.resolve());
    expect(server.seen).toHaveLength(1);
  });

  test('of any text is read or refused', () => {
    const part = fc.constantFrom(
      'Bearer',
      'Basic',
      ' ',
      ',',
      '=',
      '"',
      'realm',
      'service',
      'https://a/b',
      String.raw`\"`,
      'é',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 30 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (header) => {
        try {
          parseChallenge(header, 'GET');
        } catch (error) {
          if (!isKeywaxError(error)) throw error;
        }
      }),
    );
  });

  test('of a megabyte on the wire ends in a named error (OC-003)', async () => {
    const { repository } = await serveRegistry((response) =>
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${'r'.repeat(1_048_576)}"` }).end(),
    );
    await failure('INPUT_TOO_LARGE', repository.resolve());
  });
});

describe('credentials', () => {
  test('are for the registry of exactly that name (OC-001)', async () => {
    const source = fixedCredentials('ghcr.io', BASIC);
    for (const other of [
      'ghcr.io.evil.example',
      'evil-ghcr.io',
      'GHCR.io',
      'ghcr.io:443',
      'https://ghcr.io',
      'docker.io',
    ])
      await expect(source(other)).resolves.toBeUndefined();
    await expect(source('ghcr.io')).resolves.toEqual(BASIC);
  });

  test.each<[string, RegistryCredential]>([
    ['a colon in the user name', { kind: 'basic', username: 'a:b', password: CANARY }],
    ['a newline in the password', { kind: 'basic', username: 'a', password: `${CANARY}\nx: y` }],
    ['a newline in a token', { kind: 'bearer', token: `${CANARY}\r\nx: y` }],
    ['an empty token', { kind: 'identityToken', token: '' }],
    ['a token of a megabyte', { kind: 'bearer', token: CANARY.repeat(100_000) }],
  ])('with %s are refused without a word of them (NW-021)', async (_name, credential) => {
    const thrown = (() => {
      try {
        return fixedCredentials('a', credential);
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toMatchObject({ code: 'CONFIG_INVALID' });
    expectNoCanary(thrown);
  });

  test('are not looked up before the registry asks for them', async () => {
    const { repository } = await serveRegistry(
      (response) => response.writeHead(200, { 'content-type': MEDIA_TYPES.ociManifest }).end(manifestText()),
      { credentials: () => expect.fail('asked') },
    );
    await expect(repository.resolve()).resolves.toMatchObject({ digest: digestOf(manifestText()) });
  });

  test('stay with the registry when a connection breaks', async () => {
    const { repository } = await serveRegistry(
      (response, { headers }) => {
        if (headers.authorization === undefined)
          response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        else response.destroy();
      },
      { credentials: always },
    );
    await failure('NETWORK_FAILED', repository.resolve());
  });
});

test('plain http is spoken to loopback, and to others only where it is asked for', async () => {
  const urlOf = async (name: string, allowHttp?: boolean): Promise<string | undefined> => {
    const { fetch, contacts } = recordFetch(manifestResponse);
    await openRepository(parseReference(name), {
      transport: { fetch, ...EAGER },
      ...(allowHttp === undefined ? {} : { allowHttp }),
    }).resolve();
    return contacts[0]?.url.replace(/\/v2\/.*/, '');
  };
  await expect(urlOf('localhost/a')).resolves.toBe('http://localhost');
  await expect(urlOf('[::1]:5000/a')).resolves.toBe('http://[::1]:5000');
  await expect(urlOf('127.0.0.1:5000/a', false)).resolves.toBe('https://127.0.0.1:5000');
  await expect(urlOf('registry.example:5000/a')).resolves.toBe('https://registry.example:5000');
  await expect(urlOf('registry.example:443/a')).resolves.toBe('https://registry.example');
  await expect(urlOf('registry.example:5000/a', true)).resolves.toBe('http://registry.example:5000');
  await expect(urlOf('debian')).resolves.toBe('https://registry-1.docker.io');
});

test('headers of the caller go to the registry alone', async () => {
  const bytes = 'layer';
  const { fetch, contacts } = recordFetch(({ url, headers }) => {
    const { hostname, pathname } = new URL(url);
    if (hostname === 'cdn.example') return new Response(bytes);
    if (pathname === '/token') return Response.json({ token: 't' });
    if (headers['authorization'] !== 'Bearer t') {
      const challenge = 'Bearer realm="https://registry.example/token"';
      return new Response('{}', { status: 401, headers: { 'www-authenticate': challenge } });
    }
    if (pathname.includes('/manifests/')) return manifestResponse();
    return new Response('', { status: 307, headers: { location: 'https://cdn.example/layer' } });
  });
  const repository = openRepository(parseReference('registry.example/a/b'), {
    headers: { 'X-Team': CANARY, Accept: 'text/plain', authorization: 'Basic eDp4' },
    transport: { fetch, retries: 0, ...EAGER },
  });
  await repository.resolve();
  await repository.fetchBlob({ digest: digestOf(bytes), size: bytes.length });
  const seen = contacts.map(({ url, headers }) => [new URL(url).pathname, headers['x-team'], headers['authorization']]);
  expect(seen).toEqual([
    ['/v2/a/b/manifests/latest', CANARY, 'Basic eDp4'],
    ['/token', undefined, undefined],
    ['/v2/a/b/manifests/latest', CANARY, 'Bearer t'],
    [`/v2/a/b/blobs/${digestOf(bytes)}`, CANARY, 'Bearer t'],
    ['/layer', undefined, undefined],
  ]);
  expect(contacts[0]?.headers['accept']).toContain(MEDIA_TYPES.ociManifest);
});
