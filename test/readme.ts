// SPDX-License-Identifier: Apache-2.0
// Runs the examples of a README as they stand, against the built packages, in a process of their own.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/** What an example leaves to its reader. */
export interface ExampleContext {
  /** Statements before those of the example, such as the values that it takes for granted. */
  readonly before?: string;
}

/**
 * Describes tests that run every `ts` block of a package's README and expect it to end well. Skipped, visibly, where
 * the package has not been built.
 * @param packageUrl the folder of the package
 * @param readmeUrl its README, or that of the repository
 */
export function describeExamples(packageUrl: URL, readmeUrl: URL, { before = '' }: ExampleContext = {}): void {
  const examples = [...readFileSync(readmeUrl, 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);
  const isBuilt = existsSync(new URL('dist/', packageUrl));
  describe.skipIf(!isBuilt)(isBuilt ? 'the examples of the README' : 'the examples of the README (not built)', () => {
    test('exist', () => expect(examples.length).toBeGreaterThan(0));

    test.each(examples.map((code, i) => [i + 1, code] as const))('run: number %i', (_, code) => {
      const { status, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '-'], {
        cwd: fileURLToPath(packageUrl),
        input: `${before}\n${code}`,
        encoding: 'utf8',
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    });
  });
}
