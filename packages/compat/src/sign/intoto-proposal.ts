// SPDX-License-Identifier: Apache-2.0
// Entries `intoto` 0.0.2, in which Rekor v1 recorded envelopes before there was `dsse`: text fields of the envelope are in
// base64 once more. Written only where a caller asks for them (docs/decisions/0008).
// https://github.com/sigstore/rekor/blob/main/pkg/types/intoto/v0.0.2/intoto_v0_0_2_schema.json

import { encodeBase64, encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { canonicalizeJson } from '@keywax/core/jcs';
import { readPlainJson } from '@keywax/core/json';
import type { EncodedProposal } from '@keywax/rekor';
import type { Envelope } from '../bundle/records.js';
import { readSignature, readVerifier } from './proposal.js';

const MAX_BYTES = 64 * 1024 * 1024; // what a log takes is less

/** Encodes an envelope as a proposal, and the body that the log makes of it: the same without the payload. @throws INPUT_… */
export function encodeIntotoProposal(envelope: Envelope, pem: string): EncodedProposal {
  readVerifier(pem); // the entry keeps the text: it must be PEM of what verifies
  const { payloadType } = envelope;
  const payload = encodeBase64(envelope.payload);
  const { sig, keyid } = readSignature(envelope);
  const fields = { sig: encodeBase64(sig), publicKey: pem };
  const id = keyid === '' ? {} : { keyid };
  const again = (text: string): string => encodeBase64(encodeUtf8(text));
  const signatures = [{ sig: again(fields.sig), publicKey: again(pem), ...id }];
  const digests = {
    hash: describeDigest(encode({ payload, payloadType, signatures: [{ ...fields, ...id }] })),
    payloadHash: describeDigest(envelope.payload),
  };
  return {
    request: encodeEntry({ envelope: { payload: again(payload), payloadType, signatures }, ...digests }),
    body: encodeEntry({ envelope: { payloadType, signatures }, ...digests }),
  };
}

function encodeEntry(content: object): Uint8Array {
  return encode({ apiVersion: '0.0.2', kind: 'intoto', spec: { content } });
}

function encode(value: object): Uint8Array {
  return encodeUtf8(canonicalizeJson(readPlainJson(value, { maxBytes: MAX_BYTES })));
}

function describeDigest(bytes: Uint8Array): object {
  return { algorithm: 'sha256', value: encodeHex(hash('sha256', bytes)) };
}
