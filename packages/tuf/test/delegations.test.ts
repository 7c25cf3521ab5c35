// SPDX-License-Identifier: Apache-2.0
// Which role is asked for a target, and what delegated roles must not do.

import { hash } from 'node:crypto';
import { encodeUtf8 } from '@keywax/core/bytes';
import type { ErrorCode } from '@keywax/core/errors';
import { type PlainJson, computeKeyId, encodeTufKey, generateSigningKey } from '@keywax/stack/tuf';
import { describe, expect, test } from 'vitest';
import { CONTENT, type World, createVisitedWorld, createWorld, edit } from './world.js';

/** A delegation as `from name`, with a `!` at its end where it is terminating and a pattern after that. */
type Edge = `${string} ${string}`;

function delegate({ repository }: World, edges: readonly Edge[]): void {
  const names = new Set<string>();
  for (const edge of edges) {
    const [from = '', name = '', pattern = '*'] = edge.split(' ');
    const terminating = name.endsWith('!');
    const role = name.replace('!', '');
    const isNew = !names.has(role);
    const [key] = isNew ? [] : repository.role(role).signers;
    repository.delegate({ from, name: role, terminating, paths: [pattern], ...(key === undefined ? {} : { key }) });
    names.add(role);
  }
  repository.release('targets', ...names);
}

/** The delegated roles that the mirror was asked for. */
function visitedRoles({ requests }: World): readonly string[] {
  return requests
    .map((path) => /^\d+\.(.+)\.json$/.exec(path)?.[1] ?? '')
    .filter((name) => !['', 'root', 'snapshot', 'targets'].includes(name))
    .map(decodeURIComponent);
}

describe('the search for a target', () => {
  test.each<[string, readonly Edge[], readonly string[]]>([
    ['visits delegations in their order', ['targets A', 'targets B'], ['A', 'B']],
    ['goes deep first', ['targets A', 'targets B', 'A C', 'A D'], ['A', 'C', 'D', 'B']],
    ['ends after a terminating role', ['targets A', 'targets B', 'A C!', 'A D'], ['A', 'C']],
    ['goes on below a terminating role', ['targets A', 'targets B', 'A C!', 'C D'], ['A', 'C', 'D']],
    ['leaves out a terminating role that is not in charge', ['targets A! *.py', 'targets B'], ['B']],
    ['leaves out roles that are not in charge', ['targets A', 'targets B', 'A C *.py', 'C D'], ['A', 'B']],
    ['visits a role of a cycle once', ['targets A', 'A B', 'B C', 'C A'], ['A', 'B', 'C']],
    ['visits a role with two delegators once', ['targets A', 'targets B', 'A C', 'B C'], ['A', 'C', 'B']],
  ])('%s', async (_, edges, visited) => {
    const world = createWorld();
    delegate(world, edges);
    await expect(world.client().fetchTarget('nowhere')).rejects.toMatchObject({ code: 'TUF_TARGET_MISSING' });
    expect(visitedRoles(world)).toEqual(visited);
  });

  test('takes the first role that lists the path', async () => {
    const world = createWorld();
    delegate(world, ['targets A', 'targets B', 'A C']);
    const content = encodeUtf8('by C');
    world.repository.addTarget('x', content, 'C');
    world.repository.addTarget('x', encodeUtf8('by B'), 'B');
    world.repository.release('B', 'C');
    expect(await world.client().fetchTarget('x')).toEqual(content);
    expect(visitedRoles(world)).toEqual(['A', 'C']);
  });

  test('needs every delegator on the way to be in charge', async () => {
    const world = createWorld();
    delegate(world, ['targets B releases/*/*', 'B C releases/x/*', 'B D releases/y/*.zip']);
    world.repository.addTarget('releases/y/y.zip', CONTENT, 'D');
    world.repository.addTarget('releases/z/z.zip', CONTENT, 'D');
    world.repository.release('D');
    const client = world.client();
    expect(await client.fetchTarget('releases/y/y.zip')).toEqual(CONTENT);
    await expect(client.fetchTarget('releases/z/z.zip')).rejects.toMatchObject({ code: 'TUF_TARGET_MISSING' });
  });

  test('TU-044: visits 32 delegations, and not 33', async () => {
    const chain = (length: number): readonly Edge[] =>
      Array.from({ length }, (_, i): Edge => `${i === 0 ? 'targets' : `r${i}`} r${i + 1}`);
    for (const [length, code] of [
      [32, 'TUF_TARGET_MISSING'],
      [33, 'INPUT_TOO_LARGE'],
    ] as const) {
      const world = createWorld();
      delegate(world, chain(length));
      await expect(world.client().fetchTarget('nowhere')).rejects.toMatchObject({ code });
      expect(visitedRoles(world)).toHaveLength(32);
    }
  });

  test('follows prefixes of hashes', async () => {
    const world = createWorld();
    const digest = hash('sha256', 'hashed/path');
    world.repository.delegate({ name: 'no', pathHashPrefixes: [digest.startsWith('0') ? '1' : '0'] });
    world.repository.delegate({ name: 'yes', pathHashPrefixes: ['ff00ff', digest.slice(0, 3)] });
    world.repository.addTarget('hashed/path', CONTENT, 'yes');
    world.repository.release('targets', 'no', 'yes');
    expect(await world.client().fetchTarget('hashed/path')).toEqual(CONTENT);
    expect(visitedRoles(world)).toEqual(['yes']);
  });

  test('follows succinct roles', async () => {
    const world = createWorld();
    const bin = BigInt(`0x${hash('sha256', 'some/path').slice(0, 8)}`) >> 27n; // five bits
    const name = `bin-${bin.toString(16).padStart(2, '0')}`;
    const { signers } = world.repository.delegate({ name });
    const [key] = signers;
    if (key === undefined) throw new Error('the role has no signer');
    const { signed } = world.repository.role('targets');
    edit(signed, ['delegations'], {
      keys: { [computeKeyId(key)]: { ...encodeTufKey(key) } },
      succinct_roles: { keyids: [computeKeyId(key)], threshold: 1, bit_length: 5, name_prefix: 'bin' },
    });
    world.repository.addTarget('some/path', CONTENT, name);
    world.repository.release('targets', name);
    expect(await world.client().fetchTarget('some/path')).toEqual(CONTENT);
    expect(visitedRoles(world)).toEqual([name]);
  });
});

