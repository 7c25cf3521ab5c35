// SPDX-License-Identifier: Apache-2.0
// Subresource integrity as packuments and lock files write it: digests by algorithm, separated by spaces.
// https://www.w3.org/TR/SRI/#integrity-metadata
// Refused: text without a digest, algorithms that are not known, base64 that is not canonical, digests of the wrong
// length, an algorithm that stands twice, options after a digest, and more than five digests.

import { decodeBase64, encodeBase64, equalBytes } from '@keywax/core/bytes';
import { KeywaxError, quoteText } from '@keywax/core/errors';

/** The algorithms, the strongest first, and the bytes of their digests. */
const DIGEST_BYTES = { sha512: 64, sha384: 48, sha256: 32, sha1: 20, md5: 16 } as const;

/** An algorithm of an integrity text; `sha1` and `md5` are read, and never relied upon. */
export type IntegrityAlgorithm = keyof typeof DIGEST_BYTES;

/** The digests of an integrity text, by algorithm, the strongest first; at least one. */
export type Integrity = ReadonlyMap<IntegrityAlgorithm, Uint8Array>;

/** A digest by an algorithm that is relied upon. */
export interface StrongDigest {
  readonly algorithm: 'sha256' | 'sha384' | 'sha512';
  readonly digest: Uint8Array;
}

const ALGORITHMS = Object.keys(DIGEST_BYTES) as readonly IntegrityAlgorithm[];
const STRONG = ['sha512', 'sha384', 'sha256'] as const;
const MAX_CHARS = 1_024; // five digests are less than 320

/** Reads an integrity text such as `sha1-… sha512-…`. @throws INPUT_MALFORMED, INPUT_UNSUPPORTED, INPUT_TOO_LARGE */
export function parseIntegrity(text: string, at = 'integrity'): Integrity {
  if (typeof text !== 'string') throw malformed(at, 'a digest such as sha512-…');
  if (text.length > MAX_CHARS)
    throw new KeywaxError('INPUT_TOO_LARGE', `${at}: expected at most ${MAX_CHARS} characters`, {
      details: { at, limit: MAX_CHARS },
    });
  const read = new Map<IntegrityAlgorithm, Uint8Array>();
  for (const item of text.split(' ').filter((part) => part !== '')) {
    const { algorithm, digest } = parseDigest(item, at);
    if (read.has(algorithm)) throw malformed(at, `one digest by ${algorithm}`);
    read.set(algorithm, digest);
  }
  if (read.size === 0) throw malformed(at, 'a digest such as sha512-…');
  return new Map(ALGORITHMS.flatMap((name) => selectMember(read, name)));
}

function selectMember(read: Integrity, name: IntegrityAlgorithm): readonly [IntegrityAlgorithm, Uint8Array][] {
  const digest = read.get(name);
  return digest === undefined ? [] : [[name, digest]];
}

function parseDigest(item: string, at: string): { algorithm: IntegrityAlgorithm; digest: Uint8Array } {
  const dash = item.indexOf('-');
  if (dash < 1) throw malformed(at, 'a digest such as sha512-…', item);
  const name = item.slice(0, dash);
  const algorithm = ALGORITHMS.find((known) => known === name);
  if (algorithm === undefined) {
    const expected = `one of ${ALGORITHMS.join(', ')}`;
    throw new KeywaxError('INPUT_UNSUPPORTED', `${at}: expected ${expected}, found ${quoteText(name, 40)}`, {
      details: { at, expected, actual: quoteText(name, 40) },
    });
  }
  const digest = decodeBase64(item.slice(dash + 1), at);
  if (digest.length !== DIGEST_BYTES[algorithm]) throw malformed(at, `a digest of ${DIGEST_BYTES[algorithm]} bytes`);
  return { algorithm, digest };
}

/** Writes digests as an integrity text, the strongest first. */
export function encodeIntegrity(integrity: Integrity): string {
  return ALGORITHMS.flatMap((name) => selectMember(integrity, name))
    .map(([name, digest]) => `${name}-${encodeBase64(digest)}`)
    .join(' ');
}

/** The strongest digest, which alone counts. @throws INPUT_UNSUPPORTED where there is nothing better than SHA-1 */
export function requireStrongDigest(integrity: Integrity, at = 'integrity'): StrongDigest {
  for (const algorithm of STRONG) {
    const digest = integrity.get(algorithm);
    if (digest !== undefined) return { algorithm, digest };
  }
  const expected = `a digest by ${STRONG.join(', ')}`;
  throw new KeywaxError('INPUT_UNSUPPORTED', `${at}: expected ${expected}`, { details: { at, expected } });
}

/**
 * True when the strongest digest of `expected` is among those of `actual`, which has none that is stronger: no weaker
 * digest stands in for one.
 */
export function matchIntegrity(expected: Integrity, actual: Integrity): boolean {
  const [[wanted, digest] = []] = expected;
  const [[strongest] = []] = actual;
  const found = wanted === undefined ? undefined : actual.get(wanted);
  return strongest === wanted && digest !== undefined && found !== undefined && equalBytes(digest, found);
}

function malformed(at: string, expected: string, actual?: string): KeywaxError {
  const found = actual === undefined ? '' : `, found ${quoteText(actual, 40)}`;
  return new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}${found}`, { details: { at, expected } });
}
