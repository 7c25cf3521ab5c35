// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { decodeBundle, decodeBundleLines } from '../src/index.js';
import { codeOf, sampleBundle, sampleEnvelope } from './sample.js';

const one = JSON.stringify(sampleBundle());
const two = JSON.stringify(sampleEnvelope());
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('bundles on lines', () => {
  test.each([one, `${one}\n${two}`, `${one}\n${two}\n`])('are read in order', (text) => {
    const expected = text
      .trimEnd()
      .split('\n')
      .map((line) => decodeBundle(line));
    expect(decodeBundleLines(encode(text))).toEqual(expected);
  });

  test.each([
    ['no line', '', 'INPUT_MALFORMED'],
    ['a blank line', `${one}\n\n${two}\n`, 'INPUT_MALFORMED'],
    ['a blank line at the end', `${one}\n\n`, 'INPUT_MALFORMED'],
    ['carriage returns', `${one}\r\n${two}\r\n`, 'INPUT_MALFORMED'],
    ['a broken second line', `${one}\n{\n`, 'INPUT_MALFORMED'],
    ['a second line that is no bundle', `${one}\n{}\n`, 'BUNDLE_INVALID'],
    ['two bundles on a line', `${one}${two}\n`, 'INPUT_MALFORMED'],
    ['1,001 lines', '{}\n'.repeat(1_001), 'INPUT_TOO_LARGE'],
  ])('are refused for %s', (_name, text, code) => {
    expect(codeOf(() => decodeBundleLines(encode(text)))).toBe(code);
  });

  test('are refused with the number of the line', () => {
    expect(() => decodeBundleLines(encode(`${one}\n${one.replace('SHA2_256', 'MD5')}\n`))).toThrow(
      /^lines\[1\]\.messageSignature\.messageDigest\.algorithm: /,
    );
  });
});
