// SPDX-License-Identifier: Apache-2.0
// Targets: by length and every hash, from the buffer that was checked.

import { hash } from 'node:crypto';
import { encodeUtf8 } from '@keywax/core/bytes';
import type { ErrorCode } from '@keywax/core/errors';
import type { PlainJson } from '@keywax/stack/tuf';
import { describe, expect, test } from 'vitest';
import { CONTENT, type World, createVisitedWorld, createWorld, edit } from './world.js';

const DIGEST = hash('sha256', CONTENT);
const FILE = `targets/${DIGEST}.a.txt`;

/** Publishes what the repository says of `a.txt`, and forgets what is stored. */
const describeTarget =
  (value: PlainJson) =>
  ({ repository, store }: World): void => {
    edit(repository.role('targets').signed, ['targets', 'a.txt'], value);
    repository.release();
    store.files.clear();
  };

const answer =
  (body: Uint8Array | string) =>
  ({ answers, store }: World): void => {
    answers.set(FILE, { body });
    store.files.delete(`targets/${DIGEST}.a.txt`);
  };

const LENGTH = CONTENT.length;
const SHA512 = hash('sha512', CONTENT);

describe('a target', () => {
  test.each<[string, (world: World) => void, ErrorCode | undefined]>([
    ['TU-038: of length 0', describeTarget({ length: 0, hashes: { sha256: DIGEST } }), 'TUF_CONTENT_MISMATCH'],
    [
      'TU-040: with a hash of md5 alone',
      describeTarget({ length: LENGTH, hashes: { md5: 'ab'.repeat(16) } }),
      'TUF_METADATA_INVALID',
    ],
    [
      'TU-040: with one right hash and one wrong',
      describeTarget({ length: LENGTH, hashes: { sha256: DIGEST, sha512: 'ab'.repeat(64) } }),
      'TUF_CONTENT_MISMATCH',
    ],
    [
      'TU-040: with two right hashes',
      describeTarget({ length: LENGTH, hashes: { sha256: DIGEST, sha512: SHA512 } }),
      undefined,
    ],
    [
      'TU-043: with an unknown algorithm beside SHA-256',
      describeTarget({ length: LENGTH, hashes: { aaa: '../../x', md5: 'ab', sha256: DIGEST } }),
      undefined,
    ],
    ['TU-042: one byte shorter', answer(CONTENT.slice(1)), 'TUF_CONTENT_MISMATCH'],
    ['TU-042: one byte longer', answer(Uint8Array.of(...CONTENT, 0x20)), 'TUF_CONTENT_MISMATCH'],
    ['TU-042: much longer', answer(new Uint8Array(1_000_000)), 'TUF_CONTENT_MISMATCH'],
    ['TU-042: with other content', answer('What the target says'), 'TUF_CONTENT_MISMATCH'],
    [
      'TU-039: beyond 5,000,000 bytes',
      describeTarget({ length: 5_000_001, hashes: { sha256: DIGEST } }),
      'INPUT_TOO_LARGE',
    ],
    [
      'TU-062: that is not listed',
      ({ repository }) => {
        edit(repository.role('targets').signed, ['targets'], { 'a.v1.txt': { length: 1, hashes: { sha256: DIGEST } } });
        repository.release();
      },
      'TUF_TARGET_MISSING',
    ],
  ])('%s', async (_, attack, code) => {
    const world = await createVisitedWorld();
    attack(world);
    const fetched = world.client().fetchTarget('a.txt');
    if (code === undefined) return expect(await fetched).toEqual(CONTENT);
    await expect(fetched).rejects.toMatchObject({ code });
    expect(
      [...world.store.files].filter(([name, bytes]) => name.startsWith('targets/') && hash('sha256', bytes) !== DIGEST),
    ).toEqual([]);
  });

  test('may be empty', async () => {
    const world = createWorld();
    world.repository.addTarget('empty', new Uint8Array());
    world.repository.release();
    expect(await world.client().fetchTarget('empty')).toEqual(new Uint8Array());
  });

  test.each(['../../x', '/absolute', 'a/../b', 'a//b', './a', 'a/.', ''])(
    'TU-048: whose path is %j is never asked for',
    async (path) => {
      const world = createWorld();
      edit(world.repository.role('targets').signed, ['targets', path], { length: LENGTH, hashes: { sha256: DIGEST } });
      world.repository.release();
      await expect(world.client().fetchTarget(path)).rejects.toMatchObject({ code: 'TUF_TARGET_MISSING' });
      expect(world.requests.filter((request) => request.startsWith('targets'))).toEqual([]);
    },
  );

  test.each([
    'back\\slash',
    'c:drive',
    'nul\0',
    '__proto__',
    'sp ace',
    'per%2fcent',
    'q?x=1#y',
    'déjà/😀',
    "!'()*",
    'CON',
  ])('TU-048: whose path is %j keeps to its place', async (path) => {
    const world = createWorld();
    // Not by a member of an object literal, as one of the names is `__proto__`.
    const targets = JSON.parse(
      `{${JSON.stringify(path)}:${JSON.stringify({ length: LENGTH, hashes: { sha256: DIGEST } })}}`,
    );
    edit(world.repository.role('targets').signed, ['targets'], targets as PlainJson);
    world.repository.release();
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const encode = (text: string): string =>
      text
        .split('/')
        .map((part) =>
          encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
        )
        .join('/');
    world.answers.set(`targets/${encode(`${folder}${DIGEST}.${path.slice(folder.length)}`)}`, { body: CONTENT });
    expect(await world.client().fetchTarget(path)).toEqual(CONTENT);
    expect(await world.client({ offline: true }).fetchTarget(path)).toEqual(CONTENT);
  });

  test('names of the language are not targets', async () => {
    const client = createWorld().client();
    for (const path of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      await expect(client.fetchTarget(path)).rejects.toMatchObject({ code: 'TUF_TARGET_MISSING' });
    }
  });

  test('may be larger where the caller says so', async () => {
    const world = createWorld();
    const content = new Uint8Array(5_000_001);
    world.repository.addTarget('large', content);
    world.repository.release();
    expect(await world.client({ maxTargetBytes: 6_000_000 }).fetchTarget('large')).toHaveLength(5_000_001);
    await expect(world.client({ maxTargetBytes: 5 }).fetchTarget('a.txt')).rejects.toMatchObject({
      code: 'INPUT_TOO_LARGE',
    });
  });

  test('is fetched once, and again when it changes', async () => {
    const world = createWorld();
    await world.client().fetchTarget('a.txt');
    await world.client().fetchTarget('a.txt');
    expect(world.requests.filter((path) => path.startsWith('targets/'))).toEqual([FILE]);
    const content = encodeUtf8('changed');
    world.repository.addTarget('a.txt', content);
    world.repository.release();
    expect(await world.client().fetchTarget('a.txt')).toEqual(content);
    // The old version is gone from the store.
    expect([...world.store.files.keys()].filter((name) => name.startsWith('targets/'))).toHaveLength(1);
  });

  test('is one buffer of the caller', async () => {
    const world = createWorld();
    const client = world.client();
    (await client.fetchTarget('a.txt')).fill(0);
    expect(await client.fetchTarget('a.txt')).toEqual(CONTENT);
  });
});
