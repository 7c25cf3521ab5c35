// SPDX-License-Identifier: Apache-2.0
// The statements that go with npm packages, as JSON: in-toto 0.1 and 1, SLSA provenance 0.2 and 1, and the registry's
// publish attestation.
// https://github.com/in-toto/attestation/tree/main/spec, https://slsa.dev/spec/v1.0/provenance

import type { PUBLISH_V01, SLSA_V02, SLSA_V1 } from '../predicate.js';

/** JSON text by name. */
export type TextMembers = { readonly [name: string]: string | undefined };

/** What npm statements are about: a package URL, and the SHA-512 of the tarball in lower-case hex. */
export interface NpmSubject {
  readonly name: string;
  readonly digest: { readonly sha512: string };
}

/** An in-toto statement 1 about one package. */
export interface StatementV1<Type extends string, Predicate> {
  readonly _type: 'https://in-toto.io/Statement/v1';
  readonly subject: readonly [NpmSubject];
  readonly predicateType: Type;
  readonly predicate: Predicate;
}

/** An in-toto statement 0.1 about one package. */
export interface StatementV01<Type extends string, Predicate> {
  readonly _type: 'https://in-toto.io/Statement/v0.1';
  readonly subject: readonly [NpmSubject];
  readonly predicateType: Type;
  readonly predicate: Predicate;
}

/** Something that a build used (SLSA 1 `ResourceDescriptor`). */
export interface SlsaResource {
  readonly uri: string;
  readonly digest?: TextMembers;
}

/** The predicate of SLSA 1. */
export interface SlsaV1Predicate {
  readonly buildDefinition: {
    readonly buildType: string;
    /** What whoever asked for the build could choose. */
    readonly externalParameters: object;
    /** What the platform decided. */
    readonly internalParameters?: object;
    readonly resolvedDependencies?: readonly SlsaResource[];
  };
  readonly runDetails: {
    readonly builder: { readonly id: string; readonly version?: TextMembers };
    readonly metadata?: {
      readonly invocationId?: string;
      /** RFC 3339. */
      readonly startedOn?: string;
      readonly finishedOn?: string;
    };
  };
}

/** The predicate of SLSA 0.2. */
export interface SlsaV02Predicate {
  readonly buildType: string;
  readonly builder: { readonly id: string };
  readonly invocation?: {
    readonly configSource?: { readonly uri: string; readonly digest: TextMembers; readonly entryPoint?: string };
    readonly parameters?: object;
    readonly environment?: object;
  };
  readonly metadata?: {
    readonly buildInvocationId?: string;
    readonly completeness?: {
      readonly parameters: boolean;
      readonly environment: boolean;
      readonly materials: boolean;
    };
    readonly reproducible?: boolean;
  };
  readonly materials?: readonly SlsaResource[];
}

/** The predicate of a publish attestation. */
export interface PublishPredicate {
  readonly name: string;
  readonly version: string;
  /** URL of the registry, without a slash at its end. */
  readonly registry: string;
}

/** Provenance as SLSA 1. */
export type ProvenanceV1 = StatementV1<typeof SLSA_V1, SlsaV1Predicate>;
/** Provenance as SLSA 0.2. */
export type ProvenanceV02 = StatementV01<typeof SLSA_V02, SlsaV02Predicate>;
/** That a registry published a version. */
export type PublishAttestation = StatementV01<typeof PUBLISH_V01, PublishPredicate>;
