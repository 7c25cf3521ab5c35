// SPDX-License-Identifier: Apache-2.0
// libnpmpublish, npm's own and unmodified, publishes with provenance from a job on GitHub: over `sigstore`, and over
// Keywax in its place. The registry takes only what Keywax's own engine verifies.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Interceptor, type ServiceName, type Stack, startStack } from '@keywax/stack';
import { type NpmRegistry, startNpmRegistry } from '@keywax/stack/npm-registry';
import type { SerializedBundle } from 'keywax';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IMPLEMENTATIONS, type Implementation, type NpmHost, createNpmHost } from './npm-host.js';
import {
  type PackedPackage,
  attestPackage,
  describeGitlabJob,
  describeJob,
  pack,
  verifyProvenanceOf,
} from './npm-packages.js';

/** How a publication ended. */
interface Published {
  readonly ok?: boolean;
  readonly transparencyLogUrl?: string;
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
}

/** Publishes with libnpmpublish, as `npm publish` calls it: with the flat options of npm around its own. */
const PUBLISH = `
const { publish } = require('libnpmpublish');
let input = '';
process.stdin.on('data', (chunk) => (input += chunk)).on('end', async () => {
  const { manifest, tarball, options } = JSON.parse(input);
  try {
    const { transparencyLogUrl } = await publish(manifest, Buffer.from(tarball, 'base64'), options);
    console.log(JSON.stringify({ ok: true, transparencyLogUrl }));
  } catch ({ name, code, message }) {
    console.log(JSON.stringify({ ok: false, name, code, message }));
  }
});
`;

const faults: { [name in ServiceName]?: Interceptor } = {};
let stack: Stack;
let foreign: Stack;
let registry: NpmRegistry;
const hosts = new Map<Implementation, NpmHost>();

beforeAll(async () => {
  [stack, foreign] = await Promise.all([startStack({ faults }), startStack()]);
  registry = await startNpmRegistry({
    stack,
    path: '/npm/',
    token: 'npm_token',
    verifyProvenance: verifyProvenanceOf(stack),
  });
  for (const implementation of IMPLEMENTATIONS) hosts.set(implementation, createNpmHost(implementation, stack));
});

afterAll(async () => {
  for (const host of hosts.values()) host.remove();
  for (const part of [registry, stack, foreign]) await part.close();
});

/** The statement of provenance, as far as it is looked at here. */
interface Statement {
  readonly subject: readonly [{ readonly name: string; readonly digest: { readonly sha512: string } }];
  readonly predicateType: string;
}

interface PublishOptions {
  readonly options?: object;
  readonly env?: Readonly<Record<string, string>>;
}

function publish(implementation: Implementation, packed: PackedPackage, { options, env }: PublishOptions = {}) {
  const host = hosts.get(implementation);
  if (host === undefined) throw new Error('no host');
  const { host: address, pathname } = new URL(registry.url);
  const flat = {
    registry: registry.url,
    [`//${address}${pathname}:_authToken`]: 'npm_token',
    access: 'public',
    provenance: true,
    npmVersion: '12.0.0',
    retry: { retries: 0 },
    timeout: 10_000,
    // Names that npm's flat options have beside: none of them is an option of sigstore.
    key: 'not a key',
    cert: 'not a certificate',
    offline: false,
    cache: host.folder,
    message: '%s',
    tag: 'latest',
    ...options,
  };
  const argument = {
    manifest: packed.manifest,
    tarball: Buffer.from(packed.tarball).toString('base64'),
    options: flat,
  };
  return host.runScript<Published>(PUBLISH, { argument, env: env ?? describeJob(stack) });
}

async function readProvenance(name: string): Promise<SerializedBundle> {
  const url = `${registry.url}-/npm/v1/attestations/${name.replace('/', '%2f')}@1.0.0`;
  const response = await fetch(url, { headers: { authorization: 'Bearer npm_token' } });
  const { attestations } = (await response.json()) as { attestations: readonly { bundle: SerializedBundle }[] };
  const [, provenance] = attestations;
  if (provenance === undefined) throw new Error('no provenance');
  return provenance.bundle;
}

