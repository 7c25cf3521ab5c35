// SPDX-License-Identifier: Apache-2.0

import { isKeywaxError } from '@keywax/core/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type IntegrityAlgorithm, encodeIntegrity, parseIntegrity } from '../src/index.js';
import { matchIntegrity, requireStrongDigest } from '../src/integrity.js';

const LENGTHS = { sha512: 64, sha384: 48, sha256: 32, sha1: 20, md5: 16 } as const;
const ALGORITHMS = Object.keys(LENGTHS) as readonly IntegrityAlgorithm[];
const digestOf = (name: IntegrityAlgorithm, byte = 1): string =>
  `${name}-${Buffer.alloc(LENGTHS[name], byte).toString('base64')}`;

describe('integrity', () => {
  test.each([
    ['one digest', digestOf('sha512'), ['sha512']],
    [
      'several, the strongest first',
      `${digestOf('sha1')} ${digestOf('sha512')} ${digestOf('sha256')}`,
      ['sha512', 'sha256', 'sha1'],
    ],
    ['spaces around', `  ${digestOf('sha256')}  `, ['sha256']],
  ])('is read with %s', (_, text, algorithms) => {
    expect([...parseIntegrity(text).keys()]).toEqual(algorithms);
  });

  test.each([
    ['nothing', '', 'INPUT_MALFORMED'],
    ['spaces', '   ', 'INPUT_MALFORMED'],
    ['no algorithm', Buffer.alloc(64).toString('base64'), 'INPUT_MALFORMED'],
    ['an algorithm that is not known', 'sha3-AAAA', 'INPUT_UNSUPPORTED'],
    ['an algorithm in capitals', digestOf('sha512').replace('sha', 'SHA'), 'INPUT_UNSUPPORTED'],
    ['the name of a member of objects', 'constructor-AAAA', 'INPUT_UNSUPPORTED'],
    ['a digest that is too short', 'sha512-AAAA', 'INPUT_MALFORMED'],
    ['a digest of another algorithm', digestOf('sha256').replace('sha256', 'sha512'), 'INPUT_MALFORMED'],
    ['base64 without padding', digestOf('sha512').replaceAll('=', ''), 'INPUT_MALFORMED'],
    ['set trailing bits', digestOf('sha512').replace('Q==', 'R=='), 'INPUT_MALFORMED'],
    ['options', `${digestOf('sha512')}?ct=text`, 'INPUT_MALFORMED'],
    ['an algorithm twice', `${digestOf('sha512')} ${digestOf('sha512', 2)}`, 'INPUT_MALFORMED'],
    ['other white space', `${digestOf('sha512')}\t${digestOf('sha1')}`, 'INPUT_MALFORMED'],
    ['endless text', ' '.repeat(2000), 'INPUT_TOO_LARGE'],
    ['something that is no text', 1 as never, 'INPUT_MALFORMED'],
  ])('is refused with %s', (_, text, code) => {
    expect(() => parseIntegrity(text)).toThrow(expect.objectContaining({ code }));
  });

  test('is the same after writing and reading', () => {
    const digests = ALGORITHMS.map((name) =>
      fc.option(
        fc.uint8Array({ minLength: LENGTHS[name], maxLength: LENGTHS[name] }).map((bytes) => [name, bytes] as const),
      ),
    );
    fc.assert(
      fc.property(fc.tuple(...digests), (items) => {
        const integrity = new Map(items.filter((item) => item !== null));
        fc.pre(integrity.size > 0);
        expect(parseIntegrity(encodeIntegrity(integrity))).toEqual(integrity);
      }),
    );
  });

  test('is read or refused, whatever the text', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^(sha(1|256|384|512)|md5)-[A-Za-z0-9+/]{20,90}={0,2}$/));
    fc.assert(
      fc.property(text, (input) => {
        try {
          expect(encodeIntegrity(parseIntegrity(input)).split(' ').toSorted()).toEqual(
            input.split(' ').filter(Boolean).toSorted(),
          );
        } catch (error) {
          if (!isKeywaxError(error)) throw error;
        }
      }),
    );
  });

  test('is relied upon by its strongest digest alone', () => {
    const both = parseIntegrity(`${digestOf('sha256')} ${digestOf('sha384')}`);
    expect(requireStrongDigest(both).algorithm).toBe('sha384');
    for (const weak of ['sha1', 'md5'] as const) {
      const error = expect.objectContaining({ code: 'INPUT_UNSUPPORTED' }) as Error;
      expect(() => requireStrongDigest(parseIntegrity(digestOf(weak)))).toThrow(error);
    }
  });

  test.each([
    ['the same', digestOf('sha512'), digestOf('sha512'), true],
    ['another', digestOf('sha512'), digestOf('sha512', 2), false],
    ['the same by the strongest', digestOf('sha512'), `${digestOf('sha512')} ${digestOf('sha1', 2)}`, true],
    [
      'the same by a weaker one',
      `${digestOf('sha512')} ${digestOf('sha256')}`,
      `${digestOf('sha512', 2)} ${digestOf('sha256')}`,
      false,
    ],
    ['the strongest missing', `${digestOf('sha512')} ${digestOf('sha256')}`, digestOf('sha256'), false],
    ['a stronger one beside', digestOf('sha256'), `${digestOf('sha512')} ${digestOf('sha256')}`, false],
  ])('matches: %s', (_, expected, actual, matches) => {
    expect(matchIntegrity(parseIntegrity(expected), parseIntegrity(actual))).toBe(matches);
  });
});
