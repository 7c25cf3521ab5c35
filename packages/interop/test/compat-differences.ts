// SPDX-License-Identifier: Apache-2.0
// Every difference between `@keywax/compat` and what it stands in for, one sentence each. The tests that find a difference
// name its row; `docs/migrate-from-sigstore.md` holds the same rows, which a test compares.

/** A difference. */
export interface Difference {
  /** What it concerns. */
  readonly where: 'verify' | 'bundle' | 'tuf' | 'sign' | 'errors';
  /** What the original does. */
  readonly theirs: string;
  /** What this package does. */
  readonly ours: string;
}

export const DIFFERENCES = {
  proofClaims: {
    where: 'verify',
    theirs: 'Ignores the root hash and the tree size that an inclusion proof states, and the index of its entry',
    ours: 'They have to be those of the checkpoint and of the proof: `TLOG_INCLUSION_PROOF_ERROR`',
  },
  statement: {
    where: 'verify',
    theirs: 'Accepts any payload under `application/vnd.in-toto+json`',
    ours: 'The payload has to be a well-formed statement: `SIGNATURE_ERROR`',
  },
  duplicates: {
    where: 'verify',
    theirs: 'Refuses a timestamp or a log entry that a bundle holds twice',
    ours: 'Counts it once',
  },
  order: {
    where: 'verify',
    theirs: 'Checks one piece of evidence after the other, with its signatures',
    ours: 'Makes all comparisons before any signature, so that a bundle with several faults may be refused with another code',
  },
  rawErrors: {
    where: 'errors',
    theirs:
      'Lets errors of its parsers through (`ASN1ParseError`, `TypeError`) where a certificate, a timestamp or the bundle itself is none',
    ours: '`VerificationError` with the code of what is broken, `ValidationError` for the bundle',
  },
  keyGate: {
    where: 'errors',
    theirs: 'Lets errors of OpenSSL through for what `keySelector` returns, and takes private keys',
    ours: 'Weak, malformed and private keys are a `VerificationError` with `PUBLIC_KEY_ERROR`',
  },
  strictMembers: {
    where: 'bundle',
    theirs:
      'Ignores unknown members of a bundle, members that exclude each other, and integers that are none until they are used',
    ours: '`verify` refuses them with a `ValidationError` that names the member',
  },
  base64: {
    where: 'bundle',
    theirs: 'Reads base64 with anything in it',
    ours: 'Reads padded standard base64 alone, and refuses the rest with a `ValidationError` that names the member',
  },
  mediaType: {
    where: 'bundle',
    theirs: 'Accepts versions that do not exist, and text behind the media type',
    ours: 'Accepts 0.1, 0.2 and 0.3: `ValidationError` for `mediaType`',
  },
  hashAlgorithm: {
    where: 'bundle',
    theirs: 'Takes a digest without an algorithm for SHA-256, and lets a plain `Error` through for an unknown one',
    ours: 'The algorithm has to be named and known: `ValidationError`',
  },
  uint8Array: {
    where: 'verify',
    theirs: 'Takes data that is no `Buffer` for the options',
    ours: 'Takes every `Uint8Array` for data, and `verify(bundle, undefined, options)` for what it says',
  },
} as const satisfies Record<string, Difference>;

/** The name of a difference. */
export type DifferenceName = keyof typeof DIFFERENCES;
