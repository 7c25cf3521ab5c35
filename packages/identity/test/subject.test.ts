// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { type SubjectRule, type TokenSubject, parseIdentityToken, readSubject } from '../src/index.js';
import { PERSON, WORKFLOW, jwt } from './jwt.js';

const read = (claims: Record<string, unknown>, rule?: SubjectRule): TokenSubject =>
  readSubject(parseIdentityToken(jwt(claims)), rule);

describe('the subject of a token', () => {
  test('is the verified address where there is one', () => {
    expect(read({ ...PERSON })).toEqual({
      challenge: { claim: 'email', value: 'alice@example.com' },
      name: { kind: 'email', value: 'alice@example.com' },
      issuers: ['https://issuer.example'],
    });
  });

  test('is sub where there is no address', () => {
    expect(read({ ...PERSON, email: undefined })).toEqual({
      challenge: { claim: 'sub', value: 'subject-1' },
      issuers: ['https://issuer.example'],
    });
  });

  test.each<[string, Record<string, unknown>, string | undefined]>([
    [
      'https://token.actions.githubusercontent.com',
      {},
      'https://github.com/o/r/.github/workflows/release.yml@refs/heads/main',
    ],
    [
      'https://token.actions.githubusercontent.com/acme',
      {},
      'https://github.com/o/r/.github/workflows/release.yml@refs/heads/main',
    ],
    [
      'https://gitlab.com',
      { ci_config_ref_uri: 'gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main' },
      'https://gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main',
    ],
    ['https://gitlab.com', {}, undefined],
    ['https://token.actions.acme.ghe.com', {}, undefined],
    ['https://agent.buildkite.com', {}, undefined],
    ['https://oidc.circleci.com/org/1234-abcd', {}, undefined],
    ['https://oidc.codefresh.io', {}, undefined],
  ])('is sub for %s although there is an address', (iss, claims, uri) => {
    const subject = read({ ...WORKFLOW, iss, email: 'bot@example.com', email_verified: true, ...claims });
    expect(subject.challenge).toEqual({ claim: 'sub', value: 'repo:o/r:ref:refs/heads/main' });
    expect(subject.name).toEqual(uri === undefined ? undefined : { kind: 'uri', value: uri });
  });

  test.each(['https://token.actions.githubusercontent.com.evil.example', 'https://gitlab.com/x', 'http://gitlab.com'])(
    'is not that of a CI system for %s',
    (iss) => {
      expect(read({ ...PERSON, iss }).challenge.claim).toBe('email');
    },
  );

  test('names a workload of SPIFFE', () => {
    const subject = read({ ...PERSON, email: undefined, sub: 'spiffe://example.org/build' });
    expect(subject.name).toEqual({ kind: 'uri', value: 'spiffe://example.org/build' });
  });

  test('may speak for the issuer behind a federated token', () => {
    const subject = read({ ...PERSON, federated_claims: { connector_id: 'https://accounts.example', user_id: '1' } });
    expect(subject.issuers).toEqual(['https://issuer.example', 'https://accounts.example']);
  });

  test.each<[string, Record<string, unknown>, SubjectRule, TokenSubject['challenge']]>([
    [
      'email',
      { ...WORKFLOW, email: 'a@b.example', email_verified: true },
      { challengeClaim: 'email' },
      { claim: 'email', value: 'a@b.example' },
    ],
    ['sub', PERSON, { challengeClaim: 'sub' }, { claim: 'sub', value: 'subject-1' }],
    ['nothing', PERSON, { challengeClaim: '' }, { claim: 'email', value: 'alice@example.com' }],
    [
      'an address that nobody verified',
      { ...PERSON, email_verified: false },
      { challengeClaim: 'email', skipEmailVerification: true },
      { claim: 'email', value: 'alice@example.com' },
    ],
  ])('follows a rule that asks for %s', (_name, claims, rule, challenge) => {
    expect(read(claims, rule).challenge).toEqual(challenge);
  });

  test.each<[string, Record<string, unknown>, SubjectRule, string]>([
    ['an address that is not verified (CL-018)', { email_verified: false }, {}, 'TOKEN_INVALID'],
    ['an address that is verified in words (CL-018)', { email_verified: 'true' }, {}, 'TOKEN_INVALID'],
    ['an address of which nobody says that it is verified', { email_verified: undefined }, {}, 'TOKEN_INVALID'],
    ['no address where one is asked for', { email: undefined }, { challengeClaim: 'email' }, 'TOKEN_INVALID'],
    ['a rule that asks for another claim', {}, { challengeClaim: 'preferred_username' }, 'INPUT_UNSUPPORTED'],
  ])('is refused with %s', (_name, changes, rule, code) => {
    expect(() => read({ ...PERSON, ...changes }, rule)).toThrow(expect.objectContaining({ code }));
  });

  test('does not need a verified address where sub is the subject', () => {
    expect(read({ ...WORKFLOW, email: 'a@b.example', email_verified: false }).challenge.claim).toBe('sub');
  });
});
