// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { createGate } from '../../src/registry/gate.js';

describe('a gate', () => {
  test('lets no more through than it is wide, and everything in the end', async () => {
    const gate = createGate(3);
    let running = 0;
    let most = 0;
    const order: number[] = [];
    const tasks = Array.from({ length: 20 }, (_, i) =>
      gate(async () => {
        most = Math.max(most, ++running);
        for (let turn = 0; turn < (i % 4) + 1; turn++) await Promise.resolve();
        running--;
        order.push(i);
        if (i % 5 === 0) throw new Error('no');
      }),
    );
    const ends = await Promise.allSettled(tasks);
    expect(most).toBe(3);
    expect(running).toBe(0);
    expect(order).toHaveLength(20);
    expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(4);
    expect(await gate(async () => 'free')).toBe('free');
  });
});
