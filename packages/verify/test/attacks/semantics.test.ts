// SPDX-License-Identifier: Apache-2.0
// What callers, knowingly or not, can do to a plan, a result and the values that they pass (tables AP and CK).

import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { type Bundle, decodeBundle } from '@keywax/bundle';
import { type CryptoProvider, loadSyncCrypto } from '@keywax/core/crypto';
import { isKeywaxError } from '@keywax/core/errors';
import { signBytes } from '@keywax/stack/lab';
import { decodeTrustedRoot } from '@keywax/trust';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { nodeCrypto } from '../../../core/src/crypto.node.js';
import {
  type Plan,
  type PreparedTrust,
  type VerificationRequest,
  type Verified,
  planVerification,
  prepareTrust,
  settle,
  settleSync,
  unsafeAnyIdentity,
  unsafeNoLog,
  verifyBundle,
  verifyBundleSync,
} from '../../src/index.js';
import { createBench } from './bench.js';
import type { Bench } from './case.js';
import { ALICE, ARTIFACT, NOW, asking, flipBase64, replaceMember, resolve } from './forge.js';
import { failedCheck, judge, proof, refusal } from './judge.js';

let bench: Bench;
let trust: PreparedTrust;
beforeAll(async () => {
  [bench] = await Promise.all([createBench(), loadSyncCrypto()]);
  trust = prepareTrust(decodeTrustedRoot(bench.lab.trustedRoot()));
});

function asked(more: Partial<VerificationRequest> = {}): VerificationRequest {
  return { trust, artifact: ARTIFACT, identity: ALICE, now: NOW, ...more };
}

async function decoded(name = 'v2-message'): Promise<Bundle> {
  return decodeBundle((await bench.control(name)).bundle);
}

/** The control with a signature that fails last of all: that of the artifact. */
async function forged(): Promise<object> {
  const attempt = await bench.lab.makeBundle({
    content: 'message',
    logs: 'v2',
    steps: { sign: (key) => signBytes(key, new Uint8Array()) },
  });
  return attempt.bundle;
}

async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (isKeywaxError(error)) return error.code;
    throw error;
  }
  return 'accepted';
}

/** Spoils every byte that can be reached from a value. */
function spoil(value: unknown, seen = new Set<unknown>()): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Uint8Array) value.fill(0);
  else for (const member of Object.values(value)) spoil(member, seen);
}

/** Puts something else in the place of every member that can be reached, where that is possible. */
function overwrite(value: unknown, seen = new Set<unknown>()): void {
  if (typeof value !== 'object' || value === null || seen.has(value) || value instanceof Uint8Array) return;
  seen.add(value);
  for (const name of Object.keys(value)) {
    overwrite((value as Record<string, unknown>)[name], seen);
    Reflect.set(value, name, undefined);
    Reflect.deleteProperty(value, name);
  }
}

describe('a plan', () => {
  test.each([
    ['a record with its members', (plan: Plan): Plan => ({ ...plan })],
    ['what inherits from it', (plan: Plan): Plan => Object.create(plan) as Plan],
    ['a proxy of it', (plan: Plan): Plan => new Proxy(plan, {})],
    ['one that is written by hand', (): Plan => ({ checks: [], signatures: [], paths: [] })],
    ['nothing', (): Plan => undefined as unknown as Plan],
  ])('is not %s', async (_what, copy) => {
    const plan = copy(planVerification(await decoded(), asked()));
    expect(await codeOf(() => settle(plan))).toBe('CONFIG_INVALID');
    expect(await codeOf(() => settleSync(plan))).toBe('CONFIG_INVALID');
  });

  test.each([
    ['spoilt', spoil],
    ['overwritten', overwrite],
  ])('comes to the same verdict where all that it shows was %s', async (_how, harm) => {
    const plan = planVerification(await decoded(), asked());
    harm(plan);
    expect(settleSync(plan).report.verdict).toBe('verified');
    expect((await settle(plan)).report.verdict).toBe('verified');
  });

  test('is refused still where a signature that it shows was put in order', async () => {
    const plan = planVerification(decodeBundle(await forged()), asked());
    const good = planVerification(await decoded(), asked()).signatures.find(({ id }) => id === 'artifact.signature');
    const shown = plan.signatures.find(({ id }) => id === 'artifact.signature');
    Reflect.set(shown as object, 'input', good?.input);
    Reflect.set(plan.signatures as object, plan.signatures.indexOf(shown as never), good);
    shown?.input.signature.set((good?.input.signature ?? new Uint8Array()).subarray(0, shown.input.signature.length));
    expect(await codeOf(() => settle(plan))).toBe('SIGNATURE_INVALID');
    expect(await codeOf(() => settleSync(plan))).toBe('SIGNATURE_INVALID');
  });

  test('with a failed comparison is refused whatever becomes of the failure that it shows', async () => {
    const plan = planVerification(await decoded(), asked({ artifact: new Uint8Array() }));
    expect(plan.failure?.code).toBe('ARTIFACT_MISMATCH');
    overwrite(plan);
    expect(await codeOf(() => settle(plan))).not.toBe('accepted');
    expect(await codeOf(() => settleSync(plan))).not.toBe('accepted');
  });

  test('can settle twice', async () => {
    const plan = planVerification(await decoded('v1-dsse'), asked());
    const first = await settle(plan);
    spoil(first.payload);
    for (const { at } of first.times) at.setTime(0);
    const second = settleSync(plan);
    expect(second.payload?.some((byte) => byte !== 0)).toBe(true);
    expect(second.times.map(({ at }) => at)).toEqual([NOW, NOW]);
  });
});

