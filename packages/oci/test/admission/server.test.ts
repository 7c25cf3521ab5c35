// SPDX-License-Identifier: Apache-2.0
// The webhook as an API server sees it: over HTTPS, with images of a real registry.

import { once } from 'node:events';
import { request } from 'node:https';
import { type Socket, connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { provideToken } from '@keywax/identity';
import { type Stack, startStack } from '@keywax/stack';
import { type OciRegistry, startOciRegistry } from '@keywax/stack/oci-registry';
import { type Verifier, createVerifier } from 'keywax';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate, makeFolder } from '../../../../test/tls.js';
import {
  type AdmissionOptions,
  type AdmissionServerOptions,
  createAdmissionController,
  parseClusterImagePolicies,
  serveAdmission,
  signImage,
} from '../../src/index.js';
import { digestOf, pushImage } from '../images.js';
import { policyYaml } from '../policy/policy-yaml.js';
import { podSpec, readPatch, readResponse, review, workload } from './reviews.js';

const { folder, remove } = makeFolder();
const server = certify('server', 'subjectAltName=IP:127.0.0.1');
const client = certify('client', 'extendedKeyUsage=clientAuth');

let stack: Stack;
let registry: OciRegistry;
let verifier: Verifier;
let signed: string;
let unsigned: string;

beforeAll(async () => {
  [stack, registry] = await Promise.all([startStack(), startOciRegistry()]);
  const instance = { trustConfig: stack.clientTrustConfig() };
  verifier = await createVerifier({ instance });
  signed = `${registry.host}/team/signed:v1`;
  unsigned = `${registry.host}/team/unsigned:v1`;
  await pushImage(signed);
  await pushImage(unsigned);
  await signImage(signed, {
    instance,
    identity: async (options) => provideToken(await stack.mintToken({ kind: 'email' }))(options),
  });
});
afterAll(async () => {
  await Promise.all([stack.close(), registry.close()]);
  remove();
});

/** A certificate by the names that the server has for its parts. */
function certify(name: string, extensions: string): { readonly certificate: string; readonly key: string } {
  const { cert, key } = makeCertificate(folder, name, { extensions });
  return { certificate: cert, key };
}

async function start(options: Partial<AdmissionOptions & AdmissionServerOptions> = {}) {
  const identities = [{ issuer: stack.urls.oidc, subject: 'alice@example.com' }];
  const policies = await parseClusterImagePolicies(policyYaml({ authorities: [{ keyless: { identities } }] }));
  const controller = createAdmissionController({ policies, verifier, ...options });
  return serveAdmission({ controller, ...server, host: '127.0.0.1', port: 0, ...options });
}

interface Sent {
  readonly method?: string;
  readonly type?: string;
  readonly cert?: string;
  readonly key?: string;
}

