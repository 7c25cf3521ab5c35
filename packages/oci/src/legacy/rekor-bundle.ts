// SPDX-License-Identifier: Apache-2.0
// What cosign keeps of a log entry beside a signature: the promise of Rekor v1 and what it is about, and no proof
// (PROTOCOL 9.1).
// Refused: unknown members, log ids that are not 32 bytes of hex, bodies that are not JSON of an entry, no promise.

import type { LogEntry } from '@keywax/bundle';
import { decodeBase64, decodeHex, encodeUtf8 } from '@keywax/core/bytes';
import {
  type Decoder,
  decodeBase64Field,
  decodeInt64,
  decodeObject,
  decodeOpenObject,
  decodeString,
  transform,
} from '@keywax/core/decode';
import { parseJson } from '@keywax/core/json';
import { malformed } from '../fault.js';

const MAX_BODY_BYTES = 16_777_216; // that of an entry which holds an envelope
const LOG_ID_BYTES = 32;

const decodeBody: Decoder<Uint8Array> = (value, at) => {
  const text = decodeString(value, at);
  // Some writers keep the JSON itself.
  return text.startsWith('{') ? encodeUtf8(text) : decodeBase64(text, at);
};

const decodeLogId: Decoder<Uint8Array> = (value, at) => {
  const id = decodeHex(decodeString(value, at), at);
  if (id.length === LOG_ID_BYTES) return id;
  throw malformed(at, `${LOG_ID_BYTES} bytes in hex`);
};

const decodePromise: Decoder<Uint8Array> = (value, at) => {
  const promise = decodeBase64Field(value, at);
  if (promise.length > 0) return promise;
  throw malformed(at, 'a signed entry timestamp, found none');
};

interface Members {
  readonly SignedEntryTimestamp: Uint8Array;
  readonly Payload: {
    readonly body: Uint8Array;
    readonly integratedTime: bigint;
    readonly logIndex: bigint;
    readonly logID: Uint8Array;
  };
}

const decodeMembers: Decoder<Members> = decodeObject<Members>({
  SignedEntryTimestamp: decodePromise,
  Payload: decodeObject<Members['Payload']>({
    body: decodeBody,
    integratedTime: decodeInt64,
    logIndex: decodeInt64,
    logID: decodeLogId,
  }),
});

const decodeKind: Decoder<{ readonly kind: string; readonly apiVersion: string }> = decodeOpenObject<{
  kind: string;
  apiVersion: string;
}>({ kind: decodeString, apiVersion: decodeString });

/**
 * The log entry of cosign's `rekorBundle`, the value of the annotation `dev.sigstore.cosign/bundle`. It carries a promise
 * and no proof, so only a bundle 0.1 can hold it (RUL-8).
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export const decodeRekorBundle: Decoder<LogEntry> = transform(
  decodeMembers,
  ({ SignedEntryTimestamp, Payload }, at) => {
    const { body, integratedTime, logIndex, logID: logId } = Payload;
    const json = parseJson(body, { maxBytes: MAX_BODY_BYTES }, `${at}.Payload.body`);
    const { kind, apiVersion: version } = decodeKind(json, `${at}.Payload.body`);
    return Object.freeze({ logIndex, logId, kind, version, integratedTime, promise: SignedEntryTimestamp, body });
  },
);
