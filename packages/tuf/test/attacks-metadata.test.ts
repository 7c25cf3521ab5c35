// SPDX-License-Identifier: Apache-2.0
// Bad timestamps, snapshots and top-level targets, each refused by its code. What was accepted before the fault stays
// stored, as TUF wants it; nothing else changes.

import { hash } from 'node:crypto';
import type { ErrorCode } from '@keywax/core/errors';
import type { PlainJson, SignedJson } from '@keywax/stack/tuf';
import { describe, expect, test } from 'vitest';
import { START, type World, createVisitedWorld, createWorld, edit, replaceText } from './world.js';

interface Case {
  readonly id: string;
  readonly title: string;
  readonly attack: (world: World) => void;
  /** Absent where the repository is accepted. */
  readonly code?: ErrorCode;
  /** What is stored all the same. */
  readonly changes?: readonly string[];
  /** Whether timestamp and snapshot give length and hash of what they name. */
  readonly describeFiles?: boolean;
}

const TIMESTAMP = ['metadata/timestamp'];
const SNAPSHOT = ['metadata/snapshot', 'metadata/timestamp'];
const ALL = ['metadata/snapshot', 'metadata/targets', 'metadata/timestamp'];

/** Publishes the next timestamp after an edit. */
const publishTimestamp =
  (path: readonly string[], value: PlainJson | undefined) =>
  ({ repository }: World): void => {
    edit(repository.role('timestamp').signed, path, value);
    repository.publish('timestamp');
  };

/** Publishes the next timestamp with a piece of its text replaced after it was signed. */
const rewriteTimestamp =
  (from: string | RegExp, to: string) =>
  ({ repository }: World): void => {
    repository.publish('timestamp');
    repository.files.set('timestamp.json', replaceText(repository.files.get('timestamp.json'), from, to));
  };

/** Publishes the next snapshot after an edit, and the timestamp that names it. */
const publishSnapshot =
  (change: (signed: SignedJson) => void) =>
  ({ repository }: World): void => {
    change(repository.role('snapshot').signed);
    repository.publish('snapshot', 'timestamp');
  };

const releaseTargets =
  (change: (signed: SignedJson) => void) =>
  ({ repository }: World): void => {
    change(repository.role('targets').signed);
    repository.release();
  };

const targetFile = (length: PlainJson, hashes: PlainJson = { sha256: 'ab'.repeat(32) }) =>
  releaseTargets((signed) => edit(signed, ['targets', 'b.txt'], { length, hashes }));

const FORMAT = 'TUF_METADATA_INVALID';
const SUPPORTED_TIMES = ['2026-12-31T23:59:59Z'];
const TIMES: readonly PlainJson[] = [
  '',
  'never',
  '2040',
  '+275760-09-13T00:00:00Z',
  '2040-01-01T00:00:00+02:00',
  '2040-01-01T00:00:00.5Z',
  '2040-02-30T00:00:00Z',
  '2040-01-01 00:00:00Z',
  '2040-01-01T00:00:00z',
  '2040-01-01T24:00:00Z',
  4_070_908_800,
  null,
];

