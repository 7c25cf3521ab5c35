// SPDX-License-Identifier: Apache-2.0
// Entries that production has made, in the forms in which production answered.

import { readFileSync } from 'node:fs';
import { decodeBase64, encodeHex } from '@keywax/core/bytes';
import { hashLeaf } from '@keywax/core/merkle';
import { readPlainJson } from '@keywax/core/json';
import type { LogEntryJson } from '@keywax/stack/lab';
import { expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import { verifyProof } from '../src/answer.js';
import { decodeEntryAnswer } from '../src/v1-answer.js';
import { decodeEntryAnswerV2 } from '../src/v2-answer.js';
import { describeV1 } from './answers.js';
import { sha256 } from './tiled-log.js';

const LIMITS = { maxBytes: 4_194_304 };

function readEntry(name: string): LogEntryJson {
  const bundle = JSON.parse(readFileSync(corpus(`conformance/bundle-verify/${name}/bundle.sigstore.json`), 'utf8')) as {
    verificationMaterial: { tlogEntries: [LogEntryJson] };
  };
  return bundle.verificationMaterial.tlogEntries[0];
}

describeCorpus('an answer of production', () => {
  test.each(['happy-path-v0.3', 'happy-path-intoto-in-dsse-v3', 'managed-key-happy-path'])(
    'of version 1 is read: %s',
    (name) => {
      const entry = readEntry(name);
      const body = decodeBase64(entry.canonicalizedBody);
      const uuid = `24296fb24b8ad77a${encodeHex(hashLeaf(sha256, body))}`;
      const decoded = decodeEntryAnswer(readPlainJson({ [uuid]: describeV1(entry) }, LIMITS), '$');
      expect(decoded).toMatchObject({
        uuid,
        entry: { ...entry.kindVersion, logIndex: BigInt(entry.logIndex), logId: decodeBase64(entry.logId.keyId), body },
      });
    },
  );

  test.each([
    'rekor2-happy-path',
    'rekor2-dsse-happy-path',
    'rekor2-checkpoint-cosigned',
    'rekor2-checkpoint-multiple-cosigs',
    'rekor2-checkpoint-two-sigs-from-origin',
  ])('of version 2 is read: %s', (name) => {
    const json = readEntry(name);
    const entry = decodeEntryAnswerV2(readPlainJson(json, LIMITS), '$');
    expect(entry).toMatchObject({ ...json.kindVersion, logIndex: BigInt(json.logIndex), integratedTime: 0n });
    expect(verifyProof(entry).size).toBe(entry.proof.treeSize);
  });
});
