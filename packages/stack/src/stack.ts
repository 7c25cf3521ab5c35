// SPDX-License-Identifier: Apache-2.0
// A whole Sigstore instance in one process: its authorities and logs, their HTTP services, its trust documents, and the
// TUF repository that distributes them.

import { join } from 'node:path';
import { createCtRoutes } from './ct/routes.js';
import { createFulcioRoutes } from './fulcio/routes.js';
import {
  type Instance,
  type InstanceMaterial,
  type InstanceStores,
  createMaterial,
  createMemoryStores,
  openInstance,
} from './instance.js';
import { type KeyKind, type SigningKey, generateSigningKey } from './keys.js';
import { type TokenIssuer, type TokenRequest, createTokenIssuer } from './oidc/issuer.js';
import { createOidcRoutes } from './oidc/routes.js';
import { type Publisher, createPublisher } from './rekor/publisher.js';
import { createRekorV1Routes } from './rekor/v1-routes.js';
import { createRekorV1Service } from './rekor/v1-service.js';
import { createRekorV2Routes } from './rekor/v2-routes.js';
import { type Interceptor, type ListeningServer, listen } from './serve.js';
import { openDirectory } from './storage/directory.js';
import {
  type ClientTrustConfigJson,
  type RekorChoice,
  type ServiceUrls,
  type SigningConfigJson,
  type TrustedRootJson,
  encodeClientTrustConfig,
  encodeSigningConfig,
} from './trust-documents.js';
import { createTsaRoutes } from './tsa/routes.js';
import { createTufRoutes } from './tuf/routes.js';
import { type StackTuf, type TufService, openTufService } from './tuf/service.js';

/** The services, in the order of their ports. */
const SERVICES = ['oidc', 'fulcio', 'rekorV1', 'rekorV2', 'tsa', 'ct', 'tuf'] as const;
/** A service of the stack. */
export type ServiceName = (typeof SERVICES)[number];

/** How the logs behave where there is a choice. */
export interface RekorOptions {
  /** The kind of the v2 log's key when it is made: Ed25519 unless given. */
  readonly v2Key?: KeyKind;
  /** How long the v2 log waits before it publishes a new entry; answers wait with it. 0 unless given. */
  readonly publicationDelayMs?: number;
  /** Whether the v2 log takes the retired request for envelopes. False unless given. */
  readonly acceptDsse?: boolean;
  /** Which Rekor the signing config offers that the TUF repository distributes: v1 unless given. */
  readonly published?: RekorChoice;
  /** The global index of the first v1 entry when the log is made: 1,000 unless given. */
  readonly firstIndex?: number;
}

/** How a stack is started. */
export interface StackOptions {
  /** Where keys, logs and index are kept; without it everything is in memory. */
  readonly directory?: string;
  /** The address to listen on: 127.0.0.1 unless given. */
  readonly host?: string;
  /** The first of seven consecutive ports; without it each service takes a free one. */
  readonly port?: number;
  readonly now?: () => Date;
  readonly rekor?: RekorOptions;
  /** Whether certificate timestamps carry a leaf index, as a static CT log's do. */
  readonly sctLeafIndex?: boolean;
  /** What stands between a service and its clients. Looked up at every request, so it may change. */
  readonly faults?: { readonly [name in ServiceName]?: Interceptor };
}

/** Where the services listen: `tsa` is the whole endpoint, the others are base URLs. */
export interface StackUrls extends ServiceUrls {
  readonly ct: string;
  /** The metadata of the TUF repository; its targets lie below `targets`. */
  readonly tuf: string;
}

/** A running instance. */
export interface Stack extends AsyncDisposable {
  readonly urls: StackUrls;
  /** The trusted root as plain JSON, a new copy at each access. */
  readonly trustedRoot: TrustedRootJson;
  /** A signing config that offers one Rekor version, or both (v1 unless given). */
  signingConfig(options?: { readonly rekor?: RekorChoice }): SigningConfigJson;
  clientTrustConfig(options?: { readonly rekor?: RekorChoice }): ClientTrustConfigJson;
  /** The TUF repository: the root that clients are given, publication, rotation, attacks. */
  readonly tuf: StackTuf;
  /** A token for a persona, with single claims replaced. */
  mintToken(request: TokenRequest): Promise<string>;
  /** Stops the services and gives the folder back. */
  close(): Promise<void>;
}

/** What undoes a step of starting. */
type Closer = () => Promise<void> | void;

