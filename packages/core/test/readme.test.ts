// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeExamples } from '../../../test/readme.js';

const root = new URL('../', import.meta.url);

test('the README lists every public subpath', () => {
  const readme = readFileSync(new URL('README.md', root), 'utf8');
  const { exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    exports: Record<string, unknown>;
  };
  const subpaths = Object.keys(exports).filter((subpath) => !['./package.json', './all'].includes(subpath));
  const listed = [...readme.slice(readme.indexOf('## Subpaths')).matchAll(/`([\w-]+)`/g)].map(
    ([, name]) => `./${name}`,
  );
  expect(new Set(listed)).toEqual(new Set(subpaths));
});

describeExamples(root, new URL('README.md', root));
