// SPDX-License-Identifier: Apache-2.0

import { expect, test } from 'vitest';
import { describeCorpus } from '../../../test/corpus.js';
import { decodeBundle } from '../src/index.js';
import { DECODABLE_BUNDLES, readCorpus } from './corpus-bundles.js';
import { codeOf, sampleBundle, sampleEnvelope } from './sample.js';
import { sweepMembers } from './sweep.js';

const ENTRY = 'verificationMaterial.tlogEntries[]';
const TIMESTAMPS = 'verificationMaterial.timestampVerificationData';

/** What may be spoilt without the decoder noticing, and why. Verification notices all but the first. */
const UNNOTICED: readonly string[] = [
  // A hint that nothing relies on.
  ...['delete', 'null', 'empty'].map((how) => `${how} dsseEnvelope.signatures[].keyid`),
  // Evidence that a bundle may have or lack; thresholds count what is left.
  ...['delete', 'null', 'empty'].flatMap((how) => [
    `${how} ${TIMESTAMPS}`,
    `${how} ${TIMESTAMPS}.rfc3161Timestamps`,
    `${how} verificationMaterial.tlogEntries`,
  ]),
  // From 0.2 on the promise, and in 0.1 the proof or its checkpoint.
  ...['delete', 'null'].flatMap((how) =>
    ['inclusionPromise', 'inclusionProof', 'inclusionProof.checkpoint'].map((name) => `${how} ${ENTRY}.${name}`),
  ),
  // ProtoJSON leaves out zeros and writes integers as numbers too; promise and proof cover the values.
  ...['delete', 'null', 'swap'].flatMap((how) =>
    ['logIndex', 'integratedTime', 'inclusionProof.logIndex'].map((name) => `${how} ${ENTRY}.${name}`),
  ),
  `swap ${ENTRY}.inclusionProof.treeSize`,
  // The only leaf of a tree has no hashes.
  ...['delete', 'null', 'empty'].map((how) => `${how} ${ENTRY}.inclusionProof.hashes`),
  // An envelope may hold nothing; a statement is then missing.
  'empty dsseEnvelope.payload',
];

function listUnnoticed(text: string): readonly string[] {
  return [...sweepMembers(JSON.parse(text))]
    .filter((mutant) => codeOf(() => decodeBundle(mutant.text)) === 'accepted')
    .map(({ name }) => name);
}

describeCorpus('a bundle of the corpus with one member spoilt', () => {
  const found = new Set<string>();

  test.each(DECODABLE_BUNDLES)('%s is refused, but for a short list', (path) => {
    const unnoticed = listUnnoticed(Buffer.from(readCorpus(path)).toString());
    for (const name of unnoticed) found.add(name);
    expect(unnoticed.filter((name) => !UNNOTICED.includes(name))).toEqual([]);
  });

  test('the list has nothing that is noticed everywhere', () => {
    expect([...found].sort()).toEqual([...UNNOTICED].sort());
  });
});

test.each([
  ['0.1', sampleBundle('0.1')],
  ['0.2', sampleBundle('0.2')],
  ['0.3', sampleBundle('0.3')],
  ['0.3 with an envelope', sampleEnvelope()],
])('an invented bundle %s with one member spoilt is refused, but for the same list', (_name, bundle) => {
  expect(listUnnoticed(JSON.stringify(bundle)).filter((name) => !UNNOTICED.includes(name))).toEqual([]);
});
