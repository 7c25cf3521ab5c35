// SPDX-License-Identifier: Apache-2.0

import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import { decodeBundle, decodeEntryBody, decodeStatement, encodeBundle } from '../src/index.js';
import { CORPUS_BUNDLES, DECODABLE_BUNDLES, readCorpus } from './corpus-bundles.js';
import { codeOf } from './sample.js';

describeCorpus('the bundles of the corpus', () => {
  test('are all in the table', () => {
    const cases = readdirSync(corpus('conformance/bundle-verify')).filter((name) => name !== 'a.txt');
    expect(
      CORPUS_BUNDLES.filter(([path]) => path.startsWith('conformance')).map(([path]) => path.split('/')[2]),
    ).toEqual(cases.sort());
  });

  test.each(CORPUS_BUNDLES)('%s: %s', (path, code) => {
    expect(codeOf(() => decodeBundle(readCorpus(path)))).toBe(code);
  });

  test.each(DECODABLE_BUNDLES)('%s is the same after encoding', (path) => {
    const bundle = decodeBundle(readCorpus(path));
    expect(decodeBundle(JSON.stringify(encodeBundle(bundle)))).toEqual(bundle);
  });

  test.each(DECODABLE_BUNDLES)('%s holds bodies and statements that are read', (path) => {
    const { entries, content } = decodeBundle(readCorpus(path));
    for (const entry of entries) expect(decodeEntryBody(entry).signatures).toHaveLength(1);
    if (content.kind === 'dsse') expect(decodeStatement(content.payload).subjects.length).toBeGreaterThan(0);
  });
});
