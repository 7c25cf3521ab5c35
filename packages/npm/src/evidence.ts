// SPDX-License-Identifier: Apache-2.0
// What a registry says about one version of a package, and the keys it says it with: the input of verification. Nothing of
// it is trusted before `verifyEvidence`.

import type { PublicKey } from '@keywax/core/key';

/** A registry's signature over the text `<name>@<version>:<integrity>`. */
export interface RegistrySignature {
  /** Which key of the registry made it, such as `SHA256:` and unpadded base64. */
  readonly keyId: string;
  /** DER-encoded ECDSA signature with SHA-256. */
  readonly signature: Uint8Array;
}

/** One attestation as the registry serves it. */
export interface ServedAttestation {
  /** What the registry says that the statement in the bundle is; the statement itself decides. */
  readonly predicateType: string;
  /** A Sigstore bundle as parsed JSON, text or bytes; decoded when it is verified. */
  readonly bundle: unknown;
}

/** What a registry says about one version of a package. */
export interface PackageEvidence {
  /** With its scope, such as `@scope/name`. */
  readonly name: string;
  readonly version: string;
  /** `dist.integrity` of the packument: subresource integrity, possibly of several algorithms. */
  readonly integrity: string;
  /** `dist.signatures` of the packument. */
  readonly signatures: readonly RegistrySignature[];
  /** `time[version]` of the packument. */
  readonly publishedAt?: Date;
  /** The answer of the attestations endpoint; empty where the packument declares none. */
  readonly attestations: readonly ServedAttestation[];
  /** True where the packument has `dist.attestations`; then an empty list of attestations is refused. */
  readonly declaresProvenance: boolean;
  /** `repository` (or its `url`) of that version's package.json, a claim of the publisher. */
  readonly repository?: string;
  /** `dist.tarball` of the packument. */
  readonly tarballUrl?: string;
}

/** What a registry's key is for. */
export type RegistryKeyUsage = 'signatures' | 'attestations';

/** A public key of a registry. */
export interface RegistryKey {
  readonly keyId: string;
  readonly key: PublicKey;
  /** First instant at which the key was valid, where that is known. */
  readonly validFrom?: Date;
  /** Last instant at which the key is valid; absent where it has not expired. */
  readonly expires?: Date;
  /** What the key is for; both where that is not said. */
  readonly usage?: RegistryKeyUsage;
  /** Where the key comes from: a verified TUF target, the registry itself, or the caller. */
  readonly source: 'tuf' | 'registry' | 'caller';
}
