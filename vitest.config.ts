import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

// Sibling packages resolve to their sources, so that tests never see a stale build.
const conditions = ['source', 'node', 'import', 'module', 'default'];

// What is generated has to be there before a test imports it.
execFileSync(process.execPath, ['packages/tuf/scripts/generate.mjs']);

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  define: { __KEYWAX_VERSION__: '"0.0.0-source"' },
  test: {
    projects: [
      ...readdirSync('packages').map((name) => defineProject(name, `packages/${name}`)),
      defineProject('scripts', 'scripts'),
    ],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

function defineProject(name: string, root: string) {
  return { extends: true as const, test: { name, root, include: ['test/**/*.test.ts'] } };
}
