// SPDX-License-Identifier: Apache-2.0
// package-lock.json and npm-shrinkwrap.json, lockfileVersion 2 and 3. The `dependencies` of version 2 repeat `packages`
// for old clients and are not read. Refused: version 1, and what the strict JSON reader refuses.

import {
  type Decoder,
  decodeBoolean,
  decodeOpenObject,
  decodeString,
  integerWithin,
  mapOf,
  optional,
  required,
} from '@keywax/core/decode';
import { quoteText } from '@keywax/core/errors';
import { memberPath, parseJson } from '@keywax/core/json';
import {
  type Collector,
  type LockFile,
  MAX_LOCK_FILE_BYTES,
  MAX_PACKAGES,
  createCollector,
  malformed,
  unsupported,
} from './locked-package.js';
import { classifyReference } from './source.js';

interface Entry {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly resolved?: string | undefined;
  readonly integrity?: string | undefined;
  readonly link?: boolean | undefined;
  readonly inBundle?: boolean | undefined;
}

const LIMITS = { maxBytes: MAX_LOCK_FILE_BYTES, maxMembers: MAX_PACKAGES, maxValues: 8_000_000 };
const FOLDER = 'node_modules/';

const decodeEntry: Decoder<Entry> = decodeOpenObject<Entry>({
  name: optional(decodeString),
  version: optional(decodeString),
  resolved: optional(decodeString),
  integrity: optional(decodeString),
  link: optional(decodeBoolean),
  inBundle: optional(decodeBoolean),
});
const decodeVersion = required(integerWithin(1, 1_000));
const decodeLock = decodeOpenObject<{ readonly packages: ReadonlyMap<string, Entry> }>({
  packages: required(mapOf(decodeEntry, MAX_PACKAGES)),
});

/** Reads a package-lock.json. @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED */
export function parseNpmLock(text: Uint8Array): LockFile {
  const json = parseJson(text, LIMITS);
  const { lockfileVersion } = decodeOpenObject<{ readonly lockfileVersion: number }>({
    lockfileVersion: decodeVersion,
  })(json, '$');
  if (lockfileVersion !== 2 && lockfileVersion !== 3)
    throw unsupported('$.lockfileVersion', '2 or 3', `${lockfileVersion}`);
  const collector = createCollector();
  for (const [path, entry] of decodeLock(json, '$').packages) {
    if (path !== '') addEntry(collector, path, entry);
  }
  return collector.finish('npm');
}

function addEntry(collector: Collector, path: string, entry: Entry): void {
  const at = memberPath('$.packages', path);
  const start = path.lastIndexOf(FOLDER);
  const folder = start === -1 ? path : path.slice(start + FOLDER.length);
  const name = entry.name ?? folder;
  const { version, resolved, integrity } = entry;
  if (entry.link === true) return collector.addOther(name, 'link', at);
  if (start === -1) return collector.addOther(name, 'workspace', at);
  // What the project itself bundles is installed from its registry all the same, and what has a tarball is in no other.
  const isWithin = start !== path.indexOf(FOLDER) && resolved === undefined && integrity === undefined;
  if (entry.inBundle === true && isWithin) return collector.addOther(name, 'bundled', at);
  const source = resolved === undefined ? undefined : classifyReference(resolved);
  if (version !== undefined)
    return collector.addFrom(source, { name, version, integrity, resolved, installedAs: [folder], at });
  if (source === undefined) throw malformed(at, 'a version', quoteText(path));
  collector.addOther(name, source, at);
}
