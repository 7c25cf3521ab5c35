// SPDX-License-Identifier: Apache-2.0
// Fields that trusted roots and signing configs share.

import {
  type Decoder,
  decodeBase64Field,
  decodeObject,
  decodeRfc3339,
  decodeString,
  optional,
  required,
  transform,
} from '@keywax/core/decode';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import type { TimeRange } from '@keywax/core/time';

/**
 * A span of time that has a beginning, and no end before it.
 * @throws INPUT_MALFORMED for unknown members, TRUST_INVALID for everything else
 */
export const decodeValidity: Decoder<TimeRange> = required(
  transform(
    decodeObject<TimeRange>({
      start: required(asTrust(decodeRfc3339), 'TRUST_INVALID'),
      end: optional(asTrust(decodeRfc3339)),
    }),
    (range, at) => {
      if (range.end !== undefined && range.end < range.start)
        throw invalidTrust(`${at}.end`, 'an end that is not before the start');
      return range;
    },
  ),
  'TRUST_INVALID',
);

/** Text that is not empty. @throws INPUT_MALFORMED, TRUST_INVALID where it is absent or empty */
export const decodeText: Decoder<string> = expectContent(decodeString);

/** Bytes in base64, at least one. @throws INPUT_MALFORMED, TRUST_INVALID where there are none */
export const decodeBytes: Decoder<Uint8Array> = expectContent(decodeBase64Field);

/** ProtoJSON has no difference between what is absent and what is empty. */
function expectContent<T extends string | Uint8Array>(decoder: Decoder<T>): Decoder<T> {
  return required(
    transform(decoder, (content, at) => {
      if (content.length === 0) throw invalidTrust(at, 'a value, found an empty one');
      return content;
    }),
    'TRUST_INVALID',
  );
}

/** One of the given media types, and nothing else. @throws TRUST_INVALID */
export function decodeMediaType(mediaTypes: readonly string[]): Decoder<string> {
  return (value, at) => {
    const found = mediaTypes.find((mediaType) => mediaType === value);
    if (found === undefined) throw invalidTrust(at, `one of ${mediaTypes.join(', ')}`);
    return found;
  };
}

/** A malformed value is then a fault of the trust material. */
function asTrust<T>(decoder: Decoder<T>): Decoder<T> {
  return (value, at) => {
    try {
      return decoder(value, at);
    } catch (cause) {
      if (!isKeywaxError(cause, 'INPUT_MALFORMED')) throw cause;
      throw new KeywaxError('TRUST_INVALID', cause.message, { cause, details: cause.details });
    }
  };
}

/** The error for trust material that is incomplete or contradicts itself. */
export function invalidTrust(at: string, expected: string, cause?: unknown): KeywaxError {
  return new KeywaxError('TRUST_INVALID', `${at}: expected ${expected}`, { cause, details: { at, expected } });
}
