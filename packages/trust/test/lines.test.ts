// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../../bundle/test/sample.js';
import { MAX_TRUSTED_ROOTS_BYTES, decodeTrustedRoot, decodeTrustedRoots, mergeTrustedRoots } from '../src/index.js';
import { sampleRoot } from './sample.js';

const line = JSON.stringify(sampleRoot());
const root = decodeTrustedRoot(line);
const other = { ...sampleRoot(), tlogs: [] };

describe('trusted roots in one text', () => {
  test.each([
    ['one on a line', line],
    ['one on a line that ends', `${line}\n`],
    ['one over many lines', JSON.stringify(sampleRoot(), undefined, 2)],
    ['one over many lines with space around it', `\n\n${JSON.stringify(sampleRoot(), undefined, 2)}\n\n`],
  ])('may be %s', (_, text) => {
    expect(decodeTrustedRoots(text)).toEqual([root]);
    expect(decodeTrustedRoots(new TextEncoder().encode(text))).toEqual([root]);
  });

  test.each([
    ['several lines', [line, JSON.stringify(other)].join('\n')],
    ['several lines that all end', [line, JSON.stringify(other), ''].join('\n')],
    ['lines of Windows', [line, JSON.stringify(other), ''].join('\r\n')],
  ])('may be %s', (_, text) => {
    expect(decodeTrustedRoots(text)).toEqual([root, decodeTrustedRoot(other)]);
  });

  test.each([
    ['nothing', '', 'INPUT_MALFORMED'],
    ['a blank line between', `${line}\n\n${line}`, 'INPUT_MALFORMED'],
    ['two on one line', `${line}${line}`, 'INPUT_MALFORMED'],
    ['a second line that is none', `${line}\n{}`, 'TRUST_INVALID'],
    ['a first line that is none', `{}\n${line}`, 'TRUST_INVALID'],
    ['a first line that is broken', `{\n${line}`, 'INPUT_MALFORMED'],
    ['a second line that is broken', `${line}\n${line.slice(1)}`, 'INPUT_MALFORMED'],
    ['seventeen lines', Array.from({ length: 17 }, () => line).join('\n'), 'INPUT_TOO_LARGE'],
    ['a line of more than 1 MiB', `${line}\n${line.padEnd((1 << 20) + 1)}`, 'INPUT_TOO_LARGE'],
    ['more than 4 MiB', line.padEnd(MAX_TRUSTED_ROOTS_BYTES + 1), 'INPUT_TOO_LARGE'],
    ['a byte order mark', `\ufeff${line}`, 'INPUT_MALFORMED'],
  ])('are refused for %s', (_, text, code) => {
    expect(codeOf(() => decodeTrustedRoots(text))).toBe(code);
    expect(codeOf(() => decodeTrustedRoots(new TextEncoder().encode(text)))).toBe(code);
  });

  test('name the line of a fault', () => {
    expect(() => decodeTrustedRoots(`${line}\n{"mediaType":""}`)).toThrow(/^lines\[1\]\.mediaType: /);
  });

  test('of any bytes give roots or an error of ours', () => {
    fc.assert(fc.property(fc.uint8Array(), (input) => typeof codeOf(() => decodeTrustedRoots(input)) === 'string'));
  });

  test('are one root when merged', () => {
    expect(mergeTrustedRoots(decodeTrustedRoots(`${line}\n${line}`))).toEqual({
      ...root,
      mediaType: 'application/vnd.dev.sigstore.trustedroot.v0.2+json', // the sample names operators
    });
  });
});