describe('what a caller passes', () => {
  test.each(['v2-message', 'v1-dsse'])(
    'is copied: bytes of %s that change after planning change nothing',
    async (name) => {
      const bundle = await decoded(name);
      const artifact = Uint8Array.from(ARTIFACT);
      const now = new Date(NOW);
      const plan = planVerification(bundle, asked({ artifact, now }));
      spoil(bundle);
      artifact.fill(0);
      now.setTime(0);
      const verified = await settle(plan);
      expect(verified.payload?.[0] ?? 0x7b).toBe(0x7b);
      expect(settleSync(plan).report.verdict).toBe('verified');
    },
  );

  test('is read once: a bundle whose members answer differently each time', async () => {
    const { bundle } = await bench.control('v2-message');
    let reads = 0;
    const fickle = {
      ...(bundle as object),
      get messageSignature() {
        reads++;
        return reads === 1 ? (bundle as { messageSignature: object }).messageSignature : {};
      },
    };
    expect((await verifyBundle(fickle, asked())).report.verdict).toBe('verified');
    expect(reads).toBe(1);
  });

  test('is read once: options that answer differently each time', async () => {
    let reads = 0;
    const request = {
      ...asked(),
      get crypto(): CryptoProvider {
        return reads++ === 0 ? nodeCrypto : { ...nodeCrypto, verify: async () => true, verifySync: () => true };
      },
    };
    expect(await codeOf(async () => verifyBundle(await forged(), request))).toBe('SIGNATURE_INVALID');
    reads = 0;
    expect(await codeOf(async () => verifyBundleSync(await forged(), request))).toBe('SIGNATURE_INVALID');
  });

  test('may not be a bundle with a then', async () => {
    const { bundle } = await bench.control('v2-message');
    expect(
      await codeOf(async () =>
        verifyBundle(
          replaceMember(bundle as object, 'then', () => () => {}),
          asked(),
        ),
      ),
    ).toBe('INPUT_MALFORMED');
  });

  test.each([
    ['of another realm', (text: string) => runInNewContext(`JSON.parse(text)`, { text }) as object],
    ['that is frozen', (text: string) => Object.freeze(JSON.parse(text) as object)],
    ['behind a proxy', (text: string) => new Proxy(JSON.parse(text) as object, {})],
  ])('may be a bundle %s', async (_what, copy) => {
    const { bundle } = await bench.control('v2-message');
    expect((await verifyBundle(copy(JSON.stringify(bundle)), asked())).report.verdict).toBe('verified');
  });

  class Lying extends Uint8Array {
    override get length(): number {
      return 0;
    }
    override subarray(): Uint8Array<ArrayBuffer> {
      return new Uint8Array();
    }
  }

  test.each([
    ['of a subclass', () => Buffer.from(ARTIFACT), 'accepted'],
    ['of a subclass that lies about its bytes', () => new Lying(ARTIFACT), 'accepted'],
    ['in shared memory', () => share(ARTIFACT), 'accepted'],
    ['that is detached', () => detach(Uint8Array.from(ARTIFACT)), 'CONFIG_INVALID'],
    ['that is text', () => 'artifact\n', 'CONFIG_INVALID'],
    ['that is an array of numbers', () => [...ARTIFACT], 'CONFIG_INVALID'],
  ])('may be an artifact %s: %s', async (_what, artifact, code) => {
    const { bundle } = await bench.control('v2-message');
    expect(
      await codeOf(async () => verifyBundle(bundle as object, asked({ artifact: artifact() as Uint8Array }))),
    ).toBe(code);
  });

  test.each([
    ['a copy of a prepared trust', () => ({ ...trust })],
    ['a trusted root that is not prepared', () => trust.root],
  ])('may not be %s', async (_what, copy) => {
    const { bundle } = await bench.control('v2-message');
    expect(await codeOf(async () => verifyBundle(bundle as object, asked({ trust: copy() as PreparedTrust })))).toBe(
      'CONFIG_INVALID',
    );
  });
});

