// SPDX-License-Identifier: Apache-2.0
// Which instance is trusted and signed with: a known one or a repository, by way of TUF, or files that the flags name.

import {
  MAX_SIGNING_CONFIG_BYTES,
  MAX_TRUSTED_ROOT_BYTES,
  decodeClientTrustConfig,
  encodeSigningConfig,
  encodeTrustedRoot,
} from '@keywax/trust';
import type {
  DiagnosticListener,
  InstanceChoice,
  InstanceThresholds,
  InstanceTrust,
  InstanceTrustOptions,
  OfflineMode,
  TufDiagnostic,
} from '@keywax/tuf';
import type { InstanceDocuments } from 'keywax';
import { decodeDocument, readDocument } from './document-file.js';
import { type SwitchFlag, type ValueFlag, refuseTogether, usageError } from './flags.js';
import type { Host } from './host.js';
import { describeOrigin } from './render/trust-origin.js';
import { escapeText } from './render/text.js';
import { readTrustedRoots } from './trust-file.js';

const MAX_ROOT_BYTES = 524_288; // above the bound of a TUF root, so that its reader says so

type TufFlag = 'instance' | 'tuf-mirror' | 'tuf-root' | 'cache-directory' | 'max-age';
type FileFlag = 'trusted-root' | 'trust-config';

/** The values of the flags that say how an instance's repository is used. */
export type TufFlags = { readonly [K in TufFlag]?: string } & { readonly offline?: true };
/** The values of the flags that say what is trusted and signed with. */
export type InstanceFlags = TufFlags & { readonly [K in FileFlag | 'signing-config']?: string };

/** The flags that name an instance and its repository. */
export const TUF_FLAGS: Readonly<Record<TufFlag, ValueFlag>> & { readonly offline: SwitchFlag } = {
  instance: { value: 'NAME', help: 'production, staging or github (production, unless given)' },
  'tuf-mirror': { value: 'URL', help: 'the TUF repository of another instance' },
  'tuf-root': {
    value: 'FILE',
    help: 'the root of that repository (the one that `trust init` remembered, unless given)',
  },
  'cache-directory': { value: 'DIR', help: 'where the state of repositories is kept (the data folder of the user)' },
  offline: { help: 'connect to no repository; say how old the state is' },
  'max-age': { value: 'DAYS', help: 'with --offline: the oldest state that is used (any, unless given)' },
};

/** The flags that say what is trusted. */
export const TRUST_FLAGS: typeof TUF_FLAGS & Readonly<Record<FileFlag, ValueFlag>> = {
  ...TUF_FLAGS,
  'trusted-root': { value: 'FILE', help: 'a trusted root, or several on a line each, in place of an instance' },
  'trust-config': { value: 'FILE', help: 'trusted root and signing config in one file' },
};

/** The flags that say what is signed with. */
export const SIGNING_FLAGS: typeof TRUST_FLAGS & Readonly<Record<'signing-config', ValueFlag>> = {
  ...TRUST_FLAGS,
  'signing-config': { value: 'FILE', help: 'where to sign' },
};

/** Documents of an instance, and how much evidence its bundles have to bring. */
export interface ObtainedInstance {
  readonly instance: InstanceDocuments;
  readonly thresholds: InstanceThresholds;
  /** What the repository said; absent where files did. */
  readonly trust?: InstanceTrust;
}

/**
 * Reads the files that the flags name, or asks the instance's repository.
 * @throws CONFIG_INVALID, FILE_FAILED, INPUT_…, TRUST_INVALID, TUF_…, NETWORK_…
 */
export async function obtainInstance(
  flags: InstanceFlags,
  purpose: 'verification' | 'signing',
  host: Host,
): Promise<ObtainedInstance> {
  refuseContradictions(flags);
  const { 'trust-config': trustConfig, 'trusted-root': trustedRoot, 'signing-config': path } = flags;
  if (trustConfig !== undefined) {
    const document = await readDocument(trustConfig, MAX_TRUSTED_ROOT_BYTES + MAX_SIGNING_CONFIG_BYTES);
    await decodeDocument(trustConfig, () => decodeClientTrustConfig(document)); // so that what is wrong names the file
    return { instance: { trustConfig: document }, thresholds: {} };
  }
  const own = path === undefined ? {} : { signingConfig: await readDocument(path, MAX_SIGNING_CONFIG_BYTES) };
  if (trustedRoot !== undefined) {
    return {
      instance: { trustedRoot: encodeTrustedRoot(await readTrustedRoots([trustedRoot])), ...own },
      thresholds: {},
    };
  }
  const trust = await fetchTrust(flags, { purpose: path === undefined ? purpose : 'verification' }, host);
  const { documents, signingConfig, instance } = trust;
  const published = signingConfig === undefined ? {} : { signingConfig: encodeSigningConfig(signingConfig) };
  return {
    instance: { trustedRoot: documents.trustedRoot, ...published, ...own },
    thresholds: instance.thresholds,
    trust,
  };
}

