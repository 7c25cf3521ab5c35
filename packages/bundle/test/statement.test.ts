// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { toPlainJson } from '@keywax/core/json';
import { describe, expect, test } from 'vitest';
import { STATEMENT_TYPE, STATEMENT_TYPE_V01, decodeStatement, encodeStatement } from '../src/index.js';
import { codeOf, withMember } from './sample.js';
import { sweepMembers } from './sweep.js';

const digest = 'a'.repeat(64);
const STATEMENT = {
  _type: STATEMENT_TYPE,
  subject: [{ name: 'pkg:npm/a@1.0.0', digest: { sha256: digest, gitCommit: 'b'.repeat(40) } }],
  predicateType: 'https://slsa.dev/provenance/v1',
  predicate: { buildDefinition: { n: 1.5 } },
};

const encode = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const codeOfStatement = (value: unknown): string => codeOf(() => decodeStatement(encode(value)));

describe('a statement', () => {
  test.each([STATEMENT_TYPE, STATEMENT_TYPE_V01])('of type %s is read', (type) => {
    const statement = decodeStatement(encode({ ...STATEMENT, _type: type }));
    expect(statement).toMatchObject({ type, predicateType: STATEMENT.predicateType });
    expect(statement.subjects[0]).toEqual({
      name: 'pkg:npm/a@1.0.0',
      digests: new Map([
        ['sha256', digest],
        ['gitCommit', 'b'.repeat(40)],
      ]),
    });
    expect(toPlainJson(statement.json)).toEqual({ ...STATEMENT, _type: type });
    expect(toPlainJson(statement.predicate)).toEqual(STATEMENT.predicate);
  });

  test('may have all members of a resource descriptor, and no predicate', () => {
    const subject = {
      ...STATEMENT.subject[0],
      uri: 'https://a',
      content: 'AAAA',
      downloadLocation: 'https://b',
      mediaType: 'text/plain',
      annotations: { a: 1 },
    };
    const { predicate: _predicate, ...bare } = { ...STATEMENT, subject: [subject] };
    expect(decodeStatement(encode(bare))).toMatchObject({ predicate: null, subjects: [{ uri: 'https://a' }] });
  });

  test('keeps digests as they are written, for exact comparison', () => {
    for (const odd of [digest.toUpperCase(), `sha256:${digest}`, ` ${digest}`, digest.slice(1), 'h1:abc=']) {
      const statement = decodeStatement(encode(withMember(STATEMENT, 'subject.0.digest.sha256', odd)));
      expect(statement.subjects[0]?.digests.get('sha256')).toBe(odd);
    }
  });
});

