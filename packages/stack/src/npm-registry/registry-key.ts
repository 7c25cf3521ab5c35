// SPDX-License-Identifier: Apache-2.0
// The keys of an npm registry, and the two forms in which they are published: at `/-/npm/v1/keys`, and as the TUF
// target `<host><path>/keys.json`.

import { encodeBase64, encodeUtf8 } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { type SigningKey, generateSigningKey, selectKeyDetails, signBytes } from '../keys.js';

/** A key that signs versions and publish attestations. */
export interface NpmRegistryKey {
  /** `SHA256:` and the digest of the SubjectPublicKeyInfo in base64 without padding. Opaque to clients. */
  readonly keyId: string;
  readonly key: SigningKey;
  /** From when on it signs. */
  readonly start: Date;
  /** What was signed from then on does not count. */
  expires?: Date;
}

/** The keys as the registry answers them at `/-/npm/v1/keys`. */
export interface NpmKeysJson {
  keys: {
    expires: string | null;
    keyid: string;
    keytype: 'ecdsa-sha2-nistp256';
    scheme: 'ecdsa-sha2-nistp256';
    /** DER SubjectPublicKeyInfo in base64. */
    key: string;
  }[];
}

/** The keys as the TUF target lists them: each once for signatures and once for attestations. */
export interface NpmKeysTargetJson {
  keys: {
    keyId: string;
    keyUsage: 'npm:signatures' | 'npm:attestations';
    publicKey: { rawBytes: string; keyDetails: string; validFor: { start: string; end?: string } };
  }[];
}

/** Makes a new ECDSA P-256 key. */
export function createRegistryKey(start: Date): NpmRegistryKey {
  const key = generateSigningKey('P-256');
  // Logs tell times in whole seconds, and what is signed at once is not from before the key.
  const second = new Date(Math.floor(start.getTime() / 1_000) * 1_000);
  return { keyId: `SHA256:${encodeBase64(hash('sha256', key.spki)).replace(/=+$/, '')}`, key, start: second };
}

/** Signs `name@version:integrity`, the text of a registry signature. Base64 of DER. */
export function signIntegrity({ key }: NpmRegistryKey, id: string, integrity: string): string {
  return encodeBase64(signBytes(key, encodeUtf8(`${id}:${integrity}`)));
}

/** The keys of a registry, in the order of their making. */
export interface Keyring {
  /** The key that signs now. */
  current(): NpmRegistryKey;
  /** Signs with a new key from now on; those before expire, now unless a time is given. */
  rotate(options?: { readonly expires?: Date }): Promise<void>;
  /** Lets the present key expire. */
  expire(expires: Date): Promise<void>;
  /** Publishes the keys as they are. */
  publish(): Promise<void>;
  keys(): NpmKeysJson;
  keysTarget(): NpmKeysTargetJson;
}

/** Makes the first key. `publish` is called with every change. */
export function createKeyring(now: () => Date, publish: (target: NpmKeysTargetJson) => Promise<void>): Keyring {
  let current = createRegistryKey(now());
  const all = [current];
  const keysTarget = (): NpmKeysTargetJson => describeKeysTarget(all);
  return {
    current: () => current,
    rotate({ expires = now() } = {}) {
      for (const key of all) key.expires ??= expires;
      current = createRegistryKey(now());
      all.push(current);
      return publish(keysTarget());
    },
    expire(expires) {
      current.expires = expires;
      return publish(keysTarget());
    },
    publish: () => publish(keysTarget()),
    keys: () => describeKeys(all),
    keysTarget,
  };
}

/** The keys as `/-/npm/v1/keys` answers them. */
function describeKeys(keys: readonly NpmRegistryKey[]): NpmKeysJson {
  return {
    keys: keys.map(({ key, keyId, expires }) => ({
      expires: expires?.toISOString() ?? null,
      keyid: keyId,
      keytype: 'ecdsa-sha2-nistp256',
      scheme: 'ecdsa-sha2-nistp256',
      key: encodeBase64(key.spki),
    })),
  };
}

/** The keys as the TUF target lists them. */
function describeKeysTarget(keys: readonly NpmRegistryKey[]): NpmKeysTargetJson {
  const usages = ['npm:signatures', 'npm:attestations'] as const;
  return {
    keys: keys.flatMap(({ key, keyId, start, expires }) =>
      usages.map((keyUsage) => ({
        keyId,
        keyUsage,
        publicKey: {
          rawBytes: encodeBase64(key.spki),
          keyDetails: selectKeyDetails(key),
          validFor: {
            start: start.toISOString(),
            ...(expires === undefined ? {} : { end: expires.toISOString() }),
          },
        },
      })),
    ),
  };
}

/** The path of the TUF target for a registry: host with port, path without a slash at its end, `/keys.json`. */
export function keysTargetPath(registryUrl: string): string {
  const { host, pathname } = new URL(registryUrl);
  return `${host}${pathname.replace(/\/$/, '')}/keys.json`;
}
