// SPDX-License-Identifier: Apache-2.0
// Media types and versions of the bundle format.
// Refused: every other spelling, parameters in another form included.

import { type Decoder, isAbsent } from '@keywax/core/decode';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { invalid } from './fields.js';

/** The versions of the bundle format. */
export type BundleVersion = '0.1' | '0.2' | '0.3';

/** The media type that is written. */
export const BUNDLE_MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

const VERSIONS: ReadonlyMap<string, BundleVersion> = new Map([
  ['application/vnd.dev.sigstore.bundle+json;version=0.1', '0.1'],
  ['application/vnd.dev.sigstore.bundle+json;version=0.2', '0.2'],
  ['application/vnd.dev.sigstore.bundle+json;version=0.3', '0.3'],
  [BUNDLE_MEDIA_TYPE, '0.3'],
]);

/** True for the media type of a bundle of any version. */
export function isBundleMediaType(mediaType: string): boolean {
  return VERSIONS.has(mediaType);
}

/** A media type with the version that it stands for. @throws BUNDLE_INVALID, INPUT_UNSUPPORTED */
export const decodeMediaType: Decoder<{ readonly mediaType: string; readonly version: BundleVersion }> = (
  value,
  at,
) => {
  if (isAbsent(value) || typeof value !== 'string') throw invalid(at, 'a media type');
  const version = VERSIONS.get(value);
  if (version !== undefined) return { mediaType: value, version };
  const expected = 'the media type of a bundle 0.1, 0.2 or 0.3';
  const actual = quoteText(value);
  throw new KeywaxError('INPUT_UNSUPPORTED', `${at}: expected ${expected}, found ${actual}`, {
    details: { at, expected, actual },
  });
};
