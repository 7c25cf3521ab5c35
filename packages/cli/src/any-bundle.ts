// SPDX-License-Identifier: Apache-2.0
// Bundles in any form that is known, for looking at them and for conversion (RUL-7). Verification reads the strict one.

import { type Bundle, decodeBundle } from '@keywax/bundle';
import { decodeLenientBundle } from '@keywax/bundle/convert';
import { readEvidence } from './detached-evidence.js';
import { decodeDocument } from './document-file.js';

/** Reads a bundle: strict, lenient, or cosign's old one of a blob. @throws FILE_FAILED, INPUT_…, KEY_…, BUNDLE_INVALID, CONFIG_INVALID */
export async function readAnyBundle(path: string): Promise<Bundle> {
  const evidence = await readEvidence(path);
  return decodeDocument(path, () =>
    evidence instanceof Uint8Array ? decodeLenientBundle(evidence) : decodeBundle(evidence),
  );
}
