// SPDX-License-Identifier: Apache-2.0

/** The repository of the public instance. */
export const DEFAULT_MIRROR_URL = 'https://tuf-repo-cdn.sigstore.dev';
