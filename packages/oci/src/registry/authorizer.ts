// SPDX-License-Identifier: Apache-2.0
// Answers to the challenges of a registry, kept for the requests that follow.

import type { Transport } from '@keywax/http';
import type { Challenge } from './challenge.js';
import { type CredentialSource, type RegistryCredential, checkCredential } from './credentials.js';
import { unauthorized } from './failure.js';
import type { RepositoryName } from './reference.js';
import { encodeBasic, fetchToken, parseRealm } from './token.js';

/** What a registry may be told, and where else. */
export interface AuthorizationOptions {
  readonly credentials?: CredentialSource;
  /** Hosts, with port where they have one, that may be told the credentials as token services of the registry. */
  readonly tokenHosts?: readonly string[];
}

/** What a request does: reads, writes, or writes with the right to read another repository, `from`. */
export interface Access {
  readonly action: 'pull' | 'push';
  readonly from?: string;
}

/** Authorizes requests to one repository. */
export interface Authorizer {
  /** The header that worked last for this access. */
  current(access: Access): string | undefined;
  /** A header that answers a challenge to a request that was sent with `refused`. */
  authorize(
    access: Access,
    asked: { readonly challenge: Challenge; readonly refused: string | undefined; readonly what: string },
  ): Promise<string>;
}

/** For which repository, and how tokens are fetched. */
export interface AuthorizerSettings {
  readonly name: RepositoryName;
  readonly origin: string;
  readonly transport: Transport;
  readonly options: AuthorizationOptions;
}

/** Makes an authorizer; nothing is looked up or sent before a registry asks. */
export function makeAuthorizer(settings: AuthorizerSettings): Authorizer {
  const headers = new Map<string, string>();
  const pending = new Map<string, Promise<string>>();
  let credential: Promise<RegistryCredential | undefined> | undefined;
  const findCredential = (): Promise<RegistryCredential | undefined> => (credential ??= readCredential(settings));
  const renew = async (
    key: string,
    access: Access,
    asked: { readonly challenge: Challenge; readonly what: string },
  ) => {
    const header = await answerChallenge({ ...asked, settings, access, findCredential });
    headers.set(key, header);
    return header;
  };
  return {
    current: (access) => headers.get(accessKey(access)),
    authorize(access, { challenge, refused, what }) {
      const key = accessKey(access);
      const known = headers.get(key);
      // Another request has renewed it meanwhile, or is about to.
      if (known !== undefined && known !== refused) return Promise.resolve(known);
      const renewal = pending.get(key) ?? renew(key, access, { challenge, what }).finally(() => pending.delete(key));
      pending.set(key, renewal);
      return renewal;
    },
  };
}

async function readCredential({ name, options }: AuthorizerSettings): Promise<RegistryCredential | undefined> {
  const found = await options.credentials?.(name.registry);
  return found === undefined ? undefined : checkCredential({ ...found });
}

function accessKey({ action, from }: Access): string {
  return `${action} ${from ?? ''}`;
}

async function answerChallenge({
  challenge,
  what,
  settings,
  access,
  findCredential,
}: {
  readonly challenge: Challenge;
  readonly what: string;
  readonly settings: AuthorizerSettings;
  readonly access: Access;
  readonly findCredential: () => Promise<RegistryCredential | undefined>;
}): Promise<string> {
  if (challenge.kind === 'basic') {
    const credential = await findCredential();
    if (credential?.kind === 'basic') return encodeBasic(credential);
    throw unauthorized(what, 'the registry wants a user name and a password');
  }
  const { name, origin, transport, options } = settings;
  // The place is checked before any credential is even looked up.
  const realm = parseRealm(challenge.realm, { registry: name.registry, origin, tokenHosts: options.tokenHosts ?? [] });
  const credential = await findCredential();
  const token = await fetchToken(realm, challenge, {
    registry: name.registry,
    origin,
    scopes: makeScopes(name, access),
    credential,
    transport,
  });
  return `Bearer ${token}`;
}

/** Ours alone, whatever the challenge says (ATTACKS OC-005). */
function makeScopes({ repository }: RepositoryName, { action, from }: Access): readonly string[] {
  const own = `repository:${repository}:${action === 'push' ? 'pull,push' : 'pull'}`;
  return from === undefined ? [own] : [own, `repository:${from}:pull`];
}
