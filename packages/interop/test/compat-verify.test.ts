// SPDX-License-Identifier: Apache-2.0
// The same calls of `verify` and `createVerifier` through `sigstore` and through the package in its place.

import { describe, expect, test } from 'vitest';
import { observe, summarize } from './compat-outcome.js';
import { VERIFY_CASES } from './compat-verify-cases.js';
import { CLIENTS, type ClientName, trustFor } from './compat-verify-clients.js';
import { ARTIFACT, type OpenBundle, type VerifyCase } from './compat-verify-kit.js';

describe.each(['verify', 'createVerifier'] as const)('%s', (name) => {
  test.each(VERIFY_CASES)('$name: $expected', async ({ bundle, data, options, expected, differs }) => {
    const made = await bundle();
    const run = (client: ClientName) => observe(() => CALLS[name](client, made, { data, options }));
    const [theirs, ours] = [await run('theirs'), await run('ours')];
    expect(summarize(theirs)).toBe(expected);
    if (differs === undefined) expect(ours).toEqual(theirs);
    else expect(summarize(ours)).toBe(differs.ours);
  });
});

interface Input {
  readonly data: VerifyCase['data'] | undefined;
  readonly options: VerifyCase['options'] | undefined;
}

const CALLS = {
  verify: (client: ClientName, bundle: OpenBundle, { data, options }: Input) => {
    const given = { ...trustFor(client), ...options };
    const { verify } = CLIENTS[client];
    return data === 'none' ? verify(bundle, given) : verify(bundle, data ?? ARTIFACT, given);
  },
  createVerifier: async (client: ClientName, bundle: OpenBundle, { data, options }: Input) => {
    const verifier = await CLIENTS[client].createVerifier({ ...trustFor(client), ...options });
    return verifier.verify(bundle, data === 'none' ? undefined : (data ?? ARTIFACT));
  },
};
