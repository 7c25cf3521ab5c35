// SPDX-License-Identifier: Apache-2.0
// YAML in which every scalar is text. Refused: what is no YAML, a key that is there twice, aliases, more than two
// documents, and what the limits of our JSON readers refuse.

import { decodeUtf8 } from '@keywax/core/bytes';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { type JsonLimits, type JsonValue, readPlainJson } from '@keywax/core/json';
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
  const yaml = await import('yaml');
  return readDocuments(() =>
    yaml.parseAllDocuments(text, { schema: 'failsafe', uniqueKeys: true, logLevel: 'silent' }),
  );
}

/** The part of a document that is used. */
interface YamlDocument {
  readonly errors: readonly { readonly code: string; readonly linePos?: readonly { readonly line: number }[] }[];
  toJS(options: { readonly maxAliasCount: number }): unknown;
}

/** What the library throws is about its input: aliases, of which none is resolved, or nesting that it cannot follow. */
function readDocuments(parse: () => Iterable<YamlDocument>): readonly JsonValue[] {
  const plain: unknown[] = [];
  try {
    for (const document of parse()) {
      expectSound(document);
      plain.push(document.toJS({ maxAliasCount: 0 }));
    }
  } catch (cause) {
    if (isKeywaxError(cause)) throw cause;
    throw malformed('$', 'YAML without aliases, and not nested deeply');
  }
  return plain.map((value) => readPlainJson(value, YAML_LIMITS));
}

function expectSound({ errors: [error] }: YamlDocument): void {
  if (error === undefined) return;
  const line = error.linePos?.[0]?.line;
  throw malformed(line === undefined ? '$' : `line ${line}`, `YAML that holds (${error.code})`);
}

/** The text of a lock file. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export function readLockText(bytes: Uint8Array): string {
  if (bytes.length <= MAX_LOCK_FILE_BYTES) return decodeUtf8(bytes, '$');
  const expected = `at most ${MAX_LOCK_FILE_BYTES} bytes`;
  throw new KeywaxError('INPUT_TOO_LARGE', `$: expected ${expected}`, {
    details: { at: '$', expected, limit: MAX_LOCK_FILE_BYTES },
  });
}
