// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { parseGlob } from '../../src/policy/glob.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('a glob', () => {
  test.each([
    ['index.docker.io/library/foo:latest', 'foo', true],
    ['index.docker.io/library/foo:*', 'foo', true],
    ['index.docker.io/library/*', 'foo', true],
    ['index.docker.io/*/*', 'foo', true],
    ['index.docker.io/**', 'foo', true],
    ['docker.io/library/*', 'foo', true],
    ['inde**', 'foo', true],
    ['**', 'foo', true],
    ['foo', 'foo', true],
    ['foo*', 'foo', true],
    ['*', 'foo', true],
    ['*/*', 'foo', true],
    ['*/*', 'user/app', true],
    ['*', 'user/app', false],
    ['index.docker.io/user/*', 'user/app', true],
    ['ghcr.io/*/*', 'ghcr.io/foo/bar', true],
    ['ghcr.io/*/*', 'ghcr.io/foo', false],
    ['ghcr.io/**', 'ghcr.io/foo/bar/baz', true],
    ['ghcr.io/foo/*', 'ghcr.io/foo/bar/baz', false],
    ['ghcr.io/foo', 'prefix.ghcr.io/foo', false],
    ['ghcr.io/foo', 'ghcr.io/foo-suffix', false],
    ['ghcr.io/**', 'ghcrxio.example/foo', false],
    ['ghcr.io/foo:v1', 'ghcr.io/foo:v1', true],
    ['ghcr.io/foo:v1', 'ghcr.io/foo:v2', false],
    ['ghcr.io/foo**', `ghcr.io/foo@${DIGEST}`, true],
    [`ghcr.io/foo@${DIGEST}`, `ghcr.io/foo@${DIGEST}`, true],
    ['ghcr.io/foo', `ghcr.io/foo@${DIGEST}`, true],
    ['ghcr.io/foo', `ghcr.io/foo:dev@${DIGEST}`, true],
    ['ghcr.io/foo', 'ghcr.io/foo:v2', true],
    ['ghcr.io/foo', `ghcr.io/foo/bar@${DIGEST}`, false],
  ])('%s on %s: %s', (glob, image, expected) => {
    expect(parseGlob(glob, 'glob').matches(image)).toBe(expected);
  });

  test.each(['ghcr.io/foo:dev', 'ghcr.io/foo:dev*', 'ghcr.io/foo:*', 'ghcr.io/foo:**'])(
    'with the tags %s covers nothing that is known by digest',
    (source) => {
      const glob = parseGlob(source, 'glob');
      expect(glob.namesTags).toBe(true);
      expect(glob.matches('ghcr.io/foo:dev')).toBe(true);
      expect(glob.matches(`ghcr.io/foo:dev@${DIGEST}`)).toBe(false);
    },
  );

  test.each(['**', 'ghcr.io:443/**', 'localhost:5000/app', `ghcr.io/foo@${DIGEST}`, 'ghcr.io/foo@*'])(
    '%s names no tags',
    (source) => {
      expect(parseGlob(source, 'glob').namesTags).toBe(false);
    },
  );

  const HUB = ['foo', 'library/foo', 'docker.io/foo', 'docker.io/library/foo', 'index.docker.io/library/foo'];
  const SPELLINGS = [...HUB, 'index.docker.io/foo', 'registry-1.docker.io/library/foo', 'registry-1.docker.io:443/foo'];
  test.each(SPELLINGS)('covers Docker Hub, whichever way %s is written', (name) => {
    const image = `${name}@${DIGEST}`;
    const globs = ['foo', 'foo*', 'library/*', 'docker.io/**', 'registry-1.docker.io/library/foo', '*'];
    for (const glob of globs) expect(parseGlob(glob, 'glob').matches(image)).toBe(true);
    for (const glob of ['foo:v1', 'ghcr.io/**', 'fo', 'library'])
      expect(parseGlob(glob, 'glob').matches(image)).toBe(false);
  });

  test.each([
    ['ghcr.io/**', 'ghcr.io:443/foo'],
    ['ghcr.io:443/**', 'ghcr.io/foo'],
    ['ghcr.io:443/**', 'ghcr.io:443/foo'],
  ])('%s covers %s, as the port is the same', (glob, image) => {
    expect(parseGlob(glob, 'glob').matches(`${image}@${DIGEST}`)).toBe(true);
  });

  test.each([
    ['ghcr.io/**', 'docker.io/ghcr.io/octo/app'],
    ['localhost/**', 'docker.io/localhost/app'],
    ['ghcr.io/**', 'ghcr.io:4430/foo'],
    ['ghcr.io/**', 'ghcr.io:44/foo'],
  ])('%s does not cover %s, which only looks like it', (glob, image) => {
    expect(parseGlob(glob, 'glob').matches(`${image}@${DIGEST}`)).toBe(false);
  });

  test.each([['.+'], ['[a-z]*'], ['ghcr.io/(a|b)'], ['a b'], [''], ['é'], ['x'.repeat(256)]])('refuses %s', (glob) => {
    expect(() => parseGlob(glob, 'glob')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  test('refuses to match what is no reference', () => {
    expect(() => parseGlob('**', 'glob').matches('invalid&name')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });
});
