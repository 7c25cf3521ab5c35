// SPDX-License-Identifier: Apache-2.0
// The same calls through `sigstore` 5 and through compat, against the same services: the same shapes, the same errors. What
// differs is named, and `compat-differences.ts` says of it the same as the migration page.

import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as compat from '@keywax/compat';
import * as compatSign from '@keywax/compat/sign';
import * as compatVerify from '@keywax/compat/verify';
import { type Interceptor, type Stack, startStack } from '@keywax/stack';
import { type SerializedBundle, bundleFromJSON, bundleToJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import * as sigstoreSign from '@sigstore/sign';
import * as sigstoreVerify from '@sigstore/verify';
import { unsafeAnyIdentity, unsafeNoArtifact } from 'keywax';
import * as sigstore from 'sigstore';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT_CASES, type SigningApi, type SigningCase, type World } from './compat-sign-cases.js';
import { PART_CASES } from './compat-sign-part-cases.js';
import { type Outcome, describeOutcome, expectedOutcome } from './compat-sign-outcome.js';
import { ARTIFACT, verifyWithKeywax } from './keywax.js';

const THEIRS: SigningApi = { ...sigstore, ...sigstoreSign };
const OURS = { ...compat, ...compatSign } as unknown as SigningApi;

const VERIFY = compatVerify as unknown as typeof sigstoreVerify;

const faults: { [name in 'fulcio' | 'rekorV1' | 'rekorV2' | 'tsa']?: Interceptor | undefined } = {};
const noPrograms = mkdtempSync(join(tmpdir(), 'keywax-no-programs-'));
const environment = process.env;
let stack: Stack;
let world: World;

beforeAll(async () => {
  stack = await startStack({ faults: faults as never, rekor: { acceptDsse: true } });
  world = { stack, token: await stack.mintToken({ kind: 'email' }) };
  // Later entries all have proofs with hashes, and indexes that are not 0.
  for (const rekor of ['v1', 'v2'] as const) await fillLog(rekor);
});
afterAll(async () => {
  process.env = environment;
  rmdirSync(noPrograms);
  await stack.close();
});

async function fillLog(rekor: 'v1' | 'v2'): Promise<void> {
  const options = { rekorBaseURL: stack.urls[rekor === 'v1' ? 'rekorV1' : 'rekorV2'] };
  const signer = new sigstoreSign.FulcioSigner({
    fulcioBaseURL: stack.urls.fulcio,
    identityProvider: { getToken: async () => world.token },
  });
  const witness = new sigstoreSign.RekorWitness({ ...options, majorApiVersion: rekor === 'v1' ? 1 : 2 });
  await new sigstoreSign.MessageSignatureBundleBuilder({ signer, witnesses: [witness] }).create({
    data: Buffer.from('x'),
  });
}

/** Makes one call of one implementation. */
async function run(api: SigningApi, { call, ...rest }: SigningCase): Promise<{ value?: unknown; outcome: Outcome }> {
  for (const name of ['fulcio', 'rekorV1', 'rekorV2', 'tsa'] as const) faults[name] = rest.faults?.[name]?.();
  process.env = { PATH: noPrograms, ...rest.environment?.(world) };
  try {
    const value = await call(api, world);
    return { value, outcome: describeOutcome({ value }) };
  } catch (error) {
    return { outcome: describeOutcome({ error }) };
  } finally {
    process.env = environment;
    for (const name of Object.keys(faults)) delete faults[name as keyof typeof faults];
  }
}

/** Demands that a bundle verifies with the original, with compat and with the engine. */
async function demandVerified(value: unknown): Promise<void> {
  const json = 'content' in (value as object) ? bundleToJSON(value as never) : (value as SerializedBundle);
  const { tlogEntries, timestampVerificationData } = json.verificationMaterial;
  const entries = (tlogEntries as readonly unknown[] | undefined)?.length ?? 0; // the original leaves out an empty list
  const timestamps = timestampVerificationData?.rfc3161Timestamps ?? [];
  for (const { Verifier, toSignedEntity, toTrustMaterial } of [sigstoreVerify, VERIFY]) {
    const trust = toTrustMaterial(TrustedRoot.fromJSON(stack.trustedRoot));
    const verifier = new Verifier(trust, { tlogThreshold: Math.min(entries, 1) });
    verifier.verify(toSignedEntity(bundleFromJSON(json), ARTIFACT));
  }
  await verifyWithKeywax(stack, json, {
    ...(entries === 0 ? { logThreshold: 'none' } : {}),
    ...(timestamps.length === 0 ? {} : { timestampThreshold: 1 }),
    identity: unsafeAnyIdentity,
    artifact: json.messageSignature === undefined ? unsafeNoArtifact : ARTIFACT,
  });
}

describe.each([
  ['sign, attest and their identity', ROOT_CASES],
  ['parts', PART_CASES],
])('%s', (_name, cases) => {
  test.each(cases)('$name', async (signingCase) => {
    const theirs = await run(THEIRS, signingCase);
    const ours = await run(OURS, signingCase);
    expect(ours.outcome).toEqual(expectedOutcome(theirs.outcome, ours.outcome, signingCase.differs));
    if (signingCase.differs !== undefined) expect(ours.outcome).not.toEqual(theirs.outcome);
    if (signingCase.isBundle === false) return;
    for (const { value } of [theirs, ours]) if (value !== undefined) await demandVerified(value);
  });
});

test('the tables have cases for every part', () => {
  expect(ROOT_CASES.length + PART_CASES.length).toBeGreaterThan(100);
});
