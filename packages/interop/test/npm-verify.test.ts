// SPDX-License-Identifier: Apache-2.0
// pacote, npm's own and unmodified, verifies what a registry serves: over `sigstore`, and over Keywax in its place.

import { type Interceptor, type Stack, startStack } from '@keywax/stack';
import { type NpmRegistry, type ServedVersion, startNpmRegistry } from '@keywax/stack/npm-registry';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IMPLEMENTATIONS, type Implementation, type NpmHost, createNpmHost } from './npm-host.js';
import { type PackedPackage, attestPackage, pack } from './npm-packages.js';

interface World {
  readonly stack: Stack;
  /** Another Sigstore instance, which nobody here trusts. */
  readonly foreign: Stack;
  readonly registry: NpmRegistry;
  /** A registry whose only published key has expired a minute ago. */
  readonly expired: NpmRegistry;
  /** A registry of another owner over the same stack. */
  readonly other: NpmRegistry;
  /** A registry that TUF has no keys of. */
  readonly unlisted: NpmRegistry;
}

let world: World;

/** What pacote found out: what it threw, or how much it has verified. */
interface Finding {
  readonly code?: string;
  readonly message?: string;
  readonly predicateType?: string;
  readonly keyid?: string;
  readonly signatures?: number;
  readonly attestations?: number;
  readonly tarball?: string;
}

interface Scenario {
  /** What is wrong, or not. */
  readonly about: string;
  /** The registry that serves it: `registry` unless given. */
  readonly from?: 'registry' | 'expired' | 'unlisted';
  readonly serve: (packed: PackedPackage) => Promise<unknown>;
  readonly finding: Finding;
}

const VALID: Finding = { signatures: 1, attestations: 2, tarball: 'ok' };
const SLSA = 'https://slsa.dev/provenance/v1';
const PUBLISH = 'https://github.com/npm/attestation/tree/main/specs/publish/v0.1';

/** Serves a package with valid provenance, then tampers with what is served. */
function serveChanged(edit: (served: ServedVersion) => void) {
  return async (packed: PackedPackage): Promise<void> => {
    await serve(packed);
    world.registry.change(packed.name, packed.version, edit);
  };
}

async function serve(packed: PackedPackage, changes: Partial<Parameters<NpmRegistry['addPackage']>[0]> = {}) {
  const provenance = await attestPackage(world.stack, packed);
  return world.registry.addPackage({ ...packed, provenance, ...changes });
}

function attestation(served: ServedVersion, predicateType: string) {
  const found = served.attestations.find((candidate) => candidate.predicateType === predicateType);
  if (found?.bundle.dsseEnvelope === undefined) throw new Error(`no attestation of type ${predicateType}`);
  return { bundle: found.bundle, envelope: found.bundle.dsseEnvelope };
}

/** The envelope with another payload of the same subject. */
function changePayload(served: ServedVersion, predicateType: string): void {
  const { envelope } = attestation(served, predicateType);
  const statement = JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as object;
  envelope.payload = Buffer.from(JSON.stringify({ ...statement, predicate: { changed: true } })).toString('base64');
}

function entry(served: ServedVersion, predicateType: string) {
  const [found] = attestation(served, predicateType).bundle.verificationMaterial.tlogEntries ?? [];
  if (found === undefined) throw new Error('no log entry');
  return found;
}

