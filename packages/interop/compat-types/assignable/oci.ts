// SPDX-License-Identifier: Apache-2.0
// The functions of the subpath stand wherever the original's are expected.

import * as ours from '@keywax/compat/oci';
import type * as theirs from '@sigstore/oci';

export const names: Record<keyof typeof theirs, unknown> = ours;
export const functions: Omit<typeof theirs, 'OCIError'> = ours;
export const error = (given: ours.OCIError): theirs.OCIError => given;
export const backError = (given: theirs.OCIError): ours.OCIError => given;
export const credentials = (given: ours.Credentials): theirs.Credentials => given;
export const backCredentials = (given: theirs.Credentials): ours.Credentials => given;
export const descriptor = (given: ours.Descriptor): theirs.Descriptor => given;
export const backDescriptor = (given: theirs.Descriptor): ours.Descriptor => given;
export const attachOptions = (given: theirs.AttachArtifactOptions): ours.AttachArtifactOptions => given;
export const digestOptions = (given: theirs.GetImageDigestOptions): ours.GetImageDigestOptions => given;
// @ts-expect-error the digest of a tag is no descriptor
export const wrong: typeof theirs.attachArtifactToImage = ours.getImageDigest;
