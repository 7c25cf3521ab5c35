// SPDX-License-Identifier: Apache-2.0

/** The public certificate authority. */
export const DEFAULT_FULCIO_URL = 'https://fulcio.sigstore.dev';

/** The public transparency log. */
export const DEFAULT_REKOR_URL = 'https://rekor.sigstore.dev';

/** The URL that a caller gave; an empty one counts as none. */
export function selectUrl(given: string | undefined, otherwise: string): string {
  return given === undefined || given === '' ? otherwise : given;
}
