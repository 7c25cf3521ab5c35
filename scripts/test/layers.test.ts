// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { checkWorkspace } from '../layers.mjs';

let root = '';

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Rules that a workspace of these files breaks; paths are `package/file`. */
function brokenRules(files: Readonly<Record<string, string>>): readonly string[] {
  root = mkdtempSync(join(tmpdir(), 'layers-'));
  writeManifest('core', {
    exports: { './bytes': {}, './all': {} },
    imports: { '#crypto': { source: './src/crypto.node.ts' } },
  });
  writeManifest('verify', { dependencies: { '@keywax/core': '*', '@keywax/rekor': '*' } });
  writeManifest('rekor', {
    dependencies: { '@keywax/core': '*', '@peculiar/x509': '*' },
    devDependencies: { jose: '*' },
  });
  for (const [path, text] of Object.entries(files)) {
    const [folder = '', ...rest] = path.split('/');
    write(join('packages', folder, 'src', ...rest), text);
  }
  return checkWorkspace(root).map(({ rule }) => rule);
}

function writeManifest(folder: string, members: Readonly<Record<string, unknown>>): void {
  const manifest = { name: `@keywax/${folder}`, exports: { '.': {} }, ...members };
  write(join('packages', folder, 'package.json'), JSON.stringify(manifest));
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

describe('imports', () => {
  test.each([
    ['an import of a lower layer', { 'verify/a.ts': `import { x } from '@keywax/core/bytes';` }, []],
    ['an import of a higher layer', { 'core/a.ts': `import { x } from '@keywax/verify';` }, ['layer', 'declared']],
    ['a client in the engine', { 'verify/a.ts': `import { x } from '@keywax/rekor';` }, ['layer']],
    ['a client in the engine, for its types', { 'verify/a.ts': `import type { X } from '@keywax/rekor';` }, ['layer']],
    [
      'a client in the engine, on first use',
      { 'verify/a.ts': `export const f = () => import('@keywax/rekor');` },
      ['layer'],
    ],
    ['a client in the engine, in a type', { 'verify/a.ts': `export type T = import('@keywax/rekor').T;` }, ['layer']],
    ['a client in the engine, passed on', { 'verify/a.ts': `export * from '@keywax/rekor';` }, ['layer']],
    ['a file that is no export', { 'verify/a.ts': `import { x } from '@keywax/core/src/bytes';` }, ['internals']],
    ['all of core at once', { 'verify/a.ts': `import { x } from '@keywax/core/all';` }, ['internals']],
    ['a path into a sibling', { 'verify/a.ts': `import { x } from '../../core/src/bytes.js';` }, ['internals']],
    ['an undeclared condition', { 'core/a.ts': `import { x } from '#other';` }, ['internals']],
    ['an undeclared package', { 'rekor/a.ts': `import { x } from 'left-pad';` }, ['declared']],
    ['a development dependency', { 'rekor/a.ts': `import { x } from 'jose';` }, ['declared']],
    ['a development dependency, for its types', { 'rekor/a.ts': `import type { X } from 'jose';` }, []],
    ['noble in the wrong place', { 'core/a.ts': `import { x } from '@noble/hashes/sha2.js';` }, ['declared', 'noble']],
    ['a module of Node in the engine', { 'verify/a.ts': `import { x } from 'node:fs';` }, ['node']],
    ['a module of Node in a file of Node', { 'core/a.node.ts': `import { x } from 'node:fs';` }, []],
    ['a file of Node past its condition', { 'core/a.ts': `import { x } from './crypto.node.js';` }, ['node']],
    ['a heavy module at import time', { 'rekor/a.ts': `import { x } from '@peculiar/x509';` }, ['lazy']],
    ['a heavy module on first use', { 'rekor/a.ts': `export const f = () => import('@peculiar/x509');` }, []],
  ])('%s', (_, files, rules) => {
    expect(brokenRules(files as Record<string, string>)).toEqual(rules);
  });
});

describe('cycles between files', () => {
  test('a cycle of two is a fault', () => {
    expect(brokenRules({ 'core/a.ts': `export * from './b.js';`, 'core/b.ts': `export * from './a.js';` })).toEqual([
      'cycle',
    ]);
  });

  test('a cycle of types is a fault', () => {
    const files = { 'core/a.ts': `import type { B } from './b.js';`, 'core/b.ts': `import type { A } from './a.js';` };
    expect(brokenRules(files)).toEqual(['cycle']);
  });

  test('a cycle through a condition is a fault', () => {
    const files = { 'core/a.ts': `export * from '#crypto';`, 'core/crypto.node.ts': `export * from './a.js';` };
    expect(brokenRules(files)).toContain('cycle');
  });

  test('two ways to one file are none', () => {
    const files = {
      'core/a.ts': `export * from './b.js'; export * from './c.js';`,
      'core/b.ts': `export * from './c.js';`,
      'core/c.ts': '',
    };
    expect(brokenRules(files)).toEqual([]);
  });
});

describe('calls of the platform in the engine', () => {
  test.each([
    ['json', 'JSON.parse(text)'],
    ['date', 'new Date(text)'],
    ['date', 'new Date(a + b)'],
    ['date', 'Date.parse(text)'],
    ['clock', 'new Date()'],
    ['clock', 'Date.now()'],
    ['number', 'parseInt(text)'],
    ['number', 'Number.parseFloat(text)'],
    ['number', '+text'],
    ['conversion', 'Number(text)'],
    ['conversion', 'BigInt(text)'],
    ['buffer', "Buffer.from(text, 'hex')"],
    ['buffer', 'globalThis.Buffer'],
    ['base64', 'atob(text)'],
    ['utf8', 'new TextDecoder()'],
    ['key', 'createPublicKey(pem)'],
    ['key', 'crypto.subtle.importKey(der)'],
    ['key', 'new X509Certificate(der)'],
    ['regexp', 'new RegExp(text)'],
    ['outside', 'fetch(url)'],
    ['outside', 'process.env'],
    ['outside', 'setTimeout(f, 1)'],
    ['random', 'Math.random()'],
    ['eval', 'new Function(text)'],
  ])('%s: %s', (rule, expression) => {
    expect(brokenRules({ 'verify/a.ts': `export const f = () => ${expression};` })).toEqual([rule]);
  });

  test.each([
    'new Date(Date.UTC(2024, 1, 1))',
    'new Date(seconds * 1000)',
    'Number(bytes.length)',
    'options.fetch(url)',
    "'JSON.parse(text)'",
    '/* JSON.parse(text) */ 1',
  ])('%s is allowed', (expression) => {
    expect(brokenRules({ 'verify/a.ts': `export const f = () => ${expression};` })).toEqual([]);
  });

  test('a name that its file declares as a number may be converted', () => {
    expect(brokenRules({ 'verify/a.ts': 'export const f = (s: bigint) => new Date(Number(s) * 1000);' })).toEqual([]);
  });

  test('a name that its file declares as text may not', () => {
    const text = 'export const f = (s: string) => Number(s); export const g = (s: number) => s;';
    expect(brokenRules({ 'verify/a.ts': text })).toEqual(['conversion']);
  });

  test('a function of the file may have the name of a global one', () => {
    expect(brokenRules({ 'verify/a.ts': 'export const f = (fetch) => fetch(1);' })).toEqual([]);
  });

  test('a file that does not parse is an error', () => {
    expect(() => brokenRules({ 'verify/a.ts': 'export const = 1;' })).toThrow(/a\.ts/);
  });
});

describe('other rules', () => {
  test('await outside a function is a fault', () => {
    expect(brokenRules({ 'rekor/a.ts': 'export const x = await f();' })).toEqual(['top-level-await']);
  });

  test('a client opens no connection of its own', () => {
    expect(brokenRules({ 'rekor/a.ts': 'export const f = () => fetch(1);' })).toEqual(['network']);
  });

  test('a gated file is let through, and a gate that nothing passes is a fault', () => {
    expect(brokenRules({ 'core/bytes.ts': 'export const f = () => new TextDecoder();' })).toEqual([]);
    expect(brokenRules({ 'core/bytes.ts': 'export const f = 1;' })).toEqual(['gate']);
  });
});
