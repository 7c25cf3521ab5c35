// SPDX-License-Identifier: Apache-2.0

import 'reflect-metadata';
import { createPublicKey, verify } from 'node:crypto';
import { inspect } from 'node:util';
import { type KeyDetails, selectSuite } from '@keywax/core/algorithms';
import { type ErrorCode, isKeywaxError } from '@keywax/core/errors';
import { type KeyPair, generateKeyPair } from '@keywax/core/key-pair';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { beforeAll, describe, expect, test } from 'vitest';
import { type SeenRequest, sendJson, serve } from '../../../test/loopback.js';
import { type CertificateRequest, type IssuedCertificate, requestCertificate } from '../src/index.js';
import { type Authority, EMAIL, ISSUER, NOW, type Profile, makeAuthority } from './authority.js';

const TRANSPORT = { allowHttp: 'loopback', delay: async () => {} } as const;
const TOKEN = 'HEADER.PAYLOAD-CANARY-OF-SOME-LENGTH.SIGNATURE-CANARY';

let authority: Authority;
let key: KeyPair;
let otherKey: KeyPair;

async function makeKey(keyDetails: KeyDetails): Promise<KeyPair> {
  const suite = selectSuite(keyDetails);
  return suite === undefined ? expect.fail(keyDetails) : generateKeyPair(suite);
}

beforeAll(async () => {
  authority = await makeAuthority();
  key = await makeKey('PKIX_ECDSA_P256_SHA_256');
  otherKey = await makeKey('PKIX_ECDSA_P256_SHA_256');
});

/** A request with good values, to the given server. */
function asked(url: string, changes: Partial<CertificateRequest> = {}): CertificateRequest {
  return {
    url,
    identityToken: { audiences: ['sigstore'], expiresAt: new Date(NOW.getTime() + 60_000), reveal: () => TOKEN },
    subject: { challenge: { value: EMAIL }, name: { kind: 'email', value: EMAIL }, issuers: [ISSUER] },
    key,
    now: () => NOW,
    ...changes,
  };
}

type Answer = Readonly<Record<string, unknown>>;

const embedded = (...certificates: readonly unknown[]): Answer => ({
  signedCertificateEmbeddedSct: { chain: { certificates } },
});
const detached = (...certificates: readonly unknown[]): Answer => ({
  signedCertificateDetachedSct: { chain: { certificates } },
});

/** Asks an authority that gives the answer. */
async function ask(
  answer: unknown,
  changes: Partial<CertificateRequest> = {},
): Promise<{ issued: IssuedCertificate; seen: SeenRequest[] }> {
  const server = await serve((response) => sendJson(response, 200, answer));
  return { issued: await requestCertificate(asked(server.url, changes), TRANSPORT), seen: server.seen };
}

/** Demands `code`, and that the token is nowhere in the error. */
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

const issue = (profile: Partial<Profile> = {}): Promise<string> =>
  authority.issue({ spki: key.publicKey.spki, ...profile });

