// SPDX-License-Identifier: Apache-2.0
// What signs is loaded by the first call, and what fetches by the first request: traced in a process of its own.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

interface Trace {
  readonly later: readonly string[];
  readonly code: string;
}

const script = fileURLToPath(new URL('trace.mjs', import.meta.url));
const args = ['--conditions=source', '--no-warnings', script];
const trace = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Trace;

test('the first call loads what signs, and what fetches only once something is fetched', () => {
  expect(trace.code).toBe('IDENTITY_TOKEN_READ_ERROR');
  expect(trace.later.some((url) => url.includes('/packages/fulcio/'))).toBe(true);
  expect(trace.later.filter((url) => /make-fetch-happen|\/packages\/tuf\//.test(url))).toEqual([]);
});
