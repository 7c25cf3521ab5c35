// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { decodeTrustedRoot } from '@keywax/trust';
import { PRODUCTION_SOURCE, PRODUCTION_TRUSTED_ROOT } from '../src/production.js';
import { expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';

test("production's trusted root has the digest that is recorded", () => {
  expect(createHash('sha256').update(PRODUCTION_TRUSTED_ROOT).digest('hex')).toBe(PRODUCTION_SOURCE.sha256);
});

test('and everything in it can be used', () => {
  const { logs, ctLogs, certificateAuthorities, timestampAuthorities } = decodeTrustedRoot(PRODUCTION_TRUSTED_ROOT);
  for (const list of [logs, ctLogs, certificateAuthorities, timestampAuthorities]) {
    expect(list.length).toBeGreaterThan(0);
    for (const { unusable } of list) expect(unusable).toBeUndefined();
  }
});

describeCorpus('the trusted root that TUF served', () => {
  test('is the one compiled in', () => {
    expect(readFileSync(corpus('trust/production/trusted_root.json'), 'utf8')).toBe(PRODUCTION_TRUSTED_ROOT);
  });
});
