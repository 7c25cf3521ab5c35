// SPDX-License-Identifier: Apache-2.0
// Credentials as Docker keeps them, in `config.json`, found by the exact name of the registry.
// Refused: files above 1 MiB, duplicate names, `auth` that is not base64 of `user:password`.

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeBase64, decodeUtf8 } from '@keywax/core/bytes';
import { type Decoder, decodeOpenObject, decodeString, mapOf, optional } from '@keywax/core/decode';
import { KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';
import { parseJson } from '@keywax/core/json';
import { runCredentialHelper } from './credential-helper.node.js';
import { type CredentialSource, type RegistryCredential, checkCredential } from './credentials.js';
import { DOCKER_HUB } from './reference.js';

/** Where Docker's configuration lies. */
export interface DockerCredentialsOptions {
  /** The folder of `config.json`: `$DOCKER_CONFIG`, or `.docker` in the user's home. */
  readonly directory: string;
  /** Environment of credential helpers, such as `process.env`: its `PATH` is where they are looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For a credential helper; 30,000 unless given. */
  readonly helperTimeoutMs?: number;
}

interface AuthEntry {
  readonly auth: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly identitytoken: string | undefined;
  readonly registrytoken: string | undefined;
}

interface DockerConfig {
  readonly auths: ReadonlyMap<string, AuthEntry>;
  readonly credHelpers: ReadonlyMap<string, string>;
  readonly credsStore: string | undefined;
}

const MAX_CONFIG_BYTES = 1_048_576;
const MAX_REGISTRIES = 4_096;
const HELPER_TIMEOUT_MS = 30_000;
const NOTHING: DockerConfig = { auths: new Map(), credHelpers: new Map(), credsStore: undefined };
/** How Docker itself names Docker Hub in its configuration, and the names that people write. */
const DOCKER_HUB_KEYS: readonly string[] = ['https://index.docker.io/v1/', 'index.docker.io', DOCKER_HUB];

const decodeAuth: Decoder<AuthEntry> = /* @__PURE__ */ decodeOpenObject<AuthEntry>({
  auth: optional(decodeString),
  username: optional(decodeString),
  password: optional(decodeString),
  identitytoken: optional(decodeString),
  registrytoken: optional(decodeString),
});
const decodeConfig: Decoder<DockerConfig> = /* @__PURE__ */ decodeOpenObject<DockerConfig>({
  auths: mapOf(decodeAuth, MAX_REGISTRIES),
  credHelpers: mapOf(decodeString, MAX_REGISTRIES),
  credsStore: optional(decodeString),
});

/**
 * Credentials from Docker's configuration, as `docker login` leaves them: a helper of the registry, the store of all, or
 * the file itself. A name counts only where it is the registry's in every character, port included; for Docker Hub that
 * is `https://index.docker.io/v1/`. Nothing is read before a registry asks.
 * @throws CONFIG_INVALID, FILE_FAILED, REGISTRY_INVALID for a helper that fails; none holds a credential
 */
export function dockerCredentials({
  directory,
  environment,
  helperTimeoutMs = HELPER_TIMEOUT_MS,
}: DockerCredentialsOptions): CredentialSource {
  return async (registry) => {
    const config = await readConfig(join(directory, 'config.json'));
    const keys = registry === DOCKER_HUB ? DOCKER_HUB_KEYS : [registry];
    const [server = registry] = keys;
    const helper = pick(config.credHelpers, keys) ?? config.credsStore;
    const settings = { environment, timeoutMs: helperTimeoutMs };
    const kept =
      helper === undefined || helper === '' ? undefined : await runCredentialHelper(helper, server, settings);
    if (kept !== undefined) return kept;
    const entry = pick(config.auths, keys);
    return entry === undefined ? undefined : readAuth(entry, registry);
  };
}

function pick<T>(map: ReadonlyMap<string, T>, keys: readonly string[]): T | undefined {
  return keys.map((key) => map.get(key)).find((value) => value !== undefined);
}

async function readConfig(path: string): Promise<DockerConfig> {
  const bytes = await readBounded(path);
  if (bytes === undefined) return NOTHING;
  try {
    return decodeConfig(parseJson(bytes, { maxBytes: MAX_CONFIG_BYTES }), '$');
  } catch {
    // What the readers say may quote a password.
    throw invalid(`${quoteText(path)}: expected Docker's configuration in JSON`);
  }
}

async function readBounded(path: string): Promise<Uint8Array | undefined> {
  try {
    if ((await stat(path)).size > MAX_CONFIG_BYTES) throw invalid(`${quoteText(path)}: expected at most 1 MiB`);
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (isKeywaxError(error)) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new KeywaxError('FILE_FAILED', `${quoteText(path)}: cannot be read (${code})`, { cause: error });
  }
}

function readAuth(entry: AuthEntry, registry: string): RegistryCredential | undefined {
  const { identitytoken: identityToken, registrytoken: registryToken, auth } = entry;
  if (registryToken !== undefined && registryToken !== '')
    return checkCredential({ kind: 'bearer', token: registryToken });
  if (identityToken !== undefined && identityToken !== '')
    return checkCredential({ kind: 'identityToken', token: identityToken });
  if (auth !== undefined && auth !== '') return checkCredential(decodeAuthText(auth, registry));
  if (entry.username === undefined || entry.username === '') return undefined;
  return checkCredential({ kind: 'basic', username: entry.username, password: entry.password ?? '' });
}

function decodeAuthText(auth: string, registry: string): RegistryCredential {
  try {
    const text = decodeUtf8(decodeBase64(auth));
    const colon = text.indexOf(':');
    // Older versions of Docker padded the password.
    if (colon > 0)
      return { kind: 'basic', username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
  } catch {
    // The reader's error quotes what it read.
  }
  throw invalid(`Docker's credentials for ${registry}: expected base64 of a user name and a password`);
}

function invalid(message: string): KeywaxError<'CONFIG_INVALID'> {
  return new KeywaxError('CONFIG_INVALID', message);
}
