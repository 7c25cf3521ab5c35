// SPDX-License-Identifier: Apache-2.0
// Bad roots and bad keys, each refused by its code, with nothing of them stored.

import { generateKeyPairSync } from 'node:crypto';
import { encodeHex } from '@keywax/core/bytes';
import type { ErrorCode } from '@keywax/core/errors';
import {
  type EnvelopeJson,
  type KeyKind,
  type PlainJson,
  computeKeyId,
  encodeTufKey,
  generateSigningKey,
  signTuf,
} from '@keywax/stack/tuf';
import { describe, expect, test } from 'vitest';
import { type World, createVisitedWorld, createWorld, edit, replaceText } from './world.js';

interface RootCase {
  readonly id: string;
  readonly title: string;
  readonly attack: (world: World) => void;
  /** Absent where the root is accepted. */
  readonly code?: ErrorCode;
  /** What is stored all the same, because it was accepted before the fault was reached. */
  readonly changes?: readonly string[];
}

const RSA_1024 = generateKeyPairSync('rsa', { modulusLength: 1_024 })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();
const ROOT_STORED = ['metadata/root', 'roots/2'];

/** Publishes root 2 after an edit. */
function publishRoot({ repository }: World, path: readonly string[], value: PlainJson | undefined): void {
  edit(repository.role('root').signed, path, value);
  repository.publish('root');
}

/** Gives the timestamp role a second key, and publishes the root. */
function addTimestampKey(world: World, key: PlainJson, id = 'second'): void {
  const { signed } = world.repository.role('root');
  edit(signed, ['keys', id], key);
  edit(signed, ['roles', 'timestamp', 'keyids'], [keyIdOf(world, 'timestamp'), id]);
  world.repository.publish('root');
}

function keyIdOf({ repository }: World, role: string): string {
  const [key] = repository.role(role).signers;
  if (key === undefined) throw new Error(`${role} has no signer`);
  return computeKeyId(key);
}

const keyJson = (kind: KeyKind): PlainJson => ({ ...encodeTufKey(generateSigningKey(kind)) });
const withMembers = (key: PlainJson, members: Record<string, PlainJson>): PlainJson => ({
  ...(key as Record<string, PlainJson>),
  ...members,
});
const ed25519 = (publicHex: string): PlainJson => ({
  keytype: 'ed25519',
  scheme: 'ed25519',
  keyval: { public: publicHex },
});

