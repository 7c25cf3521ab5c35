// SPDX-License-Identifier: Apache-2.0
// Package managers load this package whether or not they will use it: traced in a process of its own.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** The modules that importing an entry loads, beside those of Node. */
function listLoaded(entry: string): readonly string[] {
  const script = fileURLToPath(new URL('trace.mjs', import.meta.url));
  const args = ['--conditions=source', '--no-warnings', script, entry];
  const loaded = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as readonly string[];
  return loaded.filter((url) => !url.startsWith('node:'));
}

const OTHERS = /\/node_modules\/|\/packages\/(?!compat\/)/;
const CLIENTS = /\/node_modules\/|\/packages\/(?:tuf|sign|http|fulcio|rekor|identity|keywax)\//;

test.each([
  ['@keywax/compat', OTHERS],
  ['@keywax/compat/tuf', OTHERS],
  ['@keywax/compat/oci', OTHERS],
  ['@keywax/compat/verify', CLIENTS],
  ['@keywax/compat/bundle', CLIENTS],
])('importing %s loads nothing that a call will load', (entry, unwanted) => {
  const loaded = listLoaded(entry);
  expect(loaded.some((url) => url.includes('/packages/compat/src/'))).toBe(true);
  expect(loaded.filter((url) => unwanted.test(url))).toEqual([]);
});

test('importing the root reads a handful of small modules', () => {
  expect(listLoaded('@keywax/compat').length).toBeLessThan(10);
});
