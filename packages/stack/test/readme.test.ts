// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import * as main from '@keywax/stack';
import * as lab from '@keywax/stack/lab';
import { expect, test } from 'vitest';
import { describeExamples } from '../../../test/readme.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describeExamples(new URL('..', import.meta.url), new URL('../README.md', import.meta.url));

test('the README lists every export of the package', () => {
  const listed = [...readme.slice(readme.indexOf('## Exports')).matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
  expect(new Set(listed)).toEqual(new Set(Object.keys(main)));
});

test('what the README says to use for forging is there', () => {
  const table = readme.slice(readme.indexOf('| to change'), readme.indexOf('## Exports'));
  const names = [...table.matchAll(/`([a-zA-Z]{6,}\d?)`/g)].map(([, name = '']) => name);
  const steps = /^change|^requestScts$|^issuer$/;
  for (const name of names.filter((candidate) => !steps.test(candidate))) expect(Object.keys(lab)).toContain(name);
});