describe('a request for a certificate', () => {
  test('gives the chain with our key and subject', async () => {
    const { issued } = await ask(embedded(await issue(), authority.rootPem.trimEnd()));
    expect(issued.chain).toHaveLength(2);
    expect(issued.leaf.spki).toEqual(key.publicKey.spki);
    expect(issued.leaf.subjectAltNames).toEqual([{ kind: 'email', value: EMAIL }]);
  });

  test('sends token, key and a signature over the subject, once', async () => {
    const { seen } = await ask(embedded(await issue()));
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: 'POST', path: '/api/v2/signingCert' });
    expect(seen[0]?.headers).not.toHaveProperty('authorization');
    const body = JSON.parse(seen[0]?.body ?? '') as {
      credentials: unknown;
      publicKeyRequest: { publicKey: { algorithm: string; content: string }; proofOfPossession: string };
    };
    expect(body.credentials).toEqual({ oidcIdentityToken: TOKEN });
    const { publicKey, proofOfPossession } = body.publicKeyRequest;
    expect(publicKey.algorithm).toBe('ECDSA');
    expect(verify('sha256', Buffer.from(EMAIL), publicKey.content, Buffer.from(proofOfPossession, 'base64'))).toBe(
      true,
    );
  });

  test.each<[KeyDetails, string, string | null]>([
    ['PKIX_ECDSA_P256_SHA_256', 'ECDSA', 'sha256'],
    ['PKIX_ECDSA_P384_SHA_384', 'ECDSA', 'sha384'],
    ['PKIX_ECDSA_P521_SHA_512', 'ECDSA', 'sha512'],
    ['PKIX_RSA_PKCS1V15_3072_SHA256', 'RSA_PSS', 'sha256'],
    ['PKIX_ED25519', 'ED25519', null],
  ])('proves possession of a key %s, in both ways', async (keyDetails, algorithm, hash) => {
    const pair = await makeKey(keyDetails);
    const answer = embedded(await issue({ spki: pair.publicKey.spki }));

    const challenge = await ask(answer, { key: pair });
    const { publicKeyRequest } = JSON.parse(challenge.seen[0]?.body ?? '') as {
      publicKeyRequest: { publicKey: { algorithm: string; content: string }; proofOfPossession: string };
    };
    expect(publicKeyRequest.publicKey.algorithm).toBe(algorithm);
    const host = createPublicKey(publicKeyRequest.publicKey.content);
    expect(verify(hash, Buffer.from(EMAIL), host, Buffer.from(publicKeyRequest.proofOfPossession, 'base64'))).toBe(
      true,
    );

    const csr = await ask(answer, { key: pair, proof: 'csr' });
    const { certificateSigningRequest } = JSON.parse(csr.seen[0]?.body ?? '') as { certificateSigningRequest: string };
    const request = new Pkcs10CertificateRequest(Buffer.from(certificateSigningRequest, 'base64').toString());
    expect(await request.verify()).toBe(true);
    expect(request.subject).toBe('');
    expect(new Uint8Array(request.publicKey.rawData)).toEqual(pair.publicKey.spki);
  });

  test('is made at a base URL with a path', async () => {
    const server = await serve((response) => sendJson(response, 404, {}));
    await failure('NETWORK_STATUS', requestCertificate(asked(`${server.url}/fulcio/`), TRANSPORT));
    expect(server.seen[0]?.path).toBe('/fulcio/api/v2/signingCert');
  });

  test('is repeated after a failure', async () => {
    const answer = embedded(await issue());
    const server = await serve((response, _request, count) => sendJson(response, count === 0 ? 503 : 200, answer));
    await requestCertificate(asked(server.url), TRANSPORT);
    expect(server.seen).toHaveLength(2);
  });

  test('takes any one name where the mapping of the issuer is not known', async () => {
    const subject = { challenge: { value: 'sub-1' }, issuers: [ISSUER] };
    const answer = embedded(await issue({ names: [{ type: 'url', value: 'https://example.com/build' }] }));
    await expect(ask(answer, { subject })).resolves.toBeDefined();
  });

  test('takes the issuer behind a federated token', async () => {
    const subject = { challenge: { value: EMAIL }, issuers: [ISSUER, 'https://accounts.example'] };
    const answer = embedded(await issue({ issuer: 'https://accounts.example', rawIssuer: 'https://accounts.example' }));
    await expect(ask(answer, { subject })).resolves.toBeDefined();
  });
});

