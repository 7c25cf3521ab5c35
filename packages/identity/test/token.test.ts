// SPDX-License-Identifier: Apache-2.0

import { inspect } from 'node:util';
import { isKeywaxError } from '@keywax/core/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkIdentityToken, parseIdentityToken } from '../src/index.js';
import { NOW, PERSON, jwt, part } from './jwt.js';

const invalid = expect.objectContaining({ code: 'TOKEN_INVALID' });

/** Everything that a program might print of an error. */
function printed(error: unknown): string {
  const { stack, cause } = error as Error;
  return [
    String(error),
    stack,
    JSON.stringify(error),
    inspect(error, { depth: 10, showHidden: true }),
    inspect(cause),
  ].join('\n');
}

describe('an identity token', () => {
  test('gives its claims', () => {
    const token = parseIdentityToken(jwt({ ...PERSON, nbf: 1_787_399_000, extra: { a: [1] } }));
    expect(token).toMatchObject({
      issuer: 'https://issuer.example',
      subject: 'subject-1',
      audiences: ['sigstore'],
      email: 'alice@example.com',
      emailVerified: true,
      expiresAt: new Date('2026-08-22T12:05:00Z'),
      notBefore: new Date('2026-08-22T11:43:20Z'),
    });
    expect(token.claim('extra')).toEqual(new Map([['a', [1]]]));
    expect(token.claim('constructor')).toBeUndefined();
  });

  test('takes several audiences', () => {
    expect(parseIdentityToken(jwt({ ...PERSON, aud: ['other', 'sigstore'] })).audiences).toEqual(['other', 'sigstore']);
  });

  test('shows itself to nobody who does not ask for it', () => {
    const text = jwt(PERSON, undefined, 'CANARY');
    const token = parseIdentityToken(text);
    expect(token.reveal()).toBe(text);
    const shown = [
      String(token),
      JSON.stringify({ token }),
      inspect({ token }, { depth: 9, showHidden: true }),
      inspect(token),
    ];
    for (const text of shown) expect(text).not.toContain('CANARY');
    expect(Object.values(token).filter((value) => typeof value === 'string')).not.toContain(text);
    expect(() => Object.assign(token, { reveal: () => '' })).toThrow(TypeError);
  });

  test.each<[string, string]>([
    ['nothing', ''],
    ['one part', 'CANARY'],
    ['two parts', `${part({ alg: 'RS256' })}.${part(PERSON)}`],
    ['four parts', `${jwt(PERSON)}.CANARY`],
    ['an empty signature', `${part({ alg: 'RS256' })}.${part(PERSON)}.`],
    ['an empty payload', `${part({ alg: 'RS256' })}..CANARY`],
    ['a million dots', '.'.repeat(1_000_000)],
    ['16 KiB and one character', jwt(PERSON, undefined, 'CANARY'.repeat(4_000))],
    ['a newline at its end', `${jwt(PERSON, undefined, 'CANARY')}\n`],
    ['a newline inside', jwt(PERSON).replace('.', '.\n')],
    ['a space in front', ` ${jwt(PERSON)}`],
    ['padding', `${jwt(PERSON)}=`],
    ['standard base64', jwt(PERSON, undefined, 'CANARY+/')],
    ['base64 with set trailing bits', `${part('{"alg":"ES256"} ').replace(/A$/, 'B')}.${part(PERSON)}.CANARY`],
    ['base64 of an impossible length', `${part({ alg: 'RS256' })}.CANAR.CANARY`],
    ['a payload that is not JSON', jwt('CANARY')],
    ['a payload that is not an object', jwt(['CANARY'])],
    ['a payload with a name twice', jwt('{"CANARY":1,"CANARY":2}')],
    ['a payload that is cut', jwt('{"iss":"CANARY')],
    ['a header that is not JSON', jwt(PERSON, 'CANARY')],
    ['no algorithm', jwt(PERSON, { typ: 'JWT' })],
    ['the algorithm none', jwt(PERSON, { alg: 'none' })],
    ['the algorithm None', jwt(PERSON, { alg: 'None' })],
    ['an empty algorithm', jwt(PERSON, { alg: '' })],
    ['a list of algorithms', jwt(PERSON, { alg: ['RS256'] })],
  ])('is refused with %s, and not repeated (CL-017, SE-001)', (_name, text) => {
    const start = performance.now();
    try {
      parseIdentityToken(text);
      expect.fail('parsed');
    } catch (error) {
      expect(performance.now() - start).toBeLessThan(100);
      expect(error).toEqual(invalid);
      expect(printed(error)).not.toContain('CANARY');
    }
  });

  test.each<[string, Record<string, unknown>]>([
    ['no issuer', { iss: undefined }],
    ['an empty issuer', { iss: '' }],
    ['an issuer that is null', { iss: null }],
    ['a list of issuers', { iss: ['https://issuer.example'] }],
    ['no subject', { sub: undefined }],
    ['a subject that is a number', { sub: 7 }],
    ['a subject of 3,000 characters', { sub: 'a'.repeat(3_000) }],
    ['no audience', { aud: undefined }],
    ['an audience that is an object', { aud: { sigstore: true } }],
    ['an audience that is a number', { aud: ['sigstore', 7] }],
    ['no expiry', { exp: undefined }],
    ['an expiry that is text', { exp: '1787400300' }],
    ['an expiry with a fraction', { exp: 1_787_400_300.5 }],
    ['a negative expiry', { exp: -1 }],
    ['an expiry after the year 9999', { exp: 1e12 }],
    ['a start that is text', { nbf: 'soon' }],
    ['an address that is a list', { email: ['alice@example.com'] }],
    ['an empty address', { email: '' }],
  ])('is refused with %s', (_name, changes) => {
    expect(() => parseIdentityToken(jwt({ ...PERSON, ...changes }))).toThrow(invalid);
  });

  test.each<[unknown]>([[undefined], [null], [7], [{}], [['a.b.c']]])('is refused where it is %j', (value) => {
    expect(() => parseIdentityToken(value as string)).toThrow(invalid);
  });

  test('of any text is read or refused', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.tuple(fc.json(), fc.json()).map(([header, payload]) => jwt(payload, header)),
      fc.json().map((payload) => jwt(payload)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          parseIdentityToken(text);
        } catch (error) {
          expect(isKeywaxError(error, 'TOKEN_INVALID')).toBe(true);
        }
      }),
    );
  });
});