const SCENARIOS: readonly Scenario[] = [
  {
    about: 'a package with signature, provenance and publish attestation',
    serve: (packed) => serve(packed),
    finding: VALID,
  },
  {
    about: 'a package in a scope',
    serve: (packed) => serve(packed),
    finding: VALID,
  },
  {
    about: 'a package with a registry signature alone',
    serve: (packed) => world.registry.addPackage(packed),
    finding: { signatures: 1, attestations: 0, tarball: 'ok' },
  },
  {
    about: 'a package that was published before the key expired',
    from: 'expired',
    serve: (packed) => world.expired.addPackage({ ...packed, publishedAt: new Date(Date.now() - 3_600_000) }),
    finding: { signatures: 1, attestations: 0, tarball: 'ok' },
  },
  {
    about: 'a package of a registry that TUF has no keys of',
    from: 'unlisted',
    serve: async (packed) =>
      world.unlisted.addPackage({ ...packed, provenance: await attestPackage(world.stack, packed) }),
    finding: VALID,
  },
  {
    about: 'a tarball that was tampered with',
    serve: serveChanged((served) => {
      served.tarball = pack('evil', 'evil').tarball;
    }),
    finding: { signatures: 1, attestations: 2, tarball: 'EINTEGRITY' },
  },
  {
    about: 'a tarball and its integrity that were tampered with',
    serve: serveChanged(({ manifest }) => {
      manifest.dist.integrity = `sha512-${Buffer.alloc(64).toString('base64')}`;
    }),
    finding: { code: 'EINTEGRITYSIGNATURE' },
  },
  {
    about: 'a registry signature by another key',
    serve: (packed) => serve(packed, { signatures: 'wrong' }),
    finding: { code: 'EINTEGRITYSIGNATURE' },
  },
  {
    about: 'a registry signature by a key that is not published',
    serve: (packed) => serve(packed, { signatures: 'unknownKey' }),
    finding: { code: 'EMISSINGSIGNATUREKEY' },
  },
  {
    about: 'a package that was published after the key expired',
    from: 'expired',
    serve: (packed) => world.expired.addPackage(packed),
    finding: { code: 'EEXPIREDSIGNATUREKEY' },
  },
  {
    about: 'a publish attestation that was logged after the key expired',
    from: 'expired',
    serve: (packed) =>
      world.expired.addPackage({
        ...packed,
        publishAttestation: true,
        publishedAt: new Date(Date.now() - 3_600_000),
      }),
    finding: { code: 'EEXPIREDSIGNATUREKEY' },
  },
  {
    about: 'a publish attestation by another key under the name of the registry’s',
    serve: async (packed) => {
      await serve(packed);
      const { version } = packed;
      await world.other.addPackage({ ...packed, publishAttestation: true });
      let theirs: ServedVersion | undefined;
      world.other.change(packed.name, version, (served) => {
        theirs = structuredClone(served);
      });
      world.registry.change(packed.name, version, (served) => {
        const [own, forged] = [served, theirs].map((from) => from && attestation(from, PUBLISH));
        const [signature] = own?.envelope.signatures ?? [];
        if (own === undefined || forged === undefined || signature === undefined) throw new Error('no attestations');
        signature.sig = forged.envelope.signatures[0]?.sig ?? '';
        own.envelope.payload = forged.envelope.payload;
        own.bundle.verificationMaterial.tlogEntries = forged.bundle.verificationMaterial.tlogEntries ?? [];
      });
    },
    finding: { code: 'EATTESTATIONVERIFY', predicateType: PUBLISH },
  },
  {
    about: 'a publish attestation by a key that is not published',
    serve: serveChanged((served) => {
      for (const signature of attestation(served, PUBLISH).envelope.signatures) signature.keyid = 'SHA256:unknown';
    }),
    finding: { code: 'EMISSINGSIGNATUREKEY' },
  },
  {
    about: 'provenance of another package',
    serve: async (packed) => serve(packed, { provenance: await attestPackage(world.stack, pack('another')) }),
    finding: { code: 'EATTESTATIONSUBJECT' },
  },
  {
    about: 'provenance of another tarball of the same package',
    serve: async (packed) =>
      serve(packed, { provenance: await attestPackage(world.stack, pack(packed.name, 'another')) }),
    finding: { code: 'EATTESTATIONSUBJECT' },
  },
  {
    about: 'a publish attestation of another package',
    serve: (packed) => serve(packed, { publishAttestation: { purl: 'pkg:npm/another@1.0.0' } }),
    finding: { code: 'EATTESTATIONSUBJECT' },
  },
  {
    about: 'provenance whose statement was changed',
    serve: serveChanged((served) => changePayload(served, SLSA)),
    finding: { code: 'EATTESTATIONVERIFY', predicateType: SLSA },
  },
  {
    about: 'a publish attestation whose statement was changed',
    serve: serveChanged((served) => changePayload(served, PUBLISH)),
    finding: { code: 'EATTESTATIONVERIFY', predicateType: PUBLISH },
  },
  {
    about: 'provenance by the certificate of another instance',
    serve: async (packed) => serve(packed, { provenance: await attestPackage(world.foreign, packed) }),
    finding: { code: 'EATTESTATIONVERIFY', predicateType: SLSA },
  },
  {
    about: 'provenance with the certificate of another run',
    serve: async (packed) => {
      const other = await attestPackage(world.stack, pack('another'));
      await serveChanged((served) => {
        const { verificationMaterial } = attestation(served, SLSA).bundle;
        const { certificate } = other.verificationMaterial;
        if (certificate !== undefined) verificationMaterial.certificate = certificate;
      })(packed);
    },
    finding: { code: 'EATTESTATIONVERIFY', predicateType: SLSA },
  },
  {
    about: 'provenance without a log entry',
    serve: serveChanged((served) => {
      attestation(served, SLSA).bundle.verificationMaterial.tlogEntries = [];
    }),
    finding: { code: 'EATTESTATIONVERIFY', predicateType: SLSA },
  },
  {
    about: 'provenance with the log entry of another statement',
    serve: async (packed) => {
      const { tlogEntries } = (await attestPackage(world.stack, pack('another'))).verificationMaterial;
      await serveChanged((served) => {
        attestation(served, SLSA).bundle.verificationMaterial.tlogEntries = tlogEntries ?? [];
      })(packed);
    },
    finding: { code: 'EATTESTATIONVERIFY', predicateType: SLSA },
  },
  {
    about: 'provenance whose inclusion is not proven',
    serve: serveChanged((served) => {
      const { inclusionProof } = entry(served, SLSA);
      if (inclusionProof !== undefined) inclusionProof.hashes = [Buffer.alloc(32).toString('base64')];
    }),
    finding: { code: 'EATTESTATIONVERIFY', predicateType: SLSA },
  },
  {
    about: 'provenance whose log entry claims another time',
    serve: serveChanged((served) => {
      const logged = entry(served, SLSA);
      logged.integratedTime = String(Number(logged.integratedTime) - 1);
    }),
    finding: { code: 'EATTESTATIONVERIFY', predicateType: SLSA },
  },
  {
    about: 'a bundle of a kind that nobody knows',
    serve: serveChanged((served) => {
      attestation(served, SLSA).bundle.mediaType = 'application/vnd.dev.sigstore.bundle.v9+json';
    }),
    finding: { code: 'EATTESTATIONVERIFY', predicateType: SLSA },
  },
  {
    about: 'attestations that are announced and missing',
    serve: serveChanged((served) => {
      served.attestations = [];
    }),
    finding: { code: 'E404' },
  },
  // What npm does not notice: nothing says that a version once had provenance.
  {
    about: 'provenance that was dropped beside a publish attestation',
    serve: serveChanged((served) => {
      served.attestations = served.attestations.filter(({ predicateType }) => predicateType === PUBLISH);
    }),
    finding: { signatures: 1, attestations: 1, tarball: 'ok' },
  },
  {
    about: 'attestations that are not announced any more',
    serve: serveChanged(({ manifest }) => {
      delete manifest.dist.attestations;
    }),
    finding: { signatures: 1, attestations: 0, tarball: 'ok' },
  },
];

