// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareBytes,
  concatBytes,
  decodeBase64,
  decodeBase64Url,
  decodeHex,
  decodeUtf8,
  encodeBase64,
  encodeHex,
  encodeUint,
  encodeUtf8,
  equalBytes,
} from '../src/bytes.js';
import * as node from '../src/encoding.node.js';
import * as web from '../src/encoding.web.js';
import { codeOf, faultOf } from './fault.js';

const utf8 = (...bytes: readonly number[]): Uint8Array => Uint8Array.from(bytes);

describe('base64', () => {
  // RFC 4648 §10
  test.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('of %j is %j', (text, base64) => {
    expect(encodeBase64(encodeUtf8(text))).toBe(base64);
    expect(decodeUtf8(decodeBase64(base64))).toBe(text);
  });

  test('is what the host writes, and is read back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
        expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
        expect(decodeBase64Url(Buffer.from(bytes).toString('base64url'))).toEqual(bytes);
      }),
    );
  });

  test.each([
    'Z',
    'Zg',
    'Zg=',
    'Zm8',
    'Zg===',
    'Zg==Zg==',
    'Z===',
    '=',
    '==',
    '====',
    '=Zg=',
    'Zh==',
    'Zm9=',
    'Zm9v\n',
    'Zm 9',
    ' Zm9',
    'Zm9v====',
    '-_-_',
    'Zm9v-_==',
    'Zm9*',
    'Zm9é',
    'Zm9\0',
    'Zm9Ā',
    'ＺＭ９ｖ',
  ])('is not %j, nor with a long beginning', (text) => {
    expect(faultOf(() => decodeBase64(text, '$.a'))).toBe('INPUT_MALFORMED $.a');
    expect(faultOf(() => decodeBase64('Zm9v'.repeat(50) + text, '$.a'))).toBe('INPUT_MALFORMED $.a');
  });

  test('has one text for each value: what is accepted is what would be written', () => {
    const text = fc.stringMatching(/^[A-Za-z0-9+/=]{0,12}$/);
    fc.assert(
      fc.property(text, (written) => {
        const code = codeOf(() => decodeBase64(written));
        return code === 'accepted' ? encodeBase64(decodeBase64(written)) === written : code === 'INPUT_MALFORMED';
      }),
      { numRuns: 1_000 },
    );
  });

  test.each(['Zg==', 'Zm9+', 'Zm9/', 'Z', 'Zh', 'Zm9v\n', ' ', 'é'])('of URLs is not %j', (text) => {
    expect(faultOf(() => decodeBase64Url(text, '$.a'))).toBe('INPUT_MALFORMED $.a');
  });
});

describe('hex', () => {
  test('is what the host writes, and is read back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(encodeHex(bytes)).toBe(Buffer.from(bytes).toString('hex'));
        expect(decodeHex(encodeHex(bytes))).toEqual(bytes);
      }),
    );
  });

  test.each(['0', 'abc', 'AB', 'aB', '0x', '0g', 'g0', ' 0', '0\n', '`0', '0/', ':0', '０0', 'éé'])(
    'is not %j',
    (text) => {
      expect(faultOf(() => decodeHex(text, '$.a'))).toBe('INPUT_MALFORMED $.a');
    },
  );
});

describe('UTF-8', () => {
  test('is what the host writes, and is read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(encodeUtf8(text)).toEqual(new Uint8Array(Buffer.from(text)));
        if (!text.startsWith('\ufeff')) expect(decodeUtf8(encodeUtf8(text))).toBe(text);
      }),
    );
  });

  test('keeps a zero-width no-break space that is not at the start', () => {
    expect(decodeUtf8(encodeUtf8('a\ufeff'))).toBe('a\ufeff');
  });

  test.each([
    ['a byte order mark', utf8(0xef, 0xbb, 0xbf, 0x61)],
    ['a stray continuation byte', utf8(0x80)],
    ['an overlong form of two bytes', utf8(0xc1, 0x81)],
    ['an overlong form of three bytes', utf8(0xe0, 0x80, 0xaf)],
    ['a surrogate', utf8(0xed, 0xa0, 0x80)],
    ['a code point above U+10FFFF', utf8(0xf4, 0x90, 0x80, 0x80)],
    ['a truncated sequence', utf8(0xe2, 0x82)],
    ['a byte that never occurs', utf8(0xff)],
  ])('is not %s', (_, bytes) => {
    expect(faultOf(() => decodeUtf8(bytes, '$.a'))).toBe('INPUT_MALFORMED $.a');
  });
});

describe('byte strings', () => {
  test.each([
    [[], [], 0],
    [[1, 2], [1, 2], 0],
    [[1], [1, 0], -1],
    [[1, 0], [1], 1],
    [[0xff], [0x7f], 1],
    [[0, 2], [1, 0], -1],
  ])('%j and %j compare as %d', (a, b, order) => {
    expect(Math.sign(compareBytes(utf8(...a), utf8(...b)))).toBe(order);
    expect(equalBytes(utf8(...a), utf8(...b))).toBe(order === 0);
  });

  test('are joined in order into new memory', () => {
    const piece = utf8(1, 2);
    const joined = concatBytes(piece, utf8(), utf8(3));
    expect(joined).toEqual(utf8(1, 2, 3));
    expect(concatBytes(piece).buffer).not.toBe(piece.buffer);
  });

  test.each([
    [0, 1, [0]],
    [258, 4, [0, 0, 1, 2]],
    [0xffffffff, 4, [255, 255, 255, 255]],
    [2n ** 64n - 1n, 8, [255, 255, 255, 255, 255, 255, 255, 255]],
    [2 ** 53 - 1, 8, [0, 0x1f, 255, 255, 255, 255, 255, 255]],
  ])('hold %d in %d bytes, most significant first', (value, width, bytes) => {
    expect(encodeUint(value, width)).toEqual(utf8(...bytes));
  });
});

describe('the encodings of hosts', () => {
  const hosts = { node, web };

  test('have one interface', () => {
    expect(Object.keys(node).sort()).toEqual(Object.keys(web).sort());
  });

  test.each(Object.entries(hosts))('write the same on %s', (_, host) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(host.encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
        expect(host.encodeHex(bytes)).toBe(Buffer.from(bytes).toString('hex'));
      }),
    );
  });

  test.each(Object.entries(hosts))('write views and shared memory on %s', (_, host) => {
    const shared = new Uint8Array(new SharedArrayBuffer(8)).fill(1).subarray(2, 5);
    expect([host.encodeBase64(shared), host.encodeHex(shared)]).toEqual(['AQEB', '010101']);
  });

  test('read canonical base64 alone', () => {
    const bytes = new Uint8Array(200).map((_, i) => i);
    const base64 = Buffer.from(bytes).toString('base64');
    expect(node.selectBase64(base64)).toEqual(bytes);
    for (const text of [
      `${base64}\n`,
      ` ${base64}`,
      base64.slice(0, -1),
      `${base64}====`,
      `${base64}A`,
      base64.replace('A', '-'),
    ])
      expect(node.selectBase64(text)).toBeUndefined();
    expect(web.selectBase64(base64)).toBeUndefined();
  });

  test('give bytes that share no memory with others', () => {
    expect(node.selectBase64('A'.repeat(128))?.buffer.byteLength).toBe(96);
  });
});
