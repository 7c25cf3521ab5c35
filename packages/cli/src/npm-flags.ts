// SPDX-License-Identifier: Apache-2.0
// What the commands about npm packages have in common: registries, keys, trust, and an audit with its progress.

import { dirname, join } from 'node:path';
import {
  type AuditReport,
  IDENTITY_LOCK_NAME,
  type IdentityLock,
  MAX_IDENTITY_LOCK_BYTES,
  type RegistryClient,
  type RegistryKey,
  auditProject,
  decodeIdentityLock,
  fetchRegistryKeys,
  openRegistryClient,
  readNpmConfig,
} from '@keywax/npm';
import { type Verifier, createVerifier, isKeywaxError } from 'keywax';
import { readDocument } from './document-file.js';
import { type SwitchFlag, type ValueFlag, refuseTogether, usageError } from './flags.js';
import type { Host } from './host.js';
import {
  type InstanceFlags,
  TRUST_FLAGS,
  obtainInstance,
  readInstanceChoice,
  selectCacheDirectory,
} from './instance-flags.js';
import { createProgress } from './progress.js';
import { escapeText } from './render/text.js';

type NpmValue = 'registry' | 'lock-file' | 'identities';

/** The values of the flags of commands about npm packages. */
export type NpmFlags = InstanceFlags & { readonly [K in NpmValue]?: string } & { readonly 'no-progress'?: true };

/** The flags of commands about npm packages. */
export const NPM_FLAGS: typeof TRUST_FLAGS &
  Readonly<Record<NpmValue, ValueFlag>> & { readonly 'no-progress': SwitchFlag } = {
  'lock-file': { value: 'FILE', help: 'the lock file (the one in DIR, unless given)' },
  identities: { value: 'FILE', help: `the recorded signers (DIR/${IDENTITY_LOCK_NAME}, unless given)` },
  registry: { value: 'URL', help: 'the registry of packages without a scope of their own (as npm is configured)' },
  ...TRUST_FLAGS,
  offline: { help: 'make no connection: use what is cached of packages and of trust' },
  'no-progress': { help: 'draw no progress bar; without a terminal there is none' },
};

/** Everything that verifies packages. */
export interface NpmTools {
  readonly client: RegistryClient;
  readonly verifier: Verifier;
  keysOf(registry: string, signal?: AbortSignal): Promise<readonly RegistryKey[]>;
}

/** Reads npm's configuration and obtains trust. @throws CONFIG_INVALID, FILE_FAILED, TRUST_INVALID, TUF_…, NETWORK_… */
export async function openNpmTools(flags: NpmFlags, directory: string, host: Host): Promise<NpmTools> {
  const config = await readNpmConfig({ directory, env: host.env });
  const npmConfig = flags.registry === undefined ? config : { ...config, registry: flags.registry };
  if (npmConfig['strictSSL'] === false)
    await host.err.write("keywax: certificates are checked, whatever npm's strict-ssl says\n");
  const { instance, thresholds } = await obtainInstance(flags, 'verification', host);
  const verifier = await createVerifier({ instance });
  const cacheDirectory = await selectCacheDirectory(flags, host);
  const offline = flags.offline === true;
  const client = await openRegistryClient({
    npmConfig,
    offline,
    transport: { allowHttp: 'loopback' },
    ...(cacheDirectory === undefined ? {} : { cacheDirectory: selectNpmCache(flags, cacheDirectory) }),
  });
  const hasDocuments = flags['trusted-root'] !== undefined || flags['trust-config'] !== undefined;
  const choice = hasDocuments ? instance : await readInstanceChoice(flags);
  return {
    client,
    verifier: { ...verifier, verify: (bundle, options) => verifier.verify(bundle, { ...thresholds, ...options }) },
    keysOf: (registry, signal) =>
      fetchRegistryKeys(registry, {
        client,
        instance: choice,
        offline,
        ...(cacheDirectory === undefined ? {} : { cacheDirectory }),
        ...(signal === undefined ? {} : { signal }),
      }),
  };
}

/** Beside the state of TUF repositories in the user's folder, below the folder that was given. */
function selectNpmCache({ 'cache-directory': given }: NpmFlags, directory: string): string {
  return given === undefined ? join(dirname(directory), 'npm') : join(given, 'npm');
}

/** The operand of commands about a project. @throws CONFIG_INVALID */
export function readDirectory(flags: NpmFlags, operands: readonly string[]): string {
  const [directory, ...others] = operands;
  if (others.length > 0) throw usageError('one folder at a time');
  if (directory !== undefined && flags['lock-file'] !== undefined)
    refuseTogether({ DIR: directory, ...flags }, ['lock-file', 'DIR']);
  return directory ?? (flags['lock-file'] === undefined ? '.' : dirname(flags['lock-file']));
}

/** Audits the project, and shows how far it is. @throws as `auditProject` */
export async function runAudit(
  flags: NpmFlags,
  {
    directory,
    tools,
    identities,
  }: { readonly directory: string; readonly tools: NpmTools; readonly identities?: IdentityLock },
  host: Host,
): Promise<AuditReport> {
  const progress = createProgress(host.err, flags['no-progress'] !== true && process.stderr.isTTY);
  try {
    return await auditProject({
      ...(flags['lock-file'] === undefined ? { directory } : { lockFile: flags['lock-file'] }),
      ...tools,
      ...(identities === undefined ? {} : { identities }),
      onProgress: ({ done, total }) => progress.show(done, total),
      signal: host.signal,
    });
  } finally {
    await progress.clear();
    const { failedWrites } = tools.client.stats;
    if (failedWrites > 0) await host.err.write(`keywax: the cache could not be written, ${failedWrites} times\n`);
  }
}

/** Where the recorded signers of a project lie. */
export function locateIdentities(flags: NpmFlags, directory: string): string {
  return flags.identities ?? join(directory, IDENTITY_LOCK_NAME);
}

/** The recorded signers; `undefined` where there is no such file. @throws FILE_FAILED, INPUT_MALFORMED, INPUT_TOO_LARGE */
export async function readIdentities(path: string): Promise<IdentityLock | undefined> {
  try {
    return decodeIdentityLock(await readDocument(path, MAX_IDENTITY_LOCK_BYTES));
  } catch (error) {
    if (!isKeywaxError(error)) throw error;
    if (
      isKeywaxError(error, 'FILE_FAILED') &&
      (error.cause as { readonly code?: unknown } | undefined)?.code === 'ENOENT'
    )
      return undefined;
    throw usageError(`${escapeText(path)}: ${error.message}`);
  }
}