/** Asks pacote as `npm audit signatures` does: keys by TUF, else from the registry itself. */
const AUDIT = `
const pacote = require('pacote');
const tufClient = require('@sigstore/tuf');
const { join } = require('node:path');

async function main({ specs, tufCache, cache }) {
  const tuf = await tufClient.initTUF({ cachePath: tufCache, retry: { retries: 0 }, timeout: 10000 });
  const options = { cache, tufCache, verifySignatures: true, verifyAttestations: true, fetchRetries: 0 };
  const registries = [...new Set(specs.map(({ registry }) => registry))];
  for (const registry of registries) {
    const { host, pathname } = new URL(registry);
    options['//' + host + pathname + ':_keys'] = await readKeys(tuf, registry, host + pathname.replace(/\\/$/, ''));
  }
  return Promise.all(specs.map(({ spec, registry }) => find(spec, { ...options, registry })));
}

async function readKeys(tuf, registry, path) {
  const pem = (base64) => '-----BEGIN PUBLIC KEY-----\\n' + base64 + '\\n-----END PUBLIC KEY-----';
  try {
    const { keys } = JSON.parse(await tuf.getTarget(path + '/keys.json'));
    return keys.map(({ keyId, publicKey }) => (
      { keyid: keyId, pemkey: pem(publicKey.rawBytes), expires: publicKey.validFor.end || null }
    ));
  } catch (error) {
    if (error.code !== 'TUF_FIND_TARGET_ERROR') throw error;
    const { keys } = await (await fetch(registry + '-/npm/v1/keys')).json();
    return keys.map((key) => ({ ...key, pemkey: pem(key.key) }));
  }
}

async function find(spec, options) {
  try {
    const manifest = await pacote.manifest(spec, options);
    const { _signatures = [], _attestationBundles = [], _resolved: resolved, _integrity: integrity } = manifest;
    const found = { signatures: _signatures.length, attestations: _attestationBundles.length };
    const tarball = await pacote.tarball(spec, { ...options, resolved, integrity }).then(() => 'ok', ({ code }) => code);
    return { ...found, tarball };
  } catch ({ code, message, predicateType, keyid }) {
    return { code, message, predicateType, keyid };
  }
}

let input = '';
process.stdin.on('data', (chunk) => (input += chunk)).on('end', async () => {
  console.log(JSON.stringify(await main(JSON.parse(input))));
});
`;

