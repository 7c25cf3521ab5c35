// SPDX-License-Identifier: Apache-2.0
// Every difference between `@keywax/compat` and what it stands in for, one sentence each. The tests that find a difference
// name its row; `docs/migrate-from-sigstore.md` holds the same rows, which a test compares.

import { OCI_DIFFERENCES } from './compat-oci-differences.js';
import { SIGN_DIFFERENCES } from './compat-sign-differences.js';

/** A difference. */
export interface Difference {
  /** What it concerns. */
  readonly where: 'verify' | 'bundle' | 'tuf' | 'sign' | 'oci';
  /** What the original does. */
  readonly theirs: string;
  /** What this package does. */
  readonly ours: string;
}

export const DIFFERENCES = {
  'identity-expression': {
    where: 'verify',
    theirs:
      '`certificateIdentityEmail` and `certificateIdentityURI` are regular expressions that are searched for in the subject.',
    ours: 'So they are here. Where one is not anchored at both ends, `onEvent` gets `identityUnanchored`; `certificateIdentity` matches exactly, `certificateIdentityRegexp` the whole subject.',
  },
  'identity-unchecked': {
    where: 'verify',
    theirs: 'Without an option about the identity anybody may have signed, and nothing says so.',
    ours: 'Anybody may have signed, and `onEvent` gets `identityUnchecked`.',
  },
  'data-of-envelopes': {
    where: 'verify',
    theirs: 'Data that is given with an envelope is ignored.',
    ours: 'It is ignored, and `onEvent` gets `artifactIgnored`; with the option `digest` a subject of the statement has to have that digest.',
  },
  'uint8-array': {
    where: 'verify',
    theirs: 'Data that is no `Buffer` is taken for the options.',
    ours: 'Every `Uint8Array` is data, and `verify(bundle, undefined, options)` means what it says.',
  },
  'option-types': {
    where: 'verify',
    theirs:
      'Options and data of another type than they have are taken as they come: what should be a demand may be none.',
    ours: 'They are refused with `CONFIG_INVALID`; `null`, promises, lists and text in place of a record of options with a `TypeError`. What options have from a class or from defaults counts; what every object has does not.',
  },
  'proof-claims': {
    where: 'verify',
    theirs:
      'The root hash and the tree size that an inclusion proof states are ignored, and so is the index of its entry.',
    ours: 'They have to be those of the checkpoint and of the proof: `TLOG_INCLUSION_PROOF_ERROR`, or `ValidationError` where they are absent.',
  },
  'checkpoint-form': {
    where: 'verify',
    theirs: 'What stands behind the signatures of a checkpoint is ignored.',
    ours: 'A checkpoint is a signed note and nothing else: `TLOG_INCLUSION_PROOF_ERROR`.',
  },
  'entry-key': {
    where: 'verify',
    theirs: 'The certificate or key that a log entry holds is not looked at.',
    ours: 'It has to be that of the bundle: `SIGNATURE_ERROR`.',
  },
  'proof-without-checkpoint': {
    where: 'verify',
    theirs: 'A bundle 0.1 whose proof has no checkpoint ends in a `TypeError`.',
    ours: 'Such a proof counts for nothing, and the promise of the log decides.',
  },
  statement: {
    where: 'verify',
    theirs: 'Any payload is accepted under `application/vnd.in-toto+json`.',
    ours: 'The payload has to be a well-formed statement: `SIGNATURE_ERROR`.',
  },
  duplicates: {
    where: 'verify',
    theirs: 'A timestamp or a log entry that a bundle holds twice is refused.',
    ours: 'It counts once. So do logs that share a key, and timestamp authorities that share a key, a root or an operator, where thresholds are above 1.',
  },
  order: {
    where: 'verify',
    theirs: 'One piece of evidence is checked after the other, with its signatures.',
    ours: 'All comparisons are made before any signature, so that a bundle with several faults may be refused with another code.',
  },
  'key-gate': {
    where: 'verify',
    theirs: 'Errors of OpenSSL come through for what `keySelector` returns, and private keys are taken.',
    ours: 'Weak, malformed and private keys are a `VerificationError` with `PUBLIC_KEY_ERROR`.',
  },
  'key-validity': {
    where: 'verify',
    theirs:
      'A key of `toTrustMaterial` that has ended verifies what nothing proves a time for, where no time is demanded; `validFor` may answer with anything.',
    ours: 'Such a key has to be valid now, and `validFor` has to answer with `true`: `PUBLIC_KEY_ERROR`.',
  },
  'raw-errors': {
    where: 'verify',
    theirs:
      'Errors of parsers come through (`ASN1ParseError`, `TypeError`) where a certificate, a timestamp or the bundle itself is none.',
    ours: 'They are a `VerificationError` with the code of what is broken, or a `ValidationError` for the bundle.',
  },
  algorithms: {
    where: 'verify',
    theirs:
      'Ed25519ph is unknown, and every envelope in Rekor v2 counts as signed over SHA-256: what is signed with Ed25519 or P-384 is refused there.',
    ours: 'Both verify. The `Verifier` of the subpath cannot wait for the curves that Ed25519ph takes, and refuses it with `SIGNATURE_ERROR` until something has loaded them, such as `createVerifier`.',
  },
  'trusted-root-errors': {
    where: 'verify',
    theirs: 'A trusted root that is malformed ends in an error of a parser, or is used as far as that goes.',
    ours: 'It is refused as a whole with a `KeywaxError`, `TRUST_INVALID` in most cases. So are new options that contradict each other (`CONFIG_INVALID`), and a `signal` that fired is `OPERATION_ABORTED`.',
  },
  'trust-kept': {
    where: 'verify',
    theirs:
      'Every call of `verify` and `createVerifier` asks the repository unless `tufForceCache` is given, and reads the cache again if it is.',
    ours: 'Calls that name the same repository share one trusted root, for an hour at most, or with `tufForceCache` until its metadata expires. A key that is taken out of it meanwhile counts until then.',
  },
  'opaque-material': {
    where: 'verify',
    theirs: 'The members of `TrustMaterial` and `SignedEntity` can be read and replaced.',
    ours: 'Only `toTrustMaterial` and `toSignedEntity` make them; anything else is a `TypeError`. What they hold is their own, but for the artifact and the keys, which are read when they are verified with.',
  },
  'strict-members': {
    where: 'bundle',
    theirs:
      'Unknown members of a bundle are ignored, and so are members that exclude each other, and lists and records that are none.',
    ours: '`verify` refuses them with a `ValidationError` that names the member, and integers that are none too. `bundleFromJSON` ignores them.',
  },
  base64: {
    where: 'bundle',
    theirs: 'Base64 may have anything in it.',
    ours: 'Padded standard base64 alone is read: `ValidationError` with the path.',
  },
  'media-type': {
    where: 'bundle',
    theirs: 'Versions that do not exist are accepted, and so is text behind the media type.',
    ours: 'The versions are 0.1, 0.2 and 0.3: `ValidationError` for `mediaType`.',
  },
  'empty-hint': {
    where: 'bundle',
    theirs: 'A bundle may name its key by an empty hint, or by none, which is handed to `keySelector`.',
    ours: '`verify` refuses it: `ValidationError`.',
  },
  'hash-algorithm': {
    where: 'bundle',
    theirs: 'A digest without an algorithm is taken for SHA-256, and an unknown one is a plain `Error`.',
    ours: 'The algorithm has to be named and known: `ValidationError`.',
  },
  'entries-listed': {
    where: 'bundle',
    theirs: '`bundleToJSON` leaves out `tlogEntries` where there are none.',
    ours: 'It writes an empty list, which callers index without asking.',
  },
  'error-names': {
    where: 'bundle',
    theirs: 'The `name` of a `ValidationError` is `Error`.',
    ours: 'It is `ValidationError`. `instanceof` holds across the builds and across copies of the package.',
  },
  ...SIGN_DIFFERENCES,
  'init-errors': {
    where: 'tuf',
    theirs: '`initTUF` rejects with the error of the network or of the TUF client.',
    ours: 'It rejects with a `TUFError` with `TUF_REFRESH_METADATA_ERROR`, whose `cause` says more.',
  },
  'root-file': {
    where: 'tuf',
    theirs: 'A `rootPath` that cannot be read is an error of the file system.',
    ours: 'It is a `TUFError` with `TUF_INIT_CACHE_ERROR`.',
  },
  'root-decides': {
    where: 'tuf',
    theirs: 'A root in the cache goes before the one at `rootPath`.',
    ours: 'The one at `rootPath` decides whenever it is given, and the one that is compiled in for the public instance.',
  },
  'root-chain': {
    where: 'tuf',
    theirs: 'With `forceCache` new roots are not asked for while the old one verifies the new timestamp.',
    ours: 'Whenever the repository is asked, new roots come first.',
  },
  'cache-alone': {
    where: 'tuf',
    theirs: 'With `forceCache` a cache that is complete and has not expired is enough.',
    ours: 'One that was filled here is; one that the original left is asked for once more, and bounds what the repository may go back to.',
  },
  'compiled-root': {
    where: 'tuf',
    theirs: 'With `forceCache`, nothing in the cache and no network, nothing can be verified.',
    ours: 'The public instance then has the trusted root that is compiled in, unless `rootPath` names another root, and `onEvent` gets `trustCompiled`.',
  },
  transport: {
    where: 'tuf',
    theirs: 'Proxies are ignored, and `retry: true` tries for ever.',
    ours: '`HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` hold; `retry: true` means once more. `fetch` sends requests in place of the host. A mirror with a password, a query or a host that is rewritten is not asked (`NETWORK_POLICY`).',
  },
  ...OCI_DIFFERENCES,
} as const satisfies Record<string, Difference>;

/** The name of a difference. */
export type DifferenceName = keyof typeof DIFFERENCES;
