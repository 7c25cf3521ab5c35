// SPDX-License-Identifier: Apache-2.0
// Every attack is refused for its reason by every executor, every control is accepted, and every check is needed.

import { loadSyncCrypto } from '@keywax/core/crypto';
import { ERROR_CODES, type ErrorCode, type KeywaxError } from '@keywax/core/errors';
import { beforeAll, describe, expect, test } from 'vitest';
import { CHECKS, type CheckId, type Report } from '../../src/index.js';
import { ATTACKS } from './attacks.js';
import { createBench } from './bench.js';
import type { Bench, Make } from './case.js';
import { CONTROLS } from './controls.js';
import { resolve } from './forge.js';
import { failedCheck, judge, judgeAll, proof, refusal } from './judge.js';

const MAX_MESSAGE_CHARS = 1_024; // ATTACKS AP-015
const CHECK_IDS = Object.keys(CHECKS) as CheckId[];
const TUF_RULINGS: readonly string[] = ['RUL-14', 'RUL-26'];
const VERIFICATION_RULINGS = Array.from({ length: 28 }, (_, i) => `RUL-${i + 1}`).filter(
  (ruling) => !TUF_RULINGS.includes(ruling),
);

/**
 * Checks without which nothing more is accepted: another one refuses every mutant, or settling a plan does, which counts
 * for itself. They stay for the clearer error, or as a second lock.
 */
const SECOND_LOCKS: Partial<Record<CheckId, { readonly instead: CheckId | 'INTERNAL_ERROR'; readonly why: string }>> = {
  'time.threshold': { instead: 'INTERNAL_ERROR', why: 'settling counts the timestamp authorities again' },
  'log.threshold': { instead: 'INTERNAL_ERROR', why: 'settling counts the logs again' },
  'certificate.authority': { instead: 'INTERNAL_ERROR', why: 'settling demands a path' },
  'certificate.signature': { instead: 'INTERNAL_ERROR', why: 'settling demands the signature of the certificate' },
  'artifact.signature': { instead: 'INTERNAL_ERROR', why: 'settling demands exactly one signature of the artifact' },
  'entry.log': { instead: 'checkpoint.signer', why: 'a log without a usable key has signed nothing' },
  'sct.algorithm': { instead: 'sct.signature', why: 'no signature verifies under a key of another kind' },
  'sct.present': { instead: 'sct.threshold', why: 'none is too few; the code says which of the two it is' },
  'promise.key': { instead: 'entry.log', why: 'the entry needs the key of its log too' },
  'policy.predicate': { instead: 'policy.predicate', why: 'settling asks the predicate, once the identity is proven' },
};

/** Checks that nothing fails, because what comes before them lets nothing else through. */
const NEVER_FAIL: Partial<Record<CheckId, string>> = {
  'entry.canonical': 'the reader of bodies takes one form alone, so that equal content is equal bytes',
};

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
        expect(verified.report.facts.filter(({ state }) => state === 'claimed')).toEqual([]);
        proves?.(verified);
      }
    },
  );
});

describe('what must be refused is refused by every executor', () => {
  test.each(ATTACKS)('$id: $title ($code)', async ({ make, code, at, twin }) => {
    proof(await judge(bench, await resolve(bench, twin)));
    for (const verdict of await judgeAll(bench, await make(bench))) {
      const error = refusal(verdict);
      const { message } = error;
      expect({ code: error.code, at: failedCheck(error), message }).toEqual({ code, at, message });
      expect(message.length).toBeLessThanOrEqual(MAX_MESSAGE_CHARS);
      if (at !== undefined) expectReport(error);
    }
  });

  function expectReport({ code, message, report }: KeywaxError): void {
    expect(report).toMatchObject({ verdict: 'refused', error: { code, message } });
    const { checks, facts } = report as Report;
    // What nothing has justified is never called proven.
    const failed = new Set(checks.filter(({ state }) => state === 'failed').map(({ id }) => id));
    const wrong = facts.filter(
      ({ state, provenBy }) => state === 'proven' && provenBy.some((id) => failed.has(id as CheckId)),
    );
    expect(wrong).toEqual([]);
  }

  test('and has left no trace in the prototypes of the host', () => {
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('the suite', () => {
  test('produces every error code of a verification', () => {
    const codes = Object.keys(ERROR_CODES) as ErrorCode[];
    const verification = codes.slice(0, codes.indexOf('IDENTITY_MISMATCH') + 1);
    const produced = new Set(ATTACKS.map(({ code }) => code));
    expect(verification.filter((code) => !produced.has(code))).toEqual([]);
  });

  test('fails every check but those that nothing can fail', () => {
    const failed = new Set(ATTACKS.map(({ at }) => at));
    expect(CHECK_IDS.filter((id) => !failed.has(id))).toEqual(Object.keys(NEVER_FAIL));
  });

  test('follows every ruling that concerns verification', () => {
    const followed = new Set([...ATTACKS, ...Object.values(CONTROLS)].flatMap(({ rulings = [] }) => rulings));
    expect(VERIFICATION_RULINGS.filter((ruling) => !followed.has(ruling))).toEqual([]);
  });
});

describe('with one check taken out of the plan', () => {
  const needed = CHECK_IDS.filter((id) => CHECKS[id].kind !== 'decode' && !(id in SECOND_LOCKS) && !(id in NEVER_FAIL));

  test.each(needed)('%s: something is accepted that must be refused', async (id) => {
    const outcomes: string[] = [];
    for (const { make } of ATTACKS.filter(({ at }) => at === id)) {
      outcomes.push(await judgeWithout(id, make));
      if (outcomes.includes('accepted')) return;
    }
    expect(outcomes).toContain('accepted');
  });

  test.each(Object.entries(SECOND_LOCKS))('%s: the second lock holds, and is one', async (id, { instead }) => {
    const outcomes = new Set<string>();
    for (const { make } of ATTACKS.filter(({ at }) => at === id)) outcomes.add(await judgeWithout(id as CheckId, make));
    expect([...outcomes]).toEqual([instead]);
  });

  /** `accepted`, the check that refused instead, or the code where none did. */
  async function judgeWithout(id: CheckId, make: Make): Promise<string> {
    const verdict = await judge(bench, await make(bench), { without: id });
    if (verdict.kind === 'accepted') return 'accepted';
    const error = refusal(verdict);
    return failedCheck(error) ?? error.code;
  }
});