describe('a statement is refused for', () => {
  test.each<readonly [string, unknown]>([
    ['being empty', ''],
    ['not being JSON', 'x'],
    ['a repeated name', `{"_type":"a",${JSON.stringify(STATEMENT).slice(1)}`],
    ['a byte order mark', `\ufeff${JSON.stringify(STATEMENT)}`],
    ['NaN', JSON.stringify(STATEMENT).replace('1.5', 'NaN')],
    ['being an array', [STATEMENT]],
    ['an unknown member', { ...STATEMENT, extra: 1 }],
    ...[
      'https://in-toto.io/Statement/v2',
      'https://in-toto.io/Statement/v1/',
      'https://in-toto.io/statement/v1',
      '',
      1,
      undefined,
    ].map((type) => [`the type ${JSON.stringify(type)}`, { ...STATEMENT, _type: type }] as const),
    ...[undefined, null, [], {}, 'a', [null], ['a']].map(
      (subject) => [`the subject ${JSON.stringify(subject)}`, { ...STATEMENT, subject }] as const,
    ),
    ...[
      undefined,
      null,
      {},
      [],
      { md5: 'a' },
      { sha1: 'a', gitCommit: 'b' },
      { sha3_256: digest },
      { SHA256: digest },
      { sha256: '' },
      { sha256: 1 },
      { sha256: null },
    ].map(
      (digests) =>
        [`the digests ${JSON.stringify(digests)}`, { ...STATEMENT, subject: [{ digest: digests }] }] as const,
    ),
    ['one subject of two without digests', { ...STATEMENT, subject: [...STATEMENT.subject, { name: 'b' }] }],
    ['an unknown member of a subject', withMember(STATEMENT, 'subject.0.sha256', digest)],
    ['no predicate type', { ...STATEMENT, predicateType: undefined }],
    ['an empty predicate type', { ...STATEMENT, predicateType: '' }],
    ['a predicate that is text', { ...STATEMENT, predicate: 'a' }],
    ['a predicate that is a list', { ...STATEMENT, predicate: [] }],
  ])('%s', (_name, value) => {
    expect(codeOfStatement(value)).toBe('STATEMENT_INVALID');
  });

  test.each(['__proto__', 'constructor', 'toString'])('a member or a digest with the name %s', (name) => {
    const member = `{${JSON.stringify(name)}:"${digest}",`;
    for (const place of ['{"_type"', '{"name"', '{"sha256"']) {
      expect(codeOfStatement(JSON.stringify(STATEMENT).replace(place, place.replace('{', member)))).toBe(
        'STATEMENT_INVALID',
      );
    }
    expect('polluted' in {}).toBe(false);
  });

  test.each<readonly [string, unknown]>([
    ['1,025 subjects', { ...STATEMENT, subject: Array.from({ length: 1_025 }, () => 'x') }],
    [
      '33 digests',
      { ...STATEMENT, subject: [{ digest: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`a${i}`, 'x'])) }] },
    ],
    ['a digest of 129 characters', withMember(STATEMENT, 'subject.0.digest.sha256', 'a'.repeat(129))],
    ['deep nesting', `{"predicate":${'['.repeat(1 << 20)}`],
    ['many values', `[${'[],'.repeat(200_000)}[]]`],
  ])('%s', (_name, value) => {
    expect(codeOfStatement(value)).toBe('INPUT_TOO_LARGE');
  });

  test('any member that is missing, empty or of another type, but for the predicate and names', () => {
    const unnoticed = [...sweepMembers(STATEMENT)]
      .filter(({ text }) => codeOfStatement(text) === 'accepted')
      .map(({ name }) => name);
    expect(
      unnoticed.filter((name) => !/ (predicate(\..*)?|subject\[\]\.name|subject\[\]\.digest\.gitCommit)$/.test(name)),
    ).toEqual([]);
    expect(unnoticed).not.toContain('empty subject[].digest.gitCommit');
    expect(unnoticed).not.toContain('swap predicate');
  });
});

describe('encoding', () => {
  const word = fc.string({ minLength: 1, maxLength: 20 });
  const subject = fc.record(
    { name: word, uri: word, digests: fc.constant(new Map([['sha256', digest]])) },
    { requiredKeys: ['digests'] },
  );

  test('is undone by decoding', () => {
    fc.assert(
      fc.property(
        fc.array(subject, { minLength: 1, maxLength: 5 }),
        word,
        fc.dictionary(word, fc.jsonValue()),
        (subjects, predicateType, predicate) => {
          const statement = decodeStatement(encodeStatement({ subjects, predicateType, predicate }));
          expect(statement).toMatchObject({ type: STATEMENT_TYPE, subjects, predicateType });
          // As text, because the host writes -0 as 0.
          expect(JSON.stringify(toPlainJson(statement.predicate))).toBe(JSON.stringify(predicate));
        },
      ),
    );
  });

  test('refuses what decoding would refuse', () => {
    const subjects = [{ digests: new Map([['sha1', 'a']]) }];
    expect(codeOf(() => encodeStatement({ subjects, predicateType: 'a', predicate: {} }))).toBe('STATEMENT_INVALID');
    expect(codeOf(() => encodeStatement({ subjects: [], predicateType: 'a', predicate: {} }))).toBe(
      'STATEMENT_INVALID',
    );
    const good = [{ digests: new Map([['sha256', digest]]) }];
    expect(codeOf(() => encodeStatement({ subjects: good, predicateType: '', predicate: {} }))).toBe(
      'STATEMENT_INVALID',
    );
    expect(codeOf(() => encodeStatement({ subjects: good, predicateType: 'a', predicate: { at: new Date(0) } }))).toBe(
      'INPUT_MALFORMED',
    );
  });

  test('writes the older type on request', () => {
    const subjects = [{ name: 'a', digests: new Map([['sha512', 'b'.repeat(128)]]) }];
    const payload = encodeStatement({ type: STATEMENT_TYPE_V01, subjects, predicateType: 'a', predicate: {} });
    expect(Buffer.from(payload).toString()).toBe(
      `{"_type":"${STATEMENT_TYPE_V01}","subject":[{"name":"a","digest":{"sha512":"${'b'.repeat(128)}"}}],"predicateType":"a","predicate":{}}`,
    );
  });
});
