// SPDX-License-Identifier: Apache-2.0
// The rows of `compat-differences.ts` about signing.

export const SIGN_DIFFERENCES = {
  'conflict-after-retry': {
    where: 'sign',
    theirs:
      '`sign` and `attest` fail with a 409 where the log has the entry because the answer to the first attempt was lost.',
    ours: 'They fetch the entry and check it. So does `RekorWitness`, even with `fetchOnConflict: false`, after an attempt of its own.',
  },
  'answers-checked': {
    where: 'sign',
    theirs: 'What services answer goes into the bundle as it is.',
    ours: 'A certificate, entry, proof or timestamp that is not about what was asked, or not in its form, is an error with the code of its step.',
  },
  'tokens-in-messages': {
    where: 'sign',
    theirs: '`IDENTITY_TOKEN_PARSE_ERROR` repeats the identity token in its message.',
    ours: 'No error that is made here holds a token; the `cause` of `IDENTITY_TOKEN_READ_ERROR` is what the provider of the caller threw.',
  },
  'incomplete-tokens': {
    where: 'sign',
    theirs: 'A token without `iss`, `aud` or `exp` is sent to the authority, which refuses it.',
    ours: 'It is an `IDENTITY_TOKEN_PARSE_ERROR`. `email_verified` counts as `true` alone, not as text.',
  },
  'useless-tokens': {
    where: 'sign',
    theirs: 'A token that has expired is sent, and so is one for another audience to the public authority.',
    ours: 'It is not sent: `CA_CREATE_SIGNING_CERTIFICATE_ERROR` without a status.',
  },
  'useless-keys': {
    where: 'sign',
    theirs: 'A key that no authority takes is sent.',
    ours: 'It is not sent: `CA_CREATE_SIGNING_CERTIFICATE_ERROR` without a status.',
  },
  'keys-in-rekor-v2': {
    where: 'sign',
    theirs: 'Rekor v2 is told that every verifier is a certificate of a P-256 key.',
    ours: 'It is told which it is: certificates and bare keys of every algorithm are recorded.',
  },
  'envelopes-in-rekor-v2': {
    where: 'sign',
    theirs: 'Envelopes are proposed to Rekor v2 as `dsse`, which it does not take any more.',
    ours: 'They are proposed as `hashedrekord` over the pre-authentication encoding.',
  },
  selectors: {
    where: 'sign',
    theirs: '`bundleBuilderFromSigningConfig` takes the selector ANY alone, and services that have not begun.',
    ours: 'It takes ALL and EXACT too, one service of each operator, and only services that may be used now.',
  },
  'config-errors': {
    where: 'sign',
    theirs: 'A signing config without a service that can be used is a plain `Error`.',
    ours: 'It is an `Error` with the code `CONFIG_INVALID` or `INPUT_UNSUPPORTED`, and another text.',
  },
  'request-errors': {
    where: 'sign',
    theirs:
      'The cause of an `InternalError` is an `HTTPError` with `statusCode`; the message repeats what the service said.',
    ours: 'It is a `KeywaxError` with a code and, for a refusal, `details.status`; what the service said is quoted, cut, and without tokens.',
  },
  retries: {
    where: 'sign',
    theirs:
      'Waits between attempts follow `factor` and `minTimeout`; every status from 500 on is retried; redirects are followed.',
    ours: 'Waits are spread at random, no shorter than the options and `Retry-After` (at most 60 s) ask for; 408, 429, 500, 502, 503 and 504 are retried, at most ten times; no request that signs is redirected.',
  },
  timeouts: {
    where: 'sign',
    theirs: 'Signers and witnesses without `timeout` wait for ever; Rekor v2 gets at most 20 s from a signing config.',
    ours: 'They wait at most 30 s for an attempt; Rekor v2 gets at least 20 s.',
  },
  hosts: {
    where: 'sign',
    theirs: 'Services may be at any URL; the token of GitHub Actions is asked for wherever the environment says.',
    ours: 'Plain http goes to loopback alone; the token is asked for at a host of GitHub Actions, of its server, or on loopback.',
  },
  'builder-classes': {
    where: 'sign',
    theirs: 'The builders derive from a class whose `prepare` and `package` can be overridden.',
    ours: 'They have `create` alone.',
  },
  'timestamp-requests': {
    where: 'sign',
    theirs: 'A timestamp is asked for in JSON, without a nonce, and without the certificate of the authority.',
    ours: 'It is asked for in DER (RFC 3161) with a nonce and the certificate.',
  },
} as const;
