// SPDX-License-Identifier: Apache-2.0
// Identity tokens in a file, as Kubernetes projects them into a container.

import { readSmallFile } from '#machine';
import { KeywaxError } from '@keywax/core/errors';

/** Where Sigstore's clients look for a projected token. */
export const TOKEN_FILE = '/var/run/sigstore/cosign/oidc-token';

/** True where there is a file at `path`. */
export async function hasTokenFile(path: string): Promise<boolean> {
  return (await readSmallFile(path)) !== undefined;
}

/** The token in a file, without the white space around it. @throws TOKEN_UNAVAILABLE */
export async function readTokenFile(path: string): Promise<string> {
  const token = (await readSmallFile(path))?.trim() ?? '';
  if (token === '') throw new KeywaxError('TOKEN_UNAVAILABLE', 'the file for the identity token holds none');
  return token;
}
