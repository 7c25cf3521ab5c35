// SPDX-License-Identifier: Apache-2.0
// Good bundles of every kind.

import { generateSigningKey } from '@keywax/stack/lab';
import { type VerifyCase, MESSAGE_V1, DSSE_V1, DSSE_V2, make } from './compat-verify-kit.js';

const KINDS: readonly VerifyCase[] = (['message', 'dsse'] as const).flatMap((content) =>
  (['v1', 'v2', 'both'] as const).flatMap((logs) =>
    (['0.1', '0.2', '0.3'] as const).map((version) => ({
      name: `${content} in ${logs === 'both' ? 'both logs' : `log ${logs}`}, bundle ${version}`,
      bundle: make({ content, logs, version }),
      expected: version === '0.1' && logs !== 'v1' ? 'ValidationError' : 'accepted',
    })),
  ),
);

const KEYS: readonly VerifyCase[] = (['P-384', 'P-521', 'rsa-2048', 'rsa-3072'] as const).map((kind) => ({
  name: `a certificate for a key of kind ${kind}`,
  bundle: make({ ...MESSAGE_V1, key: generateSigningKey(kind) }),
  expected: 'accepted',
}));

/** Every case. */

/** The cases. */
export const GOOD_CASES: readonly VerifyCase[] = [
  ...KINDS,
  ...KEYS,
  {
    name: 'an Ed25519 key in an envelope',
    bundle: make({ ...DSSE_V1, key: generateSigningKey('ed25519') }),
    expected: 'accepted',
  },
  {
    name: 'an Ed25519 key and a message',
    bundle: make({ ...MESSAGE_V1, key: generateSigningKey('ed25519') }),
    expected: 'SIGNATURE_ERROR',
    differs: { ours: 'accepted', row: 'algorithms' },
  },
  {
    name: 'an Ed25519 key and an envelope in Rekor v2',
    bundle: make({ ...DSSE_V2, key: generateSigningKey('ed25519') }),
    expected: 'TLOG_BODY_ERROR',
    differs: { ours: 'accepted', row: 'algorithms' },
  },
  {
    name: 'a P-384 key and an envelope in Rekor v2',
    bundle: make({ ...DSSE_V2, key: generateSigningKey('P-384') }),
    expected: 'TLOG_BODY_ERROR',
    differs: { ours: 'accepted', row: 'algorithms' },
  },
];
