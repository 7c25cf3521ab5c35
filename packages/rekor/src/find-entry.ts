// SPDX-License-Identifier: Apache-2.0
// Looking up the entry of a signature of which nothing but the pieces was kept.

import { type EntryVerifier, type LogEntry, decodeEntryBody } from '@keywax/bundle';
import { encodeHex, equalBytes } from '@keywax/core/bytes';
import { isKeywaxError } from '@keywax/core/errors';
import type { Transport } from '@keywax/http';
import { fetchEntry } from './v1.js';
import { searchIndex } from './v1-search.js';

/** A signature over an artifact, to be found in a log. */
export interface LoggedSignature {
  /** SHA-256 of the artifact, which the index of the log knows entries by. */
  readonly sha256: Uint8Array;
  readonly signature: Uint8Array;
  readonly verifier: EntryVerifier;
}

const MAX_FETCHED = 64; // signatures of one artifact; anybody can add to them

/**
 * Finds the entry of Rekor v1 with this very signature and verifier, among the 64 newest of the artifact. The index
 * proves nothing: that there is none is no proof of absence, and what is found is verified with the bundle.
 * @throws SERVICE_INVALID, INPUT_TOO_LARGE, NETWORK_…, OPERATION_ABORTED
 */
export async function findEntry(
  base: string,
  wanted: LoggedSignature,
  transport: Transport = {},
): Promise<LogEntry | undefined> {
  const ids = await searchIndex(base, { hash: `sha256:${encodeHex(wanted.sha256)}` }, transport);
  for (const id of ids.slice(-MAX_FETCHED).reverse()) {
    const { entry } = await fetchEntry(base, id, transport);
    if (matchEntry(entry, wanted)) return entry;
  }
  return undefined;
}

function matchEntry(entry: LogEntry, { signature, verifier }: LoggedSignature): boolean {
  try {
    const { kind, signatures } = decodeEntryBody(entry);
    const [only, ...others] = signatures;
    if (kind !== 'hashedrekord' || only === undefined || others.length > 0) return false;
    return equalBytes(only.signature, signature) && equalBytes(verifierBytes(only.verifier), verifierBytes(verifier));
  } catch (error) {
    if (isKeywaxError(error)) return false; // a kind that bundles do not carry
    throw error;
  }
}

function verifierBytes(verifier: EntryVerifier): Uint8Array {
  return verifier.kind === 'certificate' ? verifier.der : verifier.spki;
}