const CASES: readonly Case[] = [
  ...TIMES.map((expires) => ({
    id: 'TU-015',
    title: `expires ${JSON.stringify(expires)} is refused`,
    attack: publishTimestamp(['expires'], expires),
    code: FORMAT as ErrorCode,
  })),
  { id: 'TU-015', title: 'no expires is refused', attack: publishTimestamp(['expires'], undefined), code: FORMAT },
  ...SUPPORTED_TIMES.map((expires) => ({
    id: 'TU-015',
    title: `expires ${expires} is read`,
    attack: publishTimestamp(['expires'], expires),
    changes: TIMESTAMP,
  })),
  ...['0', '-5', '1.5', '"7"', '1e309', '9007199254740993', 'null', '7.0', '7e0'].map((version) => ({
    id: 'TU-016',
    title: `version ${version} is refused`,
    attack: rewriteTimestamp(/"version":3,/, `"version":${version},`),
    code: FORMAT as ErrorCode,
  })),
  ...['2.0.0', '1..', '1.1e9.0x10', '', '1', '1.0.34.1', ' 1.0', '0.9'].map((version) => ({
    id: 'TU-017',
    title: `spec_version ${JSON.stringify(version)} is refused`,
    attack: publishTimestamp(['spec_version'], version),
    code: FORMAT as ErrorCode,
  })),
  ...['1.0', '1.0.0', '1.99.99'].map((version) => ({
    id: 'TU-017',
    title: `spec_version ${version} is read`,
    attack: publishTimestamp(['spec_version'], version),
    changes: TIMESTAMP,
  })),
  {
    id: 'TU-017',
    title: 'no spec_version is refused',
    attack: publishTimestamp(['spec_version'], undefined),
    code: FORMAT,
  },
  {
    id: 'TU-018',
    title: 'a snapshot in the place of the targets is refused',
    attack: ({ repository }) => {
      repository.release();
      repository.files.set('3.targets.json', repository.files.get('3.snapshot.json') as Uint8Array);
    },
    code: FORMAT,
    changes: SNAPSHOT,
  },
  {
    id: 'TU-019',
    title: 'a member twice is refused',
    attack: rewriteTimestamp('"version":3,', '"version":3,"version":3,'),
    code: FORMAT,
  },
  { id: 'TU-020', title: 'a fraction is refused', attack: publishTimestamp(['custom'], { a: 1.5 }), code: FORMAT },
  {
    id: 'TU-020',
    title: 'an exponent is refused',
    attack: rewriteTimestamp('"version":3,', '"version":3,"custom":1e3,'),
    code: FORMAT,
  },
  {
    id: 'TU-020',
    title: 'names and texts of every kind are signed as they are',
    attack: publishTimestamp(['custom'], {
      'é\u0001\n': 'tab\t"quote" \\ slash / \u2028',
      '\uffff': { '😀': [true, false, null, -7, 9_007_199_254_740_991] },
      '😀': '',
      '\ud7ff': [],
      constructor: {},
      B: 1,
      a: 2,
    }),
    changes: TIMESTAMP,
  },
  {
    id: 'TU-020',
    title: 'a member named __proto__ is signed like others',
    attack: publishTimestamp(['custom'], JSON.parse('{"__proto__":{"version":99}}') as PlainJson),
    changes: TIMESTAMP,
  },
  {
    id: 'TU-020',
    title: 'order, white space and escapes are not signed',
    attack: ({ repository }) => {
      repository.publish('timestamp');
      repository.files.set(
        'timestamp.json',
        replaceText(
          repository.files.get('timestamp.json'),
          '"_type":"timestamp",',
          '\n "\\u005ftype" : "time\\u0073tamp" ,',
        ),
      );
    },
    changes: TIMESTAMP,
  },
  {
    id: 'TU-021',
    title: 'an unknown member is under the signature',
    attack: rewriteTimestamp('"version":3,', '"version":3,"custom":1,'),
    code: 'TUF_SIGNATURE_INVALID',
  },
  {
    id: 'TU-022',
    title: 'an older timestamp is refused',
    attack: ({ repository }) => {
      edit(repository.role('timestamp').signed, ['version'], 1);
      repository.write('timestamp');
    },
    code: 'TUF_VERSION_ROLLBACK',
  },
  {
    id: 'TU-024',
    title: 'a timestamp that names an older snapshot is refused',
    attack: publishTimestamp(['meta', 'snapshot.json', 'version'], 1),
    code: 'TUF_VERSION_ROLLBACK',
  },
  {
    id: 'TU-024',
    title: 'an older snapshot than the stored one is refused where no timestamp is stored',
    attack: (world) => {
      publishTimestamp(['meta', 'snapshot.json', 'version'], 1)(world);
      world.store.files.delete('metadata/timestamp');
    },
    code: 'TUF_VERSION_ROLLBACK',
  },
  {
    id: 'TU-026',
    title: 'a snapshot of another version than the timestamp names is refused',
    attack: ({ repository }) => {
      repository.publish('snapshot', 'timestamp');
      repository.files.set('3.snapshot.json', repository.files.get('2.snapshot.json') as Uint8Array);
    },
    code: 'TUF_CONTENT_MISMATCH',
    changes: TIMESTAMP,
  },
  {
    id: 'TU-026',
    title: 'a snapshot of another length than the timestamp names is refused',
    describeFiles: true,
    attack: ({ repository }) => {
      repository.publish('snapshot', 'timestamp');
      repository.files.set('3.snapshot.json', replaceText(repository.files.get('3.snapshot.json'), '{', '{ '));
    },
    code: 'TUF_CONTENT_MISMATCH',
    changes: TIMESTAMP,
  },
  {
    id: 'TU-026',
    title: 'a snapshot with another hash than the timestamp names is refused',
    describeFiles: true,
    attack: (world) => {
      world.repository.publish('snapshot');
      publishTimestamp(['meta', 'snapshot.json', 'hashes', 'sha256'], hash('sha256', 'other'))(world);
    },
    code: 'TUF_CONTENT_MISMATCH',
    changes: TIMESTAMP,
  },
  {
    id: 'TU-026',
    title: 'a snapshot beyond its announced length is another file',
    describeFiles: true,
    attack: ({ repository, answers }) => {
      repository.publish('snapshot', 'timestamp');
      answers.set('3.snapshot.json', { body: ' '.repeat(1_000_000) });
    },
    code: 'TUF_CONTENT_MISMATCH',
    changes: TIMESTAMP,
  },
  {
    id: 'TU-027',
    title: 'a snapshot without a file of before is refused',
    attack: (world) => {
      publishSnapshot((signed) => edit(signed, ['meta', 'old.json'], { version: 1 }))(world);
      world.store.files.set('metadata/snapshot', world.repository.files.get('3.snapshot.json') as Uint8Array);
      publishSnapshot((signed) => edit(signed, ['meta', 'old.json'], undefined))(world);
    },
    code: 'TUF_VERSION_ROLLBACK',
    changes: TIMESTAMP,
  },
  {
    id: 'TU-027',
    title: 'a snapshot with an older version of a file is refused',
    attack: publishSnapshot((signed) => edit(signed, ['meta', 'targets.json', 'version'], 1)),
    code: 'TUF_VERSION_ROLLBACK',
    changes: TIMESTAMP,
  },
  {
    id: 'TU-028',
    title: 'a snapshot without targets.json is refused, whatever else it lists',
    attack: publishSnapshot((signed) => edit(signed, ['meta'], { 'constructor.json': { version: 1 } })),
    code: FORMAT,
    changes: TIMESTAMP,
  },
  {
    id: 'TU-028',
    title: 'a snapshot may list files that nobody asks for',
    attack: publishSnapshot((signed) => {
      edit(signed, ['meta', 'constructor.json'], { version: 1 });
      edit(signed, ['meta', 'root.json'], { version: 9, length: 10, hashes: { sha512: 'ab'.repeat(64) } });
    }),
    changes: SNAPSHOT,
  },
  {
    id: 'TU-029',
    title: 'targets of another version than the snapshot names are refused',
    attack: ({ repository }) => {
      repository.release();
      repository.files.set('3.targets.json', repository.files.get('2.targets.json') as Uint8Array);
    },
    code: 'TUF_CONTENT_MISMATCH',
    changes: SNAPSHOT,
  },
  {
    id: 'TU-029',
    title: 'targets of another length than the snapshot names are refused',
    describeFiles: true,
    attack: ({ repository }) => {
      repository.release();
      repository.files.set('3.targets.json', replaceText(repository.files.get('3.targets.json'), '{', ' {'));
    },
    code: 'TUF_CONTENT_MISMATCH',
    changes: SNAPSHOT,
  },
  {
    id: 'TU-029',
    title: 'targets with another hash than the snapshot names are refused',
    describeFiles: true,
    attack: (world) => {
      world.repository.publish('targets');
      publishSnapshot((signed) => edit(signed, ['meta', 'targets.json', 'hashes', 'sha256'], hash('sha256', 'x')))(
        world,
      );
    },
    code: 'TUF_CONTENT_MISMATCH',
    changes: SNAPSHOT,
  },
  {
    id: 'TU-032',
    title: 'the snapshot of one release with the targets of another is refused',
    attack: ({ repository }) => {
      repository.release();
      const older = repository.files.get('3.targets.json') as Uint8Array;
      repository.release();
      repository.files.set('4.targets.json', older);
    },
    code: 'TUF_CONTENT_MISMATCH',
    changes: SNAPSHOT,
  },
  {
    id: 'TU-034',
    title: 'a snapshot of 60,000 files is read',
    attack: publishSnapshot((signed) => {
      const files = Array.from({ length: 59_999 }, (_, i): [string, PlainJson] => [`r${i}.json`, { version: 1 }]);
      edit(signed, ['meta'], { 'targets.json': { version: 2 }, ...Object.fromEntries(files) });
    }),
    changes: SNAPSHOT,
  },
  {
    id: 'TU-034',
    title: 'a snapshot beyond 2,000,000 bytes is not',
    attack: publishSnapshot((signed) => edit(signed, ['custom'], 'x'.repeat(2_000_000))),
    code: 'INPUT_TOO_LARGE',
    changes: TIMESTAMP,
  },
  {
    id: 'TU-036',
    title: 'a timestamp beyond 16,384 bytes is refused',
    attack: publishTimestamp(['custom'], 'x'.repeat(16_384)),
    code: 'INPUT_TOO_LARGE',
  },
  {
    id: 'TU-036',
    title: 'targets beyond 5,000,000 bytes are refused',
    attack: releaseTargets((signed) => edit(signed, ['custom'], 'x'.repeat(5_000_000))),
    code: 'INPUT_TOO_LARGE',
    changes: SNAPSHOT,
  },
  {
    id: 'TU-036',
    title: '257 signatures are refused',
    attack: ({ repository }) => {
      const { signed } = repository.role('timestamp');
      edit(signed, ['version'], 9);
      repository.write('timestamp', ({ signatures, signed: copy }) => ({
        signatures: [...signatures, ...Array.from({ length: 256 }, (_, i) => ({ keyid: String(i), sig: '' }))],
        signed: copy,
      }));
    },
    code: 'INPUT_TOO_LARGE',
  },
  {
    id: 'TU-036',
    title: 'JSON that is deep is refused',
    attack: rewriteTimestamp('"version":3,', `"version":3,"custom":${'['.repeat(20)}${']'.repeat(20)},`),
    code: 'INPUT_TOO_LARGE',
  },
  {
    id: 'TU-038',
    title: 'length 0 of the snapshot means 0',
    attack: (world) => {
      world.repository.publish('snapshot');
      publishTimestamp(['meta', 'snapshot.json', 'length'], 0)(world);
    },
    code: 'TUF_CONTENT_MISMATCH',
    changes: TIMESTAMP,
  },
  {
    id: 'TU-038',
    title: 'length 0 of the targets means 0',
    attack: (world) => {
      world.repository.publish('targets');
      publishSnapshot((signed) => edit(signed, ['meta', 'targets.json', 'length'], 0))(world);
    },
    code: 'TUF_CONTENT_MISMATCH',
    changes: SNAPSHOT,
  },
  {
    id: 'TU-039',
    title: 'a length beyond the safe integers is too large',
    attack: ({ repository }) => {
      targetFile(1)({ repository } as World);
      const name = '3.targets.json';
      repository.files.set(name, replaceText(repository.files.get(name), '"length":1,', '"length":9007199254740992,'));
    },
    code: 'INPUT_TOO_LARGE',
    changes: SNAPSHOT,
  },
  {
    id: 'TU-039',
    title: 'a snapshot of more than 2,000,000 bytes is not asked for',
    attack: (world) => {
      world.repository.publish('snapshot');
      publishTimestamp(['meta', 'snapshot.json', 'length'], 2_000_001)(world);
      world.answers.set('3.snapshot.json', { status: 500 });
    },
    code: 'INPUT_TOO_LARGE',
    changes: TIMESTAMP,
  },
  ...[{}, { sha256: 'ab'.repeat(31) }, { sha256: 'AB'.repeat(32) }, { sha256: 7 }, { sha256: '' }, null].map(
    (hashes) => ({
      id: 'TU-040',
      title: `a target with hashes ${JSON.stringify(hashes)} is refused`,
      attack: targetFile(1, hashes as PlainJson),
      code: FORMAT as ErrorCode,
      changes: SNAPSHOT,
    }),
  ),
  {
    id: 'TU-040',
    title: 'a target with a hash of an unknown algorithm alone does no harm to others',
    attack: targetFile(1, { md5: 'ab'.repeat(16) }),
    changes: ALL,
  },
  ...[-1, 1.5, '1', null].map((length) => ({
    id: 'TU-041',
    title: `a target of length ${JSON.stringify(length)} is refused`,
    attack: targetFile(length),
    code: FORMAT as ErrorCode,
    changes: SNAPSHOT,
  })),
  {
    id: 'TU-060',
    title: 'a mirror that changes in between is refused',
    attack: ({ repository, answers }) => {
      repository.release();
      answers.set('3.snapshot.json', { body: repository.files.get('2.snapshot.json') ?? '' });
    },
    code: 'TUF_CONTENT_MISMATCH',
    changes: TIMESTAMP,
  },
];

