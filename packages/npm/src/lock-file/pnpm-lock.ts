// SPDX-License-Identifier: Apache-2.0
// pnpm-lock.yaml of the versions 5.x (`/name/1.0.0_peer`), 6.x (`/name@1.0.0(peer)`) and 9.x (`name@1.0.0`). Later files
// may begin with a document of their own for the package manager itself, which is read like the other.
// Refused: other versions, keys that do not name a package, resolutions that say neither integrity nor anything else.

import { type Decoder, decodeOpenObject, decodeString, mapOf, optional, required } from '@keywax/core/decode';
import { quoteText } from '@keywax/core/errors';
import { type JsonValue, memberPath } from '@keywax/core/json';
import {
  type Collector,
  type LockFile,
  MAX_PACKAGES,
  createCollector,
  malformed,
  unsupported,
} from './locked-package.js';
import { parsePlainYaml } from './plain-yaml.js';
import { classifyReference, withoutCredentials } from './source.js';

interface Entry {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly resolution: {
    readonly integrity?: string | undefined;
    readonly tarball?: string | undefined;
    readonly type?: string | undefined;
    readonly repo?: string | undefined;
    readonly directory?: string | undefined;
  };
}

const decodeEntry: Decoder<Entry> = decodeOpenObject<Entry>({
  name: optional(decodeString),
  version: optional(decodeString),
  resolution: required(
    decodeOpenObject<Entry['resolution']>({
      integrity: optional(decodeString),
      tarball: optional(decodeString),
      type: optional(decodeString),
      repo: optional(decodeString),
      directory: optional(decodeString),
    }),
  ),
});
const decodeHead = decodeOpenObject<{ readonly lockfileVersion: string }>({ lockfileVersion: required(decodeString) });
const decodeLock = decodeOpenObject<{ readonly packages: ReadonlyMap<string, Entry> }>({
  packages: mapOf(decodeEntry, MAX_PACKAGES),
});

/** Reads a pnpm-lock.yaml. @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED */
export async function parsePnpmLock(text: Uint8Array): Promise<LockFile> {
  const documents = await parsePlainYaml(text);
  if (documents.length < 1 || documents.length > 2) throw malformed('$', 'one document or two', `${documents.length}`);
  const collector = createCollector();
  for (const document of documents) addDocument(collector, document);
  return collector.finish('pnpm');
}

function addDocument(collector: Collector, document: JsonValue): void {
  const { lockfileVersion } = decodeHead(document, '$');
  const major = /^(\d{1,3})(?:\.\d{1,3})?$/.exec(lockfileVersion)?.[1];
  if (major !== '5' && major !== '6' && major !== '9')
    throw unsupported('$.lockfileVersion', '5.x, 6.x or 9.x', quoteText(lockfileVersion));
  const parseKey = major === '5' ? parseSlashKey : parseAtKey;
  for (const [key, entry] of decodeLock(document, '$').packages) {
    addEntry(collector, { key, entry, parsed: parseKey(key) });
  }
}

interface ParsedKey {
  readonly name: string;
  readonly reference: string;
}

/** `/name/1.0.0_peer@2.0.0`, `/@scope/name/1.0.0`, or with the host of a registry before the first slash. */
function parseSlashKey(key: string): ParsedKey | undefined {
  const match = /^[^/]*\/((?:@[^/]+\/)?[^/]+)\/([^/_(]+)(?:[_(].*)?$/.exec(key);
  if (match === null) return undefined;
  return { name: match[1] ?? '', reference: match[2] ?? '' };
}

/** `/name@1.0.0(peer@2.0.0)` or `@scope/name@1.0.0`; what stands behind the at sign may be a URL. */
function parseAtKey(key: string): ParsedKey | undefined {
  const match = /^(?:[^/@]*\/)?((?:@[^/@]+\/)?[^/@]+)@([^(]+)(?:\(.*)?$/.exec(key);
  if (match === null) return undefined;
  return { name: match[1] ?? '', reference: match[2] ?? '' };
}

interface ReadEntry {
  readonly key: string;
  readonly entry: Entry;
  readonly parsed: ParsedKey | undefined;
}

function addEntry(collector: Collector, { key, entry, parsed }: ReadEntry): void {
  const at = memberPath('$.packages', withoutCredentials(key));
  const { integrity, tarball, type, repo, directory } = entry.resolution;
  const name = entry.name ?? parsed?.name ?? withoutCredentials(key);
  if (type === 'git' || repo !== undefined) return collector.addOther(name, 'git', at);
  if (type === 'directory' || directory !== undefined) return collector.addOther(name, 'file', at);
  if (type !== undefined && type !== 'tarball') return collector.addOther(name, 'unknown', at);
  const source = classifyReference(parsed?.reference ?? key) ?? classifyReference(tarball ?? '');
  if (integrity === undefined && tarball === undefined && source === undefined)
    throw malformed(`${at}.resolution`, 'an integrity, or where it comes from');
  const version = entry.version ?? parsed?.reference;
  if (version !== undefined) return collector.addFrom(source, { name, version, integrity, resolved: tarball, at });
  if (source === undefined)
    throw malformed(at, 'the name and version of a package', quoteText(withoutCredentials(key)));
  collector.addOther(name, source, at);
}