describe('the use of an identity token', () => {
  test.each<[string, Record<string, unknown>, { audience?: string; issuer?: string }]>([
    ['for another audience (SE-013)', { aud: 'other' }, {}],
    ['for audiences without ours', { aud: ['other', 'sigstore2'] }, {}],
    ['for no audience', { aud: [] }, {}],
    ['for the usual audience where another is asked for', {}, { audience: 'private' }],
    ['of another issuer (CL-019)', {}, { issuer: 'https://issuer.example/' }],
    ['that expires now (CL-027)', { exp: 1_787_400_000 }, {}],
    ['that has expired', { exp: 1_787_399_999 }, {}],
    ['that is valid in six minutes', { nbf: 1_787_400_360 }, {}],
  ])('%s is refused', (_name, changes, use) => {
    const token = parseIdentityToken(jwt({ ...PERSON, ...changes }));
    expect(() => checkIdentityToken(token, { now: NOW, ...use })).toThrow(invalid);
  });

  test.each<[string, Record<string, unknown>, { audience?: string; issuer?: string }]>([
    ['for us', {}, {}],
    ['for us among others', { aud: ['other', 'sigstore'] }, {}],
    ['for a private authority', { aud: 'private' }, { audience: 'private' }],
    ['of the issuer that was asked', {}, { issuer: 'https://issuer.example' }],
    ['that expires in a second', { exp: 1_787_400_001 }, {}],
    ['that a clock five minutes ahead has made', { nbf: 1_787_400_300 }, {}],
  ])('%s is allowed', (_name, changes, use) => {
    const token = parseIdentityToken(jwt({ ...PERSON, ...changes }));
    expect(() => checkIdentityToken(token, { now: NOW, ...use })).not.toThrow();
  });

  test('says when the token expired', () => {
    const token = parseIdentityToken(jwt({ ...PERSON, exp: 1_787_396_400 }));
    expect(() => checkIdentityToken(token, { now: NOW })).toThrow(/2026-08-22T11:00:00Z/);
  });
});
