// SPDX-License-Identifier: Apache-2.0
// Client of a timestamp authority (RFC 3161): asks for a timestamp over a signature, with a nonce, and checks that the
// answer is about it. That the authority is trusted is verified with the finished bundle.

import { encodeHex, equalBytes } from '@keywax/core/bytes';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import { type Timestamp, encodeTimestampRequest, parseTimestampResponse } from '@keywax/core/timestamp';
import { type Transport, request } from '@keywax/http';

const MAX_RESPONSE_BYTES = 65_536; // ATTACKS 4.3: a token of a bundle
const NONCE_BYTES = 8;

/** What to stamp, and where. */
export interface TimestampQuery {
  /** The whole endpoint, such as `https://timestamp.example/api/v1/timestamp`. */
  readonly url: string;
  readonly signature: Uint8Array;
  readonly transport?: Transport;
}

/**
 * Asks for a timestamp over the SHA-256 digest of a signature; answers with the DER TimeStampResp.
 * @throws SERVICE_INVALID for an answer about something else, INPUT_TOO_LARGE, NETWORK_…, OPERATION_ABORTED
 */
export async function requestTimestamp({ url, signature, transport = {} }: TimestampQuery): Promise<Uint8Array> {
  const digest = hash('sha256', signature);
  const nonce = createNonce();
  const response = await request(url, {
    ...transport,
    method: 'POST',
    headers: { 'content-type': 'application/timestamp-query' },
    accept: ['application/timestamp-reply'],
    body: encodeTimestampRequest({ hash: 'sha256', digest, nonce, certReq: true }),
    // Stamping the same digest twice does no harm.
    idempotent: true,
    expectStatus: [200, 201],
    maxBytes: MAX_RESPONSE_BYTES,
  });
  checkAnswer(response.body, { digest, nonce });
  return response.body;
}

/** Random, positive and minimal as an INTEGER: the first bit is clear, the second set. */
function createNonce(): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  crypto.getRandomValues(nonce);
  nonce[0] = ((nonce[0] as number) & 0x3f) | 0x40;
  return nonce;
}

function checkAnswer(
  body: Uint8Array,
  { digest, nonce }: { readonly digest: Uint8Array; readonly nonce: Uint8Array },
): void {
  const { info } = parseAnswer(body);
  if (info.imprint.hash !== 'sha256' || !equalBytes(info.imprint.digest, digest))
    throw invalid(`a timestamp over ${encodeHex(digest)}`, encodeHex(info.imprint.digest));
  if (info.nonce === undefined || !equalBytes(info.nonce, nonce))
    throw invalid('the nonce of the request', info.nonce === undefined ? 'none' : 'another');
}

function parseAnswer(body: Uint8Array): Timestamp {
  try {
    return parseTimestampResponse(body, 'timestamp response');
  } catch (cause) {
    if (!isKeywaxError(cause)) throw cause;
    throw new KeywaxError('SERVICE_INVALID', `timestamp authority: ${cause.message}`, { cause });
  }
}

function invalid(expected: string, actual: string): KeywaxError {
  return new KeywaxError('SERVICE_INVALID', `timestamp authority: expected ${expected}, found ${actual}`, {
    details: { expected, actual },
  });
}
