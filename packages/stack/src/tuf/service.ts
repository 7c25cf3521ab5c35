// SPDX-License-Identifier: Apache-2.0
// The TUF repository of a stack: its trusted root and signing config as targets, a delegated role, publication and
// rotation at any time, and attacks for tests. In memory, or in a file.

import { equalBytes } from '@keywax/core/bytes';
import { parseRfc3339 } from '@keywax/core/time';
import type { KeyKind } from '../keys.js';
import { readTufFile, writeTufFile } from '../storage/tuf-file.js';
import { type TufAttack, type TufOverlay, startAttack } from './attacks.js';
import { type RoleDocument, type TufRepository, createTufRepository, openTufRepository } from './repository.js';

/** Documents of an instance as targets. */
export interface TufDocuments {
  readonly trustedRoot: object;
  readonly signingConfig: object;
}

/** What a new version changes; documents stay as they are unless given. */
export interface TufChanges extends Partial<TufDocuments> {
  /** Further targets by path. */
  readonly targets?: Readonly<Record<string, Uint8Array>>;
}

/** The TUF repository of a stack. */
export interface StackTuf {
  /** The first root, which clients are given; or that of a version. */
  root(version?: number): Uint8Array;
  /** Publishes a new version of targets, snapshot and timestamp. */
  publish(changes?: TufChanges): Promise<void>;
  /** Publishes the next root, with another root key. */
  rotateRoot(): Promise<void>;
  /** Publishes the next root, with other keys for snapshot and timestamp, and both under them. */
  rotateOnlineKeys(): Promise<void>;
  /** Begins an attack in place of the one that goes on; without a name, ends it. */
  attack(name?: TufAttack): void;
  /** The repository itself, for what else a test wants to publish. */
  readonly repository: TufRepository;
}

/** A repository with what its routes answer. */
export interface TufService extends StackTuf {
  /** The file at a path below the base URL. */
  answer(path: string): Promise<Uint8Array | ReadableStream<Uint8Array> | undefined>;
}

/** How a repository is opened. */
export interface TufServiceOptions {
  readonly now: () => Date;
  readonly documents: TufDocuments;
  /** The file that it is kept in. */
  readonly path?: string;
  /** The kind of its keys when it is made; P-256 unless given. */
  readonly keyKind?: KeyKind;
}

/** The delegated role, the folder that it is in charge of, and its target. */
const DELEGATED_ROLE = 'keywax.localhost';
const DELEGATED_TARGET = `${DELEGATED_ROLE}/keys.json`;
const ONLINE_ROLES = ['snapshot', 'timestamp'] as const;
const OLDEST = 'oldest timestamp'; // kept with the files, and never answered
const RENEWAL_MS = 86_400_000; // before the timestamp expires

/** Opens the repository of a stack, or makes it. @throws INPUT_MALFORMED, INPUT_TOO_LARGE for a file that is none */
export async function openTufService(options: TufServiceOptions): Promise<TufService> {
  const { now, path, documents } = options;
  const stored = path === undefined ? undefined : await readTufFile(path);
  const settings = { now, keyKind: options.keyKind ?? 'P-256' };
  const repository = stored === undefined ? createRepository(settings) : openTufRepository(settings, stored);
  if (!repository.files.has(OLDEST)) keepOldest(repository);
  let overlay: TufOverlay = () => undefined;
  let writing: Promise<void> = Promise.resolve();

  const save = (): Promise<void> => {
    if (path === undefined) return Promise.resolve();
    writing = writing.catch(() => undefined).then(() => writeTufFile(path, repository));
    return writing;
  };
  const release = (): Promise<void> => {
    for (const role of ['targets', DELEGATED_ROLE, ...ONLINE_ROLES]) repository.renew(role);
    repository.release('targets', DELEGATED_ROLE);
    return save();
  };

  if (putDocuments(repository, documents) || isEnding(repository.role('timestamp'), now())) await release();
  return {
    repository,
    root: (version) => repository.root(version),
    publish({ targets = {}, ...changes } = {}) {
      putDocuments(repository, changes);
      for (const [name, content] of Object.entries(targets)) repository.addTarget(name, content);
      return release();
    },
    rotateRoot() {
      repository.rotate('root');
      repository.renew('root');
      repository.publish('root');
      return save();
    },
    async rotateOnlineKeys() {
      for (const role of ONLINE_ROLES) repository.rotate(role);
      repository.renew('root');
      repository.publish('root');
      await release();
      keepOldest(repository);
      await release();
    },
    attack(name) {
      overlay = name === undefined ? () => undefined : startAttack(name, repository, repository.files.get(OLDEST));
    },
    async answer(name) {
      if (isEnding(repository.role('timestamp'), now())) {
        repository.renew('timestamp');
        repository.publish('timestamp');
        await save();
      }
      return overlay(name) ?? (name === OLDEST ? undefined : repository.files.get(name));
    },
  };
}

/** The oldest timestamp under the present keys, for a rollback. */
function keepOldest({ files }: TufRepository): void {
  files.set(OLDEST, files.get('timestamp.json') ?? new Uint8Array());
}

function createRepository(options: { readonly now: () => Date; readonly keyKind: KeyKind }): TufRepository {
  const repository = createTufRepository(options);
  repository.delegate({ name: DELEGATED_ROLE, paths: [`${DELEGATED_ROLE}/*`], terminating: true });
  repository.addTarget(DELEGATED_TARGET, encodeDocument({ keys: [] }), DELEGATED_ROLE);
  return repository;
}

/** Puts documents among the targets; false where all of them are there. */
function putDocuments(repository: TufRepository, { trustedRoot, signingConfig }: Partial<TufDocuments>): boolean {
  const changed = [
    trustedRoot !== undefined && putTarget(repository, 'trusted_root.json', trustedRoot),
    signingConfig !== undefined && putTarget(repository, 'signing_config.v0.2.json', signingConfig),
  ];
  return changed.includes(true);
}

function putTarget(repository: TufRepository, path: string, document: object): boolean {
  const content = encodeDocument(document);
  const current = repository.files.get(`targets/${path}`);
  if (current !== undefined && equalBytes(current, content)) return false;
  repository.addTarget(path, content);
  return true;
}

function encodeDocument(document: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(document, undefined, 2)}\n`);
}

function isEnding({ signed }: RoleDocument, now: Date): boolean {
  const { expires } = signed;
  return typeof expires !== 'string' || parseRfc3339(expires, 'expires').getTime() - now.getTime() < RENEWAL_MS;
}