function share(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}

function detach(bytes: Uint8Array<ArrayBuffer>): Uint8Array {
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

describe('options that are wrong in any way are wrong options', () => {
  const odd: readonly unknown[] = [
    null,
    0,
    Number.NaN,
    '',
    'x',
    [],
    {},
    [{}],
    true,
    Symbol('x'),
    () => {},
    new Date(Number.NaN),
    new Map(),
  ];
  const places: readonly (readonly [string, (value: unknown) => object])[] = [
    ...[
      'trust',
      'artifact',
      'identity',
      'now',
      'logThreshold',
      'timestampThreshold',
      'sctThreshold',
      'distinctOperators',
      'requireInclusionProof',
      'allowRootInChain',
      'allowIntermediatesInBundle',
      'payloadType',
      'predicateType',
      'crypto',
      'other',
    ].map((name) => [name, (value: unknown) => ({ [name]: value })] as const),
    ...['issuer', 'subject', 'subjectKind', 'predicate', 'buildTrigger', 'other'].map(
      (name) => [`identity.${name}`, (value: unknown) => ({ identity: { ...ALICE, [name]: value } })] as const,
    ),
    ['identity.subject.pattern', (value) => ({ identity: { ...ALICE, subject: { pattern: value } } })],
    ['identity[1]', (value) => ({ identity: [ALICE, value] })],
    ['artifact.sha256', (value) => ({ artifact: { sha256: value } })],
    ['identity.key', (value) => ({ identity: { key: value } })],
    ...['publicKey', 'keyDetails', 'validFor'].map(
      (name) =>
        [
          `identity.key.${name}`,
          (value: unknown) => ({ identity: { key: { publicKey: bench.rsa.spki, [name]: value } } }),
        ] as const,
    ),
    [
      'identity.key.validFor.start',
      (value) => ({ identity: { key: { publicKey: bench.rsa.spki, validFor: { start: value } } } }),
    ],
    [
      'identity.key.validFor.end',
      (value) => ({ identity: { key: { publicKey: bench.rsa.spki, validFor: { start: NOW, end: value } } } }),
    ],
  ];

  test.each(places)('%s', async (_place, option) => {
    const bundle = await decoded('managed-v2');
    const fitting = await bench.control('managed-v2');
    for (const value of odd) {
      const request = { ...asked(fitting.request), ...option(value) };
      // Whatever it is, it is an error of Keywax, and never one of the host.
      const code = await codeOf(() => settleSync(planVerification(bundle, request)));
      expect([
        value,
        [
          'accepted',
          'CONFIG_INVALID',
          'KEY_NOT_FOUND',
          'KEY_REJECTED',
          'INPUT_MALFORMED',
          'ENTRY_MISMATCH',
          'TIME_MISSING',
          'STATEMENT_INVALID',
        ],
      ]).toEqual([value, expect.arrayContaining([code])]);
    }
  });

  test('and so is all that is no record', async () => {
    const bundle = await decoded();
    for (const value of odd.filter((one) => typeof one !== 'object' || one === null || Array.isArray(one))) {
      expect(await codeOf(() => planVerification(bundle, value as VerificationRequest))).toBe('CONFIG_INVALID');
    }
  });

  test.each([
    ['a predicate', () => ({ identity: { ...ALICE, predicate: fail } }), 'v2-message'],
    ['a look-up of keys', () => ({ identity: { key: fail } }), 'managed-v2'],
  ])('%s that throws is one', async (_what, option, name) => {
    const refused: unknown = await decoded(name)
      .then(async (bundle) => settle(planVerification(bundle, asked(option()))))
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(rootCause(refused)).toMatchObject({ message: 'of the caller' });
  });

  function rootCause(error: unknown): unknown {
    return error instanceof Error && error.cause !== undefined ? rootCause(error.cause) : error;
  }

  function fail(): never {
    throw new TypeError('of the caller');
  }
});

describe('a request without any log', () => {
  const key = () => bench.rsa.spki;
  const validFor = { start: new Date('2020-01-01T00:00:00Z') };

  const refused: readonly (readonly [string, string, () => Partial<VerificationRequest>, string])[] = [
    ['with an identity', 'v2-message', () => ({ identity: ALICE }), 'CONFIG_INVALID'],
    ['with any identity', 'v2-message', () => ({ identity: unsafeAnyIdentity }), 'CONFIG_INVALID'],
    [
      'with a key, by a threshold',
      'managed-v2',
      () => ({ identity: { key: key() }, logThreshold: 'none' as const }),
      'CONFIG_INVALID',
    ],
    [
      'with a key, by no threshold of timestamps',
      'managed-v2',
      () => ({ timestampThreshold: unsafeNoLog as never }),
      'CONFIG_INVALID',
    ],
    [
      'by a symbol of the same name',
      'managed-v2',
      () => ({ identity: { key: key() }, logThreshold: Symbol('unsafeNoLog') as never }),
      'CONFIG_INVALID',
    ],
    [
      'with a key that has a window',
      'managed-v2',
      () => ({ identity: { key: { publicKey: key(), validFor } } }),
      'TIME_MISSING',
    ],
    ['with a key, for a certificate', 'v2-message', () => ({ identity: { key: key() } }), 'CONFIG_INVALID'],
  ];
  test.each(refused)('is refused %s', async (_, control, more, code) => {
    const bare = { ...(await decoded(control)), entries: [], timestamps: [] };
    const request = asked({ logThreshold: unsafeNoLog, ...more() });
    expect(await codeOf(async () => settle(planVerification(bare, request)))).toBe(code);
  });
});

test('a private key that is given for a public one is never echoed', async () => {
  const pem = bench.rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const bundle = await decoded('managed-v2');
  const error: unknown = await Promise.resolve()
    .then(() => planVerification(bundle, asked({ identity: { key: pem } })))
    .catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: 'KEY_REJECTED' });
  const told = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error);
  for (const line of pem.split('\n').filter((one) => one.length === 64)) expect(told).not.toContain(line.slice(8, 40));
});

