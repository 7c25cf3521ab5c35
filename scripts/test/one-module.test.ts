// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const source = fileURLToPath(new URL('../../packages/core/src/all.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'one-module-'));

const options = {
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  conditions: ['source'],
  plugins: [
    {
      name: 'noble',
      setup(bundler) {
        bundler.onResolve({ filter: /^#noble|^@noble\// }, ({ path }) => ({
          path,
          external: true,
          sideEffects: false,
        }));
      },
    },
  ],
} satisfies BuildOptions;

/** What a bundler makes of a module that uses one name of core's one module. */
async function bundleUse(name: string): Promise<string> {
  const contents = `export { ${name} } from './all.web.js';`;
  const { outputFiles } = await build({
    ...options,
    stdin: { contents, resolveDir: folder },
    minify: true,
    write: false,
  });
  return outputFiles.map(({ text }) => text).join('');
}

describe('bundling one name of the one module', () => {
  beforeAll(async () => {
    await build({ ...options, entryPoints: [source], outfile: join(folder, 'all.web.js') });
    writeFileSync(join(folder, 'package.json'), '{ "type": "module", "sideEffects": false }');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ['encodePae', 10_000],
    ['decodeHex', 10_000],
    ['verifyInclusion', 10_000],
    ['canonicalizeJson', 10_000],
    ['parseCertificate', 25_000],
  ])('takes little else with %s', async (name, maxBytes) => {
    expect((await bundleUse(name)).length).toBeLessThan(maxBytes);
  });

  test('takes the provider of the host, and noble, only where they are used', async () => {
    expect(await bundleUse('verifyInclusion')).not.toMatch(/noble|subtle/);
    expect(await bundleUse('defaultCrypto')).toMatch(/subtle.*#noble|#noble.*subtle/s);
  });
});
