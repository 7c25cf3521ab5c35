// SPDX-License-Identifier: Apache-2.0

import { createHash, createPublicKey, verify } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import type { SerializedBundle } from '@keywax/bundle';
import { KeywaxError } from '@keywax/core/errors';
import { type IssuerKind, type Stack, startStack } from '@keywax/stack';
import { type Lab, createLab, personaIdentity } from '@keywax/stack/lab';
import { type NpmRegistry, PUBLISH_PREDICATE_TYPE, packTarball, startNpmRegistry } from '@keywax/stack/npm-registry';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let stack: Stack;
let registry: NpmRegistry;

beforeAll(async () => {
  stack = await startStack();
  registry = await startNpmRegistry({ stack, path: '/npm/' });
});

afterAll(async () => {
  await registry.close();
  await stack.close();
});

interface Packument {
  readonly 'dist-tags': Readonly<Record<string, string>>;
  readonly time?: Readonly<Record<string, string>>;
  readonly repository?: object;
  readonly versions: Readonly<
    Record<
      string,
      {
        readonly dist: {
          readonly integrity: string;
          readonly tarball: string;
          readonly signatures?: readonly { readonly keyid: string; readonly sig: string }[];
          readonly attestations?: { readonly url: string };
        };
        readonly scripts?: object;
      }
    >
  >;
}

