// SPDX-License-Identifier: Apache-2.0

import { loadSyncCrypto } from '@keywax/core/crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { createBench } from './bench.js';
import type { AttackCase, Bench } from './case.js';
import { CONTROLS } from './controls.js';
import { BUNDLE_ATTACKS } from './attacks-bundle.js';
import { CERTIFICATE_ATTACKS } from './attacks-certificate.js';
import { IDENTITY_ATTACKS } from './attacks-identity.js';
import { REKOR_V1_ATTACKS } from './attacks-rekor-v1.js';
import { REKOR_V2_ATTACKS } from './attacks-rekor-v2.js';
import { THRESHOLD_ATTACKS } from './attacks-threshold.js';
import { TIMESTAMP_ATTACKS } from './attacks-timestamp.js';
import { SCT_ATTACKS } from './attacks-sct.js';
import { STATEMENT_ATTACKS } from './attacks-statement.js';
import { SIGNATURE_ATTACKS } from './attacks-signature.js';
import { TRUST_ATTACKS } from './attacks-trust.js';
import { resolve } from './forge.js';
import { failedCheck, judge, judgeAll, proof, refusal } from './judge.js';

const ATTACKS: readonly AttackCase[] = [
  ...BUNDLE_ATTACKS,
  ...TRUST_ATTACKS,
  ...SIGNATURE_ATTACKS,
  ...CERTIFICATE_ATTACKS,
  ...IDENTITY_ATTACKS,
  ...SCT_ATTACKS,
  ...STATEMENT_ATTACKS,
  ...REKOR_V1_ATTACKS,
  ...REKOR_V2_ATTACKS,
  ...THRESHOLD_ATTACKS,
  ...TIMESTAMP_ATTACKS,
];

let bench: Bench;
beforeAll(async () => {
  [bench] = await Promise.all([createBench(), loadSyncCrypto()]);
});

describe('what must be accepted is accepted by every executor', () => {
  test.each(Object.entries(CONTROLS).map(([name, control]) => ({ name, ...control })))(
    '$id: $title',
    async ({ name, proves }) => {
      for (const verdict of await judgeAll(bench, await bench.control(name))) {
        const verified = proof(verdict);
        expect(verified.report.verdict).toBe('verified');
        proves?.(verified);
      }
    },
  );
});

describe('what must be refused is refused by every executor', () => {
  test.each(ATTACKS)('$id: $title ($code)', async ({ make, code, at, twin }) => {
    proof(await judge(bench, await resolve(bench, twin)));
    const attempt = await make(bench);
    for (const verdict of await judgeAll(bench, attempt)) {
      const error = refusal(verdict);
      expect([error.code, failedCheck(error), error.message]).toEqual([code, at, error.message]);
    }
  });
});