const CASES: readonly RootCase[] = [
  {
    id: 'TU-002',
    title: 'a root with new keys is accepted when both sign it',
    attack: ({ repository }) => {
      repository.rotate('root');
      repository.publish('root');
    },
    changes: ROOT_STORED,
  },
  {
    id: 'TU-002',
    title: 'a root that the new key alone signs is refused',
    attack: ({ repository }) => {
      repository.rotate('root');
      const { signers } = repository.role('root');
      signers.splice(1);
      repository.publish('root');
    },
    code: 'TUF_SIGNATURE_INVALID',
  },
  {
    id: 'TU-002',
    title: 'a root that the old key alone signs is refused',
    attack: ({ repository }) => {
      repository.rotate('root');
      repository.role('root').signers.splice(0, 1);
      repository.publish('root');
    },
    code: 'TUF_SIGNATURE_INVALID',
  },
  {
    id: 'TU-002',
    title: 'a good root before a bad one is kept',
    attack: ({ repository }) => {
      repository.publish('root');
      repository.role('root').signers = [generateSigningKey('ed25519')];
      repository.publish('root');
    },
    code: 'TUF_SIGNATURE_INVALID',
    changes: ROOT_STORED,
  },
  ...[1, 3].map((version) => ({
    id: 'TU-003',
    title: `version ${version} in the place of version 2 is refused`,
    attack: ({ repository }: World) => {
      edit(repository.role('root').signed, ['version'], version);
      repository.write('root');
      repository.files.set('2.root.json', repository.root(version));
    },
    code: 'TUF_VERSION_ROLLBACK' as const,
  })),
  {
    id: 'TU-004',
    title: 'a root that has expired is stepped through',
    attack: (world) => {
      publishRoot(world, ['expires'], '2025-01-01T00:00:00Z');
      publishRoot(world, ['expires'], '2099-01-01T00:00:00Z');
    },
    changes: [...ROOT_STORED, 'roots/3'],
  },
  {
    id: 'TU-004',
    title: 'the last root must not have expired',
    attack: (world) => publishRoot(world, ['expires'], '2025-01-01T00:00:00Z'),
    code: 'TUF_METADATA_EXPIRED',
    changes: ROOT_STORED,
  },
  {
    id: 'TU-006',
    title: 'one key under two ids counts once',
    attack: (world) => {
      const { repository } = world;
      const [key] = repository.role('timestamp').signers;
      edit(repository.role('root').signed, ['roles', 'timestamp', 'threshold'], 2);
      addTimestampKey(world, key === undefined ? null : { ...encodeTufKey(key) });
      edit(repository.role('timestamp').signed, ['version'], 9);
      repository.write('timestamp', doubleSignature);
    },
    code: 'TUF_SIGNATURE_INVALID',
    changes: ROOT_STORED,
  },
  {
    id: 'TU-007',
    title: 'a key id twice in signatures is refused, even where one is enough',
    attack: ({ repository }) => {
      edit(repository.role('timestamp').signed, ['version'], 9);
      repository.write('timestamp', ({ signatures, signed }) => ({
        signatures: [...signatures, ...signatures],
        signed,
      }));
    },
    code: 'TUF_METADATA_INVALID',
  },
  {
    id: 'TU-007',
    title: 'a key id twice in a role counts once',
    attack: (world) => {
      const id = keyIdOf(world, 'timestamp');
      edit(world.repository.role('root').signed, ['roles', 'timestamp', 'threshold'], 2);
      publishRoot(world, ['roles', 'timestamp', 'keyids'], [id, id]);
    },
    code: 'TUF_METADATA_INVALID',
    changes: ROOT_STORED,
  },
  {
    id: 'TU-007',
    title: 'a key id twice in a role does no harm',
    attack: (world) => {
      const id = keyIdOf(world, 'timestamp');
      publishRoot(world, ['roles', 'timestamp', 'keyids'], [id, id]);
    },
    changes: ROOT_STORED,
  },
  {
    id: 'TU-008',
    title: 'two keys of one id are refused',
    attack: (world) => {
      world.repository.publish('root');
      const id = keyIdOf(world, 'root');
      const file = replaceText(world.repository.root(2), `"${id}":{"keytype"`, `"${id}":{},"${id}":{"keytype"`);
      world.repository.files.set('2.root.json', file);
    },
    code: 'TUF_METADATA_INVALID',
  },
  ...[0, -1, 1.5, '1'].map((threshold) => ({
    id: 'TU-009',
    title: `a threshold of ${JSON.stringify(threshold)} is refused`,
    attack: (world: World) => publishRoot(world, ['roles', 'timestamp', 'threshold'], threshold),
    code: 'TUF_METADATA_INVALID' as const,
  })),
  {
    id: 'TU-009',
    title: 'a role whose threshold is beyond its keys signs nothing',
    attack: (world) => publishRoot(world, ['roles', 'timestamp', 'threshold'], 2),
    code: 'TUF_METADATA_INVALID',
    changes: ROOT_STORED,
  },
  {
    id: 'TU-010',
    title: 'a signature by a key of another role does not count',
    attack: ({ repository }) => {
      edit(repository.role('timestamp').signed, ['version'], 9);
      repository.role('timestamp').signers = [...repository.role('snapshot').signers];
      repository.write('timestamp');
    },
    code: 'TUF_SIGNATURE_INVALID',
  },
  {
    id: 'TU-010',
    title: 'a key of an unknown scheme does no harm beside enough others',
    attack: (world) => {
      addTimestampKey(world, { keytype: 'sphinx', scheme: 'sphincs', keyval: { public: 'x' } });
      world.repository.write('timestamp', ({ signatures, signed }) => ({
        signatures: [{ keyid: 'second', sig: '00' }, { keyid: 'nobody', sig: 'not hex' }, ...signatures],
        signed,
      }));
    },
    changes: ['metadata/root', 'metadata/timestamp', 'roots/2'],
  },
  ...(
    [
      ['an RSA key as Ed25519', withMembers(keyJson('rsa-2048'), { keytype: 'ed25519', scheme: 'ed25519' })],
      ['P-384 as P-256', withMembers(keyJson('P-384'), { scheme: 'ecdsa-sha2-nistp256' })],
      ['P-256 as RSA-PSS', withMembers(keyJson('P-256'), { keytype: 'rsa', scheme: 'rsassa-pss-sha256' })],
      ['an RSA key type with the Ed25519 scheme', withMembers(keyJson('ed25519'), { keytype: 'rsa' })],
    ] as readonly (readonly [string, PlainJson])[]
  ).map(([title, key]) => ({
    id: 'TU-011',
    title: `${title} is refused`,
    attack: (world: World) => addTimestampKey(world, key),
    code: 'TUF_METADATA_INVALID' as const,
  })),
  ...[
    ['31 bytes', '00'.repeat(31)],
    ['33 bytes', '11'.repeat(33)],
    ['an odd number of digits', '1'.repeat(63)],
    ['a point of small order', `01${'00'.repeat(31)}`],
  ].map(([title, hex]) => ({
    id: 'TU-012',
    title: `an Ed25519 key of ${title} is refused`,
    attack: (world: World) => addTimestampKey(world, ed25519(hex ?? '')),
    code: 'TUF_METADATA_INVALID' as const,
  })),
  {
    id: 'TU-013',
    title: 'an RSA key of 1,024 bits is refused',
    attack: (world) =>
      addTimestampKey(world, { keytype: 'rsa', scheme: 'rsassa-pss-sha256', keyval: { public: RSA_1024 } }),
    code: 'TUF_METADATA_INVALID',
  },
  {
    id: 'TU-035',
    title: '6,000 keys are too many',
    attack: (world) => {
      const key = ed25519('22'.repeat(32));
      const keys = Object.fromEntries(Array.from({ length: 6_000 }, (_, i) => [String(i), i < 5_990 ? null : key]));
      publishRoot(world, ['keys'], keys);
    },
    code: 'INPUT_TOO_LARGE',
  },
  {
    id: 'TU-035',
    title: '9,000 roles are too many',
    attack: (world) => {
      const roles = Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [String(i), { keyids: [] }]));
      publishRoot(world, ['roles'], roles);
    },
    code: 'INPUT_TOO_LARGE',
  },
  {
    id: 'TU-035',
    title: '65 keys of one role are too many',
    attack: (world) => publishRoot(world, ['roles', 'targets', 'keyids'], Array.from({ length: 65 }, String)),
    code: 'INPUT_TOO_LARGE',
  },
  {
    id: 'TU-053',
    title: 'a page of HTML is no root',
    attack: ({ answers }) => void answers.set('2.root.json', { body: '<!doctype html><title>Not found</title>' }),
    code: 'TUF_METADATA_INVALID',
  },
  {
    id: 'TU-053',
    title: 'an error of the server is not the end of the roots',
    attack: ({ answers }) => void answers.set('2.root.json', { status: 500 }),
    code: 'NETWORK_STATUS',
  },
  {
    id: 'TU-055',
    title: 'the root of another repository is refused',
    attack: ({ repository }) => {
      const other = createWorld();
      other.repository.publish('root');
      repository.files.set('2.root.json', other.repository.root(2));
    },
    code: 'TUF_SIGNATURE_INVALID',
  },
];

