// SPDX-License-Identifier: Apache-2.0
// Who imports the root pays for signing with the first call: traced in a process of its own.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

interface Trace {
  readonly imported: readonly string[];
  readonly later: readonly string[];
  readonly code: string;
}

const script = fileURLToPath(new URL('trace.mjs', import.meta.url));
const args = ['--conditions=source', '--no-warnings', script];
const trace = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Trace;
const FOREIGN = /\/node_modules\/(?!@keywax\/)/;

test('importing the root loads nothing that signs, fetches trust or uses the network', () => {
  expect(trace.imported.filter((url) => /\/packages\/(?!compat\/)/.test(url))).toEqual([]);
  expect(
    trace.imported.filter((url) => /\/compat\/src\/sign\/(?!default-urls)/.test(url) || FOREIGN.test(url)),
  ).toEqual([]);
});

test('the first call loads what signs, and what fetches only once something is fetched', () => {
  expect(trace.code).toBe('IDENTITY_TOKEN_READ_ERROR');
  expect(trace.later.some((url) => url.includes('/packages/fulcio/'))).toBe(true);
  expect(trace.later.filter((url) => /make-fetch-happen|\/packages\/tuf\//.test(url))).toEqual([]);
});
