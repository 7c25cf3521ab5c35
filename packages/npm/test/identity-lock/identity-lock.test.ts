// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareIdentity, compareSigner } from '../../src/identity-lock/compare.js';
import { type IdentityLock, decodeIdentityLock, encodeIdentityLock } from '../../src/identity-lock/identity-lock.js';
import { type PackageSigner, SIGNER_MEMBERS, describeSigner } from '../../src/identity-lock/package-signer.js';
import { updateIdentityLock } from '../../src/identity-lock/update.js';

const SIGNER: PackageSigner = {
  issuer: 'https://token.example.com',
  repository: 'https://github.com/a/b',
  workflow: '.github/workflows/r.yml',
  builder: 'github-hosted',
  repositoryId: '1',
  ownerId: '2',
};

describe('an identity lock', () => {
  test('is text with a fact on each line, sorted', () => {
    const lock: IdentityLock = new Map([
      ['b', { signers: [SIGNER], withoutProvenance: ['2.0.0', '1.0.0'] }],
      [
        '@a/c',
        { signers: [{ issuer: 'https://b.example' }, { issuer: 'https://a.example', signer: 'c@example.com' }] },
      ],
    ]);
    expect(encodeIdentityLock(lock)).toBe(`{
  "format": 1,
  "packages": {
    "@a/c": {
      "signers": [
        {
          "issuer": "https://a.example",
          "signer": "c@example.com"
        },
        {
          "issuer": "https://b.example"
        }
      ]
    },
    "b": {
      "signers": [
        {
          "issuer": "https://token.example.com",
          "repository": "https://github.com/a/b",
          "workflow": ".github/workflows/r.yml",
          "builder": "github-hosted",
          "repositoryId": "1",
          "ownerId": "2"
        }
      ],
      "withoutProvenance": [
        "1.0.0",
        "2.0.0"
      ]
    }
  }
}
`);
  });

  test('reads what it wrote, and writes the same again', () => {
    const text = fc.string({ minLength: 1, unit: fc.constantFrom('a', 'b', '/', ':', '"', 'é') });
    const signer = fc.record(
      {
        issuer: text,
        repository: text,
        workflow: text,
        builder: text,
        signer: text,
        repositoryId: text,
        ownerId: text,
      },
      { requiredKeys: ['issuer', 'signer'] },
    );
    const identity = fc.record({ signers: fc.array(signer, { minLength: 1, maxLength: 3 }) });
    const names = fc.constantFrom('a', 'b', '@s/a', '__proto__', 'constructor');
    fc.assert(
      fc.property(fc.array(fc.tuple(names, identity)), (pairs) => {
        const written = encodeIdentityLock(new Map(pairs));
        expect(encodeIdentityLock(decodeIdentityLock(written))).toBe(written);
      }),
    );
  });

  test.each([
    ['another format', { format: 2, packages: {} }, 'INPUT_MALFORMED'],
    ['no format', { packages: {} }, 'INPUT_MALFORMED'],
    ['an unknown member', { format: 1, packages: {}, more: 1 }, 'INPUT_MALFORMED'],
    ['a signer without issuer', { format: 1, packages: { a: { signers: [{}] } } }, 'INPUT_MALFORMED'],
    ['a signer with an empty issuer', { format: 1, packages: { a: { signers: [{ issuer: '' }] } } }, 'INPUT_MALFORMED'],
    [
      'an unknown member of a signer',
      { format: 1, packages: { a: { signers: [{ issuer: 'i', signer: 's', ref: 'r' }] } } },
      'INPUT_MALFORMED',
    ],
    [
      'a signer who could be many',
      { format: 1, packages: { a: { signers: [{ issuer: 'i', repository: 'r', builder: 'b' }] } } },
      'INPUT_MALFORMED',
    ],
    ['a package without signers', { format: 1, packages: { a: { signers: [] } } }, 'INPUT_MALFORMED'],
    [
      'a name that is none',
      { format: 1, packages: { '../a': { signers: [{ issuer: 'i', signer: 's' }] } } },
      'INPUT_MALFORMED',
    ],
    [
      'a version that is none',
      { format: 1, packages: { a: { signers: [{ issuer: 'i', signer: 's' }], withoutProvenance: ['^1'] } } },
      'INPUT_MALFORMED',
    ],
    [
      'a name twice',
      '{"format":1,"packages":{"a":{"signers":[{"issuer":"i","signer":"s"}]},"a":{"signers":[{"issuer":"j","signer":"s"}]}}}',
      'INPUT_MALFORMED',
    ],
  ])('is refused with %s', (_, input, code) => {
    expect(() => decodeIdentityLock(input)).toThrow(expect.objectContaining({ code }) as Error);
  });
});