function refuseContradictions(flags: InstanceFlags): void {
  refuseTogether(flags, ['trust-config', 'trusted-root']);
  refuseTogether(flags, ['trust-config', 'signing-config']);
  for (const file of ['trust-config', 'trusted-root'] as const) {
    for (const name of ['instance', 'tuf-mirror', 'tuf-root'] as const) refuseTogether(flags, [file, name]);
  }
}

/** Asks the repository that the flags name, and says on stderr what a person should know of it. @throws as `obtainInstance` */
export async function fetchTrust(
  flags: TufFlags,
  more: Pick<InstanceTrustOptions, 'purpose' | 'maxAgeMs'>,
  host: Host,
): Promise<InstanceTrust> {
  const instance = await readInstanceChoice(flags);
  const offline = readOffline(flags);
  const cacheDirectory = await selectCacheDirectory(flags, host);
  const { fetchInstanceTrust } = await import('@keywax/tuf');
  const trust = await fetchInstanceTrust({
    instance,
    ...more,
    now: () => new Date(),
    ...(cacheDirectory === undefined ? {} : { cacheDirectory }),
    offline,
    transport: { signal: host.signal, ...(typeof instance === 'string' ? {} : { allowHttp: 'loopback' }) },
    onDiagnostic: createDiagnosticPrinter(host),
  });
  if (flags.offline === true) await host.err.write(`keywax: offline: ${describeOrigin(trust)}\n`);
  else if (trust.state.source === 'compiled') await host.err.write(`keywax: unreachable: ${describeOrigin(trust)}\n`);
  return trust;
}

/** Whether, and how old, what is cached is used alone. @throws CONFIG_INVALID */
export function readOffline({ offline, 'max-age': days }: TufFlags): OfflineMode {
  if (days === undefined) return offline === true;
  if (offline !== true) throw usageError('--max-age is for --offline');
  if (!/^[0-9]{1,5}$/.test(days)) throw usageError('--max-age is a number of days');
  return { maxAgeDays: Number(days) };
}

/** Prints the first diagnostic of each kind. A mirror that answers 403 where there is no newer root does so every day. */
function createDiagnosticPrinter({ err }: Host): DiagnosticListener {
  const seen = new Set<TufDiagnostic['kind']>(['rootForbidden']);
  return ({ kind, message }) => {
    if (seen.has(kind)) return;
    seen.add(kind);
    void err.write(`keywax: ${escapeText(message)}\n`).catch(() => {});
  };
}

/** @throws CONFIG_INVALID for flags that contradict each other, FILE_FAILED */
export async function readInstanceChoice(flags: TufFlags): Promise<InstanceChoice> {
  refuseTogether(flags, ['instance', 'tuf-mirror']);
  const { instance = 'production', 'tuf-mirror': mirrorUrl, 'tuf-root': root } = flags;
  if (mirrorUrl === undefined) {
    if (root !== undefined)
      throw usageError('--tuf-root is for --tuf-mirror; `keywax trust init` takes that of others');
    return readInstanceName(instance);
  }
  return { mirrorUrl, ...(root === undefined ? {} : { root: await readDocument(root, MAX_ROOT_BYTES) }) };
}

/** The name of a known instance. @throws CONFIG_INVALID */
export async function readInstanceName(name: string): Promise<InstanceChoice> {
  const { INSTANCE_NAMES, isInstanceName } = await import('@keywax/tuf');
  if (isInstanceName(name)) return name;
  throw usageError(
    `no instance ${escapeText(name)}; there are ${INSTANCE_NAMES.join(', ')}, and --tuf-mirror for others`,
  );
}

/** The folder of caches: the one given, or the user's; `undefined` where the environment names none. @throws CONFIG_INVALID */
export async function selectCacheDirectory(
  { 'cache-directory': directory }: TufFlags,
  { env }: Host,
): Promise<string | undefined> {
  if (directory !== undefined) return directory;
  const { defaultCacheDirectory } = await import('@keywax/tuf');
  return defaultCacheDirectory({ platform: process.platform, env });
}

/** Reads a TUF root. @throws FILE_FAILED, INPUT_TOO_LARGE */
export function readTufRoot(path: string): Promise<Uint8Array> {
  return readDocument(path, MAX_ROOT_BYTES);
}
