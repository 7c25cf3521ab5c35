// SPDX-License-Identifier: Apache-2.0
// The instance that is trusted, and signed with: one that is known by name, one behind a TUF mirror, or documents that
// the caller has. The TUF client is loaded for the first two alone.

import { type SigningConfig, decodeClientTrustConfig, decodeSigningConfig, decodeTrustedRoot } from '@keywax/trust';
import type { InstanceName, InstanceTrust, InstanceTrustOptions, MirrorInstance, OfflineMode } from '@keywax/tuf';
import { type PreparedTrust, type VerificationRequest, prepareTrust } from '@keywax/verify';
import { configError, copyOptions, refuseUnknown } from './options.js';

/** JSON text, its UTF-8 bytes, or the object that comes of parsing it. */
export type JsonDocument = Uint8Array | string | object;

/** An instance that the caller describes: whom to trust and where to sign, in two documents or in one. */
export type InstanceDocuments =
  | {
      /** A Sigstore `TrustedRoot`, or `'production'` for the one compiled in. */
      readonly trustedRoot: JsonDocument;
      /** A Sigstore `SigningConfig`; only signing needs one. */
      readonly signingConfig?: JsonDocument;
      readonly trustConfig?: undefined;
    }
  | {
      /** A Sigstore `ClientTrustConfig`. */
      readonly trustConfig: JsonDocument;
      readonly trustedRoot?: undefined;
      readonly signingConfig?: undefined;
    };

/**
 * Which instance. Names and mirrors are kept up to date over TUF; documents are used as they are, without any file or
 * connection. `staging`, `github` and mirrors without `root` need their TUF root once, by `keywax trust init`.
 */
export type Instance = InstanceName | MirrorInstance | InstanceDocuments;

/** How trust of an instance is obtained. Documents of the caller need none of it. */
export interface TrustOptions {
  /**
   * No connection for trust is made: the newest verified state is used, expired or not, up to `maxAgeDays` where that is
   * given. False unless given.
   */
  readonly offline?: boolean | { readonly maxAgeDays: number };
  /** The folder of caches; the user's own unless given, in memory where there are no folders. */
  readonly cacheDirectory?: string;
  /** Sends requests in place of the host. */
  readonly fetch?: NonNullable<Transport['fetch']>;
  readonly signal?: AbortSignal;
  /** Deadline of each request with its retries, and of all that trust takes. */
  readonly timeoutMs?: number;
  readonly retries?: number;
}

/** The names of these options. */
export const TRUST_OPTION_NAMES: readonly (keyof TrustOptions)[] = [
  'offline',
  'cacheDirectory',
  'fetch',
  'signal',
  'timeoutMs',
  'retries',
];

/** The options of `TrustOptions` that are there, and the rest; neither inherits anything. */
export function splitTrustOptions<T extends TrustOptions>(
  options: T,
): readonly [trust: TrustOptions, rest: Omit<T, keyof TrustOptions>] {
  const trust = copyOptions<TrustOptions>({}, 'options');
  const rest = copyOptions<Omit<T, keyof TrustOptions>>(options, 'options');
  for (const name of TRUST_OPTION_NAMES) {
    if (Object.hasOwn(options, name) && options[name] !== undefined) Object.assign(trust, { [name]: options[name] });
    Reflect.deleteProperty(rest, name);
  }
  return [trust, rest];
}

/** How the network is reached. */
export type Transport = NonNullable<InstanceTrustOptions['transport']>;

/** How many distinct authorities an instance's bundles need. */
export type Thresholds = Pick<VerificationRequest, 'logThreshold' | 'timestampThreshold' | 'sctThreshold'>;

/** An instance that has been read. */
export interface ReadInstance {
  readonly trust: PreparedTrust;
  readonly signingConfig?: SigningConfig;
  readonly thresholds: Thresholds;
}

/** Where trust comes from, whenever it is needed. */
export interface TrustSource {
  /** True where what was read once does not change. */
  readonly isFixed: boolean;
  /** Trust as it is at `now`; `signal` ends the wait. */
  read(now: Date, signal: AbortSignal | undefined): Promise<ReadInstance>;
}

/** What trust is needed for. */
export type Purpose = NonNullable<InstanceTrustOptions['purpose']>;

/**
 * Opens an instance; `'production'` unless given. Documents are read now, everything else when it is needed.
 * @throws CONFIG_INVALID, and the errors of a document that is not usable
 */