describe('a signer', () => {
  const identity = (subject: string, extensions: object) => ({
    subject,
    subjectKind: 'uri' as const,
    issuer: 'https://i',
    extensions,
  });
  const base = 'https://github.com/a/b/.github/workflows/r.yml';
  test.each([
    [
      'a workflow',
      identity(`${base}@refs/heads/main`, {
        sourceRepositoryUri: 'https://github.com/a/b',
        buildConfigUri: `${base}@refs/heads/main`,
        buildSignerUri: `${base}@refs/heads/main`,
      }),
      undefined,
    ],
    [
      'a reusable workflow',
      identity(base, {
        sourceRepositoryUri: 'https://github.com/a/b',
        buildConfigUri: `${base}@refs/heads/main`,
        buildSignerUri: 'https://github.com/t/t/.github/workflows/p.yml@refs/tags/v1',
      }),
      'https://github.com/t/t/.github/workflows/p.yml',
    ],
    [
      'a reusable workflow by commit',
      identity(base, {
        buildConfigUri: `${base}@refs/heads/main`,
        buildSignerUri: `https://github.com/t/t/.github/workflows/p.yml@${'a'.repeat(40)}`,
      }),
      'https://github.com/t/t/.github/workflows/p.yml',
    ],
    [
      'a GitLab pipeline',
      identity('x', {
        sourceRepositoryUri: 'https://gitlab.com/g/p',
        buildConfigUri: 'https://gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main',
        buildSignerUri: 'https://gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main',
      }),
      undefined,
    ],
    ['a certificate of 2022, which has no more than its subject', identity(`${base}@refs/heads/main`, {}), base],
    ['a person', identity('alice@example.com', {}), 'alice@example.com'],
  ])('is told of %s', (_, found, signer) => {
    expect(describeSigner(found).signer).toBe(signer);
  });

  test.each(SIGNER_MEMBERS.filter((member) => member !== 'signer'))('is another one with another %s', (member) => {
    expect(compareSigner(SIGNER, { ...SIGNER, [member]: 'other' })).toMatchObject([
      { member, recorded: SIGNER[member], found: 'other' },
    ]);
  });

  test.each(SIGNER_MEMBERS.filter((member) => member !== 'signer' && member !== 'issuer'))(
    'is another one that no longer proves its %s',
    (member) => {
      const { [member]: _, ...found } = SIGNER;
      expect(compareSigner(SIGNER, found)).toContainEqual({ member, recorded: SIGNER[member] });
    },
  );

  test('is no other one when it proves more', () => {
    const { repositoryId: _, ...recorded } = SIGNER;
    expect(compareSigner(recorded, SIGNER)).toEqual([]);
  });

  test('is the same whether a workflow or its subject tells it', () => {
    const recorded = { issuer: SIGNER.issuer, signer: 'https://github.com/a/b/.github/workflows/r.yml' };
    expect(compareSigner(recorded, SIGNER)).toEqual([]);
  });

  test('is compared with the nearest of several', () => {
    const signers = [{ ...SIGNER, repository: 'https://github.com/x/y', workflow: 'w' }, SIGNER];
    expect(
      compareIdentity({ signers }, { version: '1.0.0', signer: { ...SIGNER, builder: 'self-hosted' } }),
    ).toMatchObject([{ member: 'builder' }]);
  });
});

describe('an update', () => {
  const observed = (name: string, signer: PackageSigner | undefined, isKnown = true) => ({
    name,
    version: '1.0.0',
    isKnown,
    signer,
  });
  const before: IdentityLock = new Map([['a', { signers: [SIGNER] }]]);
  test.each([
    ['adds what is new', [observed('a', SIGNER), observed('b', SIGNER)], [{ name: 'b', kind: 'added' }]],
    ['removes what is gone', [], [{ name: 'a', kind: 'removed', changes: [] }]],
    [
      'tells what has lost its provenance',
      [observed('a', undefined)],
      [{ name: 'a', kind: 'removed', changes: [{ member: 'provenance' }] }],
    ],
    [
      'tells what has another signer',
      [observed('a', { ...SIGNER, ownerId: '9' })],
      [{ name: 'a', kind: 'changed', changes: [{ member: 'ownerId', recorded: '2', found: '9' }] }],
    ],
    ['keeps what is the same', [observed('a', SIGNER)], []],
    ['keeps what could not be learned', [observed('a', undefined, false)], []],
  ])('%s', (_, found, updates) => {
    expect(updateIdentityLock(before, found).updates).toMatchObject(updates);
  });
});
