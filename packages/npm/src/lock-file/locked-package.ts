// SPDX-License-Identifier: Apache-2.0
// What the readers of lock files have in common: the packages that a lock file pins, each version once.

import { KeywaxError, quoteText } from '@keywax/core/errors';
import { isPackageName, isVersion } from '../package-name.js';

/** One version of a package of a registry. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /**
   * Subresource integrity as the lock file has it, each different value once; none where it has none, as in files of
   * Yarn 2 and later, whose checksum is of an archive of its own.
   */
  readonly integrities: readonly string[];
  /** Where the lock file has the tarball from, as its first entry says. */
  readonly resolved?: string;
  /**
   * Where the entries that pin no SHA-2 digest have the tarball from, each place once; an empty text where one leaves that
   * to the registry. Empty where every entry is pinned.
   */
  readonly unpinned: readonly string[];
  /** Other names under which it is installed, each once; absent where there are none. */
  readonly aliases?: readonly string[];
  /** Where in the lock file it stands first. */
  readonly at: string;
}

/** Where a package that is of no registry comes from. */
export type OtherSource = 'git' | 'file' | 'link' | 'workspace' | 'remote' | 'patch' | 'bundled' | 'unknown';

/** A package that is of no registry: nobody but the lock file vouches for it. */
export interface OtherPackage {
  readonly name: string;
  readonly source: OtherSource;
  readonly at: string;
  /** For a tarball at some URL: what it is where that URL turns out to be of a registry. */
  readonly locked?: LockedPackage;
}

/** Which program wrote a lock file. */
export type LockFileFormat = 'npm' | 'pnpm' | 'yarn' | 'yarn-berry';

/** What a lock file pins, by name and version. */
export interface LockFile {
  readonly format: LockFileFormat;
  readonly packages: readonly LockedPackage[];
  readonly others: readonly OtherPackage[];
}

/** Collects what a reader finds. */
export interface Collector {
  /** @throws INPUT_MALFORMED for a name or version that no registry can have, INPUT_TOO_LARGE */
  addPackage(found: FoundPackage): void;
  addOther(name: string, source: OtherSource, at: string): void;
  /** Adds what comes from `source`, unless that is `undefined`, which means a registry. @throws as `addPackage` */
  addFrom(source: OtherSource | undefined, found: FoundPackage): void;
  finish(format: LockFileFormat): LockFile;
}

/** A package of a registry as it was found. */
export interface FoundPackage {
  readonly name: string;
  readonly version: string;
  readonly integrity?: string | undefined;
  readonly resolved?: string | undefined;
  /** Names under which it is installed, its own among them or not. */
  readonly installedAs?: readonly string[];
  readonly at: string;
}

/** Bytes of a lock file; those of large monorepos have a few MiB. */
export const MAX_LOCK_FILE_BYTES = 67_108_864;
/** Packages of a lock file, and entries of which each may become one. */
export const MAX_PACKAGES = 200_000;
const MAX_SOURCES = 16; // digests, places and names of one version; more than one of either is rare

/** A collector that merges what stands in the lock file several times. */
export function createCollector(): Collector {
  const packages = new Map<string, LockedPackage>();
  const others = new Map<string, OtherPackage>();
  const expectRoom = (at: string): void => {
    if (packages.size + others.size < MAX_PACKAGES) return;
    const expected = `at most ${MAX_PACKAGES} packages`;
    throw new KeywaxError('INPUT_TOO_LARGE', `${at}: expected ${expected}`, {
      details: { at, expected, limit: MAX_PACKAGES },
    });
  };
  const addPackage = (found: FoundPackage): void => {
    expectRoom(found.at);
    if (!isPackageName(found.name)) throw malformed(found.at, 'the name of a package', quoteText(found.name));
    if (!isVersion(found.version)) throw malformed(found.at, 'one version', quoteText(found.version));
    const key = `${found.name}@${found.version}`;
    packages.set(key, mergePackage(packages.get(key), found));
  };
  const addOther = (other: OtherPackage): void => {
    expectRoom(other.at);
    // Whatever is another digest or place is another package: none hides behind the first.
    const key = JSON.stringify([other.source, other.name, { ...other.locked, at: undefined }]);
    if (!others.has(key)) others.set(key, other);
  };
  return {
    addPackage,
    addOther: (name, source, at) => addOther({ name, source, at }),
    addFrom(source, found) {
      if (source === undefined) return addPackage(found);
      const { name, version, at } = found;
      const isLocked = source === 'remote' && isPackageName(name) && isVersion(version);
      addOther({ name, source, at, ...(isLocked ? { locked: mergePackage(undefined, found) } : {}) });
    },
    finish: (format) => ({
      format,
      packages: [...packages.values()].sort(byName),
      others: [...others.values()].sort((a, b) => compareText(a.name, b.name)),
    }),
  };
}

function mergePackage(known: LockedPackage | undefined, found: FoundPackage): LockedPackage {
  const { name, version, integrity, at } = found;
  const resolved = known?.resolved ?? found.resolved;
  const others = (found.installedAs ?? []).filter((alias) => alias !== name);
  const aliases = others.reduce((all, alias) => addDistinct(all, alias, at), known?.aliases ?? []);
  return {
    name,
    version,
    integrities: addDistinct(known?.integrities, integrity, at),
    ...(resolved === undefined ? {} : { resolved }),
    unpinned: addDistinct(known?.unpinned, isPinning(integrity) ? undefined : (found.resolved ?? ''), at),
    ...(aliases.length === 0 ? {} : { aliases }),
    at: known?.at ?? at,
  };
}

/** @throws INPUT_TOO_LARGE */
function addDistinct(known: readonly string[] = [], text: string | undefined, at: string): readonly string[] {
  if (text === undefined || known.includes(text)) return known;
  if (known.length < MAX_SOURCES) return [...known, text];
  const expected = `at most ${MAX_SOURCES} digests, places and names of one version`;
  throw new KeywaxError('INPUT_TOO_LARGE', `${at}: expected ${expected}`, {
    details: { at, expected, limit: MAX_SOURCES },
  });
}

/** True for a text with a digest that will be held against the registry's; whether it is one is for its reader to say. */
function isPinning(integrity = ''): boolean {
  return /\bsha(?:256|384|512)-/.test(integrity);
}

function byName(a: LockedPackage, b: LockedPackage): number {
  return compareText(a.name, b.name) || compareText(a.version, b.version);
}

/** By code unit, whatever the language of the host. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The error for a lock file that is not what it should be at `at`. */
export function malformed(at: string, expected: string, actual?: string): KeywaxError {
  const found = actual === undefined ? '' : `, found ${actual}`;
  return new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}${found}`, {
    details: { at, expected, ...(actual === undefined ? {} : { actual }) },
  });
}

/** The error for a form of lock file that is not read. */
export function unsupported(at: string, expected: string, actual: string): KeywaxError {
  return new KeywaxError('INPUT_UNSUPPORTED', `${at}: expected ${expected}, found ${actual}`, {
    details: { at, expected, actual },
  });
}
