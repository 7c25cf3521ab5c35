// SPDX-License-Identifier: Apache-2.0

export type { SignableContent } from './content.js';
export type { SignRequest, SigningServices } from './request.js';
export { describeKeyHint, signContent, signContents } from './sign.js';
export { DEFAULT_ALGORITHM, type Signer, createEphemeralSigner, createKeySigner } from './signer.js';
export { type TimestampQuery, requestTimestamp } from './timestamp-client.js';
