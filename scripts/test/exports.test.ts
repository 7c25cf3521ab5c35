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

describe('completing the manifest of a package that is one module for each host', () => {
  const complete = completeManifest(
    {
      name: '@keywax/a',
      exports: { './b': { source: './src/b.ts' }, './all': { source: './src/all.ts' } },
      imports: {
        '#host': { node: { source: './src/host.node.ts' }, default: { source: './src/host.web.ts' } },
        '#lazy': { source: './src/lazy.ts' },
      },
    },
    'a',
  );

  test('gives each subpath its own types and the module of the host', () => {
    expect(complete.exports['./b'].require).toEqual({
      types: './dist/b.d.cts',
      node: './dist/all.node.cjs',
      default: './dist/all.web.cjs',
    });
  });

  test('gives files of their own only to imports that do not differ between hosts', () => {
    expect(complete.imports['#host'].node).toEqual({ source: './src/host.node.ts' });
    expect(complete.imports['#lazy'].import.default).toBe('./dist/lazy.js');
    expect(Object.keys(complete.publishConfig.imports)).toEqual(['#lazy']);
  });

  test('is done after one pass', () => {
    expect(JSON.stringify(completeManifest(complete, 'a'))).toBe(JSON.stringify(complete));
  });
});
