// SPDX-License-Identifier: Apache-2.0
// The subpath `@keywax/compat/oci`, in place of `@sigstore/oci` 0.7. The client is loaded when it is first used.

import { isUint8Array } from 'node:util/types';
import { copyOptions } from './copy-options.js';
import type { AttachArtifactOptions, Descriptor, GetImageDigestOptions } from './oci/options.js';

export { OCIError } from './errors.js';
export { getRegistryCredentials } from './oci/credentials.js';
export type {
  AttachArtifactOptions,
  Credentials,
  Descriptor,
  GetImageDigestOptions,
  RegistryFetchOptions,
} from './oci/options.js';

/**
 * Attaches an artifact to an image: as its referrer, listed by the registry or at the fallback tag (OCI distribution
 * spec 1.1, "Pushing Manifests with Subject"). Gives the descriptor of its manifest.
 * @throws OCIError, whose `cause` is the error of the client; Error for a name that is none
 * @example
 * const { digest } = await attachArtifactToImage({ imageName, imageDigest, artifact, mediaType, credentials });
 */
export async function attachArtifactToImage(options: AttachArtifactOptions): Promise<Descriptor> {
  // A copy, so that the caller's later writes change nothing; anything but bytes is refused below.
  const own = copyOptions(options);
  const artifact = isUint8Array(own.artifact) ? Uint8Array.from(own.artifact) : own.artifact;
  const { attachArtifact } = await import('./oci/image.js');
  return attachArtifact({ ...own, artifact });
}

/** The digest of what a tag of an image names. @throws OCIError; Error for a name that is none */
export async function getImageDigest(options: GetImageDigestOptions): Promise<string> {
  const own = copyOptions(options);
  const { fetchImageDigest } = await import('./oci/image.js');
  return fetchImageDigest(own);
}
