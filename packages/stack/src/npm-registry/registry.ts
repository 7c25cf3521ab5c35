// SPDX-License-Identifier: Apache-2.0
// An npm registry on loopback: what tests publish to and verify from. Its keys are real, and so is all that it signs;
// what it serves can be tampered with.

import type { SerializedBundle } from '@keywax/bundle';
import { encodeUtf8 } from '@keywax/core/bytes';
import { KeywaxError } from '@keywax/core/errors';
import { type Interceptor, listen } from '../serve.js';
import type { Stack } from '../stack.js';
import type { ServedPackage, ServedVersion } from './documents.js';
import { checkProvenance } from './provenance.js';
import { type SignatureChoice, createServedVersion } from './publication.js';
import type { PublishStatement } from './publish-attestation.js';
import type { PublishRequest } from './publish-request.js';
import {
  type NpmKeysJson,
  type NpmKeysTargetJson,
  type NpmRegistryKey,
  createKeyring,
  keysTargetPath,
} from './registry-key.js';
import { type NpmRegistryState, type NpmRequest, createNpmRoutes } from './routes.js';
import { packTarball } from './tarball.js';

/** How a registry is started. */
export interface NpmRegistryOptions {
  /** The address to listen on: 127.0.0.1 unless given. */
  readonly host?: string;
  /** A free port unless given. */
  readonly port?: number;
  /** The path of its base URL, such as `/npm/`; `/` unless given. */
  readonly path?: string;
  readonly now?: () => Date;
  /** Logs publish attestations, says whom provenance is believed, and distributes the registry's keys by TUF. */
  readonly stack?: Pick<Stack, 'urls' | 'trustedRoot' | 'tuf'>;
  /** Whether the stack's TUF repository has the keys: true unless given. */
  readonly keysInTuf?: boolean;
  /** Every request has to bear this token. */
  readonly token?: string;
  /** A whole verification of provenance that a client publishes, beside the registry's own checks: throws a KeywaxError. */
  readonly verifyProvenance?: (bundle: string) => unknown;
  readonly faults?: Interceptor;
}

/** A version to put into the registry without a publication by a client. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** A package.json alone unless given. */
  readonly tarball?: Uint8Array;
  /** The URL of the source, for package.json. */
  readonly repository?: string;
  /** Further members of package.json, such as `dependencies`. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** Served as it is, unchecked. */
  readonly provenance?: SerializedBundle;
  /** Whether the registry attests the publication, or what it says in place of the truth. True with provenance. */
  readonly publishAttestation?: boolean | Partial<PublishStatement>;
  /** `valid` unless given. */
  readonly signatures?: SignatureChoice;
  readonly publishedAt?: Date;
}

/** A version as it was published. */
export interface PublishedPackage {
  /** `sha512-` and base64. */
  readonly integrity: string;
  readonly tarball: Uint8Array;
}

/** A running registry. */
export interface NpmRegistry extends AsyncDisposable {
  /** The base URL, with a slash at its end. */
  readonly url: string;
  /** What it was asked, oldest first. */
  readonly requests: readonly NpmRequest[];
  /** Publishes a version, and signs and attests it with the present key. @throws CONFIG_INVALID, SERVICE_INVALID */
  addPackage(npmPackage: NpmPackage): Promise<PublishedPackage>;
  /** Changes what is served of a version; nothing is signed again. @throws PACKAGE_NOT_FOUND */
  change(name: string, version: string, edit: (served: ServedVersion) => void): void;
  /** Signs with a new key from now on. The one before stays published, and expires: now unless a time is given. */
  rotateKey(options?: { readonly expires?: Date }): Promise<void>;
  /** Lets the present key expire, and signs with it all the same. */
  expireKey(expires: Date): Promise<void>;
  /** What `/-/npm/v1/keys` answers. */
  keys(): NpmKeysJson;
  /** The keys as the TUF target has them. */
  keysTarget(): NpmKeysTargetJson;
  /** Stops the registry. Its TUF target stays where it is. */
  close(): Promise<void>;
}

/**
 * Starts a registry.
 * @throws FILE_FAILED where the port is taken
 * @example
 * await using registry = await startNpmRegistry();
 * const { integrity } = await registry.addPackage({ name: 'wax', version: '1.0.0' });
 */