/** Repeats the one signature under the id `second`. */
function doubleSignature({ signatures, signed }: EnvelopeJson): PlainJson {
  return { signatures: [...signatures, ...signatures.map(({ sig }) => ({ keyid: 'second', sig }))], signed };
}

describe('a root of the mirror', () => {
  test.each(CASES)('$id: $title', async ({ attack, code, changes = [] }) => {
    const world = await createVisitedWorld();
    attack(world);
    const before = new Map(world.store.files);
    const refreshed = world.client().refresh();
    if (code === undefined) await expect(refreshed).resolves.toMatchObject({ source: 'mirror' });
    else await expect(refreshed).rejects.toMatchObject({ code });
    expect(world.changesSince(before)).toEqual(changes);
  });

  test('TU-005: 256 rotations are followed, and one more is not', async () => {
    const world = createWorld();
    for (let i = 0; i < 256; i++) world.repository.publish('root');
    await expect(world.client().refresh()).resolves.toMatchObject({ versions: { root: 257 } });
    world.store.files.clear();
    world.repository.publish('root');
    await expect(world.client().refresh()).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' });
  });

  test('TU-053: 403 ends the roots with a diagnostic', async () => {
    const world = await createVisitedWorld();
    world.answers.set('2.root.json', { status: 403 });
    await expect(world.client().refresh()).resolves.toMatchObject({ versions: { root: 1 } });
    expect(world.diagnostics).toMatchObject([{ kind: 'rootForbidden' }]);
  });
});

describe('the root that a caller trusts', () => {
  test.each<[string, (world: World) => Uint8Array, ErrorCode]>([
    [
      'TU-001: signed by fewer keys than its own threshold',
      ({ repository }) => {
        const { signed } = repository.role('root');
        const key = generateSigningKey('ed25519');
        edit(signed, ['keys', computeKeyId(key)], { ...encodeTufKey(key) });
        edit(signed, ['roles', 'root', 'keyids'], [keyIdOf({ repository } as World, 'root'), computeKeyId(key)]);
        edit(signed, ['roles', 'root', 'threshold'], 2);
        repository.write('root');
        return repository.root();
      },
      'TUF_SIGNATURE_INVALID',
    ],
    ['altered', ({ repository }) => replaceText(repository.root(), '2027', '2028'), 'TUF_SIGNATURE_INVALID'],
    [
      'without a version',
      ({ repository }) => replaceText(repository.root(), '"version":1,', ''),
      'TUF_METADATA_INVALID',
    ],
    ['a timestamp', ({ repository }) => repository.files.get('timestamp.json') as Uint8Array, 'TUF_METADATA_INVALID'],
    ['empty', () => new Uint8Array(), 'TUF_METADATA_INVALID'],
    ['beyond 512,000 bytes', () => new Uint8Array(512_001).fill(0x20), 'INPUT_TOO_LARGE'],
  ])('%s is refused before anything is fetched', async (_, makeRoot, code) => {
    const world = createWorld();
    const trustedRoot = makeRoot(world);
    await expect(world.client({ trustedRoot }).refresh()).rejects.toMatchObject({ code });
    expect(world.requests).toEqual([]);
    expect(world.store.files.size).toBe(0);
  });
});