function send(
  url: string,
  body: Uint8Array | undefined,
  { method = 'POST', type = 'application/json', ...tls }: Sent = {},
) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const headers = { 'content-type': type };
    const sent = request(url, { method, headers, ca: server.certificate, agent: false, ...tls }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function ask(url: string, bytes: Uint8Array) {
  const { status, text } = await send(url, bytes);
  expect(status).toBe(200);
  return readResponse(text);
}

describe('the webhook', () => {
  test('pins tags to digests, and then admits what is signed', async () => {
    await using webhook = await start();
    const object = workload('deployments', podSpec(signed));
    const pinned = await ask(`${webhook.url}/mutate`, review('deployments', object));
    const [operation] = readPatch(pinned) as [{ path: string; value: string }];
    expect(operation).toMatchObject({ op: 'replace', path: '/spec/template/spec/containers/0/image' });
    expect(operation.value).toMatch(new RegExp(`^${signed}@sha256:[0-9a-f]{64}$`));
    const image = workload('deployments', podSpec(operation.value));
    expect(await ask(`${webhook.url}/validate?timeout=10s`, review('deployments', image))).toMatchObject({
      allowed: true,
    });
  });

  test('denies a tag, and what is not signed', async () => {
    await using webhook = await start();
    const tagged = await ask(`${webhook.url}/validate`, review('pods', workload('pods', podSpec(signed))));
    expect(tagged).toMatchObject({ allowed: false });
    expect(tagged.status?.message).toContain('expected a digest');
    const [operation] = readPatch(
      await ask(`${webhook.url}/mutate`, review('pods', workload('pods', podSpec(unsigned)))),
    ) as [{ value: string }];
    const denied = await ask(`${webhook.url}/validate`, review('pods', workload('pods', podSpec(operation.value))));
    expect(denied).toMatchObject({ allowed: false });
    expect(denied.status?.message).toContain('IMAGE_UNSIGNED');
  });

  test.each(['mutate', 'validate'])('denies by /%s where the registry knows no such image', async (path) => {
    await using webhook = await start();
    const name = `${registry.host}/team/none`;
    const image = path === 'mutate' ? `${name}:v1` : `${name}@${digestOf('none')}`;
    expect(await ask(`${webhook.url}/${path}`, review('pods', workload('pods', podSpec(image))))).toMatchObject({
      allowed: false,
    });
  });

  test('denies in time where the registry does not answer', async () => {
    await using silent = await startOciRegistry({ faults: { intercept: () => new Promise(() => {}) } });
    await using webhook = await start({ timeoutMs: 50 });
    for (const [path, image] of [
      ['mutate', `${silent.host}/team/app:v1`],
      ['validate', `${silent.host}/team/app@${digestOf('app')}`],
    ]) {
      const response = await ask(`${webhook.url}/${path}`, review('pods', workload('pods', podSpec(image ?? ''))));
      expect(response).toMatchObject({ allowed: false });
      expect(response.status?.message).toMatch(/no decision within 50 ms|OPERATION_ABORTED/);
    }
  });

  test('asks the registry once for a digest that it admitted, until that is too old', async () => {
    let time = 0;
    await using webhook = await start({ now: () => time, cacheMs: 1_000 });
    const object = review('pods', workload('pods', podSpec(signed)));
    const [{ value }] = readPatch(await ask(`${webhook.url}/mutate`, object)) as [{ value: string }];
    const validate = () => ask(`${webhook.url}/validate`, review('pods', workload('pods', podSpec(value))));
    expect(await validate()).toMatchObject({ allowed: true });
    const before = registry.requests.length;
    expect(await validate()).toMatchObject({ allowed: true });
    expect(registry.requests).toHaveLength(before);
    time = 1_000;
    expect(await validate()).toMatchObject({ allowed: true });
    expect(registry.requests.length).toBeGreaterThan(before);
  });

  test('warns no longer than there is a reason to', async () => {
    const identities = [{ issuer: stack.urls.oidc, subject: 'alice@example.com' }];
    const policies = await parseClusterImagePolicies(
      policyYaml({ mode: 'warn', authorities: [{ keyless: { identities } }] }),
    );
    const controller = createAdmissionController({ policies, verifier });
    const name = `${registry.host}/team/later`;
    const image = `${name}@${await pushImage(`${name}:v1`)}`;
    const ask = async () => readResponse(await controller.validate(review('pods', workload('pods', podSpec(image)))));
    expect(await ask()).toMatchObject({ allowed: true, warnings: [expect.stringContaining('IMAGE_UNSIGNED')] });
    await signImage(image, {
      instance: { trustConfig: stack.clientTrustConfig() },
      identity: async (options) => provideToken(await stack.mintToken({ kind: 'email' }))(options),
    });
    expect(await ask()).not.toHaveProperty('warnings');
  });

  test('says that it runs', async () => {
    await using webhook = await start();
    for (const path of ['/healthz', '/readyz'])
      expect(await send(`${webhook.url}${path}`, undefined, { method: 'GET' })).toMatchObject({ status: 200 });
  });

  test.each<[string, string, Uint8Array | undefined, Sent, number]>([
    ['another path', '/', new Uint8Array(), {}, 404],
    ['a path of objects', '/constructor', new Uint8Array(), {}, 404],
    ['another method', '/validate', undefined, { method: 'GET' }, 405],
    ['another type', '/validate', new Uint8Array(), { type: 'text/plain' }, 415],
    ['no review', '/validate', new Uint8Array(), {}, 400],
    ['the old version', '/mutate', Buffer.from('{"apiVersion":"admission.k8s.io/v1beta1"}'), {}, 400],
    ['too much', '/validate', new Uint8Array((8 << 20) + 1), {}, 413],
  ])('refuses %s', async (_, path, body, sent, status) => {
    await using webhook = await start();
    expect(await send(`${webhook.url}${path}`, body, sent)).toMatchObject({ status });
  });

  test.each<[string, (url: URL) => Socket]>([
    ['says nothing', ({ hostname, port }) => connect(Number(port), hostname)],
    [
      'begins a review and goes on forever',
      ({ hostname, port }) => {
        const socket = connectTls({ port: Number(port), host: hostname, ca: server.certificate });
        socket.write(
          'POST /validate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
        );
        return socket;
      },
    ],
  ])('ends without a client that %s', async (_, open) => {
    const webhook = await start({ closeTimeoutMs: 100 });
    const socket = open(new URL(webhook.url)).on('error', () => {});
    await once(socket, 'connect');
    const gone = once(socket, 'close');
    await webhook.close();
    await gone;
  });

  test('outlives a client that leaves in the middle', async () => {
    await using webhook = await start();
    const { port } = new URL(webhook.url);
    const socket = connectTls({ port: Number(port), host: '127.0.0.1', ca: server.certificate });
    socket.write('POST /validate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{');
    await once(socket, 'secureConnect');
    socket.destroy();
    expect(await send(`${webhook.url}/healthz`, undefined, { method: 'GET' })).toMatchObject({ status: 200 });
  });

  test('answers only clients with a certificate where it was told to', async () => {
    await using webhook = await start({ clientAuthority: client.certificate });
    await expect(send(`${webhook.url}/healthz`, undefined, { method: 'GET' })).rejects.toThrow();
    const shown = { method: 'GET', cert: client.certificate, key: client.key };
    expect(await send(`${webhook.url}/healthz`, undefined, shown)).toMatchObject({ status: 200 });
  });

  test.each([
    ['a certificate that is none', { certificate: 'x' }, 'CONFIG_INVALID'],
    ['a key of another certificate', { key: client.key }, 'CONFIG_INVALID'],
    ['an address that is not here', { host: '192.0.2.1' }, 'FILE_FAILED'],
  ])('does not start with %s', async (_, options, code) => {
    await expect(start(options)).rejects.toMatchObject({ code });
  });
});
