// SPDX-License-Identifier: Apache-2.0
// The migration page holds every difference that the tests know, and no other.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { DIFFERENCES, type Difference } from './compat-differences.js';

const PAGE = readFileSync(fileURLToPath(new URL('../../../docs/migrate-from-sigstore.md', import.meta.url)), 'utf8');
const ALL: readonly Difference[] = Object.values(DIFFERENCES);
const HEADINGS: Readonly<Record<Difference['where'], string>> = {
  verify: '### Verification',
  bundle: '### Bundles',
  tuf: '### The TUF client',
  sign: '### Signing',
  oci: '### Images',
};

/** The rows of the table below a heading. */
function listRows(heading: string): readonly string[] {
  const [, section = ''] = PAGE.split(`${heading}\n`);
  const [table = ''] = section.split(/^#/m);
  return table.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| The original |'));
}

describe('docs/migrate-from-sigstore.md', () => {
  test.each(Object.entries(HEADINGS))('has the differences of %s', (where, heading) => {
    const expected = ALL.filter((difference) => difference.where === where).map(
      ({ theirs, ours }) => `| ${theirs} | ${ours} |`,
    );
    expect(listRows(heading)).toEqual(expected);
  });
});