export async function openInstance(
  instance: Instance | undefined,
  options: TrustOptions,
  purpose: Purpose,
): Promise<TrustSource> {
  const { offline } = options;
  if (offline !== undefined && typeof offline !== 'boolean') copyOptions(offline, 'offline');
  const choice = readChoice(instance);
  if (typeof choice === 'string' || 'mirrorUrl' in choice) {
    return { isFixed: offline !== undefined && offline !== false, read: readFromTuf(choice, options, purpose) };
  }
  const documents = await readDocuments(choice);
  return { isFixed: true, read: async () => documents };
}

function readChoice(instance: Instance = 'production'): Instance {
  if (typeof instance === 'string') return instance; // the table of instances refuses other names
  const own = copyOptions(instance, 'instance');
  if (Object.hasOwn(own, 'mirrorUrl')) refuseUnknown(own, ['mirrorUrl', 'root'], 'instance');
  else refuseUnknown(own, ['trustedRoot', 'signingConfig', 'trustConfig'], 'instance');
  return own;
}

async function readDocuments({ trustedRoot, signingConfig, trustConfig }: InstanceDocuments): Promise<ReadInstance> {
  if (trustConfig !== undefined) return readTrustConfig(trustConfig, [trustedRoot, signingConfig]);
  if (trustedRoot === undefined) throw configError('instance.trustedRoot', "a trusted root, or 'production'");
  return {
    trust: trustedRoot === 'production' ? await prepareCompiled() : prepareTrust(decodeTrustedRoot(trustedRoot)),
    ...(signingConfig === undefined ? {} : { signingConfig: decodeSigningConfig(signingConfig) }),
    thresholds: {},
  };
}

function readTrustConfig(document: JsonDocument, others: readonly unknown[]): ReadInstance {
  if (others.some((other) => other !== undefined))
    throw configError('instance', 'a trust config, or its parts, and not both');
  const { trustedRoot, signingConfig } = decodeClientTrustConfig(document);
  return { trust: prepareTrust(trustedRoot), signingConfig, thresholds: {} };
}

// A constant, decoded on first use and kept.
let compiled: PreparedTrust | undefined;

async function prepareCompiled(): Promise<PreparedTrust> {
  const { PRODUCTION_TRUSTED_ROOT } = await import('@keywax/tuf/production');
  compiled ??= prepareTrust(decodeTrustedRoot(PRODUCTION_TRUSTED_ROOT));
  return compiled;
}

// Keys are imported and chains settled once for each trusted root.
const prepared = new WeakMap<InstanceTrust['trustedRoot'], PreparedTrust>();

function readFromTuf(instance: InstanceName | MirrorInstance, options: TrustOptions, purpose: Purpose) {
  return async (now: Date, signal: AbortSignal | undefined): Promise<ReadInstance> => {
    const { defaultCacheDirectory, fetchInstanceTrust } = await import('@keywax/tuf');
    const cacheDirectory = options.cacheDirectory ?? defaultCacheDirectory(readHost());
    const {
      trustedRoot,
      signingConfig,
      instance: description,
    } = await fetchInstanceTrust({
      instance,
      purpose,
      now: () => now,
      transport: readTransport({ ...options, signal }),
      ...(options.offline === undefined ? {} : { offline: options.offline satisfies OfflineMode }),
      ...(cacheDirectory === undefined ? {} : { cacheDirectory }),
    });
    const trust = prepared.get(trustedRoot) ?? prepareTrust(trustedRoot);
    prepared.set(trustedRoot, trust);
    const { thresholds } = description;
    return { trust, thresholds, ...(signingConfig === undefined ? {} : { signingConfig }) };
  };
}

type TransportOptions = { readonly [K in 'fetch' | 'signal' | 'timeoutMs' | 'retries']?: TrustOptions[K] | undefined };

/** Plain http is for services on this machine alone. */
export function readTransport({ fetch, signal, timeoutMs, retries }: TransportOptions): Transport {
  return {
    allowHttp: 'loopback',
    ...(fetch === undefined ? {} : { fetch }),
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(retries === undefined ? {} : { retries }),
  };
}

interface HostProcess {
  readonly platform?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** What the host says of itself; nothing in browsers. Read when it is needed. */
export function readHost(): Required<HostProcess> {
  const { process } = globalThis as { readonly process?: HostProcess };
  return { platform: process?.platform ?? '', env: process?.env ?? {} };
}
