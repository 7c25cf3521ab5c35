// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, encodeHex } from '../src/bytes.js';
import { nodeCrypto } from '../src/crypto.node.js';
import { webCrypto } from '../src/crypto.web.js';
import { HASH_BYTES, HASH_PROTO_NAMES, type HashName, hash, parseHashName } from '../src/hash.js';
import { codeOf } from './fault.js';

const NAMES: readonly HashName[] = ['sha256', 'sha384', 'sha512'];

function hashByHost(name: HashName, bytes: Uint8Array): string {
  return createHash(name).update(bytes).digest('hex');
}

describe.each([nodeCrypto, webCrypto])('hashing with $name', (provider) => {
  // 4,096 bytes is where the Node provider changes its way.
  test.each([0, 1, 63, 64, 65, 4_095, 4_096, 4_097, 1_000_000])('agrees with the host on %i bytes', (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => i % 251);
    for (const name of NAMES) {
      const digest = provider.hash(name, bytes);
      expect(encodeHex(digest)).toBe(hashByHost(name, bytes));
      expect(digest).toHaveLength(HASH_BYTES[name]);
      expect(Object.getPrototypeOf(digest)).toBe(Uint8Array.prototype);
    }
  });

  test('hashes pieces as their concatenation, at once and one after the other', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 6 });
    const check = (chunks: readonly Uint8Array[], name: HashName): void => {
      const expected = hashByHost(name, concatBytes(...chunks));
      expect(encodeHex(provider.hash(name, ...chunks))).toBe(expected);
      const incremental = provider.createHash(name);
      for (const chunk of chunks) incremental.update(chunk);
      const digest = incremental.digest();
      expect(encodeHex(digest)).toBe(expected);
      expect(Object.getPrototypeOf(digest)).toBe(Uint8Array.prototype);
    };
    fc.assert(fc.property(pieces, fc.constantFrom(...NAMES), check));
  });

  test('gives digests that later ones do not change', () => {
    const first = provider.hash('sha256', Uint8Array.of(1));
    const before = encodeHex(first);
    provider.hash('sha256', Uint8Array.of(2));
    expect(encodeHex(first)).toBe(before);
  });
});

describe('hash', () => {
  test('hashes with the default provider', () => {
    expect(encodeHex(hash('sha256'))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });
});

describe('parseHashName', () => {
  test.each(NAMES)('reads the protobuf name of %s', (name) => {
    expect(parseHashName(HASH_PROTO_NAMES[name], '$')).toBe(name);
  });

  test.each([
    'SHA1',
    'md5',
    'sha256',
    'sha256 ',
    'SHA2_256 ',
    'sha2_256',
    'SHA3_256',
    'HASH_ALGORITHM_UNSPECIFIED',
    '',
    '1',
    '__proto__',
    'constructor',
  ])('refuses %j (SG-027)', (name) => {
    expect(codeOf(() => parseHashName(name, '$'))).toBe('INPUT_UNSUPPORTED');
  });
});
