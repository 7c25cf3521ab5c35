// SPDX-License-Identifier: Apache-2.0
// yarn.lock of Yarn 1 and of Yarn 2 and later (berry), read by Yarn's own parser, so that both see the same.
// The checksum of berry is of an archive that Yarn made: of the tarball such a file says nothing.
// Refused: what that parser refuses, entries without version, resolutions that name no package.

import { type Decoder, decodeOpenObject, decodeString, mapOf, optional, required } from '@keywax/core/decode';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { type JsonObject, type JsonValue, isJsonObject, memberPath, readPlainJson } from '@keywax/core/json';
import { type Collector, type LockFile, MAX_PACKAGES, createCollector, malformed } from './locked-package.js';
import { YAML_LIMITS, readLockText } from './plain-yaml.js';
import { classifyReference, withoutCredentials } from './source.js';

interface ClassicEntry {
  readonly version: string;
  readonly resolved?: string | undefined;
  readonly integrity?: string | undefined;
}

const decodeClassic: Decoder<ReadonlyMap<string, ClassicEntry>> = mapOf(
  decodeOpenObject<ClassicEntry>({
    version: required(decodeString),
    resolved: optional(decodeString),
    integrity: optional(decodeString),
  }),
  MAX_PACKAGES,
);
const decodeBerry: Decoder<ReadonlyMap<string, { readonly resolution: string }>> = mapOf(
  decodeOpenObject<{ readonly resolution: string }>({ resolution: required(decodeString) }),
  MAX_PACKAGES,
);

/** Reads a yarn.lock; Yarn's parser is loaded on first use. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export async function parseYarnLock(bytes: Uint8Array): Promise<LockFile> {
  const text = readLockText(bytes);
  const { parseSyml } = await import('@yarnpkg/parsers');
  const lock = readPlainJson(parseWith(parseSyml, text), YAML_LIMITS);
  if (!isJsonObject(lock)) throw malformed('$', 'entries by name');
  const collector = createCollector();
  if (!lock.has('__metadata')) {
    for (const [key, entry] of decodeClassic(lock, '$')) addClassic(collector, key, entry);
    return collector.finish('yarn');
  }
  for (const [key, { resolution }] of decodeBerry(withoutMetadata(lock), '$')) addBerry(collector, key, resolution);
  return collector.finish('yarn-berry');
}

function parseWith(parse: (text: string) => unknown, text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    const line = (cause as { readonly location?: { readonly start?: { readonly line?: unknown } } }).location?.start
      ?.line;
    const at = typeof line === 'number' ? `line ${line}` : '$';
    throw new KeywaxError('INPUT_MALFORMED', `${at}: expected the form of a yarn.lock`, { details: { at } });
  }
}

function withoutMetadata(lock: JsonObject): JsonValue {
  return new Map([...lock].filter(([name]) => name !== '__metadata'));
}

interface Descriptor {
  readonly name: string;
  readonly reference: string;
}

/** `name@range`, where `range` may be `npm:name@range`, a URL, or a path. */
function parseDescriptor(text: string): Descriptor | undefined {
  const match = /^((?:@[^/@]+\/)?[^/@]+)@(.*)$/s.exec(text);
  return match === null ? undefined : { name: match[1] ?? '', reference: match[2] ?? '' };
}

/** All patterns of an entry lead to the same package; under the name of another one it would not be seen. */
function addClassic(collector: Collector, key: string, { version, resolved, integrity }: ClassicEntry): void {
  const at = memberPath('$', withoutCredentials(key));
  const [found, ...others] = key.split(', ').map(parsePattern);
  if (found === undefined) throw malformed(at, 'patterns such as name@range', quoteText(withoutCredentials(key)));
  const { name, reference } = found;
  if (others.some((other) => other !== undefined && other.name !== name))
    throw malformed(at, 'patterns of one package', quoteText(withoutCredentials(key)));
  const source = classifyReference(reference) ?? classifyReference(resolved ?? '');
  const installedAs = listNames(key);
  collector.addFrom(source, { name, version, integrity, resolved: resolved?.replace(/#.*$/s, ''), installedAs, at });
}

/** `name@range`, or what `alias@npm:name@range` stands for. */
function parsePattern(pattern: string): Descriptor | undefined {
  const found = parseDescriptor(pattern);
  return (
    (found?.reference.startsWith('npm:') === true ? parseDescriptor(found.reference.slice(4)) : undefined) ?? found
  );
}

function addBerry(collector: Collector, key: string, resolution: string): void {
  const at = memberPath('$', withoutCredentials(key));
  const found = parseDescriptor(resolution);
  if (found === undefined)
    throw malformed(`${at}.resolution`, 'a package and where it comes from', quoteText(withoutCredentials(resolution)));
  const { name, reference } = found;
  if (!reference.startsWith('npm:')) return collector.addOther(name, classifyReference(reference) ?? 'unknown', at);
  const [, version = '', parameters = ''] = /^npm:(.*?)(?:::(.*))?$/s.exec(reference) ?? [];
  collector.addPackage({
    name,
    version,
    resolved: readArchiveUrl(parameters, at),
    installedAs: listNames(key),
    at,
  });
}

/** The names in front of the ranges of a key: what the package is called by those who depend on it. */
function listNames(key: string): readonly string[] {
  return key.split(', ').flatMap((pattern) => parseDescriptor(pattern)?.name ?? []);
}

/** Where a registry serves tarballs elsewhere, their URL is noted behind two colons, in the form of a query. */
function readArchiveUrl(parameters: string, at: string): string | undefined {
  const [url, other] = new URLSearchParams(parameters).getAll('__archiveUrl');
  if (other !== undefined) throw malformed(`${at}.resolution`, 'one place of the tarball');
  return url;
}
