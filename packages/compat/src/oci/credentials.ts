// SPDX-License-Identifier: Apache-2.0
// Credentials as `docker login` leaves them in `config.json`. They are read without waiting, as callers expect, and before
// anything is loaded, so not by the reader of `@keywax/oci`; a test holds the two against each other. Helpers are not run.
// Refused: files above 1 MiB, `auth` that is not base64 of `user:password`. Errors hold nothing of the file.

import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DOCKER_HUB, parseImageName } from './image-name.js';
import type { Credentials } from './options.js';

const MAX_CONFIG_BYTES = 1_048_576;
/** How Docker itself names Docker Hub in its configuration, and the names that people write. */
const DOCKER_HUB_KEYS: readonly string[] = ['https://index.docker.io/v1/', 'index.docker.io', DOCKER_HUB];
const IDENTITY_TOKEN_USER = '<token>';

/**
 * The credentials for the registry of an image, from the configuration in `$DOCKER_CONFIG` or `~/.docker`. A name there
 * counts where it is the registry's in every character, port included.
 * @throws Error where there are none
 * @example
 * const credentials = getRegistryCredentials('ghcr.io/owner/image');
 */
export function getRegistryCredentials(imageName: string): Credentials {
  const { registry } = parseImageName(imageName);
  const path = join(selectFolder(), 'config.json');
  const config = readConfig(path);
  const auths = asRecord(config['auths']);
  const key = (registry === DOCKER_HUB ? DOCKER_HUB_KEYS : [registry]).find((name) => Object.hasOwn(auths, name));
  const found = key === undefined ? undefined : readEntry(asRecord(auths[key]), registry);
  if (found === undefined) throw new Error(`No credentials found for registry ${registry}`);
  const headers = readHeaders(config['HttpHeaders']);
  return { ...found, ...(headers === undefined ? {} : { headers }) };
}

function selectFolder(): string {
  const folder = process.env['DOCKER_CONFIG'];
  return folder === undefined || folder === '' ? join(homedir(), '.docker') : folder;
}

function readConfig(path: string): Readonly<Record<string, unknown>> {
  const text = readBounded(path);
  try {
    return asRecord(JSON.parse(text));
  } catch {
    // What the parser says quotes the file.
    throw new Error(`The credential file ${path} is not JSON`);
  }
}

function readBounded(path: string): string {
  try {
    if (statSync(path).size <= MAX_CONFIG_BYTES) return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`No credential file found at ${path}`, { cause });
  }
  throw new Error(`The credential file ${path} is larger than 1 MiB`);
}

/** An identity token stands in place of the password; without a user name it is named for what it is. */
function readEntry(entry: Readonly<Record<string, unknown>>, registry: string): Credentials | undefined {
  const token = readText(entry['identitytoken']);
  const user = readUser(entry, registry);
  if (token === undefined) return user;
  return { username: user?.username ?? IDENTITY_TOKEN_USER, password: token };
}

function readUser(entry: Readonly<Record<string, unknown>>, registry: string): Credentials | undefined {
  const auth = readText(entry['auth']);
  if (auth !== undefined) return decodeAuth(auth, registry);
  const username = readText(entry['username']);
  return username === undefined ? undefined : { username, password: readText(entry['password']) ?? '' };
}

function decodeAuth(auth: string, registry: string): Credentials {
  const bytes = Buffer.from(auth, 'base64');
  const text = bytes.toString();
  const colon = text.indexOf(':');
  const isExact = bytes.toString('base64') === auth && Buffer.from(text).equals(bytes);
  if (!isExact || colon < 1) throw new Error(`Credentials for registry ${registry} are not base64 of user:password`);
  // Older versions of Docker padded the password.
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
}

function readHeaders(value: unknown): Record<string, string> | undefined {
  const entries = Object.entries(asRecord(value)).filter((entry): entry is [string, string] => {
    return typeof entry[1] === 'string';
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