async function readJson<T>(url: string, headers: Record<string, string> = {}): Promise<T> {
  const response = await fetch(url, { headers });
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

/** Whether the registry signature of a version verifies with the key of its id, by the host's own cryptography. */
async function isSigned(from: NpmRegistry, name: string, version: string): Promise<boolean> {
  const { versions } = await readJson<Packument>(from.url + name.replace('/', '%2f'));
  const { integrity, signatures = [] } = versions[version]?.dist ?? {};
  const [signature] = signatures;
  const row = from.keys().keys.find(({ keyid }) => keyid === signature?.keyid);
  if (row === undefined || signature === undefined) return false;
  const key = createPublicKey({ key: Buffer.from(row.key, 'base64'), format: 'der', type: 'spki' });
  return verify('sha256', Buffer.from(`${name}@${version}:${integrity}`), key, Buffer.from(signature.sig, 'base64'));
}

describe('a packument', () => {
  test('names integrity, signature, time, tag and repository of a version', async () => {
    const repository = 'https://github.com/octo-org/octo-repo';
    const publishedAt = new Date('2026-01-02T03:04:05Z');
    const { integrity, tarball } = await registry.addPackage({
      name: 'wax',
      version: '1.0.0',
      repository,
      publishedAt,
    });
    const packument = await readJson<Packument>(`${registry.url}wax`);
    expect(packument['dist-tags']).toEqual({ latest: '1.0.0' });
    expect(packument.time).toMatchObject({ '1.0.0': '2026-01-02T03:04:05.000Z' });
    expect(packument.repository).toEqual({ type: 'git', url: repository });
    expect(packument.versions['1.0.0']?.dist.integrity).toBe(integrity);
    expect(await isSigned(registry, 'wax', '1.0.0')).toBe(true);
    const served = await fetch(packument.versions['1.0.0']?.dist.tarball ?? '');
    expect(new Uint8Array(await served.arrayBuffer())).toEqual(tarball);
    expect(`sha512-${createHash('sha512').update(tarball).digest('base64')}`).toBe(integrity);
  });

  test('is abbreviated for installers', async () => {
    await registry.addPackage({ name: 'wick', version: '1.0.0', manifest: { scripts: { test: 'true' } } });
    const headers = { accept: 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8' };
    const { time, versions } = await readJson<Packument>(`${registry.url}wick`, headers);
    expect(time).toBeUndefined();
    expect(versions['1.0.0']?.dist.signatures).toHaveLength(1);
    expect(versions['1.0.0']).not.toHaveProperty('scripts');
    const full = await readJson<Packument>(`${registry.url}wick`);
    expect(full.versions['1.0.0']?.scripts).toEqual({ test: 'true' });
  });

  test('of a scope is found with either spelling of its slash', async () => {
    await registry.addPackage({ name: '@keywax/wax', version: '1.0.0' });
    for (const spelled of ['@keywax%2fwax', '@keywax%2Fwax', '@keywax/wax', '%40keywax%2fwax']) {
      await readJson(registry.url + spelled);
    }
    const { dist } = await readJson<{ dist: { tarball: string } }>(`${registry.url}@keywax%2fwax/latest`);
    expect((await fetch(dist.tarball)).status).toBe(200);
  });

  test('is not sent again to a client that has it', async () => {
    await registry.addPackage({ name: 'again', version: '1.0.0' });
    const tag = (await fetch(`${registry.url}again`)).headers.get('etag') ?? '';
    const second = await fetch(`${registry.url}again`, { headers: { 'if-none-match': tag } });
    expect(second.status).toBe(304);
  });

  test.each(['', 'nothing', '@a/b', '%', '../keys', '-/npm/v1/attestations/wax@1.0.0', 'wax/-/wax-9.9.9.tgz'])(
    'is not found at %s',
    async (path) => {
      expect((await fetch(registry.url + path)).status).toBe(404);
    },
  );
});

describe('a registry signature', () => {
  test.each([
    ['valid', true],
    ['wrong', false],
    ['unknownKey', false],
    ['none', false],
  ] as const)('that is %s verifies: %s', async (signatures, verifies) => {
    await registry.addPackage({ name: `signed-${signatures}`, version: '1.0.0', signatures });
    expect(await isSigned(registry, `signed-${signatures}`, '1.0.0')).toBe(verifies);
  });

  test('is by the new key after a rotation, and the old one stays published with its end', async () => {
    await using other = await startNpmRegistry();
    await other.addPackage({ name: 'old', version: '1.0.0' });
    await other.rotateKey({ expires: new Date('2026-01-01T00:00:00Z') });
    await other.addPackage({ name: 'new', version: '1.0.0' });
    expect(other.keys().keys.map(({ expires }) => expires)).toEqual(['2026-01-01T00:00:00.000Z', null]);
    const key = async (name: string): Promise<string | undefined> =>
      (await readJson<Packument>(other.url + name)).versions['1.0.0']?.dist.signatures?.[0]?.keyid;
    expect([await key('old'), await key('new')]).toEqual(other.keys().keys.map(({ keyid }) => keyid));
    expect(await isSigned(other, 'old', '1.0.0')).toBe(true);
    expect(await readJson(`${other.url}-/npm/v1/keys`)).toEqual(other.keys());
  });

  test('is lost on a version that was changed afterwards', async () => {
    await registry.addPackage({ name: 'changed', version: '1.0.0' });
    registry.change('changed', '1.0.0', ({ manifest }) => {
      manifest.dist.integrity = `sha512-${Buffer.alloc(64).toString('base64')}`;
    });
    expect(await isSigned(registry, 'changed', '1.0.0')).toBe(false);
  });
});

describe('the keys', () => {
  test('are a target of the TUF repository, twice each, at the host and path of the registry', async () => {
    const { host } = new URL(registry.url);
    for (const spelled of [host, encodeURIComponent(host)]) {
      expect(await readJson(`${stack.urls.tuf}/targets/${spelled}/npm/keys.json`)).toEqual(registry.keysTarget());
    }
    expect(stack.tuf.repository.role('targets').signed['targets']).toHaveProperty([`${host}/npm/keys.json`]);
    const { keys } = registry.keysTarget();
    expect(keys.map(({ keyUsage }) => keyUsage)).toEqual(['npm:signatures', 'npm:attestations']);
    expect(keys[0]?.keyId).toBe(registry.keys().keys[0]?.keyid);
    expect(keys[0]?.publicKey.rawBytes).toBe(registry.keys().keys[0]?.key);
  });

  test('stay out of it where a test asks for that', async () => {
    await using other = await startNpmRegistry({ stack, keysInTuf: false });
    const { host } = new URL(other.url);
    expect(stack.tuf.repository.role('targets').signed['targets']).not.toHaveProperty([`${host}/keys.json`]);
  });
});

describe('a publish attestation', () => {
  test('states what was published, with the key of the registry, and is logged', async () => {
    const { tarball } = await registry.addPackage({
      name: '@keywax/attested',
      version: '2.0.0',
      publishAttestation: true,
    });
    const { versions } = await readJson<Packument>(`${registry.url}@keywax%2fattested`);
    const url = versions['2.0.0']?.dist.attestations?.url ?? '';
    const { attestations } = await readJson<{ attestations: { predicateType: string; bundle: Bundle }[] }>(url);
    expect(attestations.map(({ predicateType }) => predicateType)).toEqual([PUBLISH_PREDICATE_TYPE]);
    const [attestation] = attestations;
    if (attestation === undefined) throw new Error('no attestation');
    const { verificationMaterial, dsseEnvelope } = attestation.bundle;
    const { keyid } = registry.keys().keys[0] ?? { keyid: '' };
    expect(verificationMaterial.publicKey.hint).toBe(keyid);
    expect(dsseEnvelope.signatures[0]?.keyid).toBe(keyid);
    expect(verificationMaterial.tlogEntries).toHaveLength(1);
    expect(JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString())).toEqual({
      _type: 'https://in-toto.io/Statement/v0.1',
      subject: [
        {
          name: 'pkg:npm/%40keywax/attested@2.0.0',
          digest: { sha512: createHash('sha512').update(tarball).digest('hex') },
        },
      ],
      predicateType: PUBLISH_PREDICATE_TYPE,
      predicate: { name: '@keywax/attested', version: '2.0.0', registry: registry.url.slice(0, -1) },
    });
  });

  test('needs a stack that logs it', async () => {
    await using alone = await startNpmRegistry();
    await expect(alone.addPackage({ name: 'alone', version: '1.0.0', publishAttestation: true })).rejects.toMatchObject(
      { code: 'CONFIG_INVALID' },
    );
  });

  interface Bundle {
    readonly verificationMaterial: { readonly publicKey: { readonly hint: string }; readonly tlogEntries: object[] };
    readonly dsseEnvelope: { readonly payload: string; readonly signatures: readonly { readonly keyid: string }[] };
  }
});

describe('a registry with a token', () => {
  test('answers nothing without it, and says of each request whether it had it', async () => {
    await using closed = await startNpmRegistry({ token: 'npm_secret' });
    await closed.addPackage({ name: 'wax', version: '1.0.0' });
    const statuses = [];
    for (const authorization of [undefined, 'Bearer other', 'Basic npm_secret', 'Bearer npm_secret']) {
      const headers = authorization === undefined ? {} : { authorization };
      statuses.push((await fetch(`${closed.url}wax`, { headers })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 200]);
    expect(closed.requests.map(({ method, path, authorized }) => [method, path, authorized])).toEqual([
      ['GET', '/wax', false],
      ['GET', '/wax', false],
      ['GET', '/wax', false],
      ['GET', '/wax', true],
    ]);
  });
});

describe('a publication', () => {
  test('is served, signed, and not taken twice', async () => {
    const tarball = packTarball({ 'package.json': '{"name":"mine","version":"1.0.0"}' });
    expect((await publishTo(registry, { name: 'mine', tarball })).status).toBe(201);
    expect(await isSigned(registry, 'mine', '1.0.0')).toBe(true);
    expect((await publishTo(registry, { name: 'mine', tarball })).status).toBe(403);
    const twice = ['1', '2'].map((content) => publishTo(registry, { name: 'race', tarball: packTarball({ content }) }));
    const statuses = (await Promise.all(twice)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([201, 403]));
    const { public: isPublic } = await readJson<{ public: boolean }>(`${registry.url}-/package/mine/visibility`);
    expect(isPublic).toBe(true);
  });

  test.each([
    ['a tarball that is not of its integrity', { integrity: 'sha512-AAAA' }],
    ['another name than the path', { name: 'theirs' }],
    ['a bundle that is none', { provenance: '{}' }],
  ])('with %s is refused', async (_, changes) => {
    const tarball = packTarball({ 'package.json': '{}' });
    const response = await publishTo(registry, { name: 'refused', path: 'refused', tarball, ...changes });
    expect(response.status).toBe(422);
    expect((await fetch(`${registry.url}refused`)).status).toBe(404);
  });
});

describe('provenance that is published', () => {
  const NAME = '@keywax/built';
  const PURL = 'pkg:npm/%40keywax/built@1.0.0';
  const REPOSITORY = 'https://github.com/octo-org/octo-repo';
  const tarball = packTarball({ 'package.json': JSON.stringify({ name: NAME, version: '1.0.0' }) });
  let lab: Lab;
  let trusting: NpmRegistry;

  beforeAll(async () => {
    lab = await createLab();
    // The registry believes in what the lab makes.
    trusting = await startNpmRegistry({ stack: { urls: stack.urls, tuf: stack.tuf, trustedRoot: lab.trustedRoot() } });
  });

  afterAll(() => trusting.close());

  interface Claims {
    readonly name?: string;
    readonly sha512?: string;
    readonly kind?: IssuerKind;
  }

  async function makeProvenance(from: Lab, claims: Claims = {}): Promise<SerializedBundle> {
    const { name = PURL, sha512 = createHash('sha512').update(tarball).digest('hex'), kind = 'github' } = claims;
    const statement = {
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name, digest: { sha512 } }],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: {},
    };
    const payload = new TextEncoder().encode(JSON.stringify(statement));
    const identity = personaIdentity(kind);
    return (await from.makeBundle({ content: 'dsse', logs: 'v1', payload, identity })).bundle;
  }

  function publish(bundle: object, repository = `git+${REPOSITORY}.git`): Promise<Response> {
    const manifest = { repository: { type: 'git', url: repository } };
    return publishTo(trusting, { name: NAME, tarball, manifest, provenance: JSON.stringify(bundle) });
  }

  test.each([
    ['STATEMENT_INVALID', 'of another package', () => makeProvenance(lab, { name: 'pkg:npm/built@1.0.0' })],
    ['ARTIFACT_MISMATCH', 'of another tarball', () => makeProvenance(lab, { sha512: '00'.repeat(64) })],
    ['CERTIFICATE_PATH_INVALID', 'of another instance', async () => makeProvenance(await createLab())],
    ['IDENTITY_MISMATCH', 'by a person', () => makeProvenance(lab, { kind: 'email' })],
    ['IDENTITY_MISMATCH', 'of another repository', () => makeProvenance(lab, { kind: 'gitlab' })],
    [
      'SIGNATURE_INVALID',
      'with the certificate of another run',
      async () => {
        const [bundle, other] = [await makeProvenance(lab), await makeProvenance(lab)];
        return { ...bundle, verificationMaterial: other.verificationMaterial };
      },
    ],
    [
      'ENTRY_MISMATCH',
      'with another log entry',
      async () => {
        const [bundle, other] = [await makeProvenance(lab), await makeProvenance(lab)];
        const { tlogEntries } = other.verificationMaterial;
        return { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, tlogEntries } };
      },
    ],
    [
      'BUNDLE_INVALID',
      'without an envelope',
      async () => (await lab.makeBundle({ content: 'message', logs: 'v1' })).bundle,
    ],
  ])('is refused with %s where it is %s', async (code, _, make) => {
    const response = await publish(await make());
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ error: expect.stringContaining(code) });
  });

  test('is refused where the caller’s own verification throws', async () => {
    await using strict = await startNpmRegistry({
      verifyProvenance: () => {
        throw new KeywaxError('IDENTITY_MISMATCH', 'not by whom it should be');
      },
    });
    const provenance = JSON.stringify(await makeProvenance(lab));
    expect((await publishTo(strict, { name: NAME, tarball, provenance })).status).toBe(422);
  });

  test('is refused for another repository than that of package.json', async () => {
    const response = await publish(await makeProvenance(lab), 'https://github.com/octo-org/other');
    expect(await response.json()).toMatchObject({ error: expect.stringContaining('IDENTITY_MISMATCH') });
  });

  test('is served beside the attestation of the registry', async () => {
    const bundle = await makeProvenance(lab);
    expect((await publish(bundle)).status).toBe(201);
    const { versions } = await readJson<Packument>(`${trusting.url}@keywax%2fbuilt`);
    const announced = versions['1.0.0']?.dist.attestations;
    expect(announced).toMatchObject({ provenance: { predicateType: 'https://slsa.dev/provenance/v1' } });
    const { attestations } = await readJson<{ attestations: readonly object[] }>(announced?.url ?? '');
    expect(attestations).toMatchObject([
      { predicateType: PUBLISH_PREDICATE_TYPE },
      { predicateType: 'https://slsa.dev/provenance/v1', bundle },
    ]);
  });
});