export async function startNpmRegistry(options: NpmRegistryOptions = {}): Promise<NpmRegistry> {
  const { host = '127.0.0.1', port = 0, now = () => new Date() } = options;
  const path = readPath(options.path);
  const server = await listen(host, port);
  const url = server.url + path;
  const keyring = createKeyring(now, (keys) => publishKeys(url, keys, options));
  const shelf = createShelf({ url, now, options, key: () => keyring.current() });
  const requests: NpmRequest[] = [];
  const routes = createNpmRoutes({ path, token: options.token, requests, ...shelf, keys: () => keyring.keys() });
  server.answer(routes, () => options.faults);
  await keyring.publish();
  const close = (): Promise<void> => server.close();
  return {
    url,
    requests,
    addPackage: (npmPackage) => shelf.addPackage(npmPackage),
    change: (name, version, edit) => shelf.change(name, version, edit),
    rotateKey: (rotation) => keyring.rotate(rotation),
    expireKey: (expires) => keyring.expire(expires),
    keys: () => keyring.keys(),
    keysTarget: () => keyring.keysTarget(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function publishKeys(
  url: string,
  target: NpmKeysTargetJson,
  { stack, keysInTuf = true }: NpmRegistryOptions,
): Promise<void> {
  if (stack === undefined || !keysInTuf) return;
  await stack.tuf.publish({ targets: { [keysTargetPath(url)]: encodeUtf8(JSON.stringify(target)) } });
}

interface ShelfOptions {
  readonly url: string;
  readonly now: () => Date;
  readonly options: NpmRegistryOptions;
  readonly key: () => NpmRegistryKey;
}

interface Shelf extends Pick<NpmRegistry, 'addPackage' | 'change'>, Pick<NpmRegistryState, 'packages' | 'publish'> {}

/** The packages of a registry, and the ways in which they come to be there. */
function createShelf({ url, now, options, key }: ShelfOptions): Shelf {
  const { stack, verifyProvenance } = options;
  const packages = new Map<string, ServedPackage>();
  const create = (npmPackage: NpmPackage): Promise<ServedVersion> =>
    createServedVersion(readPublication(npmPackage, stack !== undefined, now), {
      url,
      key: key(),
      ...(stack === undefined ? {} : { rekorUrl: stack.urls.rekorV1 }),
    });
  return {
    packages,
    async addPackage(npmPackage) {
      const served = await create(npmPackage);
      insert(packages, served, new Map([['latest', npmPackage.version]]));
      return { integrity: served.manifest.dist.integrity, tarball: served.tarball };
    },
    change(name, version, edit) {
      const served = packages.get(name)?.versions.get(version);
      if (served === undefined) throw new KeywaxError('PACKAGE_NOT_FOUND', 'the registry has no such version');
      edit(served);
    },
    async publish(request) {
      const { name, version, provenance, tags } = request;
      const isPublished = (): boolean => packages.get(name)?.versions.has(version) === true;
      if (isPublished()) return false;
      if (provenance !== undefined) {
        await checkProvenance(provenance, request, stack?.trustedRoot);
        await verifyProvenance?.(provenance);
      }
      const served = await create(describeRequest(request));
      if (isPublished()) return false; // meanwhile
      insert(packages, served, tags.size === 0 ? new Map([['latest', version]]) : tags);
      return true;
    },
  };
}

function readPath(path = '/'): string {
  return `/${path}/`.replaceAll(/\/+/g, '/');
}

type FullPublication = Parameters<typeof createServedVersion>[0];

function readPublication(npmPackage: NpmPackage, hasLog: boolean, now: () => Date): FullPublication {
  const { name, version, repository, provenance } = npmPackage;
  const { publishAttestation = provenance !== undefined && hasLog } = npmPackage;
  if (publishAttestation !== false && !hasLog) {
    throw new KeywaxError('CONFIG_INVALID', 'publish attestations are logged: the registry needs a stack');
  }
  const source = repository === undefined ? {} : { repository: { type: 'git', url: repository } };
  const manifest = { ...source, ...npmPackage.manifest };
  return {
    name,
    version,
    manifest,
    tarball: npmPackage.tarball ?? packTarball({ 'package.json': JSON.stringify({ ...manifest, name, version }) }),
    ...(provenance === undefined ? {} : { provenance }),
    publishAttestation,
    signatures: npmPackage.signatures ?? 'valid',
    publishedAt: npmPackage.publishedAt ?? now(),
  };
}

/** What a client has published; the registry writes `dist` itself. */
function describeRequest({ name, version, manifest, tarball, provenance }: PublishRequest): NpmPackage {
  return {
    name,
    version,
    manifest,
    tarball,
    ...(provenance === undefined ? {} : { provenance: JSON.parse(provenance) as SerializedBundle }),
  };
}

function insert(packages: Map<string, ServedPackage>, served: ServedVersion, tags: ReadonlyMap<string, string>): void {
  const { name, version } = served.manifest;
  const known = packages.get(name) ?? { name, versions: new Map(), tags: new Map() };
  known.versions.set(version, served);
  for (const [tag, tagged] of tags) known.tags.set(tag, tagged);
  packages.set(name, known);
}
