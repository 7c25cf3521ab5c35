// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { createDecisionCache } from '../../src/admission/decision-cache.js';

function open(options: { maxEntries?: number; ttlMs?: number } = {}) {
  let time = 0;
  const made: string[] = [];
  const cache = createDecisionCache<string>({
    maxEntries: 2,
    ttlMs: 1_000,
    now: () => time,
    isKept: (value) => !value.startsWith('no'),
    ...options,
  });
  const read = (key: string, value = key): Promise<string> =>
    cache.read(key, async () => {
      made.push(key);
      return value;
    });
  return { read, made, pass: (ms: number) => (time += ms) };
}

describe('the cache of decisions', () => {
  test('makes a value once while it is kept', async () => {
    const { read, made, pass } = open();
    expect(await read('a')).toBe('a');
    pass(999);
    expect(await read('a', 'other')).toBe('a');
    expect(made).toEqual(['a']);
  });

  test('makes it anew once its time is over', async () => {
    const { read, made, pass } = open();
    await read('a');
    pass(1_000);
    expect(await read('a', 'b')).toBe('b');
    expect(made).toEqual(['a', 'a']);
  });

  test('keeps nothing longer because the clock was set back', async () => {
    const { read, pass } = open();
    await read('a');
    pass(-1);
    expect(await read('a', 'b')).toBe('b');
  });

  test('keeps no refusal', async () => {
    const { read, made } = open();
    await read('a', 'no');
    expect(await read('a', 'yes')).toBe('yes');
    expect(made).toEqual(['a', 'a']);
  });

  test('forgets the oldest where there are too many', async () => {
    const { read, made } = open();
    for (const key of ['a', 'b', 'c', 'c', 'b', 'a']) await read(key);
    expect(made).toEqual(['a', 'b', 'c', 'a']);
  });

  test('shares what is under way', async () => {
    const { read, made } = open();
    expect(await Promise.all([read('a'), read('a', 'b')])).toEqual(['a', 'a']);
    expect(made).toEqual(['a']);
  });

  test('keeps no failure, and gives it to all who wait', async () => {
    const cache = createDecisionCache<string>({ maxEntries: 1, ttlMs: 1, now: () => 0, isKept: () => true });
    const fail = (): Promise<string> => Promise.reject(new Error('broken'));
    const results = await Promise.allSettled([cache.read('a', fail), cache.read('a', fail)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await cache.read('a', async () => 'whole')).toBe('whole');
  });
});