describe('a tarball', () => {
  test('is what tar unpacks', () => {
    const tarball = packTarball({ 'package.json': '{"name":"wax"}', 'lib/index.js': 'x'.repeat(1_000) });
    const listed = spawnSync('tar', ['-tvzf', '-'], {
      input: tarball,
      encoding: 'utf8',
      env: { ...process.env, TZ: 'UTC' },
    });
    expect(listed.stderr).toBe('');
    expect(listed.stdout).toMatch(/ 14 1985-10-26 08:15 package\/package\.json\n.* 1000 .*package\/lib\/index\.js\n$/);
    const content = spawnSync('tar', ['-xOzf', '-', 'package/lib/index.js'], { input: tarball, encoding: 'utf8' });
    expect(content.stdout).toBe('x'.repeat(1_000));
  });

  test('is the same for the same files', () => {
    expect(packTarball({ a: '1' })).toEqual(packTarball({ a: '1' }));
  });
});

interface PublishBody {
  /** The path; the name of the package unless given. */
  readonly path?: string;
  readonly name: string;
  readonly tarball: Uint8Array;
  readonly integrity?: string;
  readonly provenance?: string;
  readonly manifest?: object;
}

/** Publishes version 1.0.0 as npm does. */
function publishTo({ url }: NpmRegistry, body: PublishBody): Promise<Response> {
  const { name, path = name.replace('/', '%2f'), tarball, provenance, manifest } = body;
  const { integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}` } = body;
  const data = Buffer.from(tarball).toString('base64');
  const document = {
    _id: name,
    name,
    'dist-tags': { latest: '1.0.0' },
    versions: { '1.0.0': { name, version: '1.0.0', ...manifest, dist: { integrity } } },
    _attachments: {
      [`${name}-1.0.0.tgz`]: { content_type: 'application/octet-stream', data, length: tarball.length },
      ...(provenance === undefined ? {} : { [`${name}-1.0.0.sigstore`]: { data: provenance } }),
    },
  };
  const headers = { 'Content-Type': 'application/json', authorization: 'Bearer t' };
  return fetch(url + path, { method: 'PUT', headers, body: JSON.stringify(document) });
}
