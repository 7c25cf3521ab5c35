// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeUrlText, errorCode, redactError, redactText } from '../src/redact.js';

describe('foreign text in an error', () => {
  test.each([
    [
      'keeps words',
      'There was an error processing the identity token',
      'There was an error processing the identity token',
    ],
    [
      'keeps hosts',
      'unknown issuer https://oauth2.sigstore.dev/auth',
      'unknown issuer https://oauth2.sigstore.dev/auth',
    ],
    ['loses a secret', 'bad token abcd', 'bad token [redacted]'],
    ['loses a part of a secret', 'bad part wxyz', 'bad part [redacted]'],
    ['loses a digest', `no entry ${'0a'.repeat(32)}`, 'no entry [redacted]'],
    ['loses base64', `bad key ${'Zm9v'.repeat(8)}==`, 'bad key [redacted]'],
    [
      'loses a query',
      'request to https://host/path?token=1&x=2 failed',
      'request to https://host/path?[redacted] failed',
    ],
    ['loses user information', 'proxy http://user:pw@host:1/ failed', 'proxy http://[redacted]@host:1/ failed'],
  ])('%s', (_name, text, expected) => {
    expect(redactText(text, ['abcd', 'header.wxyz.sign'])).toBe(expected);
  });

  test('never holds a secret, wherever it stands', () => {
    const secret = fc.stringMatching(/^[\w-]{8,60}(?:\.[\w-]{8,60}){0,2}$/);
    fc.assert(
      fc.property(fc.string(), secret, fc.string(), fc.nat(400), (before, value, after, repeat) => {
        const text = redactText(`${before}${`${value} `.repeat(repeat + 1)}${after}`, [value]);
        expect(text.length).toBeLessThanOrEqual(256);
        for (const part of [value, ...value.split('.')]) expect(text).not.toContain(part);
      }),
    );
  });
});

describe('a URL in an error', () => {
  test.each([
    ['https://host.example/path?query#fragment', 'https://host.example/path'],
    ['https://user:pw@host.example/path', 'https://[redacted]@host.example/path'],
    ['https:/user:pw@host.example/', 'https://[redacted]@host.example/'],
    [String.raw`https:\\user:p/w@host.example/`, 'https://[redacted]@host.example/'],
    ['user:p?w@host', '//[redacted]@host'],
    ['https://a@b@host/', 'https://[redacted]@host/'],
  ])('%s is shown as %s', (text, expected) => {
    expect(describeUrlText(text)).toBe(expected);
  });

  test('is made in linear time', () => {
    const start = performance.now();
    for (const unit of ['@', '/', '?', '//', ':', 'a:']) describeUrlText(unit.repeat(500_000));
    for (const unit of ['//', '?a=', '@', 'a', '=']) redactText(unit.repeat(500_000), ['secret']);
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});

describe("a host's error", () => {
  test.each<[unknown, string | undefined]>([
    [Object.assign(new Error('a'), { code: 'ECONNRESET' }), 'ECONNRESET'],
    [new TypeError('fetch failed', { cause: Object.assign(new Error('a'), { code: 'ENOTFOUND' }) }), 'ENOTFOUND'],
    [Object.assign(new Error('a'), { code: 'not a code' }), undefined],
    [Object.assign(new Error('a'), { code: 7 }), undefined],
    [new Error('a'), undefined],
    ['text', undefined],
    [undefined, undefined],
  ])('%s has the code %s', (error, code) => {
    expect(errorCode(error)).toBe(code);
  });

  test('keeps name, code and words, and nothing else', () => {
    const error = Object.assign(new RangeError('no secret here'), { code: 'EFOO', request: 'secret' });
    const clean = redactError(error, ['secret']);
    expect({ ...clean, message: clean.message, stack: clean.stack }).toEqual({
      name: 'RangeError',
      code: 'EFOO',
      message: 'no [redacted] here',
      stack: 'RangeError: no [redacted] here',
    });
  });

  test('that is its own cause ends', () => {
    const error = new Error('a');
    error.cause = error;
    expect(errorCode(error)).toBeUndefined();
  });
});
