// SPDX-License-Identifier: Apache-2.0
// What log entries say: each kind that is read, in one shape.
// Refused: kinds and versions other than hashedrekord 0.0.1 and 0.0.2, dsse 0.0.1 and 0.0.2, intoto 0.0.2; bodies that
// are not canonical JSON (RFC 8785); bodies of another kind or version than the entry says; unknown members.

import { decodeUtf8 } from '@keywax/core/bytes';
import { decodeJsonObject, decodeObject, decodeString } from '@keywax/core/decode';
import { KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';
import { canonicalizeJson } from '@keywax/core/jcs';
import { type JsonObject, parseJson } from '@keywax/core/json';
import { type EntrySpec, selectSpecDecoder } from './entry-spec.js';
import { tooLarge } from './fields.js';
import type { LogEntry } from './log-entry.js';

/** What a log entry says. Proven by the log's signatures alone, and then only as what the log was told. */
export interface EntryBody extends EntrySpec {
  /** `hashedrekord`, `dsse` or `intoto`. */
  readonly kind: string;
  readonly version: string;
}

const MAX_BODY_BYTES = 16_777_216; // ATTACKS 4.3; log-entry.ts has the bound of each kind

const decodeMembers = decodeObject<{ apiVersion: string; kind: string; spec: JsonObject }>({
  apiVersion: decodeString,
  kind: decodeString,
  spec: decodeJsonObject,
});

/**
 * Decodes the body of an entry by the kind and version that the entry names.
 * @throws INPUT_UNSUPPORTED for other kinds and versions, INPUT_MALFORMED for a body that is not JSON, INPUT_TOO_LARGE,
 *   ENTRY_MISMATCH for JSON that is not a canonical body of this kind and version
 */
export function decodeEntryBody(entry: Pick<LogEntry, 'kind' | 'version' | 'body'>): EntryBody {
  const { kind, version, body } = entry;
  const decodeSpec = selectSpecDecoder(kind, version);
  if (decodeSpec === undefined) {
    const actual = quoteText(`${kind} ${version}`);
    throw new KeywaxError('INPUT_UNSUPPORTED', `no reader for log entries of kind ${actual}`, { details: { actual } });
  }
  if (body.length > MAX_BODY_BYTES) throw tooLarge('body', MAX_BODY_BYTES);
  const text = decodeUtf8(body, 'body');
  const json = parseJson(text, { maxBytes: MAX_BODY_BYTES }, 'body');
  try {
    const { spec, ...found } = decodeMembers(json, 'body');
    if (found.kind !== kind || found.apiVersion !== version)
      throw mismatch(`${kind} ${version}`, `${found.kind} ${found.apiVersion}`);
    if (canonicalizeJson(json) !== text) throw mismatch('canonical JSON', 'another form');
    return Object.freeze({ kind, version, ...decodeSpec(spec, 'body.spec') });
  } catch (cause) {
    // A log vouches for bytes, not for their sense: a body that cannot be read does not speak of the bundle.
    if (!isKeywaxError(cause, 'INPUT_MALFORMED') && !isKeywaxError(cause, 'INPUT_UNSUPPORTED')) throw cause;
    throw new KeywaxError('ENTRY_MISMATCH', `the log entry is no ${kind} ${version}: ${cause.message}`, {
      cause,
      details: cause.details,
    });
  }
}

function mismatch(expected: string, actual: string): KeywaxError {
  const found = quoteText(actual);
  return new KeywaxError('ENTRY_MISMATCH', `expected a log entry in ${expected}, found ${found}`, {
    details: { at: 'body', expected, actual: found },
  });
}
