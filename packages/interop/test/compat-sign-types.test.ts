// SPDX-License-Identifier: Apache-2.0
// Representative callers of the signing API compile against the types of the original and against ours.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const compiler = fileURLToPath(new URL('../../../node_modules/.bin/tsc', import.meta.url));

/** Compiles the callers, and says which declarations that took. */
function compile(side: 'theirs' | 'ours'): { readonly errors: string; readonly files: readonly string[] } {
  const project = fileURLToPath(new URL(`compat-types/signing/tsconfig.${side}.json`, import.meta.url));
  const { stdout } = spawnSync(compiler, ['-p', project, '--listFiles'], { encoding: 'utf8' });
  const lines = stdout.split('\n');
  return {
    errors: lines.filter((line) => line.includes('error TS')).join('\n'),
    files: lines.filter((line) => !line.includes('error TS')),
  };
}

describe.each([
  ['theirs', /\/@sigstore\/sign\/dist\/index\.d\.ts$/, /\/compat\/src\/sign\.ts$/],
  ['ours', /\/compat\/src\/sign\.ts$/, /\/@sigstore\/sign\/dist\/index\.d\.ts$/],
] as const)('%s', (side, used, unused) => {
  test('take the callers as they are', () => {
    const { errors, files } = compile(side);
    expect(errors).toBe('');
    expect(files.some((file) => used.test(file))).toBe(true);
    expect(files.some((file) => unused.test(file))).toBe(false);
  });
});
