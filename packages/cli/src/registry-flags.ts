// SPDX-License-Identifier: Apache-2.0
// How container registries are reached, from flags: named as cosign names them. Without credentials among them, those that
// `docker login` has left are used.

import { homedir } from 'node:os';
import { join } from 'node:path';
import { decodeUtf8 } from '@keywax/core/bytes';
import { isKeywaxError } from '@keywax/core/errors';
import { type Fetch, isLoopbackHost } from '@keywax/http';
import { type CredentialSource, type RepositoryOptions, dockerCredentials, fixedCredentials } from '@keywax/oci';
import { readDocument } from './document-file.js';
import { type SwitchFlag, type ValueFlag, refuseTogether, usageError } from './flags.js';
import type { Host } from './host.js';
import { escapeText } from './render/text.js';

const MAX_CERTIFICATES_BYTES = 1_048_576;

type TextFlag = 'registry-username' | 'registry-password' | 'registry-token' | 'registry-cacert';
type OnOffFlag = 'allow-http-registry' | 'allow-insecure-registry';
/** The values of the flags that say how registries are reached. */
export type RegistryFlags = { readonly [K in TextFlag]?: string } & { readonly [K in OnOffFlag]?: true };

/** The flags that say how registries are reached. */
export const REGISTRY_FLAGS: Readonly<Record<TextFlag, ValueFlag>> & Readonly<Record<OnOffFlag, SwitchFlag>> = {
  'registry-username': { value: 'NAME', help: 'the user (what `docker login` has left, unless given)' },
  'registry-password': { value: 'TEXT', help: 'the password; other users of this machine can see it' },
  'registry-token': { value: 'TOKEN', help: 'a bearer token; other users of this machine can see it' },
  'registry-cacert': { value: 'FILE', help: "PEM of an authority that vouches for the registry, beside the system's" },
  'allow-http-registry': { help: 'speak plain http; registries on this machine need no leave' },
  'allow-insecure-registry': { help: 'the same; certificates are checked all the same' },
};

/** Reads the flags for the registry of that name. @throws CONFIG_INVALID, FILE_FAILED, INPUT_TOO_LARGE */
export async function readRegistryFlags(
  flags: RegistryFlags,
  registry: string,
  host: Host,
): Promise<RepositoryOptions> {
  const isPlain = flags['allow-http-registry'] === true || flags['allow-insecure-registry'] === true;
  const { 'registry-cacert': path } = flags;
  if (path !== undefined && isPlain) throw usageError('--registry-cacert and plain http exclude each other');
  if (isPlain && !isLoopbackHost(new URL(`https://${registry}`).hostname))
    await host.err.write('keywax: in plain http others on the way can read the credentials\n');
  const fetch = path === undefined ? undefined : await createRegistryFetch(path);
  return {
    credentials: await readCredentials(flags, registry, host),
    transport: {
      signal: host.signal,
      ...(fetch === undefined ? {} : { fetch }),
    },
    ...(isPlain ? { allowHttp: true } : {}),
    ...(fetch === undefined ? {} : { allowHttp: false }),
  };
}

/** One that believes authorities beside the system's: a command may reach several registries. @throws CONFIG_INVALID */
async function createRegistryFetch(path: string): Promise<Fetch> {
  const { createFetch } = await import('@keywax/http/create-fetch');
  const extraAuthorities = decodeUtf8(await readDocument(path, MAX_CERTIFICATES_BYTES), path);
  try {
    return createFetch({ extraAuthorities });
  } catch (error) {
    throw isKeywaxError(error) ? usageError(`--registry-cacert ${escapeText(path)}: ${error.message}`) : error;
  }
}

async function readCredentials(flags: RegistryFlags, registry: string, host: Host): Promise<CredentialSource> {
  refuseTogether(flags, ['registry-token', 'registry-username']);
  refuseTogether(flags, ['registry-token', 'registry-password']);
  const { 'registry-username': username, 'registry-password': password, 'registry-token': token } = flags;
  if ((username === undefined) !== (password === undefined))
    throw usageError('--registry-username and --registry-password belong together');
  const isVisible = password !== undefined || token !== undefined;
  if (isVisible)
    await host.err.write(
      'keywax: other users of this machine can see the credentials; those of `docker login` they cannot\n',
    );
  if (token !== undefined) return fixedCredentials(registry, { kind: 'bearer', token });
  if (username !== undefined && password !== undefined)
    return fixedCredentials(registry, { kind: 'basic', username, password });
  const { env } = host;
  return dockerCredentials({
    directory: env['DOCKER_CONFIG'] ?? join(env['HOME'] ?? homedir(), '.docker'),
    environment: env,
  });
}