const hosts = new Map<Implementation, NpmHost>();
/** What was asked of the TUF mirror. */
const asked = new Map<Implementation, readonly string[]>();
const findings = new Map<Implementation, readonly Finding[]>();

function nameOf(index: number): string {
  return SCENARIOS[index]?.about.includes('scope') === true ? `@keywax/case-${index}` : `case-${index}`;
}

beforeAll(async () => {
  let paths: string[] = [];
  const tuf: Interceptor = (request, next) => {
    paths.push(new URL(request.url).pathname);
    return next();
  };
  const [stack, foreign] = await Promise.all([startStack({ faults: { tuf } }), startStack()]);
  const [registry, expired, other] = await Promise.all([
    startNpmRegistry({ stack, path: '/npm/' }),
    startNpmRegistry({ stack }),
    startNpmRegistry({ stack }),
  ]);
  const unlisted = await startNpmRegistry({ stack, keysInTuf: false });
  world = { stack, foreign, registry, expired, other, unlisted };
  await expired.expireKey(new Date(Date.now() - 60_000));
  for (const [index, { serve: prepare }] of SCENARIOS.entries()) await prepare(pack(nameOf(index)));
  const specs = SCENARIOS.map(({ from = 'registry' }, index) => ({
    spec: `${nameOf(index)}@1.0.0`,
    registry: world[from].url,
  }));
  for (const implementation of IMPLEMENTATIONS) {
    const host = createNpmHost(implementation, stack);
    hosts.set(implementation, host);
    const argument = { specs, tufCache: `${host.folder}/_tuf`, cache: `${host.folder}/_cacache` };
    paths = [];
    findings.set(implementation, await host.runScript<readonly Finding[]>(AUDIT, { argument }));
    asked.set(implementation, paths);
  }
});

afterAll(async () => {
  for (const host of hosts.values()) host.remove();
  for (const part of Object.values(world)) await part.close();
});

describe.each(IMPLEMENTATIONS)('pacote over %s', (implementation) => {
  test.each(SCENARIOS.map((scenario, index) => [scenario.about, scenario, index] as const))(
    'finds %s',
    (_, { finding }, index) => {
      expect(findings.get(implementation)?.[index]).toMatchObject(finding);
    },
  );
});

test('nothing of sigstore is loaded over Keywax', async () => {
  const source = `
    for (const name of ['pacote', 'libnpmpublish', '@sigstore/tuf', 'sigstore']) require(name);
    console.log(JSON.stringify(Object.keys(require.cache)));
  `;
  const listLoaded = async (implementation: Implementation) => {
    const host = hosts.get(implementation);
    const paths = await host?.runScript<readonly string[]>(source, { argument: null });
    const names = paths?.map((path) => path.replace(`${host?.folder}/node_modules/`, '')) ?? [];
    return names.filter((name) => /sigstore|tuf-js|tufjs/.test(name));
  };
  expect(await listLoaded('keywax')).toEqual(['sigstore/index.js', '@sigstore/tuf/index.js']);
  expect((await listLoaded('sigstore')).length).toBeGreaterThan(10);
});

test('Keywax asks the mirror for each file once, however many packages are verified at a time', () => {
  const paths = asked.get('keywax') ?? [];
  expect(paths.filter((path) => path.endsWith('trusted_root.json'))).toHaveLength(1);
  expect(new Set(paths).size).toBe(paths.length);
});

test('both say the same of which key and which attestation', () => {
  const described = (implementation: Implementation) =>
    findings.get(implementation)?.map((finding) => ({ ...finding, message: undefined }));
  expect(described('keywax')).toEqual(described('sigstore'));
});
