// SPDX-License-Identifier: Apache-2.0

import { encodeUtf8 } from '@keywax/core/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isKeywaxError } from '@keywax/core/errors';
import { parseNpmLock } from '../../src/lock-file/npm-lock.js';

const HOST = 'https://registry.example/npm';
const A = `sha512-${'a'.repeat(86)}==`;
const B = `sha512-${'b'.repeat(86)}==`;

function parse(packages: object, lockfileVersion: unknown = 3) {
  return parseNpmLock(encodeUtf8(JSON.stringify({ name: 'p', lockfileVersion, packages })));
}

describe('a package-lock.json', () => {
  test('lists each version once, by name', () => {
    const { format, packages, others } = parse({
      '': { name: 'p', version: '0.0.0' },
      'node_modules/b': { version: '2.0.0', resolved: `${HOST}/b/-/b-2.0.0.tgz`, integrity: B },
      'node_modules/a': {
        version: '1.0.0',
        resolved: `${HOST}/a/-/a-1.0.0.tgz`,
        integrity: A,
        dev: true,
        bin: { a: 'x' },
      },
      'node_modules/b/node_modules/a': { version: '1.0.0', resolved: `${HOST}/a/-/a-1.0.0.tgz`, integrity: A },
      'node_modules/b/node_modules/@s/c': {
        version: '1.0.0-rc.1',
        resolved: `${HOST}/@s/c/-/c-1.0.0-rc.1.tgz`,
        integrity: A,
      },
    });
    expect({ format, others }).toEqual({ format: 'npm', others: [] });
    expect(packages).toEqual([
      {
        name: '@s/c',
        version: '1.0.0-rc.1',
        integrities: [A],
        resolved: `${HOST}/@s/c/-/c-1.0.0-rc.1.tgz`,
        unpinned: [],
        at: '$.packages["node_modules/b/node_modules/@s/c"]',
      },
      {
        name: 'a',
        version: '1.0.0',
        integrities: [A],
        resolved: `${HOST}/a/-/a-1.0.0.tgz`,
        unpinned: [],
        at: '$.packages["node_modules/a"]',
      },
      {
        name: 'b',
        version: '2.0.0',
        integrities: [B],
        resolved: `${HOST}/b/-/b-2.0.0.tgz`,
        unpinned: [],
        at: '$.packages["node_modules/b"]',
      },
    ]);
  });

  test('keeps every integrity of a version', () => {
    const { packages } = parse({
      'node_modules/a': { version: '1.0.0', integrity: A },
      'x/node_modules/a': { version: '1.0.0', integrity: B },
    });
    expect(packages).toMatchObject([{ integrities: [A, B] }]);
  });

  test('has what the project bundles from a registry', () => {
    const entry = { version: '1.0.0', resolved: `${HOST}/a/-/a-1.0.0.tgz`, integrity: A, inBundle: true };
    expect(parse({ 'node_modules/a': entry })).toMatchObject({
      packages: [{ name: 'a', integrities: [A] }],
      others: [],
    });
  });

  test('says where each entry that pins nothing has its tarball from', () => {
    const { packages } = parse({
      'node_modules/a': { version: '1.0.0', resolved: `${HOST}/a/-/a-1.0.0.tgz`, integrity: A },
      'x/node_modules/a': { version: '1.0.0', resolved: 'https://evil.example/a/-/a-1.0.0.tgz' },
      'y/node_modules/a': { version: '1.0.0', integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' },
    });
    expect(packages).toMatchObject([
      { resolved: `${HOST}/a/-/a-1.0.0.tgz`, unpinned: ['https://evil.example/a/-/a-1.0.0.tgz', ''] },
    ]);
  });

  test('names an alias by the package that it stands for', () => {
    expect(
      parse({ 'node_modules/alias': { name: '@s/real', version: '1.0.0', integrity: A } }, 2).packages,
    ).toMatchObject([{ name: '@s/real' }]);
  });

  test.each([
    ['link', 'node_modules/w', { resolved: 'packages/w', link: true }],
    ['workspace', 'packages/w', { version: '1.0.0' }],
    ['bundled', 'node_modules/v/node_modules/w', { version: '1.0.0', inBundle: true }],
    ['git', 'node_modules/w', { version: '1.0.0', resolved: 'git+ssh://git@github.com/a/b.git#0123' }],
    ['file', 'node_modules/w', { version: '1.0.0', resolved: 'file:w.tgz', integrity: A }],
    ['remote', 'node_modules/w', { version: '1.0.0', resolved: 'https://example.com/w.tgz', integrity: A }],
  ])('says what is a %s', (source, path, entry) => {
    const { packages, others } = parse({ [path]: entry });
    expect(packages).toEqual([]);
    expect(others).toMatchObject([{ name: path === 'packages/w' ? path : 'w', source }]);
  });

  test.each([
    ['no object', '[]', 'INPUT_MALFORMED', '$'],
    ['no version of its form', '{"packages":{}}', 'INPUT_MALFORMED', '$.lockfileVersion'],
    ['version 1', '{"lockfileVersion":1,"dependencies":{}}', 'INPUT_UNSUPPORTED', '$.lockfileVersion'],
    ['version 4', '{"lockfileVersion":4,"packages":{}}', 'INPUT_UNSUPPORTED', '$.lockfileVersion'],
    ['no packages', '{"lockfileVersion":3}', 'INPUT_MALFORMED', '$.packages'],
    [
      'an entry that is no object',
      '{"lockfileVersion":3,"packages":{"node_modules/a":1}}',
      'INPUT_MALFORMED',
      '$.packages["node_modules/a"]',
    ],
    [
      'a version that is no text',
      '{"lockfileVersion":3,"packages":{"node_modules/a":{"version":1}}}',
      'INPUT_MALFORMED',
      '$.packages["node_modules/a"].version',
    ],
    [
      'no version',
      '{"lockfileVersion":3,"packages":{"node_modules/a":{}}}',
      'INPUT_MALFORMED',
      '$.packages["node_modules/a"]',
    ],
    [
      'a range for a version',
      '{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"^1.0.0"}}}',
      'INPUT_MALFORMED',
      '$.packages["node_modules/a"]',
    ],
    [
      'a name that leads elsewhere',
      '{"lockfileVersion":3,"packages":{"node_modules/a":{"name":"../../-/npm/v1/keys","version":"1.0.0"}}}',
      'INPUT_MALFORMED',
      '$.packages["node_modules/a"]',
    ],
    ['an entry twice', '{"lockfileVersion":3,"packages":{"a":{},"a":{}}}', 'INPUT_MALFORMED', '$'],
  ])('is refused with %s', (_, text, code, at) => {
    expect(() => parseNpmLock(encodeUtf8(text))).toThrow(
      expect.objectContaining({ code, details: expect.objectContaining({ at }) as object }) as Error,
    );
  });

  test.each(['download/', '/-/', '.git#', '#', 'git+'])(
    'with a URL that goes on with %j is read in a moment',
    (piece) => {
      const resolved = `https://a.example/${piece.repeat(100_000)}\n`;
      expect(parse({ 'node_modules/a': { version: '1.0.0', resolved } }).others).toMatchObject([{ source: 'unknown' }]);
    },
  );

  test('of any bytes gives a value or a typed error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map(encodeUtf8),
          fc.json().map((json) => encodeUtf8(`{"lockfileVersion":3,"packages":{"node_modules/a":${json}}}`)),
        ),
        (bytes) => {
          try {
            parseNpmLock(bytes);
          } catch (error) {
            expect(isKeywaxError(error)).toBe(true);
          }
        },
      ),
    );
  });
});
