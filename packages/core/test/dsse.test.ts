// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeUtf8, encodeUtf8 } from '../src/bytes.js';
import { encodePae } from '../src/dsse.js';

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('encodePae', () => {
  test('writes the example of the specification', () => {
    const pae = encodePae('http://example.com/HelloWorld', encodeUtf8('hello world'));
    expect(decodeUtf8(pae)).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
    expect(digest(pae)).toBe('217751fac2c4f14edb2c9297fbc34abcb016ba88e74757e875ec4ac16fb6b6a1');
  });

  test('counts bytes, not characters', () => {
    const payload = encodeUtf8('{"é":1}');
    expect(digest(encodePae('application/vnd.in-toto+json', payload))).toBe(
      '04b1cdb9618d713ca87fe1a65885f1e22959825f74a2664b88e6e9351f403d42',
    );
    expect(decodeUtf8(encodePae('é', payload))).toBe('DSSEv1 2 é 8 {"é":1}');
  });

  test('keeps any payload as it is, and an empty one too', () => {
    expect(decodeUtf8(encodePae('', new Uint8Array()))).toBe('DSSEv1 0  0 ');
    fc.assert(
      fc.property(fc.uint8Array(), (payload) => {
        const pae = encodePae('t', payload);
        expect(pae.subarray(pae.length - payload.length)).toEqual(payload);
      }),
    );
  });
});