describe('a repository', () => {
  test.each(CASES)('$id: $title', async ({ attack, code, changes = [], describeFiles = false }) => {
    const world = await createVisitedWorld({ describeFiles });
    attack(world);
    const before = new Map(world.store.files);
    const refreshed = world.client().refresh();
    if (code === undefined) await expect(refreshed).resolves.toMatchObject({ source: 'mirror' });
    else await expect(refreshed).rejects.toMatchObject({ code });
    expect(world.changesSince(before)).toEqual(changes);
    // Whatever a mirror did, the last complete state can be used.
    await expect(world.client({ offline: true }).fetchTarget('a.txt')).resolves.toHaveLength(20);
  });

  const roles = ['timestamp', 'snapshot', 'targets'] as const;

  test.each(roles)('TU-031, CK-004: whose %s expires now has expired', async (role) => {
    const world = await createVisitedWorld();
    const expires = '2026-03-02T00:00:00Z';
    edit(world.repository.role(role).signed, ['expires'], expires);
    world.repository.release();
    const before = new Map(world.store.files);
    world.now = new Date(expires);
    await expect(world.client().refresh()).rejects.toMatchObject({
      code: 'TUF_METADATA_EXPIRED',
      message: expect.stringContaining(role),
    });
    expect(world.changesSince(before)).not.toContain(`metadata/${role}`);
    world.now = new Date(world.now.getTime() - 1);
    await expect(world.client().refresh()).resolves.toMatchObject({ expiresAt: new Date(expires) });
  });

  test('TU-023: that repeats a version of the timestamp with another content is not followed', async () => {
    const world = await createVisitedWorld();
    edit(world.repository.role('timestamp').signed, ['meta', 'snapshot.json', 'version'], 100);
    world.repository.write('timestamp');
    const before = new Map(world.store.files);
    await expect(world.client().refresh()).resolves.toMatchObject({ versions: { timestamp: 2, snapshot: 2 } });
    expect(world.changesSince(before)).toEqual([]);
    expect(world.diagnostics).toMatchObject([{ kind: 'timestampAltered', error: { code: 'TUF_VERSION_ROLLBACK' } }]);
    expect(world.requests).toEqual(['2.root.json', 'timestamp.json']);
  });

  test('TU-030: recovers from versions that ran ahead by new keys', async () => {
    const world = createWorld();
    for (const role of ['timestamp', 'snapshot']) edit(world.repository.role(role).signed, ['version'], 99_999);
    world.repository.release();
    await expect(world.client().refresh()).resolves.toMatchObject({ versions: { snapshot: 100_000 } });
    for (const role of ['timestamp', 'snapshot']) {
      world.repository.rotate(role);
      edit(world.repository.role(role).signed, ['version'], 2);
    }
    world.repository.publish('root');
    world.repository.release();
    await expect(world.client().refresh()).resolves.toMatchObject({ versions: { timestamp: 3, snapshot: 3, root: 2 } });
  });

  test('TU-033: that repeats itself is current until its timestamp expires', async () => {
    const world = await createVisitedWorld();
    world.now = new Date(START.getTime() + 7 * 86_400_000 - 1);
    await expect(world.client().refresh()).resolves.toMatchObject({ versions: { timestamp: 2 } });
    world.now = new Date(START.getTime() + 7 * 86_400_000);
    await expect(world.client().refresh()).rejects.toMatchObject({ code: 'TUF_METADATA_EXPIRED' });
  });

  test('CK-005: cannot roll back those whose clock was set back', async () => {
    const world = await createVisitedWorld();
    const old = world.repository.files.get('timestamp.json') as Uint8Array;
    world.repository.release();
    await world.client().refresh();
    world.answers.set('timestamp.json', { body: old });
    world.now = START;
    await expect(world.client().refresh()).rejects.toMatchObject({ code: 'TUF_VERSION_ROLLBACK' });
  });

  test('is read without consistent snapshots too', async () => {
    const world = createWorld({ consistentSnapshot: false });
    expect(await world.client().fetchTarget('a.txt')).toHaveLength(20);
    expect(world.requests).toEqual(['2.root.json', 'timestamp.json', 'snapshot.json', 'targets.json', 'targets/a.txt']);
  });

  test('with expired files in the store is followed', async () => {
    const world = await createVisitedWorld();
    world.now = new Date(START.getTime() + 20 * 86_400_000);
    edit(world.repository.role('timestamp').signed, ['expires'], '2026-06-01T00:00:00Z');
    world.repository.release();
    await expect(world.client().refresh()).resolves.toMatchObject({ versions: { timestamp: 3, snapshot: 3 } });
  });
});
