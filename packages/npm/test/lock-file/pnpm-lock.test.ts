// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { encodeUtf8 } from '@keywax/core/bytes';
import { isKeywaxError } from '@keywax/core/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePnpmLock } from '../../src/lock-file/pnpm-lock.js';

const A = `sha512-${'a'.repeat(86)}==`;

const PINNED = [
  { name: '@s/b', version: '2.0.0-rc.1', integrities: [A] },
  { name: 'a', version: '1.0.0', integrities: [A] },
];

describe('a pnpm-lock.yaml', () => {
  test.each([
    [
      'version 5.4',
      `lockfileVersion: 5.4
packages:
  /a/1.0.0:
    resolution: {integrity: ${A}}
    dev: true
  /@s/b/2.0.0-rc.1_a@1.0.0+c@2.0.0:
    resolution: {integrity: ${A}}
  registry.example/a/1.0.0:
    resolution: {integrity: ${A}, tarball: https://registry.example/a/-/a-1.0.0.tgz}
`,
    ],
    [
      'version 6.0',
      `lockfileVersion: '6.0'
packages:
  /a@1.0.0:
    resolution: {integrity: ${A}}
  /a@1.0.0(c@2.0.0)(@d/e@3.0.0):
    resolution: {integrity: ${A}}
  /@s/b@2.0.0-rc.1(a@1.0.0):
    resolution: {integrity: ${A}}
`,
    ],
    [
      'version 9.0',
      `lockfileVersion: '9.0'
settings: {autoInstallPeers: true}
importers:
  .: {}
packages:
  a@1.0.0:
    resolution: {integrity: ${A}}
    engines: {node: '>=8'}
  '@s/b@2.0.0-rc.1':
    resolution: {integrity: ${A}}
snapshots:
  a@1.0.0: {}
  '@s/b@2.0.0-rc.1(a@1.0.0)': {}
`,
    ],
    [
      'two documents',
      `---
lockfileVersion: '9.0'
packages:
  a@1.0.0:
    resolution: {integrity: ${A}}
---
lockfileVersion: '9.0'
packages:
  '@s/b@2.0.0-rc.1':
    resolution: {integrity: ${A}}
`,
    ],
  ])('of %s lists each version once', async (_, text) => {
    const { format, packages, others } = await parsePnpmLock(encodeUtf8(text));
    expect({ format, others }).toEqual({ format: 'pnpm', others: [] });
    expect(packages).toMatchObject(PINNED);
  });

  test.each([
    [
      'git',
      'https://codeload.github.com/a/b/tar.gz/0123',
      '{type: git, repo: https://github.com/a/b.git, commit: 0123}',
    ],
    [
      'remote',
      'x@https://codeload.github.com/a/b/tar.gz/0123',
      '{tarball: https://codeload.github.com/a/b/tar.gz/0123}',
    ],
    ['file', 'x@file:packages/x', '{directory: packages/x, type: directory}'],
    ['file', 'x@file:x.tgz', `{integrity: ${A}, tarball: file:x.tgz}`],
    ['unknown', 'node@runtime:24.0.0', '{type: variations}'],
  ])('says what is of %s', async (source, key, resolution) => {
    const { packages, others } = await parsePnpmLock(
      encodeUtf8(`lockfileVersion: '9.0'\npackages:\n  ${key}:\n    resolution: ${resolution}\n`),
    );
    expect(packages).toEqual([]);
    expect(others).toMatchObject([{ source }]);
  });

  test('without packages pins none', async () => {
    expect(await parsePnpmLock(encodeUtf8("lockfileVersion: '9.0'\n"))).toEqual({
      format: 'pnpm',
      packages: [],
      others: [],
    });
  });

  test('of this repository is read', async () => {
    const { packages, others } = await parsePnpmLock(
      new Uint8Array(readFileSync(new URL('../../../../pnpm-lock.yaml', import.meta.url))),
    );
    expect(others).toEqual([]);
    expect(packages.length).toBeGreaterThan(300);
    expect(packages.every(({ integrities }) => integrities.length === 1)).toBe(true);
  });

  test.each([
    ['nothing', '', 'INPUT_MALFORMED'],
    ['a list', '- a\n', 'INPUT_MALFORMED'],
    ['another version', "lockfileVersion: '7.0'\n", 'INPUT_UNSUPPORTED'],
    [
      'three documents',
      "---\nlockfileVersion: '9.0'\n---\nlockfileVersion: '9.0'\n---\nlockfileVersion: '9.0'\n",
      'INPUT_MALFORMED',
    ],
    [
      'a key twice',
      "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: {resolution: {}}\n  a@1.0.0: {resolution: {}}\n",
      'INPUT_MALFORMED',
    ],
    [
      'an alias',
      "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: &x {resolution: {integrity: y}}\n  b@1.0.0: *x\n",
      'INPUT_MALFORMED',
    ],
    [
      'a resolution that says nothing',
      "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: {resolution: {}}\n",
      'INPUT_MALFORMED',
    ],
    ['no resolution', "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: {}\n", 'INPUT_MALFORMED'],
    [
      'a key without version',
      "lockfileVersion: '9.0'\npackages:\n  a: {resolution: {integrity: y}}\n",
      'INPUT_MALFORMED',
    ],
    ['a range', "lockfileVersion: '9.0'\npackages:\n  a@^1.0.0: {resolution: {integrity: y}}\n", 'INPUT_MALFORMED'],
    [
      'a name that leads elsewhere',
      "lockfileVersion: '9.0'\npackages:\n  '..@1.0.0': {resolution: {integrity: y}}\n",
      'INPUT_MALFORMED',
    ],
    ['broken YAML', 'lockfileVersion: "9.0\n', 'INPUT_MALFORMED'],
  ])('is refused with %s', async (_, text, code) => {
    await expect(parsePnpmLock(encodeUtf8(text))).rejects.toMatchObject({ code });
  });

  test.each([
    ['lists', '['.repeat(100_000)],
    ['mappings', '{a: '.repeat(100_000)],
    ['indents', Array.from({ length: 2_000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ])('of deeply nested %s is refused', async (_, text) => {
    await expect(parsePnpmLock(encodeUtf8(text))).rejects.toMatchObject({
      code: expect.stringMatching(/^INPUT_/) as string,
    });
  });

  test('that grows by aliases is refused at once', async () => {
    const levels = Array.from(
      { length: 30 },
      (_, i) => `x${i}: &x${i} [${i === 0 ? 'lol' : `*x${i - 1}, *x${i - 1}`}]`,
    );
    await expect(parsePnpmLock(encodeUtf8(`${levels.join('\n')}\n`))).rejects.toMatchObject({
      code: 'INPUT_MALFORMED',
    });
  });

  test('of very many keys is read in a moment, and a key twice among them is seen', async () => {
    const keys = Array.from({ length: 60_000 }, (_, i) => `  p${i}@1.0.0: {resolution: {integrity: ${A}}}\n`);
    const text = `lockfileVersion: '9.0'\npackages:\n${keys.join('')}`;
    expect((await parsePnpmLock(encodeUtf8(text))).packages).toHaveLength(60_000);
    await expect(parsePnpmLock(encodeUtf8(text + keys[7]))).rejects.toMatchObject({ code: 'INPUT_MALFORMED' });
  });

  test.each([
    ['a list', '[a]'],
    ['a mapping', '{a: b}'],
  ])('with %s as a key is refused', async (_, key) => {
    const text = `lockfileVersion: '9.0'\n? ${key}\n: x\n`;
    await expect(parsePnpmLock(encodeUtf8(text))).rejects.toMatchObject({ code: 'INPUT_MALFORMED' });
  });

  test('of any bytes gives a value or a typed error', async () => {
    const yaml = fc.json().map((json) => `lockfileVersion: '9.0'\npackages: ${json}\n`);
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array(), fc.string().map(encodeUtf8), yaml.map(encodeUtf8)), async (bytes) => {
        try {
          await parsePnpmLock(bytes);
        } catch (error) {
          expect(isKeywaxError(error)).toBe(true);
        }
      }),
    );
  });
});