interface Case {
  readonly id: string;
  readonly title: string;
  /** Changes a repository with the role `A`, which lists `x`. */
  readonly attack: (world: World) => void;
  readonly code: ErrorCode;
  /** Whether the top-level metadata is refused already. */
  readonly early?: boolean;
}

const setDelegation =
  (path: readonly string[], value: PlainJson | undefined) =>
  ({ repository }: World): void => {
    const { signed } = repository.role('targets');
    const { keys, roles } = signed['delegations'] as { keys: PlainJson; roles: PlainJson[] };
    const [role] = structuredClone(roles) as [Record<string, PlainJson>];
    edit(role, path, value);
    signed['delegations'] = { keys, roles: [role] };
    repository.release();
  };

const setSuccinct =
  (members: Record<string, PlainJson>) =>
  ({ repository }: World): void => {
    const succinct = { keyids: [], threshold: 1, bit_length: 5, name_prefix: 'bin', ...members };
    edit(repository.role('targets').signed, ['delegations'], { keys: {}, succinct_roles: succinct });
    repository.release();
  };

const CASES: readonly Case[] = [
  {
    id: 'TU-031',
    title: 'a delegated role that has expired is refused',
    attack: ({ repository }) => {
      edit(repository.role('A').signed, ['expires'], '2026-01-01T00:00:00Z');
      repository.release('A');
    },
    code: 'TUF_METADATA_EXPIRED',
  },
  {
    id: 'TU-045',
    title: 'a delegated role with the keys of another is refused',
    attack: ({ repository }) => {
      repository.role('A').signers = [generateSigningKey('ed25519')];
      repository.release('A');
    },
    code: 'TUF_SIGNATURE_INVALID',
  },
  {
    id: 'TU-046',
    title: 'a delegated role of another version than the snapshot names is refused',
    attack: ({ repository }) => {
      repository.release('A');
      repository.files.set('3.A.json', repository.files.get('2.A.json') as Uint8Array);
    },
    code: 'TUF_CONTENT_MISMATCH',
  },
  {
    id: 'TU-046',
    title: 'a delegated role with another hash than the snapshot names is refused',
    attack: ({ repository }) => {
      repository.publish('A');
      const meta = { version: 3, hashes: { sha256: hash('sha256', 'other') } };
      edit(repository.role('snapshot').signed, ['meta', 'A.json'], meta);
      repository.publish('snapshot', 'timestamp');
    },
    code: 'TUF_CONTENT_MISMATCH',
  },
  {
    id: 'TU-028',
    title: 'a delegated role that the snapshot does not name is not asked for',
    attack: (world) => {
      edit(world.repository.role('snapshot').signed, ['meta', 'A.json'], undefined);
      world.repository.release();
      world.store.files.clear();
    },
    code: 'TUF_METADATA_INVALID',
  },
  ...['root', 'timestamp', 'snapshot', 'targets', ''].map((name) => ({
    id: 'TU-047',
    title: `a delegated role may not be called ${JSON.stringify(name)}`,
    attack: setDelegation(['name'], name),
    code: 'TUF_METADATA_INVALID' as const,
    early: true,
  })),
  ...[
    [['path_hash_prefixes'], ['ab'], 'both paths and prefixes'],
    [['paths'], undefined, 'neither paths nor prefixes'],
    [['terminating'], undefined, 'no word on whether it is terminating'],
    [['terminating'], 'yes', 'text where true or false stands'],
    [['threshold'], 0, 'threshold 0'],
    [['paths'], ['a', 7], 'a pattern that is a number'],
  ].map(([path, value, title]) => ({
    id: 'TU-051',
    title: `a delegation with ${String(title)} is refused`,
    attack: setDelegation(path as string[], value as PlainJson | undefined),
    code: 'TUF_METADATA_INVALID' as const,
    early: true,
  })),
  ...[[], [''], ['AB'], ['xy'], ['ab'.repeat(33)]].map((prefixes) => ({
    id: 'TU-051',
    title: `hash prefixes ${JSON.stringify(prefixes).slice(0, 20)} are refused`,
    attack: (world: World) => {
      setDelegation(['paths'], undefined)(world);
      setDelegation(['path_hash_prefixes'], prefixes)(world);
    },
    code: 'TUF_METADATA_INVALID' as const,
    early: true,
  })),
  ...[{ bit_length: 0 }, { bit_length: 33 }, { bit_length: 1.5 }, { name_prefix: 'a/b' }, { name_prefix: '' }].map(
    (members) => ({
      id: 'TU-052',
      title: `succinct roles with ${JSON.stringify(members)} are refused`,
      attack: setSuccinct(members),
      code: 'TUF_METADATA_INVALID' as const,
      early: true,
    }),
  ),
  {
    id: 'TU-052',
    title: 'succinct roles beside others are refused',
    attack: ({ repository }) => {
      const { signed } = repository.role('targets');
      edit(signed, ['delegations', 'succinct_roles'], { keyids: [], threshold: 1, bit_length: 5, name_prefix: 'b' });
      repository.release();
    },
    code: 'TUF_METADATA_INVALID',
    early: true,
  },
  {
    id: 'TU-050',
    title: 'patterns that take too many steps are refused',
    attack: setDelegation(
      ['paths'],
      Array.from({ length: 4_000 }, () => `${'*a'.repeat(400)}b`),
    ),
    code: 'INPUT_TOO_LARGE',
  },
];