describe('the certificate of an answer', () => {
  const minutes = (n: number): Date => new Date(NOW.getTime() + n * 60_000);

  test.each<[string, Partial<Profile>]>([
    ['another name (CL-002)', { names: [{ type: 'email', value: 'mallory@example.com' }] }],
    ['the name in other letters', { names: [{ type: 'email', value: 'Alice@example.com' }] }],
    ['the name as another kind', { names: [{ type: 'url', value: EMAIL }] }],
    [
      'a second name',
      {
        names: [
          { type: 'email', value: EMAIL },
          { type: 'email', value: 'mallory@example.com' },
        ],
      },
    ],
    ['no name', { names: [] }],
    ['another issuer (CL-002)', { issuer: 'https://evil.example', rawIssuer: 'https://evil.example' }],
    ['another issuer beside ours', { issuer: 'https://evil.example' }],
    ['another raw issuer beside ours', { rawIssuer: 'https://evil.example' }],
    ['no issuer', { issuer: undefined, rawIssuer: undefined }],
    ['a life of a year (CL-004)', { notAfter: minutes(525_600) }],
    ['a life of a day and a minute', { notBefore: minutes(-1), notAfter: minutes(1_440) }],
    ['an end in the past (CL-004)', { notBefore: minutes(-11), notAfter: minutes(-1) }],
    ['a start in six minutes', { notBefore: minutes(6), notAfter: minutes(16) }],
    ['an end before its start', { notBefore: minutes(4), notAfter: minutes(3) }],
    ['no certificate timestamp (CL-003)', { sctList: undefined }],
    ['an empty list of certificate timestamps (CL-003)', { sctList: Uint8Array.of(4, 2, 0, 0) }],
    ['junk for certificate timestamps', { sctList: Uint8Array.of(1, 2, 3) }],
  ])('with %s is refused', async (_name, profile) => {
    await failure('SERVICE_INVALID', ask(embedded(await issue(profile))));
  });

  test('for another key is refused (CL-001)', async () => {
    await failure('SERVICE_INVALID', ask(embedded(await issue({ spki: otherKey.publicKey.spki }))));
  });

  test.each<[string, Partial<Profile>]>([
    ['only the older form of the issuer', { issuer: undefined }],
    ['only the newer form of the issuer', { rawIssuer: undefined }],
    ['a start four minutes ahead', { notBefore: minutes(4), notAfter: minutes(14) }],
    ['an end in this second', { notBefore: minutes(-10), notAfter: NOW }],
  ])('with %s is taken', async (_name, profile) => {
    await expect(ask(embedded(await issue(profile)))).resolves.toBeDefined();
  });
});

