// SPDX-License-Identifier: Apache-2.0
// Files of trust material: a trusted root or several, a signing config, or a client trust config, told apart by their media
// type.

import { decodeUtf8 } from '@keywax/core/bytes';
import { isJsonObject, parseJson } from '@keywax/core/json';
import {
  MAX_TRUSTED_ROOTS_BYTES,
  type SigningConfig,
  type TrustedRoot,
  decodeClientTrustConfig,
  decodeSigningConfig,
  decodeTrustedRoots,
  mergeTrustedRoots,
} from '@keywax/trust';
import { decodeDocument, readDocument } from './document-file.js';

/** What such a file says. */
export interface TrustDocuments {
  readonly trustedRoot?: TrustedRoot;
  readonly signingConfig?: SigningConfig;
}

/** Reads files of one or several trusted roots as one. @throws FILE_FAILED, INPUT_MALFORMED, INPUT_TOO_LARGE, TRUST_INVALID */
export async function readTrustedRoots(paths: readonly string[]): Promise<TrustedRoot> {
  const roots: TrustedRoot[] = [];
  for (const path of paths) {
    const bytes = await readDocument(path, MAX_TRUSTED_ROOTS_BYTES);
    roots.push(...(await decodeDocument(path, () => decodeTrustedRoots(bytes))));
  }
  return mergeTrustedRoots(roots);
}

/** Reads a file of trust material. @throws FILE_FAILED, INPUT_MALFORMED, INPUT_TOO_LARGE, TRUST_INVALID, NETWORK_POLICY */
export async function readTrustFile(path: string): Promise<TrustDocuments> {
  const bytes = await readDocument(path, MAX_TRUSTED_ROOTS_BYTES);
  return decodeDocument(path, () => decodeTrustText(decodeUtf8(bytes, '$')));
}

function decodeTrustText(text: string): TrustDocuments {
  const mediaType = selectMediaType(text);
  if (mediaType.includes('.signingconfig')) return { signingConfig: decodeSigningConfig(text) };
  if (mediaType.includes('.clienttrustconfig')) return decodeClientTrustConfig(text);
  return { trustedRoot: mergeTrustedRoots(decodeTrustedRoots(text)) };
}

/** The media type of a single document; empty where there are several, which only trusted roots are, or none. */
function selectMediaType(text: string): string {
  try {
    const value = parseJson(text, { maxBytes: MAX_TRUSTED_ROOTS_BYTES });
    const mediaType = isJsonObject(value) ? value.get('mediaType') : undefined;
    return typeof mediaType === 'string' ? mediaType : '';
  } catch {
    return ''; // its decoder says what is wrong
  }
}
