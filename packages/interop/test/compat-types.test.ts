// SPDX-License-Identifier: Apache-2.0
// Callers compile against the types of the originals and against ours. Lines that must not compile say so
// (`@ts-expect-error`), so that a type which takes everything fails as well.

import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const TSC = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

function compile(project: string): string {
  const path = fileURLToPath(new URL(`../compat-types/${project}`, import.meta.url));
  try {
    return execFileSync(process.execPath, [TSC, '-p', path, '--listFiles'], { encoding: 'utf8' });
  } catch (error) {
    const { stdout } = error as { readonly stdout?: string };
    throw new Error(stdout?.replace(/^\/.*\n/gm, '') ?? 'the compiler could not be run', { cause: error });
  }
}

test('callers compile against the originals, and what is ours stands for what is theirs', () => {
  expect(compile('tsconfig.json')).toMatch(/\/node_modules\/sigstore\/dist\/index\.d\.ts/);
});

test('the same callers compile against the package in their place, and against nothing else', () => {
  const files = compile('tsconfig.compat.json');
  expect(files).toMatch(/\/compat\/src\/index\.ts/);
  expect(files).not.toMatch(/\/node_modules\/(?:sigstore|@sigstore)\//);
});
