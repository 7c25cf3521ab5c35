// SPDX-License-Identifier: Apache-2.0
// The parts of signing stand wherever the original's are expected, and take what the original's callers give.

import * as ours from '@keywax/compat/sign';
import type * as theirs from '@sigstore/sign';

type Parameter<T extends abstract new (...given: never) => unknown> = ConstructorParameters<T>[0];

export const names: Record<keyof typeof theirs, unknown> = ours;

export const signer = (given: ours.FulcioSigner): theirs.Signer => given;
export const log = (given: ours.RekorWitness): theirs.Witness => given;
export const authority = (given: ours.TSAWitness): theirs.Witness => given;
export const provider = (given: ours.CIContextProvider): theirs.IdentityProvider => given;
export const envelopes = (given: ours.DSSEBundleBuilder): theirs.BundleBuilder => given;
export const messages = (given: ours.MessageSignatureBundleBuilder): theirs.BundleBuilder => given;
export const fromConfig: typeof theirs.bundleBuilderFromSigningConfig = ours.bundleBuilderFromSigningConfig;
export const error = (given: ours.InternalError): theirs.InternalError => given;

export const signerOptions = (given: theirs.FulcioSignerOptions): ours.FulcioSignerOptions => given;
export const logOptions = (given: theirs.RekorWitnessOptions): ours.RekorWitnessOptions => given;
export const authorityOptions = (given: theirs.TSAWitnessOptions): ours.TSAWitnessOptions => given;
export const builderOptions = (given: theirs.BundleBuilderOptions): Parameter<typeof ours.DSSEBundleBuilder> => given;
export const artifact = (given: theirs.Artifact): ours.Artifact => given;
export const signature = (given: theirs.Signature): ours.Signature => given;
export const backSignature = (given: ours.Signature): theirs.Signature => given;
export const content = (given: theirs.SignatureBundle): ours.SignatureBundle => given;
export const evidence = (given: theirs.VerificationMaterial): ours.VerificationMaterial => given;
export const backEvidence = (given: ours.VerificationMaterial): theirs.VerificationMaterial => given;
// @ts-expect-error a witness is no signer
export const wrong = (given: ours.TSAWitness): theirs.Signer => given;
