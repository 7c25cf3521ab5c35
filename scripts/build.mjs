// SPDX-License-Identifier: Apache-2.0
// Builds the package of the current folder into dist/: ESM, CommonJS, and declarations for both.
// Entries are the `source` paths of its exports and imports, and the sources of its commands; for core see one-module.mjs.

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { transform } from 'esbuild';
import { build } from 'tsup';
import { isOneModule, joinCore, listOneModuleBuilds } from './one-module.mjs';
import { listSources, readPackage, ROOT } from './packages.mjs';
import { run } from './run.mjs';

const { directory, manifest } = readPackage(process.cwd());
const dist = join(directory, 'dist');
const TARGET = 'node20';
// These are published as ES modules alone, so the CommonJS build carries its own copy of what it uses.
const ESM_ONLY = [/^@noble\//, /^jose($|\/)/];

const libraries = [...new Set([...listSources(manifest.exports), ...listSources(manifest.imports)])];
const commands = Object.values(manifest.bin ?? {}).map(toSource);
const bundled = new Set();

rmSync(dist, { recursive: true, force: true });
if (isOneModule(manifest)) for (const form of listOneModuleBuilds(manifest)) await buildForm(form);
else await buildEntries();
emitDeclarations();
copyDeclarations();
writeNotices();

/** `./dist/a/b.js` is made from `./src/a/b.ts`. */
function toSource(path) {
  return path.replace('./dist/', './src/').replace(/\.js$/, '.ts');
}

/** The one module of a host, or what it loads on first use. */
async function buildForm({ entry, platform, conditions, plugins }) {
  const form = {
    entry,
    platform,
    esbuildPlugins: plugins,
    esbuildOptions(esbuild) {
      esbuild.conditions = [...conditions, 'module'];
    },
  };
  await build({ ...options('.js'), ...form });
  await build(toCommonJsOptions({ ...options('.cjs'), ...form }));
}

/** Each source a file, with what several of them share in chunks. Sibling packages and `#…` imports stay imports. */
async function buildEntries() {
  const form = (extension, sources) => ({
    ...options(extension),
    entry: toEntries(sources),
    external: [/^#/, /^node:/],
    esbuildPlugins: [joinCore, { name: 'entries', setup: (build) => keepEntriesApart(build, extension, sources) }],
  });
  await build(form('.js', [...libraries, ...commands]));
  await build(toCommonJsOptions(form('.cjs', libraries)));
}

/** Options of every build. */
function options(extension) {
  return {
    config: false,
    format: 'esm',
    outDir: dist,
    outExtension: () => ({ js: extension }),
    target: TARGET,
    splitting: true,
    dts: false,
    clean: false,
    silent: true,
    removeNodeProtocol: false,
    external: [/^node:/],
    noExternal: [/^@keywax\/core\//], // left to plugins
    define: { __KEYWAX_VERSION__: JSON.stringify(manifest.version) },
  };
}

/** Built and split like ESM, so that a class is one class in every entry; then each file is converted. */
function toCommonJsOptions(esm) {
  return {
    ...esm,
    noExternal: [...esm.noExternal, ...ESM_ONLY],
    esbuildPlugins: [...esm.esbuildPlugins, { name: 'record', setup: (build) => build.onEnd(recordBundled) }],
    plugins: [{ name: 'commonjs', renderChunk: (code, chunk) => toCommonJs(code, chunk.path) }],
  };
}

/** An import of one entry by another file stays an import, instead of a chunk that both share: fewer files to load. */
function keepEntriesApart(build, extension, sources) {
  if (sources.some((source) => dirname(source) !== './src')) return; // then outputs do not all lie in one folder
  const entries = new Set(sources.map((source) => join(directory, source)));
  build.onResolve({ filter: /^\.\.?\/.*\.js$/ }, ({ path, resolveDir, kind }) => {
    const source = resolve(resolveDir, path.replace(/\.js$/, '.ts'));
    if (kind === 'entry-point' || !entries.has(source)) return undefined;
    return { path: `./${basename(source, '.ts')}${extension}`, external: true };
  });
}

/** `import()` becomes `require` too: hosts that load CommonJS in a sandbox, such as test runners, have no other. */
async function toCommonJs(code, path) {
  const result = await transform(code, {
    format: 'cjs',
    platform: 'node',
    target: TARGET,
    supported: { 'dynamic-import': false },
    sourcefile: path.replace(/\.cjs$/, '.mjs'), // the interop rules of Node's ES modules, for which the code was written
  });
  return { code: result.code };
}

function recordBundled(result) {
  for (const input of Object.keys(result.metafile?.inputs ?? {})) {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0];
    if (folder !== undefined) bundled.add(resolve(folder));
  }
}

/** Declarations are made from the published form of sibling packages, not from their sources. */
function emitDeclarations() {
  const compiler = join(ROOT, 'node_modules/.bin/tsc');
  const emit = ['--noEmit', 'false', '--emitDeclarationOnly', '--outDir', 'dist', '--rootDir', 'src'];
  const conditions = ['--customConditions', manifest.imports === undefined ? 'null' : 'source'];
  for (const config of ['tsconfig.json', 'tsconfig.node.json']) {
    if (!existsSync(join(directory, config))) continue;
    if (run(compiler, ['-p', config, ...emit, ...conditions], { cwd: directory }) !== 0) process.exit(1);
  }
}

/** Each `.d.ts` again as `.d.cts`, whose relative imports name `.cjs` files. */
function copyDeclarations() {
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.d.ts')) continue;
    const text = readFileSync(join(dist, name), 'utf8');
    const copy = text.replace(/((?:from|import)\s*\(?\s*['"]\.\.?\/[^'"]*)\.js(?=['"])/g, '$1.cjs');
    writeFileSync(join(dist, name.replace(/\.d\.ts$/, '.d.cts')), copy);
  }
}

/** The licences of the packages that the CommonJS build carries. */
function writeNotices() {
  if (bundled.size === 0) return;
  const notices = [...bundled]
    .sort((a, b) => (a < b ? -1 : 1))
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      if (file === undefined) throw new Error(`${name} ships no licence text`);
      return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
    });
  const intro = 'The CommonJS files in this folder contain parts of these packages.\n';
  writeFileSync(join(dist, 'THIRD_PARTY_NOTICES.txt'), [intro, ...notices].join(`\n${'-'.repeat(72)}\n\n`));
}

/** `./src/a/b.ts` becomes the entry `a/b`. */
function toEntries(sources) {
  return Object.fromEntries(sources.map((source) => [source.replace(/^\.\/src\//, '').replace(/\.ts$/, ''), source]));
}