describe('a polluted prototype', () => {
  const prototype = Reflect.getPrototypeOf({}) as object;
  const polluted: Record<string, unknown> = {
    logThreshold: 'none',
    timestampThreshold: 'none',
    sctThreshold: 'none',
    threshold: 0,
    allowRootInChain: true,
    allowIntermediatesInBundle: true,
    requireInclusionProof: true,
    identity: { issuer: 'x', subject: 'x' },
    subject: 'x',
    predicate: () => true,
    predicateType: 'x',
    payloadType: 'text/plain',
    pattern: '.*',
    key: 'x',
    crypto: { ...nodeCrypto, verify: async () => true, verifySync: () => true },
  };

  afterEach(() => {
    for (const name of Object.keys(polluted)) Reflect.deleteProperty(prototype, name);
  });

  test.each(Object.keys(polluted))('with %s decides nothing', async (name) => {
    const good = await bench.control('v1-message');
    const bad = await forged();
    const wrongSigner = await resolve(
      bench,
      asking('v2-message', { identity: { ...ALICE, subject: 'bob@example.com' } }),
    );
    const unlogged = replaceMember(good.bundle, 'verificationMaterial.tlogEntries', []);
    Reflect.set(prototype, name, polluted[name]);
    expect(await codeOf(async () => verifyBundle(good.bundle as object, asked()))).toBe('accepted');
    expect(await codeOf(async () => verifyBundle(bad, asked()))).toBe('SIGNATURE_INVALID');
    expect(await codeOf(() => verifyBundleSync(bad, asked()))).toBe('SIGNATURE_INVALID');
    expect(await codeOf(async () => verifyBundle(unlogged, asked()))).toBe('LOG_THRESHOLD');
    expect(failedCheck(refusal(await judge(bench, wrongSigner)))).toBe('policy.identity');
  });
});

