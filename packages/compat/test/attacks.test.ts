// SPDX-License-Identifier: Apache-2.0
// What the engine must refuse is refused through this package too, with an error that callers know, and by both ways of
// verifying: the options that it maps open nothing.

import { createHash } from 'node:crypto';
import { decodeBundle } from '@keywax/bundle';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ATTACKS } from '../../verify/test/attacks/attacks.js';
import { createBench } from '../../verify/test/attacks/bench.js';
import type { Attempt, Bench } from '../../verify/test/attacks/case.js';
import { CONTROLS } from '../../verify/test/attacks/controls.js';
import { ALICE, ARTIFACT, NOW } from '../../verify/test/attacks/forge.js';
import { type VerifyOptions, createVerifier, verify } from '../src/index.js';

let bench: Bench;
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
  bench = await createBench();
});
afterAll(() => {
  vi.useRealTimers();
});

/** Runs an attempt; `undefined` where it asks the engine for something that this package has no option for. */
async function attempt({ bundle, trustedRoot, request = {} }: Attempt): Promise<string | undefined> {
  const { artifact, identity, logThreshold, sctThreshold, timestampThreshold, ...others } = {
    artifact: ARTIFACT,
    identity: ALICE,
    logThreshold: 1,
    sctThreshold: 1,
    timestampThreshold: undefined,
    ...request,
  };
  const signer = selectSigner(identity);
  if (!(artifact instanceof Uint8Array) || signer === undefined || Object.keys(others).length > 0) return undefined;
  if (typeof logThreshold !== 'number' || typeof sctThreshold !== 'number') return undefined;
  const options: VerifyOptions = {
    trustedRoot: trustedRoot ?? bench.lab.trustedRoot(),
    tlogThreshold: logThreshold,
    ctLogThreshold: sctThreshold,
    ...(timestampThreshold === undefined ? {} : { timestampThreshold: timestampThreshold as number }),
    ...signer,
    ...(isEnvelope(bundle) ? { digest: listDigests(artifact) } : {}),
  };
  const data = isEnvelope(bundle) ? undefined : artifact;
  const [waiting, synchronous] = await Promise.all([
    observe(() => verify(readJson(bundle) as never, data, options)),
    observe(async () => (await createVerifier(options)).verify(readJson(bundle) as never, data)),
  ]);
  expect(synchronous).toEqual(waiting);
  return waiting.outcome;
}

/** What a call came to, so far as callers can tell. */
async function observe(call: () => Promise<unknown>): Promise<{ readonly outcome: string; readonly code?: unknown }> {
  try {
    await call();
    return { outcome: 'accepted' };
  } catch (error) {
    return { outcome: (error as Error).name, code: (error as { readonly code?: unknown }).code };
  }
}

/** The options for an identity of two exact strings, or a key. */
function selectSigner(identity: unknown): VerifyOptions | undefined {
  const { issuer, subject, key, ...others } = Object.assign(Object.create(null), identity) as Record<string, unknown>;
  if (Object.keys(others).length > 0) return undefined;
  if (issuer === undefined && subject === undefined) {
    if (key instanceof Uint8Array) return { keySelector: () => Buffer.from(key) };
    return typeof key === 'string' ? { keySelector: () => key } : undefined;
  }
  const isExact = [issuer, subject].every((text) => typeof text === 'string' && text !== '') && key === undefined;
  return isExact ? { certificateIssuer: issuer as string, certificateIdentity: subject as string } : undefined;
}

function listDigests(bytes: Uint8Array): NonNullable<VerifyOptions['digest']> {
  const digest = (name: 'sha256' | 'sha384' | 'sha512') => createHash(name).update(bytes).digest();
  return { sha256: digest('sha256'), sha384: digest('sha384'), sha512: digest('sha512') };
}

function isEnvelope(bundle: Attempt['bundle']): boolean {
  try {
    return decodeBundle(bundle).content.kind === 'dsse';
  } catch {
    return false;
  }
}

/** Callers parse the text of a bundle themselves. */
function readJson(bundle: Attempt['bundle']): unknown {
  if (typeof bundle !== 'string' && !(bundle instanceof Uint8Array)) return bundle;
  try {
    return JSON.parse(typeof bundle === 'string' ? bundle : new TextDecoder().decode(bundle));
  } catch {
    return undefined;
  }
}

const KNOWN = ['ValidationError', 'VerificationError', 'PolicyError', 'KeywaxError'];

/** What is accepted here all the same, as the original accepts it. */
const ACCEPTED: Readonly<Record<string, string>> = {
  'BP-004: a byte order mark': 'callers parse the text of bundles',
  'BP-008: a member twice': 'callers parse the text of bundles',
  'BP-010: a member twice, once by an escape': 'callers parse the text of bundles',
  'BP-045: a root in the chain': 'old bundles carry one (RUL-11)',
  'SG-026: a managed key for a bundle with a certificate': 'keySelector is for bundles without a certificate',
  'TH-011: a timestamp and a promise': 'timestamps and promises count together',
  'TH-011: a promise and no timestamp': 'timestamps and promises count together',
  'TH-014: a timestampThreshold of 0': 'thresholds may be 0',
  'TH-014: a timestampThreshold of -1': 'thresholds below 1 are 0',
  'TH-014: a timestampThreshold of null': 'null is none given',
  'TH-014: a logThreshold of 0': 'thresholds may be 0',
  'TH-014: a sctThreshold of 0': 'thresholds may be 0',
  'TH-014: a logThreshold of -1': 'thresholds below 1 are 0',
  'TH-014: a sctThreshold of -1': 'thresholds below 1 are 0',
};

/** What the engine accepts and the original does not. */
const REFUSED: Readonly<Record<string, string>> = {
  'managed-v2': 'a time is needed with every key',
  'unknown-entry': 'evidence of unknown authorities is not set aside',
  'unknown-entry-checkpoint': 'evidence of unknown authorities is not set aside',
  'unknown-entry-kind': 'evidence of unknown authorities is not set aside',
  'unknown-timestamp': 'evidence of unknown authorities is not set aside',
  'unknown-sct': 'evidence of unknown authorities is not set aside',
};

let tried = 0;

describe('an attack on the engine is refused', () => {
  test.each(ATTACKS)('$id: $title', async ({ id, title, make }) => {
    const outcome = await attempt(await make(bench));
    if (outcome === undefined) return;
    tried++;
    if (Object.hasOwn(ACCEPTED, `${id}: ${title}`)) expect(outcome).toBe('accepted');
    else expect(KNOWN).toContain(outcome);
  });

  test('most of them can be tried', () => expect(tried).toBeGreaterThan(ATTACKS.length * 0.75));
});

describe('what the engine accepts is accepted', () => {
  test.each(Object.keys(CONTROLS))('%s', async (name) => {
    const outcome = await attempt(await bench.control(name));
    if (outcome === undefined) return;
    expect(outcome).toBe(Object.hasOwn(REFUSED, name) ? 'VerificationError' : 'accepted');
  });
});
