// SPDX-License-Identifier: Apache-2.0
// Keywax's side of the tests: what is signed, how, and how bundles of others are verified.

import { hash } from 'node:crypto';
import type { Stack } from '@keywax/stack';
import { type SerializedBundle, type SignOptions, type Verified, attest, sign, verify } from 'keywax';

/** What everybody signs. */
export const ARTIFACT: Buffer = Buffer.from('what everybody signs\n');
/** An artifact that nobody signed. */
export const OTHER_ARTIFACT: Buffer = Buffer.from('what nobody signed\n');
/** Whom the stack's e-mail tokens name. */
export const ALICE = 'alice@example.com';

export const STATEMENT_TYPE = 'application/vnd.in-toto+json';
/** A statement about the artifact. */
export const STATEMENT: Buffer = Buffer.from(
  JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'artifact', digest: { sha256: hash('sha256', ARTIFACT) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {},
  }),
);

/** What is signed, and in which log it is recorded. */
export interface SigningCase {
  readonly content: 'message' | 'dsse';
  readonly rekor: 'v1' | 'v2';
}

/** Signs the artifact, or the statement about it, with a token of Alice's unless another is given. */
export async function signWithKeywax(
  stack: Stack,
  { content, rekor }: SigningCase,
  options: SignOptions = {},
): Promise<SerializedBundle> {
  const own: SignOptions = {
    identityToken: await stack.mintToken({ kind: 'email' }),
    instance: { trustConfig: stack.clientTrustConfig({ rekor }) },
    ...options,
  };
  return content === 'message' ? sign(ARTIFACT, own) : attest(STATEMENT, own);
}

/** Verifies that Alice signed the artifact, unless the options name another artifact or signer. */
export function verifyWithKeywax(
  stack: Stack,
  bundle: object,
  options: Partial<Parameters<typeof verify>[1]> = {},
): Promise<Verified> {
  return verify(bundle, {
    instance: { trustedRoot: stack.trustedRoot },
    artifact: ARTIFACT,
    identity: { issuer: stack.urls.oidc, subject: ALICE },
    ...options,
  });
}
