// SPDX-License-Identifier: Apache-2.0
// Where the bundle of a file lies.

import { stat } from 'node:fs/promises';
import { MAX_BUNDLE_BYTES } from '@keywax/bundle';
import { KeywaxError } from '@keywax/core/errors';
import { readDocument } from './document-file.js';
import { escapeText } from './render/text.js';

const SUFFIXES = ['.sigstore.json', '.sigstore'] as const;

/** Where a bundle is written that has no other place. */
export function bundlePathOf(path: string): string {
  return path + SUFFIXES[0];
}

/** The bundle beside a file: the first of `FILE.sigstore.json` and `FILE.sigstore` that exists. @throws FILE_FAILED where neither does */
export async function findBundle(path: string): Promise<string> {
  for (const suffix of SUFFIXES) {
    const status = await stat(path + suffix).catch(() => undefined);
    if (status !== undefined) return path + suffix;
  }
  throw new KeywaxError(
    'FILE_FAILED',
    `no bundle: neither ${SUFFIXES.map((suffix) => escapeText(path + suffix)).join(' nor ')} exists`,
  );
}

/** Reads a bundle of at most 16 MiB. @throws FILE_FAILED, INPUT_TOO_LARGE */
export async function readBundleFile(path: string): Promise<Uint8Array> {
  return readDocument(path, MAX_BUNDLE_BYTES);
}