/**
 * Starts an instance.
 * @throws FILE_FAILED where the folder cannot be used or is in use, or a port is taken
 * @example
 * await using stack = await startStack();
 * const identityToken = await stack.mintToken({ kind: 'email' });
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { host = '127.0.0.1', port = 0, now = () => new Date() } = options;
  const closers: Closer[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const { material, stores, oidcKey } = await openState(options, now, closers);
    const instance = openInstance(material, stores, { now, sctLeafIndex: options.sctLeafIndex ?? false });
    const publisher = createPublisher(instance.rekorV2.log, options.rekor?.publicationDelayMs ?? 0);
    closers.push(() => publisher.close());
    const servers = new Map<ServiceName, ListeningServer>();
    for (const [i, name] of SERVICES.entries()) {
      const server = await listen(host, port === 0 ? 0 : port + i);
      closers.push(() => server.close());
      servers.set(name, server);
    }
    const urls = describeUrls((name) => servers.get(name)?.url ?? '');
    const issuer = createTokenIssuer({ key: oidcKey, baseUrl: urls.oidc, now });
    const tuf = await openTuf(instance, urls, options);
    const routes = createRoutes({ instance, issuer, publisher, tuf, options });
    for (const [name, server] of servers) server.answer(routes[name](), () => options.faults?.[name]);
    return describeStack({ instance, issuer, tuf, urls, close });
  } catch (error) {
    await close();
    throw error;
  }
}

interface State {
  readonly material: InstanceMaterial;
  readonly stores: InstanceStores;
  /** Made on first use where nothing is kept: an RSA key takes longer than all the rest. */
  readonly oidcKey: () => SigningKey;
}

async function openState({ directory, rekor = {} }: StackOptions, now: () => Date, closers: Closer[]): Promise<State> {
  const create = async (): Promise<InstanceMaterial> => {
    const { v2Key, firstIndex } = rekor;
    const { material } = await createMaterial(now(), {
      ...(v2Key === undefined ? {} : { rekorV2Key: v2Key }),
      ...(firstIndex === undefined ? {} : { firstIndex }),
    });
    return material;
  };
  if (directory === undefined) {
    let key: SigningKey | undefined;
    const oidcKey = (): SigningKey => (key ??= generateSigningKey('rsa-2048'));
    return { material: await create(), stores: createMemoryStores(), oidcKey };
  }
  const opened = await openDirectory(directory, async () => ({
    ...(await create()),
    oidcKey: generateSigningKey('rsa-2048'),
  }));
  closers.push(() => opened.close());
  return { ...opened, oidcKey: () => opened.material.oidcKey };
}

function openTuf(instance: Instance, urls: StackUrls, { directory, rekor }: StackOptions): Promise<TufService> {
  return openTufService({
    now: instance.now,
    documents: {
      trustedRoot: instance.trustedRoot(),
      signingConfig: encodeSigningConfig(urls, rekor?.published ?? 'v1', instance.material.start),
    },
    ...(directory === undefined ? {} : { path: join(directory, 'tuf.json') }),
  });
}

function describeUrls(urlOf: (name: ServiceName) => string): StackUrls {
  return {
    oidc: urlOf('oidc'),
    fulcio: urlOf('fulcio'),
    rekorV1: urlOf('rekorV1'),
    rekorV2: urlOf('rekorV2'),
    tsa: `${urlOf('tsa')}/api/v1/timestamp`,
    ct: urlOf('ct'),
    tuf: urlOf('tuf'),
  };
}

interface Parts {
  readonly instance: Instance;
  readonly issuer: TokenIssuer;
  readonly publisher: Publisher;
  readonly tuf: TufService;
  readonly options: StackOptions;
}

function createRoutes({ instance, issuer, publisher, tuf, options }: Parts) {
  return {
    oidc: () => createOidcRoutes(issuer, instance.now),
    fulcio: () => createFulcioRoutes(instance, issuer),
    rekorV1: () => createRekorV1Routes(createRekorV1Service(instance.rekorV1)),
    rekorV2: () => createRekorV2Routes(instance.rekorV2, { publisher, acceptDsse: options.rekor?.acceptDsse ?? false }),
    tsa: () => createTsaRoutes(instance),
    ct: () => createCtRoutes(instance),
    tuf: () => createTufRoutes(tuf),
  };
}

interface StackParts extends Pick<Parts, 'instance' | 'issuer' | 'tuf'> {
  readonly urls: StackUrls;
  readonly close: () => Promise<void>;
}

function describeStack({ instance, issuer, tuf, urls, close }: StackParts): Stack {
  const signingConfig: Stack['signingConfig'] = ({ rekor = 'v1' } = {}) =>
    encodeSigningConfig(urls, rekor, instance.material.start);
  return {
    urls,
    get trustedRoot() {
      return instance.trustedRoot();
    },
    signingConfig,
    clientTrustConfig: (options) => encodeClientTrustConfig(instance.trustedRoot(), signingConfig(options)),
    tuf,
    mintToken: (request) => issuer.mint(request),
    close,
    [Symbol.asyncDispose]: close,
  };
}
