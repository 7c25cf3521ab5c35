// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as all from '../src/all.js';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly exports: Readonly<Record<string, { readonly source?: string }>>;
};
const sources = Object.values(manifest.exports).flatMap(({ source }) => source ?? []);

describe('the one module', () => {
  test.each(sources)('has every name of %s', async (source) => {
    const names: Readonly<Record<string, unknown>> = await import(new URL(`.${source}`, import.meta.url).href);
    for (const [name, value] of Object.entries(names)) expect(all).toHaveProperty(name, value);
  });
});
