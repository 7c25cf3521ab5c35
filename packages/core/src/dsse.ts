// SPDX-License-Identifier: Apache-2.0
// What a signature of a DSSE envelope covers (DSSE protocol v1.0.2).

import { concatBytes, encodeUtf8 } from './bytes.js';

/**
 * The pre-authentication encoding of a payload and its type:
 * `DSSEv1 SP LEN(type) SP type SP LEN(payload) SP payload`, lengths in bytes, type in UTF-8.
 * @see https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md#signature-definition
 */
export function encodePae(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = encodeUtf8(payloadType);
  return concatBytes(encodeUtf8(`DSSEv1 ${type.length} `), type, encodeUtf8(` ${payload.length} `), payload);
}
