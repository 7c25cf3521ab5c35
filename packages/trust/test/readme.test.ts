// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as exported from '../src/index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('the README lists every export', () => {
  const table = readme.slice(readme.indexOf('## Exports'));
  const listed = [...table.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
  expect(new Set(listed)).toEqual(new Set(Object.keys(exported)));
});

test('the examples of the README import what there is', () => {
  const imports = [...readme.matchAll(/import \{ (.*) \} from '@keywax\/trust';/g)];
  expect(imports).toHaveLength(2);
  for (const name of imports.flatMap(([, names = '']) => names.split(', ')))
    expect(Object.keys(exported)).toContain(name);
});
