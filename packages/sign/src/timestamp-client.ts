// SPDX-License-Identifier: Apache-2.0
// Client of a timestamp authority (RFC 3161): asks for a timestamp over a signature, with a nonce, and checks that the
// answer is about it. That the authority is trusted is verified with the finished bundle.

import { encodeHex, equalBytes } from '@keywax/core/bytes';
import { KeywaxError } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import { encodeTimestampRequest, matchTimestampNonce, parseTimestampResponse } from '@keywax/core/timestamp';
import { type Transport, readAnswer, request } from '@keywax/http';

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

/** Random, and positive as an INTEGER of the same eight bytes: the first bit is clear, the second set. */
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
  const timestamp = readAnswer('timestamp authority', () => parseTimestampResponse(body, 'timestamp response'));
  const { imprint } = timestamp.info;
  if (imprint.hash !== 'sha256' || !equalBytes(imprint.digest, digest))
    throw invalid(`a timestamp over ${encodeHex(digest)}`, encodeHex(imprint.digest));
  if (!matchTimestampNonce(timestamp, nonce))
    throw invalid('the nonce of the request', timestamp.info.nonce === undefined ? 'none' : 'another');
}

function invalid(expected: string, actual: string): KeywaxError {
  return new KeywaxError('SERVICE_INVALID', `timestamp authority: expected ${expected}, found ${actual}`, {
    details: { expected, actual },
  });
}
