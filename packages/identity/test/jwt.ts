// SPDX-License-Identifier: Apache-2.0
// Tokens for tests. Nobody signs them: here no signature is looked at.

export const NOW: Date = new Date('2026-08-22T12:00:00Z');

/** Claims of a person with a verified address. */
export const PERSON: Readonly<Record<string, unknown>> = {
  iss: 'https://issuer.example',
  sub: 'subject-1',
  aud: 'sigstore',
  exp: 1_787_400_300, // five minutes after NOW
  email: 'alice@example.com',
  email_verified: true,
};

/** Claims of a workflow. */
export const WORKFLOW: Readonly<Record<string, unknown>> = {
  iss: 'https://token.actions.githubusercontent.com',
  sub: 'repo:o/r:ref:refs/heads/main',
  aud: 'sigstore',
  exp: 1_787_400_300,
  job_workflow_ref: 'o/r/.github/workflows/release.yml@refs/heads/main',
};

/** One part of a token. */
export function part(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** A token with these claims; `header` and `signature` are what they mostly are. */
export function jwt(
  claims: unknown,
  header: unknown = { alg: 'RS256', typ: 'JWT' },
  signature = 'c2lnbmF0dXJl',
): string {
  return `${part(header)}.${part(claims)}.${signature}`;
}
