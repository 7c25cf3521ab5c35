// SPDX-License-Identifier: Apache-2.0

import { provideToken } from '@keywax/identity';
import { type Stack, startStack } from '@keywax/stack';
import { decodeSigningConfig, decodeTrustedRoot, selectServices } from '@keywax/trust';
import { prepareTrust } from '@keywax/verify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEphemeralSigner, describeKeyHint, signContent } from '../src/index.js';

const MINUTE_MS = 60_000;
let offsetMs = 0;
let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ now: () => new Date(Date.now() + offsetMs) });
});
afterAll(() => stack.close());

/** Signs while the clocks of all services are off by `minutes`; the services exist since before that. */
async function signWhile(minutes: number, material: 'certificate' | 'key') {
  offsetMs = 0;
  const identityToken = await stack.mintToken({ kind: 'email' });
  offsetMs = minutes * MINUTE_MS;
  const signer = await createEphemeralSigner();
  return signContent(
    { kind: 'message', artifact: Uint8Array.of(1) },
    {
      services: selectServices(decodeSigningConfig(stack.signingConfig()), new Date()),
      trust: prepareTrust(decodeTrustedRoot(stack.trustedRoot)),
      transport: { allowHttp: 'loopback' },
      signer,
      ...(material === 'key' ? { keyHint: describeKeyHint(signer) } : { identity: provideToken(identityToken) }),
    },
  );
}

describe('the times of services are compared with something', () => {
  test.each(['certificate', 'key'] as const)('a %s is signed with while the clocks agree', async (material) => {
    expect((await signWhile(0, material)).timestamps).toHaveLength(1);
  });

  test.each([60, 11])('with a key pair, times %i minutes ahead are refused', async (minutes) => {
    await expect(signWhile(minutes, 'key')).rejects.toMatchObject({ code: 'SERVICE_INVALID' });
  });

  test('a clock here that is a few minutes behind does not matter', async () => {
    expect((await signWhile(4, 'certificate')).timestamps).toHaveLength(1);
  });
});
