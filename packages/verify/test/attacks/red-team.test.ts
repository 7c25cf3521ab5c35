// SPDX-License-Identifier: Apache-2.0
// What an attacker found where the tables of attacks do not look.

import { encodeBase64 } from '@keywax/core/bytes';
import { defaultCrypto } from '@keywax/core/crypto';
import { isKeywaxError } from '@keywax/core/errors';
import { encodeNote } from '@keywax/core/note';
import { createIssuer, rootProfile, signNoteText } from '@keywax/stack/lab';
import { decodeBundle } from '@keywax/bundle';
import { decodeTrustedRoot } from '@keywax/trust';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type VerificationRequest,
  type Verified,
  planVerification,
  prepareTrust,
  verifyBundle,
} from '../../src/index.js';
import { readPlan } from '../../src/plan.js';
import { leafProfiled, leafWithScts, stamp, stamped } from './authorities.js';
import { createBench } from './bench.js';
import type { Bench, Source } from './case.js';
import { provenInV2 } from './entries.js';
import {
  ALICE,
  ARTIFACT,
  ENTRY,
  NOW,
  PROOF,
  STAMPS,
  at,
  changed,
  flipBase64,
  resolve,
  seconds,
  withRoot,
} from './forge.js';

let bench: Bench;
beforeAll(async () => {
  bench = await createBench();
});

/** Verifies an attempt with something else asked for. */
async function verify(source: Source, request: Partial<VerificationRequest> = {}): Promise<Verified> {
  const attempt = await resolve(bench, source);
  const trust = prepareTrust(decodeTrustedRoot(attempt.trustedRoot ?? bench.lab.trustedRoot()));
  return verifyBundle(attempt.bundle, {
    artifact: ARTIFACT,
    identity: ALICE,
    now: NOW,
    trust,
    ...attempt.request,
    ...request,
  });
}

/** The code of the refusal, which is by a `KeywaxError`. */
async function codeOf(verification: Promise<unknown>): Promise<string> {
  const error: unknown = await verification.then(
    () => new Error('accepted'),
    (cause: unknown) => cause,
  );
  if (!isKeywaxError(error)) throw error;
  return error.code;
}

/** A list with holes where nothing is given. */
function sparse<T>(...items: readonly (T | undefined)[]): T[] {
  const list: T[] = [];
  list.length = items.length;
  for (const [i, item] of items.entries()) if (item !== undefined) list[i] = item;
  return list;
}

describe('a list of identities', () => {
  const MALLORY = { ...ALICE, subject: 'mallory@example.com' };

  test.each([
    ['that is a hole', sparse<typeof ALICE>(undefined)],
    ['with a hole between its records', sparse(MALLORY, undefined, MALLORY)],
    ['with a hole behind the record that matches', sparse(ALICE, undefined)],
  ])('%s allows nobody', async (_, identity) => {
    expect(await codeOf(verify('v2-message', { identity }))).toBe('CONFIG_INVALID');
  });
});

describe('a statement that is asked for', () => {
  const PREDICATE_TYPE = 'https://slsa.dev/provenance/v1';

  test.each([
    ['by its predicate type', { predicateType: PREDICATE_TYPE }],
    ['by the type of its envelope', { payloadType: 'application/vnd.in-toto+json' }],
  ])('%s is not a signature over the artifact', async (_, request) => {
    await verify('v2-dsse', request);
    expect(await codeOf(verify('v2-message', request))).toBe('STATEMENT_INVALID');
  });

  test('cannot be looked for in payloads of another type', async () => {
    await verify('other-payload');
    expect(await codeOf(verify('other-payload', { predicateType: PREDICATE_TYPE }))).toBe('CONFIG_INVALID');
  });
});

describe('a time that RFC 3339 does not have', () => {
  test('in a certificate timestamp is the fault of the timestamp', async () => {
    const late = leafWithScts(({ lab }) => [{ ct: lab.ct, timestampMs: 253_402_300_800_000n }]);
    expect(await codeOf(verify(late))).toBe('SCT_INVALID');
  });

  test('is in the report of a leaf that never expires', async () => {
    const { report } = await verify(
      leafProfiled((profile) => ({ ...profile, notAfter: new Date('9999-12-31T23:59:59Z') })),
    );
    expect(report.checks.find(({ id }) => id === 'sct.time')?.expected).toMatch(/ to \+010000-01-01T00:04:59Z$/);
  });
});

test('what one crypto provider says convinces no other', async () => {
  const trust = prepareTrust(decodeTrustedRoot(bench.lab.trustedRoot()));
  const broken = changed('v2-message', `${PROOF}.checkpoint.envelope`, (envelope: string) =>
    envelope.replace(/\S+\n$/, (signature) => `${flipBase64(signature.trimEnd())}\n`),
  );
  await verify(broken, { trust, crypto: { ...defaultCrypto, verify: async () => true } });
  expect(await codeOf(verify(broken, { trust }))).toBe('CHECKPOINT_INVALID');
});

test('an index that neither promise nor proof names is not a result', async () => {
  const { entries } = await verify('bundle-0.2-no-promise');
  const forged = await verify(changed('bundle-0.2-no-promise', `${ENTRY}.logIndex`, '424242'));
  expect(forged.entries).toEqual(entries);
});