describe('an answer', () => {
  const good = (): Promise<string> => issue();

  test.each<[string, () => Promise<unknown>, ErrorCode]>([
    ['null', async () => null, 'SERVICE_INVALID'],
    ['a list', async () => [embedded(await good())], 'SERVICE_INVALID'],
    ['an empty object', async () => ({}), 'SERVICE_INVALID'],
    ['both forms', async () => ({ ...embedded(await good()), ...detached(await good()) }), 'SERVICE_INVALID'],
    ['no chain', async () => ({ signedCertificateEmbeddedSct: {} }), 'SERVICE_INVALID'],
    ['an empty chain', async () => embedded(), 'SERVICE_INVALID'],
    [
      'a chain that is text',
      async () => ({ signedCertificateEmbeddedSct: { chain: await good() } }),
      'SERVICE_INVALID',
    ],
    ['a certificate that is null', async () => embedded(null), 'SERVICE_INVALID'],
    ['junk for a certificate', async () => embedded('junk'), 'SERVICE_INVALID'],
    ['junk for a second certificate', async () => embedded(await good(), 'junk'), 'SERVICE_INVALID'],
    ['text around the PEM', async () => embedded(`# leaf\n${await good()}`), 'SERVICE_INVALID'],
    ['two certificates in one PEM', async () => embedded(`${await good()}\n${await good()}`), 'SERVICE_INVALID'],
    [
      'a key for a certificate',
      async () => embedded((await good()).replaceAll('CERTIFICATE', 'PUBLIC KEY')),
      'SERVICE_INVALID',
    ],
    ['a certificate with a byte behind it', async () => embedded(await appendByte(await good())), 'SERVICE_INVALID'],
    ['the root first', async () => embedded(authority.rootPem, await good()), 'SERVICE_INVALID'],
    ['eleven certificates', async () => embedded(...Array<string>(11).fill(await good())), 'INPUT_TOO_LARGE'],
    ['1,000 certificates', async () => embedded(...Array<string>(1_000).fill(await good())), 'INPUT_TOO_LARGE'],
    ['the detached form (CL-003)', async () => detached(await issue({ sctList: undefined })), 'SERVICE_INVALID'],
  ])('of %s is refused (CL-005)', async (_name, makeAnswer, code) => {
    await failure(code, ask(await makeAnswer()));
  });

  test('in the detached form is taken where the authority has no transparency log', async () => {
    const answer = detached(await issue({ sctList: undefined }));
    await expect(ask(answer, { allowDetachedSct: true })).resolves.toBeDefined();
  });

  test('that says that timestamps are embedded needs them always', async () => {
    const answer = embedded(await issue({ sctList: undefined }));
    await failure('SERVICE_INVALID', ask(answer, { allowDetachedSct: true }));
  });

  test.each([
    ['HTML', 'text/html', '<p>', 'NETWORK_FAILED'],
    ['a name twice', 'application/json', '{"CANARY":1,"CANARY":2}', 'SERVICE_INVALID'],
    ['a byte order mark', 'application/json', '\ufeff{}', 'SERVICE_INVALID'],
    ['two mebibytes', 'application/json', `"${'a'.repeat(2_097_152)}"`, 'INPUT_TOO_LARGE'],
  ] as const)('of %s is refused', async (_name, type, text, code) => {
    const server = await serve((response) => response.writeHead(200, { 'content-type': type }).end(text));
    await failure(code, requestCertificate(asked(server.url), { ...TRANSPORT, retries: 0 }));
  });

  test('that refuses and echoes the token does not show it (SE-002)', async () => {
    const server = await serve((response, { body }) => {
      const [header, payload = ''] = TOKEN.split('.');
      const message = `There was an error processing the identity token ${TOKEN} ${header} ${payload.slice(2)} ${body}`;
      sendJson(response, 400, { code: 3, message, details: [TOKEN] });
    });
    const error = await failure('NETWORK_STATUS', requestCertificate(asked(server.url), TRANSPORT));
    expect(error.message).toContain('There was an error processing the identity token');
  });

  test('that redirects is not followed, and the token is sent once (CL-006)', async () => {
    const elsewhere = await serve((response) => sendJson(response, 200, {}));
    const server = await serve((response) => response.writeHead(307, { location: `${elsewhere.url}/x` }).end());
    await failure('NETWORK_REDIRECT', requestCertificate(asked(server.url), TRANSPORT));
    expect([server.seen.length, elsewhere.seen.length]).toEqual([1, 0]);
  });
});

describe('before anything is sent', () => {
  test.each<[string, Partial<CertificateRequest>, ErrorCode]>([
    [
      'a token for another audience (SE-013)',
      { identityToken: { audiences: ['other'], expiresAt: new Date(NOW.getTime() + 1), reveal: () => TOKEN } },
      'TOKEN_INVALID',
    ],
    ['an audience that the authority does not have', { audience: 'private' }, 'TOKEN_INVALID'],
    [
      'an expired token (CL-027)',
      { identityToken: { audiences: ['sigstore'], expiresAt: NOW, reveal: () => TOKEN } },
      'TOKEN_INVALID',
    ],
    ['a URL with user information', { url: 'https://CANARY@host.example' }, 'NETWORK_POLICY'],
    ['plain http', { url: 'http://host.example' }, 'NETWORK_POLICY'],
  ])('%s is refused', async (_name, changes, code) => {
    const fetch = (): never => expect.fail('sent');
    await failure(code, requestCertificate(asked('https://host.example', changes), { fetch }));
  });
});

async function appendByte(pem: string): Promise<string> {
  const base64 = pem.replaceAll(/-----[^-]+-----|\n/g, '');
  const bytes = Buffer.concat([Buffer.from(base64, 'base64'), Buffer.of(0)]);
  return `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----`;
}
