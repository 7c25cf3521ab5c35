// SPDX-License-Identifier: Apache-2.0
// Flags of the form `FILE,name=value,…`: a certificate chain or key, and what is to be said of it.
// Refused: names that the flag does not know, names twice, empty values, no file.

import { decodeUtf8 } from '@keywax/core/bytes';
import { parseRfc3339 } from '@keywax/core/time';
import { readDocument } from './document-file.js';
import { usageError } from './flags.js';
import { escapeText } from './render/text.js';

const MAX_BYTES = 1_048_576; // of the longest chain in PEM
const DER_SEQUENCE = 0x30;

/** A flag's value, taken apart. */
export interface Part<N extends string> {
  readonly path: string;
  readonly values: { readonly [K in N]?: string };
}

/** Takes a value apart; a comma belongs to a path or value unless a name and `=` follow. @throws CONFIG_INVALID */
export function parsePart<const N extends string>(text: string, flag: string, names: readonly N[]): Part<N> {
  const [path = '', ...pairs] = text.split(/,(?=[a-z]+=)/);
  if (path === '' || names.some((name) => path.startsWith(`${name}=`)))
    throw usageError(`--${flag} begins with a file: FILE,${names.map((name) => `${name}=…`).join(',')}`);
  const values: { [K in N]?: string } = {};
  for (const pair of pairs) {
    const name = names.find((candidate) => pair.startsWith(`${candidate}=`));
    if (name === undefined) throw usageError(`--${flag}: ${escapeText(pair)}: expected one of ${names.join(', ')}`);
    if (values[name] !== undefined) throw usageError(`--${flag}: ${name} is given twice`);
    values[name] = pair.slice(name.length + 1);
    if (values[name] === '') throw usageError(`--${flag}: ${name} is empty`);
  }
  return { path, values };
}

/** The window of a part: RFC 3339, or whole days of UTC, the last one included. @throws CONFIG_INVALID */
export function readWindow(
  { start, end }: { readonly start?: string; readonly end?: string },
  flag: string,
): { readonly start?: Date; readonly end?: Date } {
  return {
    ...(start === undefined ? {} : { start: readInstant(start, `--${flag}: start`, 'T00:00:00Z') }),
    ...(end === undefined ? {} : { end: readInstant(end, `--${flag}: end`, 'T23:59:59.999Z') }),
  };
}

function readInstant(text: string, at: string, timeOfDay: string): Date {
  try {
    return parseRfc3339(/^\d{4}-\d{2}-\d{2}$/.test(text) ? text + timeOfDay : text, at);
  } catch {
    throw usageError(`${at}: expected a time such as 2026-01-31T00:00:00Z, or a day such as 2026-01-31`);
  }
}

/** Reads a file of PEM as text, or one of DER as bytes. @throws FILE_FAILED, INPUT_TOO_LARGE, INPUT_MALFORMED */
export async function readPemOrDer(path: string): Promise<string | Uint8Array> {
  const bytes = await readDocument(path, MAX_BYTES);
  return bytes[0] === DER_SEQUENCE ? bytes : decodeUtf8(bytes, escapeText(path));
}
