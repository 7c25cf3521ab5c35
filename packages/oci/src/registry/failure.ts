// SPDX-License-Identifier: Apache-2.0
// What the answers of a registry mean. Nothing that a registry says is repeated but what is checked or quoted here.

import { decodeJsonObject } from '@keywax/core/decode';
import { KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';
import { isJsonArray, isJsonObject, parseJson } from '@keywax/core/json';

/** The error for an answer that is not what was asked for; `what` describes the request. */
export function registryInvalid(what: string, expected: string, found: string): KeywaxError<'REGISTRY_INVALID'> {
  const actual = quoteText(found);
  return new KeywaxError('REGISTRY_INVALID', `${what}: expected ${expected}, found ${actual}`, {
    details: { expected, actual },
  });
}

const PASSED: ReadonlySet<string> = new Set(['REGISTRY_INVALID', 'INPUT_TOO_LARGE', 'INTERNAL_ERROR']);

/**
 * Runs a reader of an answer: whatever it finds broken is the fault of the registry.
 * @throws REGISTRY_INVALID with the reader's error as cause, INPUT_TOO_LARGE
 */
export function readRegistry<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isKeywaxError(error) || PASSED.has(error.code)) throw error;
    throw new KeywaxError('REGISTRY_INVALID', `${what}: ${error.message}`, { cause: error, details: error.details });
  }
}

/** The error for a registry that refuses credentials, or wants some. */
export function unauthorized(what: string, why: string): KeywaxError<'REGISTRY_UNAUTHORIZED'> {
  return new KeywaxError('REGISTRY_UNAUTHORIZED', `${what}: ${why}`);
}

const MAX_ERROR_BYTES = 65_536; // ATTACKS 4.3
/** The codes of errors (distribution spec, "Error Codes"): the only words of a registry that an error repeats. */
const REGISTRY_CODES: ReadonlySet<string> = new Set(
  [
    ['BLOB_UNKNOWN', 'BLOB_UPLOAD_INVALID', 'BLOB_UPLOAD_UNKNOWN', 'DIGEST_INVALID', 'MANIFEST_BLOB_UNKNOWN'],
    ['MANIFEST_INVALID', 'MANIFEST_UNKNOWN', 'NAME_INVALID', 'NAME_UNKNOWN', 'SIZE_INVALID', 'TAG_INVALID'],
    ['UNAUTHORIZED', 'DENIED', 'UNSUPPORTED', 'TOOMANYREQUESTS'],
  ].flat(),
);

/** The error for another status than the expected ones. */
export function refused(
  what: string,
  { status, origin, body }: { readonly status: number; readonly origin: string; readonly body: Uint8Array | undefined },
): KeywaxError {
  const code = body === undefined ? undefined : readRegistryCode(body);
  const said = code === undefined ? '' : ` (${code})`;
  switch (status) {
    case 401:
    case 403:
      return unauthorized(what, `the registry answered ${status}${said}`);
    case 404:
      return new KeywaxError('IMAGE_NOT_FOUND', `${what}: the registry does not know it${said}`);
    default:
      return new KeywaxError('NETWORK_STATUS', `${what}: the registry answered ${status}${said}`, {
        details: { status, origin, ...(code === undefined ? {} : { actual: code }) },
      });
  }
}

function readRegistryCode(body: Uint8Array): string | undefined {
  try {
    const errors = decodeJsonObject(parseJson(body, { maxBytes: MAX_ERROR_BYTES }), '$').get('errors');
    const first = isJsonArray(errors) ? errors[0] : undefined;
    const code = isJsonObject(first) ? first.get('code') : undefined;
    return typeof code === 'string' && REGISTRY_CODES.has(code) ? code : undefined;
  } catch {
    return undefined; // what a refusal says is no reason to lose the refusal
  }
}