describe('keys', () => {
  test.each<KeyKind>(['ed25519', 'P-256', 'P-384', 'rsa-2048'])('of kind %s sign a repository', async (keyKind) => {
    const world = createWorld({ keyKind });
    await expect(world.client().refresh()).resolves.toMatchObject({ versions: { root: 1 } });
  });

  test('as hex of a point, as in the first roots of production, are read', async () => {
    const world = createWorld({ keyKind: 'P-256' });
    const { signed, signers } = world.repository.role('root');
    for (const key of [...signers, ...world.repository.role('timestamp').signers]) {
      const point = encodeHex(key.spki.subarray(-65));
      const json = { keytype: 'ecdsa-sha2-nistp256', scheme: 'ecdsa-sha2-nistp256', keyval: { public: point } };
      edit(signed, ['keys', computeKeyId(key)], json);
    }
    world.repository.write('root');
    await expect(world.client().refresh()).resolves.toMatchObject({ versions: { root: 1 } });
  });

  test('may have ids that are not their hashes', async () => {
    const world = createWorld();
    const [key] = world.repository.role('timestamp').signers;
    if (key === undefined) throw new Error('the timestamp has no signer');
    const { signed } = world.repository.role('root');
    edit(signed, ['keys', 'an id'], { ...encodeTufKey(key) });
    edit(signed, ['roles', 'timestamp', 'keyids'], ['an id']);
    world.repository.write('root');
    world.repository.write('timestamp', ({ signatures, signed: timestamp }) => ({
      signatures: signatures.map(({ sig }) => ({ keyid: 'an id', sig })),
      signed: timestamp,
    }));
    await expect(world.client().refresh()).resolves.toMatchObject({ versions: { timestamp: 2 } });
  });
});

describe('signatures', () => {
  /** Writes timestamp 9 with its one ECDSA signature changed. */
  const writeTimestamp = (world: World, change: (signature: Uint8Array) => string): void => {
    edit(world.repository.role('timestamp').signed, ['version'], 9);
    world.repository.write('timestamp', ({ signatures, signed }) => ({
      signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: change(Buffer.from(sig, 'hex')) })),
      signed,
    }));
  };
  const toFixed = (der: Uint8Array): Uint8Array => {
    const r = der.subarray(4, 4 + (der[3] ?? 0));
    const s = der.subarray(6 + r.length);
    const pad = (number: Uint8Array): Uint8Array => Buffer.concat([Buffer.alloc(32), number]).subarray(-32);
    return Buffer.concat([pad(r), pad(s)]);
  };

  test.each<[string, (signature: Uint8Array) => string]>([
    ['as two numbers of fixed width', (signature) => encodeHex(toFixed(signature))],
    ['in upper-case hex', (signature) => encodeHex(signature).toUpperCase()],
    ['with an odd number of digits', (signature) => encodeHex(signature).slice(1)],
    ['that is empty', () => ''],
    ['with a byte too many', (signature) => `${encodeHex(signature)}00`],
  ])('TU-014: %s do not count', async (_, change) => {
    const world = await createVisitedWorld({ keyKind: 'P-256' });
    writeTimestamp(world, change);
    const before = new Map(world.store.files);
    await expect(world.client().refresh()).rejects.toMatchObject({ code: 'TUF_SIGNATURE_INVALID' });
    expect(world.changesSince(before)).toEqual([]);
  });

  test('that are empty or wrong do no harm beside enough others', async () => {
    const world = await createVisitedWorld();
    const extra = [generateSigningKey('ed25519'), generateSigningKey('P-256')] as const;
    const { signed } = world.repository.role('root');
    for (const key of extra) edit(signed, ['keys', computeKeyId(key)], { ...encodeTufKey(key) });
    const ids = extra.map(computeKeyId);
    edit(signed, ['roles', 'timestamp', 'keyids'], [...ids, keyIdOf(world, 'timestamp')]);
    world.repository.publish('root');
    const wrong = encodeHex(signTuf(extra[0], new Uint8Array(3)));
    world.repository.write('timestamp', ({ signatures, signed: timestamp }) => ({
      signatures: [{ keyid: ids[0] ?? '', sig: wrong }, { keyid: ids[1] ?? '', sig: '' }, ...signatures],
      signed: timestamp,
    }));
    await expect(world.client().refresh()).resolves.toMatchObject({ versions: { root: 2 } });
  });
});
