// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { createProgress } from '../src/progress.js';
import { makeHost } from './call.js';

describe('a progress bar', () => {
  test('is drawn in one line, and taken away', async () => {
    const { host, written } = makeHost();
    const progress = createProgress(host.err, true);
    progress.show(1, 2);
    progress.show(2, 2); // too soon to be drawn
    await progress.clear();
    expect(written.err).toBe(`\r\u001b[2K${'█'.repeat(15)}${'░'.repeat(15)} 1 of 2 packages\r\u001b[2K`);
  });

  test('is not there where nobody would see it', async () => {
    const { host, written } = makeHost();
    const progress = createProgress(host.err, false);
    progress.show(1, 2);
    await progress.clear();
    expect(written.err).toBe('');
  });
});