describe('a crypto provider', () => {
  test.each([
    ['promises where it should answer', { verifySync: () => Promise.resolve(true) as unknown as boolean }],
    [
      'answers with something that is only like true',
      { verify: async () => 1 as unknown as boolean, verifySync: () => 'yes' as unknown as boolean },
    ],
    ['never says yes', { verify: async () => false, verifySync: () => false }],
  ])('that %s convinces nobody', async (_what, wrong) => {
    const bundle = await decoded();
    const fresh = prepareTrust(trust.root);
    const crypto: CryptoProvider = { ...nodeCrypto, ...wrong };
    expect(await codeOf(() => settleSync(planVerification(bundle, asked({ trust: fresh })), crypto))).not.toBe(
      'accepted',
    );
    if ('verify' in wrong) {
      expect(await codeOf(() => settle(planVerification(bundle, asked({ trust: fresh })), crypto))).not.toBe(
        'accepted',
      );
    }
  });

  test('that breaks off refuses the bundle, and its error is kept', async () => {
    const cause = new TypeError('broken');
    const crypto: CryptoProvider = { ...nodeCrypto, verify: () => Promise.reject(cause) };
    const attempt = settle(planVerification(await decoded(), asked({ trust: prepareTrust(trust.root) })), crypto);
    await expect(attempt).rejects.toMatchObject({ code: 'INTERNAL_ERROR', cause: { cause } });
  });

  test('that cannot hash refuses the bundle, and its error is kept', async () => {
    const cause = new TypeError('broken');
    const hash = (): never => {
      throw cause;
    };
    const plan = async (): Promise<unknown> =>
      planVerification(await decoded(), asked({ crypto: { ...nodeCrypto, hash } }));
    await expect(plan()).rejects.toMatchObject({ code: 'INTERNAL_ERROR', cause });
  });

  test('without a synchronous check cannot settle synchronously', async () => {
    const { verifySync: _sync, ...crypto } = nodeCrypto;
    const plan = planVerification(await decoded(), asked());
    expect(await codeOf(() => settleSync(plan, crypto))).toBe('CONFIG_INVALID');
  });
});

describe('what is remembered under a trusted root', () => {
  test('is nothing that failed, and nothing of another checkpoint', async () => {
    const shared = prepareTrust(trust.root);
    const { bundle } = await bench.control('v2-message');
    const envelope = 'verificationMaterial.tlogEntries.0.inclusionProof.checkpoint.envelope';
    const broken = replaceMember(bundle as object, envelope, (note: string) => {
      const at = note.lastIndexOf(' ') + 1;
      return `${note.slice(0, at)}${flipBase64(note.slice(at, -1))}\n`;
    });
    for (const [attempt, code] of [
      [broken, 'CHECKPOINT_INVALID'],
      [bundle, 'accepted'],
      [broken, 'CHECKPOINT_INVALID'],
      [bundle, 'accepted'],
    ] as const) {
      expect(await codeOf(async () => verifyBundle(attempt as object, asked({ trust: shared })))).toBe(code);
      expect(await codeOf(() => verifyBundleSync(attempt as object, asked({ trust: shared })))).toBe(code);
    }
  });

  test('is the same for all who verify at once', async () => {
    const shared = prepareTrust(trust.root);
    const [good, bad] = [(await bench.control('v2-dsse')).bundle as object, await forged()];
    const codes = await Promise.all(
      Array.from({ length: 40 }, async (_, i) =>
        codeOf(async () => verifyBundle(i % 2 === 0 ? good : bad, asked({ trust: shared }))),
      ),
    );
    expect(new Set(codes.filter((_, i) => i % 2 === 0))).toEqual(new Set(['accepted']));
    expect(new Set(codes.filter((_, i) => i % 2 === 1))).toEqual(new Set(['SIGNATURE_INVALID']));
  });
});

describe('a result', () => {
  test('holds what was proven and nothing else', async () => {
    const names = async (name: string): Promise<string[]> =>
      Object.keys(proof(await judge(bench, await bench.control(name)))).sort();
    expect(await names('v2-message')).toEqual(['entries', 'report', 'signer', 'times']);
    expect(await names('v1-dsse')).toEqual(['entries', 'payload', 'report', 'signer', 'statement', 'subject', 'times']);
  });

  test('is a promise until it is waited for', async () => {
    const { bundle } = await bench.control('v2-message');
    const result: unknown = verifyBundle(bundle, asked());
    expect(result).toBeInstanceOf(Promise);
    expect((result as Partial<Verified>).signer).toBeUndefined();
    await result;
  });

  test('does not depend on the clock of the host', async () => {
    vi.spyOn(Date, 'now').mockImplementation(() => {
      throw new Error('the engine looked at the clock');
    });
    try {
      const { bundle } = await bench.control('v2-message');
      expect(verifyBundleSync(bundle as object, asked()).times[0]?.at).toEqual(NOW);
    } finally {
      vi.restoreAllMocks();
    }
  });
});
