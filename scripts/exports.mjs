// SPDX-License-Identifier: Apache-2.0
// Keeps the manifests of public packages in agreement. What a person writes is the `source` of each subpath in `exports`
// and `imports`; from it follow the built paths of each condition, and `publishConfig`, which is the same without `source`.
// Usage: node scripts/exports.mjs [--check]

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listPublicPackages, listSources } from './packages.mjs';

const HOME = 'https://github.com/keywax/keywax';

/** The manifest as it should be; keys that are not derived stay as they are. */
export function completeManifest(manifest, folder) {
  const isOneModule = manifest.exports['./all'] !== undefined;
  const exports = completeTargets(manifest.exports, isOneModule ? completeOneModuleTarget : completeTarget);
  const imports = manifest.imports === undefined ? undefined : completeImports(manifest.imports, isOneModule);
  const complete = {
    ...manifest,
    license: 'Apache-2.0',
    homepage: `${HOME}/tree/main/packages/${folder}#readme`,
    repository: { type: 'git', url: `git+${HOME}.git`, directory: `packages/${folder}` },
    bugs: { url: `${HOME}/issues` },
    ...mainFields(exports),
    exports,
    ...(imports === undefined ? {} : { imports }),
    publishConfig: {
      access: 'public',
      provenance: true,
      exports: withoutSource(exports),
      ...(imports === undefined ? {} : { imports: withoutSource(imports) }),
    },
  };
  return sortKeys(complete);
}

/** The order in which manifests list their members; others keep their place at the end. */
const ORDER = [
  'name',
  'version',
  'description',
  'keywords',
  'license',
  'homepage',
  'repository',
  'bugs',
  'type',
  'engines',
  'sideEffects',
  'files',
  'bin',
  'main',
  'module',
  'types',
  'exports',
  'imports',
  'publishConfig',
  'scripts',
];

function sortKeys(manifest) {
  const first = ORDER.filter((key) => manifest[key] !== undefined);
  return Object.fromEntries([...new Set([...first, ...Object.keys(manifest)])].map((key) => [key, manifest[key]]));
}

/** For resolvers older than `exports`. */
function mainFields(exports) {
  const entry = exports['.'];
  return entry === undefined
    ? { main: undefined, module: undefined, types: undefined }
    : { main: entry.require.default, module: entry.import.default, types: entry.import.types };
}

/** Writes the built paths of each object that has a `source`, at any depth. */
function completeTargets(value, complete) {
  if (typeof value !== 'object' || value === null) return value;
  if (typeof value.source === 'string') return complete(value.source);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, completeTargets(inner, complete)]));
}

/** In a package of one module for each host, what differs between hosts is part of that module and no file of its own. */
function completeImports(imports, isOneModule) {
  const complete = (value) =>
    isOneModule && value.source === undefined ? onlySource(value) : completeTargets(value, completeTarget);
  return Object.fromEntries(Object.entries(imports).map(([name, value]) => [name, complete(value)]));
}

function onlySource(conditions) {
  return Object.fromEntries(Object.entries(conditions).map(([name, { source }]) => [name, { source }]));
}

function completeTarget(source) {
  const built = builtPath(source);
  return {
    source,
    import: { types: `${built}.d.ts`, default: `${built}.js` },
    require: { types: `${built}.d.cts`, default: `${built}.cjs` },
  };
}

/** The types of each subpath are its own; at run time all lead to the one module of the host. */
function completeOneModuleTarget(source) {
  const built = builtPath(source);
  return {
    source,
    import: { types: `${built}.d.ts`, node: './dist/all.node.js', default: './dist/all.web.js' },
    require: { types: `${built}.d.cts`, node: './dist/all.node.cjs', default: './dist/all.web.cjs' },
  };
}

function builtPath(source) {
  return source.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '');
}

/** The same without `source`, and without what then has no target left. */
function withoutSource(value) {
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value)
    .filter(([key]) => key !== 'source')
    .map(([key, inner]) => [key, withoutSource(inner)])
    .filter(([, inner]) => typeof inner === 'string' || Object.keys(inner).length > 0);
  return Object.fromEntries(kept);
}

function main() {
  const check = process.argv.includes('--check');
  const faults = [];
  for (const { folder, directory, manifest } of listPublicPackages()) {
    const file = join(directory, 'package.json');
    const text = `${JSON.stringify(completeManifest(manifest, folder), null, 2)}\n`;
    if (!check) writeFileSync(file, text);
    else if (readFileSync(file, 'utf8') !== text)
      faults.push(`packages/${folder}/package.json is not as \`node scripts/exports.mjs\` writes it`);
    for (const source of [...listSources(manifest.exports), ...listSources(manifest.imports)]) {
      if (!existsSync(join(directory, source))) faults.push(`packages/${folder}: ${source} does not exist`);
    }
    if (!manifest.keywords?.length || !manifest.description)
      faults.push(`packages/${folder}: description or keywords are missing`);
  }
  for (const fault of faults) console.error(fault);
  if (check && faults.length > 0) process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