test('a checkpoint with as many signature lines as there may be is not kept once for each', async () => {
  const attempt = await provenInV2(({ lab: { rekorV2 } }) => ({
    extensions: ['x'.repeat(50_000)],
    envelope: (text) =>
      encodeNote({ text, signatures: Array.from({ length: 64 }, () => signNoteText(text, rekorV2.signer)) }),
  }))(bench);
  const plan = planVerification(decodeBundle(attempt.bundle), {
    artifact: ARTIFACT,
    identity: ALICE,
    now: NOW,
    trust: prepareTrust(decodeTrustedRoot(bench.lab.trustedRoot())),
  });
  const lines = readPlan(plan).signatures.filter(({ id }) => id === 'checkpoint.signature');
  expect(lines).toHaveLength(64);
  expect(lines.every(({ recurring }) => recurring !== undefined && recurring.length < 1_000)).toBe(true);
  expect(new Set(lines.map(({ input }) => input.data.bytes)).size).toBe(1);
});

describe('a polluted prototype', () => {
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  /** Verifies with a member that all records seem to have. */
  const pollute = async <T>(name: string, value: unknown, run: () => Promise<T>): Promise<T> => {
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
    try {
      return await run();
    } finally {
      delete prototype[name];
    }
  };

  test.each([
    ['constant', {}],
    ['recurring', 'x'],
  ])('in which all signatures have one %s settles none of them', async (name, value) => {
    const trust = prepareTrust(decodeTrustedRoot(bench.lab.trustedRoot()));
    const forged = changed('v2-message', `${STAMPS}.0.signedTimestamp`, flipBase64);
    await bench.control('v2-message');
    const code = await pollute(name, value, async () => {
      await verify('v2-message', { trust }); // so that there is something to remember
      return codeOf(verify(forged, { trust }));
    });
    expect(code).toBe('TIMESTAMP_INVALID');
  });

  test('lends no certificate an extension', async () => {
    const identity = { ...ALICE, buildTrigger: 'push' };
    await bench.control('v2-message');
    const code = await pollute('buildTrigger', 'push', async () => codeOf(verify('v2-message', { identity })));
    expect(code).toBe('IDENTITY_MISMATCH');
  });
});

test('one timestamp key below two roots is one authority', async () => {
  const twice = withRoot(
    stamped(({ lab }, signature) => [stamp(lab, signature), stamp(lab, signature, { genTime: seconds(2) })]),
    async (root, { lab }) => {
      const { key, name } = lab.roots.tsa;
      const sameKey = await createIssuer((spki) => ({ ...rootProfile('', spki, NOW), issuer: name, subject: name }), {
        key,
      });
      const [first] = structuredClone(root.timestampAuthorities);
      const [second] = structuredClone(root.timestampAuthorities);
      if (first === undefined || second === undefined) throw new RangeError('no authority');
      first.validFor.end = '2026-03-01T12:00:00Z';
      second.validFor.start = '2026-03-01T12:00:01Z';
      second.uri = 'https://tsa.example';
      second.certChain.certificates.splice(1, 1, { rawBytes: encodeBase64(at(sameKey.chain, 0)) });
      root.timestampAuthorities = [first, second];
    },
  );
  expect((await verify(twice)).times).toHaveLength(2);
  expect(await codeOf(verify(twice, { timestampThreshold: 2 }))).toBe('TIMESTAMP_THRESHOLD');
});

describe('options that cannot be read are wrong options', () => {
  const broken = (): never => {
    throw new RangeError('broken');
  };

  test('as a record', async () => {
    const identity = new Proxy({ ...ALICE }, { ownKeys: broken });
    expect(await codeOf(verify('v2-message', { identity }))).toBe('CONFIG_INVALID');
  });

  test('as a member', async () => {
    const identity = Object.defineProperty({ ...ALICE }, 'issuer', { get: broken, enumerable: true });
    expect(await codeOf(verify('v2-message', { identity }))).toBe('CONFIG_INVALID');
  });

  test('as a time', async () => {
    const now = Object.create(Date.prototype) as Date;
    expect(await codeOf(verify('v2-message', { now }))).toBe('CONFIG_INVALID');
  });
});

test('the present is what a Date holds, not what it says', async () => {
  class LateDate extends Date {
    override getTime(): number {
      return super.getTime() + 3_600_000;
    }
  }
  expect(await codeOf(verify('v2-message', { now: new LateDate(seconds(-600)) }))).toBe('TIME_INVALID');
});

test('a key as bytes is not remembered as text', async () => {
  const { request } = await bench.control('managed-v2');
  const key = (request?.identity as { key: Uint8Array } | undefined)?.key ?? new Uint8Array();
  await verify('managed-v2', { identity: { key } });
  expect(await codeOf(verify('managed-v2', { identity: { key: encodeBase64(key) } }))).toBe('INPUT_MALFORMED');
});

test('a result gives nothing of the trusted root away', async () => {
  const { signer } = await verify('v2-message');
  expect(signer).toMatchObject({ authority: { uri: 'http://fulcio.localhost' } });
  expect(Object.keys(signer.kind === 'certificate' ? signer.authority : {})).toEqual(['uri', 'subject']);
});
