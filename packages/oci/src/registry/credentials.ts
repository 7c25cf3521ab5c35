// SPDX-License-Identifier: Apache-2.0
// What a caller may present to a registry.

import { KeywaxError } from '@keywax/core/errors';

/** Credentials for one registry. */
export type RegistryCredential =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** An identity token: a refresh token of OAuth 2 (RFC 6749 §6), exchanged at the registry's token service. */
  | { readonly kind: 'identityToken'; readonly token: string }
  /** A token that is sent to the registry as it is. */
  | { readonly kind: 'bearer'; readonly token: string };

/**
 * Gives the credentials for a registry, named as in references (`docker.io`, `localhost:5000`), or none. Asked once, when
 * the registry first demands some.
 */
export type CredentialSource = (registry: string) => Promise<RegistryCredential | undefined>;

/** Credentials for the registry of exactly the given name, and none for others. */
export function fixedCredentials(registry: string, credential: RegistryCredential): CredentialSource {
  const copy = checkCredential({ ...credential });
  return async (asked) => (asked === registry ? copy : undefined);
}

/**
 * Gives back credentials that can be sent: tokens of printable ASCII, user names without a colon (RFC 7617 §2).
 * @throws CONFIG_INVALID, without a word of them
 */
export function checkCredential(credential: RegistryCredential): RegistryCredential {
  const isSendable =
    credential.kind === 'basic'
      ? !/[:\p{Cc}]/u.test(credential.username) && !/\p{Cc}/u.test(credential.password)
      : isToken(credential.token);
  if (isSendable) return Object.freeze(credential);
  throw new KeywaxError(
    'CONFIG_INVALID',
    'registry credentials: expected a user name without a colon, and no controls',
  );
}

/** True for text that may be a token in a header. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]{1,16384}$/.test(text);
}
