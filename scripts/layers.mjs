// SPDX-License-Identifier: Apache-2.0
// The dependency check: who may import whom, and which calls of the platform stay out of the packages that read
// untrusted input. Exits with 1 and one line per fault.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BANNED_CALLS, GATES, LAZY, MAY_IMPORT, NOBLE_FILES, PORTABLE } from './layers-table.mjs';
import { listPackages, listSources, ROOT } from './packages.mjs';
import { lineOf, listDeclared, listImports, parseFile, walk } from './syntax.mjs';

/**
 * @typedef {object} Fault
 * @property {string} rule
 * @property {string} file path below the root
 * @property {number} line
 * @property {string} message
 */

/**
 * Checks every file below `packages/<name>/src` of a workspace.
 * @param {string} root
 * @returns {Fault[]}
 */
export function checkWorkspace(root) {
  const packages = new Map(listPackages(root).map((item) => [item.name, item]));
  const files = [...packages.values()].flatMap((item) => listFiles(root, item));
  return [
    ...files.flatMap((file) => checkImports(file, packages)),
    ...files.flatMap(checkCalls),
    ...findCycles(files),
    ...findStaleGates(files),
  ];
}

function listFiles(root, owner) {
  const src = join(owner.directory, 'src');
  if (!existsSync(src)) return [];
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[cm]?tsx?$/.test(name) && !name.endsWith('.d.ts'))
    .sort()
    .map((name) => readSource(root, owner, join(src, name)));
}

function readSource(root, owner, path) {
  const text = readFileSync(path, 'utf8');
  const syntax = parseFile(path, text);
  const name = `${owner.folder}/${relative(join(owner.directory, 'src'), path).replaceAll('\\', '/')}`;
  const shown = relative(root, path);
  const facts = { imports: listImports(syntax), declared: listDeclared(syntax), gates: new Set() };
  return { owner, path, shown, name, text, syntax, ...facts };
}

function fault(file, rule, start, message) {
  return { rule, file: file.shown, line: lineOf(file.text, start), message };
}

/** Every rule about one import, each a function of the file and the import that returns a message or nothing. */
const IMPORT_RULES = {
  layer(file, { specifier }, packages) {
    const target = packages.get(packageName(specifier));
    if (target === undefined || MAY_IMPORT[file.owner.folder]?.includes(target.folder)) return undefined;
    return `${file.owner.folder} may not import ${target.folder}`;
  },
  internals(file, { specifier }, packages) {
    if (specifier.startsWith('.')) {
      const source = join(file.owner.directory, 'src');
      return resolve(dirname(file.path), specifier).startsWith(`${source}/`) ? undefined : `${specifier} leaves src/`;
    }
    if (specifier.startsWith('#')) {
      return file.owner.manifest.imports?.[specifier] ? undefined : `${specifier} is not in the package's imports`;
    }
    const target = packages.get(packageName(specifier));
    const subpath = `.${specifier.slice(packageName(specifier).length)}`;
    if (target !== undefined && subpath === './all') return `${specifier} is for the build: name the subpath`;
    if (target === undefined || target.manifest.exports?.[subpath] !== undefined) return undefined;
    return `${specifier} is not an export of its package`;
  },
  declared(file, { specifier, typeOnly }) {
    if (/^[.#]|^node:/.test(specifier)) return undefined;
    const { dependencies, peerDependencies, devDependencies } = file.owner.manifest;
    const allowed = {
      ...dependencies,
      ...peerDependencies,
      ...(typeOnly || file.owner.manifest.private ? devDependencies : {}),
    };
    return packageName(specifier) in allowed
      ? undefined
      : `${packageName(specifier)} is not a dependency of the package`;
  },
  noble(file, { specifier }) {
    if (!specifier.startsWith('@noble/') || NOBLE_FILES.includes(file.name)) return undefined;
    return `only ${NOBLE_FILES.join(' and ')} import noble`;
  },
  node(file, { specifier }) {
    if (!PORTABLE.includes(file.owner.folder) || file.path.endsWith('.node.ts')) return undefined;
    if (specifier.startsWith('node:')) return `${specifier} outside a .node.ts file`;
    return /^\..*\.node\.js$/.test(specifier)
      ? `${specifier} is imported directly, not through a condition`
      : undefined;
  },
  lazy(file, { specifier, typeOnly, dynamic }) {
    if (typeOnly || dynamic || file.owner.folder === 'stack') return undefined;
    if (!LAZY.some((name) => specifier === name || specifier.startsWith(`${name}/`))) return undefined;
    return `${specifier} is loaded with import() on first use`;
  },
};

function checkImports(file, packages) {
  return file.imports.flatMap((item) =>
    Object.entries(IMPORT_RULES).flatMap(([rule, check]) => {
      const message = check(file, item, packages);
      return message === undefined || isGated(file, rule) ? [] : [fault(file, rule, item.start, message)];
    }),
  );
}

function checkCalls(file) {
  const faults = [];
  walk(file.syntax.program, (node, ancestors) => {
    for (const { rule, only, find, message } of BANNED_CALLS) {
      if (!only.includes(file.owner.folder) || !find(node, { ancestors, declared: file.declared })) continue;
      if (isGated(file, rule)) continue;
      faults.push(fault(file, rule, node.start, message));
    }
  });
  return faults;
}

function isGated(file, rule) {
  if (GATES[rule]?.[file.name] === undefined) return false;
  file.gates.add(rule);
  return true;
}

/** A gate that nothing passes any more is taken out of the table. */
function findStaleGates(files) {
  return Object.entries(GATES).flatMap(([rule, gated]) =>
    Object.keys(gated).flatMap((name) => {
      const file = files.find((candidate) => candidate.name === name);
      return file === undefined || file.gates.has(rule)
        ? []
        : [fault(file, 'gate', 0, `the gate for ${rule} is not needed`)];
    }),
  );
}

/** Cycles between files of one package; type imports count. */
function findCycles(files) {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set();
  const faults = [];
  const visit = (file, trail) => {
    if (trail.includes(file)) {
      const cycle = [...trail.slice(trail.indexOf(file)), file].map(({ name }) => name).join(' → ');
      faults.push(fault(file, 'cycle', 0, cycle));
      return;
    }
    if (done.has(file)) return;
    for (const target of resolveImports(file)) if (byPath.has(target)) visit(byPath.get(target), [...trail, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return faults;
}

/** Source paths that a file's relative and `#…` imports may lead to. */
function resolveImports({ path, owner, imports }) {
  return imports.flatMap(({ specifier }) => {
    if (specifier.startsWith('.')) return [resolve(dirname(path), specifier.replace(/\.js$/, '.ts'))];
    if (!specifier.startsWith('#')) return [];
    return listSources(owner.manifest.imports?.[specifier]).map((source) => join(owner.directory, source));
  });
}

function packageName(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const faults = checkWorkspace(ROOT);
  for (const { file, line, rule, message } of faults) console.error(`${file}:${line}  ${rule}: ${message}`);
  if (faults.length > 0) process.exit(1);
  console.log('layers: no fault');
}
