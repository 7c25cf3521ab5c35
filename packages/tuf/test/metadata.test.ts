// SPDX-License-Identifier: Apache-2.0

import { isKeywaxError } from '@keywax/core/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeGeneration, encodeGeneration } from '../src/generation.js';
import { decodeRoot, decodeSnapshot, decodeTargets, decodeTimestamp } from '../src/metadata.js';
import { createWorld } from './world.js';

const { repository } = createWorld();
const file = (name: string): Uint8Array => repository.files.get(name) as Uint8Array;

const READERS: readonly (readonly [string, (bytes: Uint8Array) => unknown, Uint8Array])[] = [
  ['root', decodeRoot, file('1.root.json')],
  ['timestamp', decodeTimestamp, file('timestamp.json')],
  ['snapshot', decodeSnapshot, file('2.snapshot.json')],
  ['targets', (bytes) => decodeTargets(bytes, 'targets'), file('2.targets.json')],
];
const STATE = encodeGeneration({
  refreshedAt: new Date(0),
  id: 'id',
  held: [{ path: 'a', name: 'b.a' }],
  roles: new Map(READERS.map(([name, , bytes]) => [name, bytes])),
});

/** Runs a reader on bytes; only errors of ours may come out, of the given codes. */
function expectAnswer(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array, codes: readonly string[]): void {
  try {
    read(bytes);
  } catch (error) {
    expect(isKeywaxError(error) && codes.includes(error.code)).toBe(true);
  }
}

describe.each(READERS)('the reader of a %s', (_, read, good) => {
  const codes = ['TUF_METADATA_INVALID', 'INPUT_TOO_LARGE'];

  test('reads a good file', () => expect(read(good)).toMatchObject({ bytes: good }));

  test('answers to any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => expectAnswer(read, bytes, codes)));
    fc.assert(fc.property(fc.json(), (text) => expectAnswer(read, new TextEncoder().encode(text), codes)));
  });

  test('answers to a good file with any byte changed or at any length', () => {
    const position = fc.nat({ max: good.length - 1 });
    fc.assert(
      fc.property(position, fc.nat({ max: 255 }), (at, byte) => {
        expectAnswer(read, good.with(at, byte), codes);
        expectAnswer(read, good.slice(0, at), codes);
      }),
    );
  });
});

describe('the file of a complete state', () => {
  test('is read as it was written', () => {
    const state = fc.record({
      refreshedAt: fc.date({ min: new Date(0), max: new Date('9999-01-01T00:00:00Z'), noInvalidDate: true }),
      id: fc.string(),
      held: fc.array(fc.record({ path: fc.string(), name: fc.string() }, { noNullPrototype: true }), { maxLength: 4 }),
      roles: fc
        .array(fc.tuple(fc.string(), fc.uint8Array({ maxLength: 20 })), { maxLength: 5 })
        .map((entries) => new Map(entries)),
    });
    fc.assert(
      fc.property(state, (generation) => {
        expect(decodeGeneration(encodeGeneration(generation))).toEqual(generation);
      }),
    );
  });

  test('answers to any bytes, and to any change', () => {
    const codes = ['INPUT_MALFORMED', 'INPUT_TOO_LARGE'];
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => expectAnswer(decodeGeneration, bytes, codes)));
    const position = fc.nat({ max: STATE.length - 1 });
    fc.assert(
      fc.property(position, fc.nat({ max: 255 }), (at, byte) => {
        expectAnswer(decodeGeneration, STATE.with(at, byte), codes);
        expect(() => decodeGeneration(STATE.slice(0, at))).toThrow();
      }),
    );
  });
});