describe.each(IMPLEMENTATIONS)('libnpmpublish over %s', (implementation) => {
  test.each([`by-${implementation}`, `@keywax/by-${implementation}`])(
    'publishes %s with provenance that the registry verifies',
    async (name) => {
      const published = await publish(implementation, pack(name));
      expect(published).toMatchObject({ ok: true });
      const bundle = await readProvenance(name);
      const [entry] = bundle.verificationMaterial.tlogEntries ?? [];
      expect(published.transparencyLogUrl).toMatch(new RegExp(`\\?logIndex=${entry?.logIndex}$`));
      const statement = JSON.parse(Buffer.from(bundle.dsseEnvelope?.payload ?? '', 'base64').toString()) as Statement;
      expect(statement.subject[0].name).toBe(`pkg:npm/${name.replace('@', '%40')}@1.0.0`);
      expect(statement.predicateType).toBe('https://slsa.dev/provenance/v1');
      expect(bundle.mediaType).toBe('application/vnd.dev.sigstore.bundle.v0.3+json');
      expect(Object.keys(bundle.verificationMaterial)).toContain('certificate');
    },
  );

  test('publishes from a pipeline on GitLab', async () => {
    const name = `gitlab-by-${implementation}`;
    const published = await publish(implementation, pack(name, '', 'gitlab'), { env: await describeGitlabJob(stack) });
    expect(published).toMatchObject({ ok: true });
    const { dsseEnvelope } = await readProvenance(name);
    const statement = JSON.parse(Buffer.from(dsseEnvelope?.payload ?? '', 'base64').toString()) as Statement;
    expect(statement.predicateType).toBe('https://slsa.dev/provenance/v0.2');
  });

  test('publishes provenance from a file that verifies', async () => {
    const packed = pack(`file-by-${implementation}`);
    expect(await publishFile(implementation, packed, await attestPackage(stack, packed))).toMatchObject({ ok: true });
  });

  test.each([
    ['of another package', () => attestPackage(stack, pack('another')), /does not match the package: /],
    [
      'of another tarball',
      () => attestPackage(stack, pack(`refused-by-${implementation}`, 'another')),
      /subject digest does not match/,
    ],
    ['of another instance', () => attestPackage(foreign, pack(`refused-by-${implementation}`)), /./],
    [
      'with a changed statement',
      async () => {
        const bundle = await attestPackage(stack, pack(`refused-by-${implementation}`));
        const envelope = bundle.dsseEnvelope;
        if (envelope !== undefined) {
          const statement = JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as object;
          envelope.payload = Buffer.from(JSON.stringify({ ...statement, predicate: {} })).toString('base64');
        }
        return bundle;
      },
      /./,
    ],
  ])('refuses provenance from a file %s', async (_, attest, message) => {
    const { requests } = registry;
    const before = requests.length;
    const published = await publishFile(implementation, pack(`refused-by-${implementation}`), await attest());
    expect(published).toMatchObject({ ok: false });
    expect(published.message).toMatch(message);
    expect(requests.slice(before).filter(({ method }) => method === 'PUT')).toEqual([]);
  });

  test('says that a job may not ask for tokens', async () => {
    const { ACTIONS_ID_TOKEN_REQUEST_URL: _, ...env } = describeJob(stack);
    expect(await publish(implementation, pack('no-token'), { env })).toMatchObject({ ok: false, code: 'EUSAGE' });
  });

  test.each([
    ['fulcio', 'CA_CREATE_SIGNING_CERTIFICATE_ERROR'],
    ['rekorV1', 'TLOG_CREATE_ENTRY_ERROR'],
    ['oidc', 'IDENTITY_TOKEN_READ_ERROR'],
  ] as const)('publishes nothing where %s is down, and says so with %s', async (service, code) => {
    faults[service] = () => new Response('down', { status: 503 });
    const before = registry.requests.length;
    try {
      const published = await publish(implementation, pack('down'));
      expect(published).toMatchObject({ ok: false, name: 'InternalError', code });
      expect(JSON.stringify(published)).not.toContain('request-token');
    } finally {
      delete faults[service];
    }
    expect(registry.requests.slice(before)).toEqual([]);
  });

  test('publishes without provenance to a registry that has its token', async () => {
    const options = { provenance: false };
    expect(await publish(implementation, pack(`plain-by-${implementation}`), { options })).toMatchObject({ ok: true });
  });
});

async function publishFile(implementation: Implementation, packed: PackedPackage, bundle: object): Promise<Published> {
  const host = hosts.get(implementation);
  if (host === undefined) throw new Error('no host');
  const provenanceFile = join(host.folder, 'provenance.json');
  writeFileSync(provenanceFile, JSON.stringify(bundle));
  return publish(implementation, packed, { options: { provenance: undefined, provenanceFile } });
}

test('the registry refuses provenance that was not signed for the repository in package.json', async () => {
  const packed = pack('elsewhere');
  const manifest = { ...packed.manifest, repository: { type: 'git', url: 'git+https://github.com/other/other.git' } };
  const published = await publish('sigstore', { ...packed, manifest });
  expect(published).toMatchObject({ ok: false, code: 'E422' });
  expect(published.message).toContain('IDENTITY_MISMATCH');
});
