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
  ])('%s on %s: %s', (glob, image, expected) => {
    expect(parseGlob(glob, 'glob').matches(image)).toBe(expected);
  });

  test('a tag decides nothing where a digest does', () => {
    expect(parseGlob('ghcr.io/foo:dev', 'glob').matches(`ghcr.io/foo:dev@${DIGEST}`)).toBe(false);
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
