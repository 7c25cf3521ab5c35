// SPDX-License-Identifier: Apache-2.0
// YAML in which every scalar is text. Refused: what is no YAML, a key that is there twice or is no text, aliases, more than two
// documents, and what the limits of our JSON readers refuse.

import { decodeUtf8 } from '@keywax/core/bytes';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { type JsonLimits, type JsonValue, readPlainJson } from '@keywax/core/json';
import type { Document } from 'yaml';
import { MAX_LOCK_FILE_BYTES, MAX_PACKAGES, malformed } from './locked-package.js';

/** Bounds of a lock file in YAML. */
export const YAML_LIMITS: JsonLimits = {
  maxBytes: MAX_LOCK_FILE_BYTES,
  maxMembers: MAX_PACKAGES,
  maxValues: 8_000_000,
};

/**
 * Reads the documents of a YAML stream; the library is loaded on first use.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export async function parsePlainYaml(bytes: Uint8Array): Promise<readonly JsonValue[]> {
  const text = readLockText(bytes);
  const { isScalar, parseAllDocuments, visit } = await import('yaml');
  const plain: unknown[] = [];
  try {
    // Of unique keys the library makes sure by comparing each with all before it; a set takes no more than the text.
    for (const document of parseAllDocuments(text, { schema: 'failsafe', uniqueKeys: false, logLevel: 'silent' })) {
      expectSound(document);
      const textOf = ({ key }: { readonly key: unknown }): unknown => (isScalar(key) ? key.value : undefined);
      visit(document, { Map: (_, { items }) => expectDistinct(items.map(textOf)) });
      plain.push(document.toJS({ maxAliasCount: 0 }));
    }
  } catch (cause) {
    // What the library throws is about its input: aliases, of which none is resolved, or nesting that it cannot follow.
    if (isKeywaxError(cause)) throw cause;
    throw malformed('$', 'YAML without aliases, and not nested deeply');
  }
  return plain.map((value) => readPlainJson(value, YAML_LIMITS));
}

function expectSound({ errors: [error] }: Pick<Document, 'errors'>): void {
  if (error === undefined) return;
  const line = error.linePos?.[0].line;
  throw malformed(line === undefined ? '$' : `line ${line}`, `YAML that holds (${error.code})`);
}

/** @throws INPUT_MALFORMED for a key that is there twice, or is no text */
function expectDistinct(keys: readonly unknown[]): void {
  if (new Set(keys).size !== keys.length || !keys.every((key) => typeof key === 'string'))
    throw malformed('$', 'each key once, as text');
}

/** The text of a lock file. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export function readLockText(bytes: Uint8Array): string {
  if (bytes.length <= MAX_LOCK_FILE_BYTES) return decodeUtf8(bytes, '$');
  const expected = `at most ${MAX_LOCK_FILE_BYTES} bytes`;
  throw new KeywaxError('INPUT_TOO_LARGE', `$: expected ${expected}`, {
    details: { at: '$', expected, limit: MAX_LOCK_FILE_BYTES },
  });
}
