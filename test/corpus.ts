// SPDX-License-Identifier: Apache-2.0
// Where tests find the corpus of real data, which lies beside the repository and is not part of it.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';

const root = fileURLToPath(new URL('../../shared/corpus/', import.meta.url));

/** Absolute path of a file of the corpus. */
export function corpus(path: string): string {
  return root + path;
}

/** True where the corpus is present. */
export const hasCorpus: boolean = existsSync(root);

/** A `describe` that is one skipped test, visibly, where the corpus is absent; then its body does not run. */
export function describeCorpus(name: string, body: () => void): void {
  if (hasCorpus) describe(name, body);
  else describe(name, () => test.skip('needs the corpus, which is absent', () => undefined));
}
