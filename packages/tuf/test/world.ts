// SPDX-License-Identifier: Apache-2.0
// A repository, a mirror that serves it without a network, and a store that can be looked into.

import { encodeUtf8 } from '@keywax/core/bytes';
import type { Fetch } from '@keywax/http';
import { type PlainJson, type SignedJson, type TufRepository, createTufRepository } from '@keywax/stack/tuf';
import {
  type StoreArea,
  type TufClient,
  type TufClientOptions,
  type TufDiagnostic,
  type TufStore,
  createMemoryStore,
  createTufClient,
} from '../src/index.js';

type RepositoryOptions = Omit<Parameters<typeof createTufRepository>[0], 'now'>;

/** A store whose files can be read and changed by `area/name`. */
export interface OpenStore extends TufStore {
  readonly files: Map<string, Uint8Array>;
}

export function createOpenStore(): OpenStore {
  const files = new Map<string, Uint8Array>();
  const { withLock } = createMemoryStore();
  const key = (area: StoreArea, name: string): string => `${area}/${name}`;
  return {
    files,
    read: async (area, name) => files.get(key(area, name))?.slice(),
    write: async (area, name, bytes) => void files.set(key(area, name), bytes.slice()),
    remove: async (area, name) => void files.delete(key(area, name)),
    withLock,
  };
}

/** What the mirror answers for a path, in place of the repository's file. */
export interface Answer {
  readonly status?: number;
  readonly body?: Uint8Array | string;
}

export interface World {
  readonly repository: TufRepository;
  readonly store: OpenStore;
  readonly answers: Map<string, Answer>;
  readonly requests: string[];
  readonly diagnostics: TufDiagnostic[];
  /** The clock. */
  now: Date;
  client(options?: Partial<TufClientOptions>): TufClient;
  /** Names of stored files that were added, changed or removed since a copy was made; `generation` apart. */
  changesSince(copy: ReadonlyMap<string, Uint8Array>): readonly string[];
}

export const START: Date = new Date('2026-03-01T00:00:00Z');
export const MIRROR_URL = 'https://tuf.example/repository';
export const CONTENT: Uint8Array = encodeUtf8('what the target says');

/** A repository with the target `a.txt`; nothing has been fetched yet. */
export function createWorld(options: RepositoryOptions = {}): World {
  const requests: string[] = [];
  const diagnostics: TufDiagnostic[] = [];
  const answers = new Map<string, Answer>();
  const store = createOpenStore();
  const repository = createTufRepository({ ...options, now: () => START });
  repository.addTarget('a.txt', CONTENT);
  repository.release();
  const fetch: Fetch = async (url) => {
    const path = url.slice(MIRROR_URL.length + 1);
    requests.push(path);
    const file = repository.files.get(path);
    const { status = 200, body = file } = answers.get(path) ?? (file === undefined ? { status: 404 } : {});
    return new Response(typeof body === 'string' ? body : (body?.slice() ?? null), { status });
  };
  const world: World = {
    repository,
    store,
    answers,
    requests,
    diagnostics,
    now: START,
    client: (overrides) =>
      createTufClient({
        mirrorUrl: MIRROR_URL,
        trustedRoot: repository.root(),
        store,
        now: () => world.now,
        transport: { fetch, retries: 0 },
        onDiagnostic: (diagnostic) => diagnostics.push(diagnostic),
        ...overrides,
      }),
    changesSince: (copy) =>
      [...new Set([...copy.keys(), ...store.files.keys()])]
        .filter((name) => name !== 'state/generation' && text(copy.get(name)) !== text(store.files.get(name)))
        .sort(),
  };
  return world;
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1');
}

/** A world whose store holds a complete state with `a.txt`. */
export async function createVisitedWorld(options: RepositoryOptions = {}): Promise<World> {
  const world = createWorld(options);
  await world.client().fetchTarget('a.txt');
  world.requests.length = 0;
  return world;
}

/** Sets a member at any depth of a signed part; `undefined` removes it. */
export function edit(signed: SignedJson, path: readonly string[], value: PlainJson | undefined): void {
  const [name = '', ...rest] = path;
  const child = signed[name];
  if (rest.length > 0) {
    const copy = { ...(child as Record<string, PlainJson> | undefined) };
    edit(copy, rest, value);
    signed[name] = copy;
  } else if (value === undefined) {
    delete signed[name];
  } else {
    signed[name] = value;
  }
}

/** Replaces text in a file. */
export function replaceText(bytes: Uint8Array | undefined, from: string | RegExp, to: string): Uint8Array {
  const before = Buffer.from(bytes ?? []).toString('utf8');
  const after = before.replace(from, to);
  if (after === before) throw new Error(`${String(from)} is not in the file`);
  return encodeUtf8(after);
}
