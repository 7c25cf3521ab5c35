// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { completeManifest } from '../exports.mjs';

const written = {
  name: '@keywax/a',
  dependencies: { b: '1.0.0' },
  exports: { '.': { source: './src/index.ts' }, './package.json': './package.json' },
  imports: { '#c': { node: { source: './src/c.node.ts' }, default: { source: './src/d/c.ts' } } },
};

describe('completing a manifest', () => {
  const complete = completeManifest(written, 'a');

  test('gives each entry its built files, types first', () => {
    expect(complete.exports['.']).toEqual({
      source: './src/index.ts',
      import: { types: './dist/index.d.ts', default: './dist/index.js' },
      require: { types: './dist/index.d.cts', default: './dist/index.cjs' },
    });
    expect(Object.keys(complete.exports['.'].import)).toEqual(['types', 'default']);
  });

  test('keeps conditions and folders', () => {
    expect(complete.imports['#c'].default.require.default).toBe('./dist/d/c.cjs');
  });

  test('publishes the same without sources', () => {
    expect(JSON.stringify(complete.publishConfig)).not.toContain('src');
    expect(complete.publishConfig.exports['./package.json']).toBe('./package.json');
  });

  test('names the folder of the repository', () => {
    expect(complete.repository.directory).toBe('packages/a');
  });

  test('keeps what it does not derive, and is done after one pass', () => {
    expect(complete.dependencies).toEqual(written.dependencies);
    expect(JSON.stringify(completeManifest(complete, 'a'))).toBe(JSON.stringify(complete));
  });
});
