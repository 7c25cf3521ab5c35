// SPDX-License-Identifier: Apache-2.0
// The packages as they are installed from their tarballs, in both module formats.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));
const names = Object.keys(JSON.parse(readFileSync(join(here, 'package.json'), 'utf8')).dependencies);

test('runs under the oldest supported Node', () => {
  assert.match(process.version, /^v20\./);
});

for (const name of names) {
  describe(name, () => {
    const folder = join(here, 'node_modules', name);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const subpaths = Object.keys(manifest.exports).filter((subpath) => subpath !== './package.json');

    for (const subpath of subpaths) {
      const specifier = name + subpath.slice(1);
      test(`${specifier} gives the same names to import and require`, async () => {
        const imported = Object.keys(await import(specifier)).sort();
        const required = Object.keys(require(specifier)).sort();
        assert.deepEqual(required, imported);
      });
    }

    test('names only built files, and all of them exist', () => {
      const text = JSON.stringify([manifest.exports, manifest.imports ?? {}, manifest.bin ?? {}]);
      assert.doesNotMatch(text, /"source"|\.\/src\//);
      for (const path of text.match(/\.\/(?:dist|bin)\/[^"]+/g) ?? []) assert.ok(existsSync(join(folder, path)), path);
    });

    for (const command of Object.keys(manifest.bin ?? {})) {
      test(`installs the command ${command}`, () => {
        const path = join(here, 'node_modules/.bin', command);
        assert.match(
          execFileSync(path, ['--help'], { encoding: 'utf8', env: { PATH: dirname(process.execPath) } }),
          /usage/i,
        );
      });
    }

    test('ships its licence', () => {
      assert.match(readFileSync(join(folder, 'LICENSE'), 'utf8'), /Apache License/);
    });
  });
}