describe('a delegation', () => {
  /** A visited world whose role `A` lists `x`. */
  const createDelegatedWorld = async (): Promise<World> => {
    const world = createWorld();
    delegate(world, ['targets A']);
    world.repository.addTarget('x', CONTENT, 'A');
    world.repository.release('A');
    await world.client().fetchTarget('x');
    return world;
  };

  test.each(CASES)('$id: $title', async ({ id, attack, code, early = false }) => {
    const world = await createDelegatedWorld();
    attack(world);
    const before = new Map(world.store.files);
    const path = id === 'TU-050' ? 'a'.repeat(4_000) : 'x';
    await expect(world.client().fetchTarget(path)).rejects.toMatchObject({ code });
    const changes = world.changesSince(before);
    expect(changes).not.toContain('metadata/A');
    if (early) expect(changes).not.toContain('metadata/targets');
  });

  test('TU-045: is looked at again by another delegator with other keys', async () => {
    const world = createWorld();
    delegate(world, ['targets A first', 'targets B second', 'A C first']);
    world.repository.delegate({ from: 'B', name: 'C', paths: ['second'] }); // with a key that does not sign C
    for (const path of ['first', 'second']) world.repository.addTarget(path, CONTENT, 'C');
    world.repository.release('targets', 'A', 'B', 'C');
    const client = world.client();
    expect(await client.fetchTarget('first')).toEqual(CONTENT);
    await expect(client.fetchTarget('second')).rejects.toMatchObject({ code: 'TUF_SIGNATURE_INVALID' });
    await expect(world.client({ offline: true }).fetchTarget('second')).rejects.toMatchObject({
      code: 'TUF_SIGNATURE_INVALID',
    });
  });

  test.each(['../x', 'a/b', '..%2f', 'CON', '\0', 'r'.repeat(300), '?', '#', '/abs', '.', '..', '😀', '(!*)', "it's"])(
    'TU-047: to the role %j asks for one segment below the mirror',
    async (name) => {
      const world = createWorld();
      world.repository.delegate({ name });
      world.repository.addTarget('x', CONTENT, name);
      world.repository.release('targets', name);
      const encoded = encodeURIComponent(name).replace(
        /[!'()*]/g,
        (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
      );
      const file = world.repository.files.get(`1.${encodeURIComponent(name)}.json`) as Uint8Array;
      world.answers.set(`1.${encoded}.json`, { body: file });
      expect(await world.client().fetchTarget('x')).toEqual(CONTENT);
      expect(world.requests).toContain(`1.${encoded}.json`);
      expect(await world.client({ offline: true }).fetchTarget('x')).toEqual(CONTENT);
    },
  );

  test('to roles whose names differ in case alone keeps them apart', async () => {
    const world = createWorld();
    delegate(world, ['targets role one', 'targets ROLE two']);
    world.repository.addTarget('one', CONTENT, 'role');
    world.repository.addTarget('two', encodeUtf8('2'), 'ROLE');
    world.repository.release('role', 'ROLE');
    const client = world.client();
    expect(await client.fetchTarget('one')).toEqual(CONTENT);
    expect(await client.fetchTarget('two')).toEqual(encodeUtf8('2'));
  });

  test('to itself, or back, does not lead astray', async () => {
    const world = await createVisitedWorld();
    delegate(world, ['targets A', 'A B', 'B A']);
    await expect(world.client().fetchTarget('nowhere')).rejects.toMatchObject({ code: 'TUF_TARGET_MISSING' });
  });
});
