// SPDX-License-Identifier: Apache-2.0
// Reading TypeScript sources as syntax: imports, and a walk over every node.

import { parseSync } from 'vite';

/**
 * Parses one file; a file that does not parse is an error.
 * @param {string} path
 * @param {string} text
 */
export function parseFile(path, text) {
  const result = parseSync(path, text);
  if (result.errors.length > 0) throw new Error(`${path}: ${result.errors[0]?.message}`);
  return result;
}

/**
 * Every import, re-export, `import()` and `import('…')` type of a file.
 * @returns {{ specifier: string, start: number, typeOnly: boolean, dynamic: boolean }[]}
 */
export function listImports({ program }) {
  const imports = [];
  walk(program, (node) => {
    const source = IMPORTING[node.type]?.(node);
    if (source === undefined || source === null) return;
    const dynamic = node.type === 'ImportExpression';
    if (typeof source.value !== 'string') throw new Error('import() of a computed name');
    imports.push({ specifier: source.value, start: node.start, typeOnly: isTypeOnly(node), dynamic });
  });
  return imports;
}

const IMPORTING = {
  ImportDeclaration: (node) => node.source,
  ExportNamedDeclaration: (node) => node.source,
  ExportAllDeclaration: (node) => node.source,
  ImportExpression: (node) => node.source,
  TSImportType: (node) => node.source ?? node.argument?.literal ?? node.argument,
};

function isTypeOnly(node) {
  return node.type === 'TSImportType' || node.importKind === 'type' || node.exportKind === 'type';
}

/**
 * The names that a file declares anywhere as a function, a variable, a parameter or an import, each with the nodes that say
 * what it is: its type, or the value of a constant.
 * @returns {Map<string, any[]>}
 */
export function listDeclared({ program }) {
  const names = new Map();
  const add = (name, node) => names.set(name, [...(names.get(name) ?? []), node]);
  walk(program, (node) => {
    if (node.type === 'VariableDeclarator') addPattern(node.id, add, node.init);
    else if (/Function/.test(node.type))
      for (const pattern of [node.id, ...(node.params ?? [])]) addPattern(pattern, add);
    else if (/^Import.*Specifier$/.test(node.type)) add(node.local.name);
  });
  return names;
}

function addPattern(pattern, add, init) {
  switch (pattern?.type) {
    case 'Identifier':
      add(pattern.name, pattern.typeAnnotation?.typeAnnotation ?? init);
      break;
    case 'ObjectPattern':
      for (const property of pattern.properties) addPattern(property.value ?? property.argument, add);
      break;
    case 'ArrayPattern':
      for (const element of pattern.elements) addPattern(element, add);
      break;
    case 'AssignmentPattern':
      addPattern(pattern.left, add, pattern.right);
      break;
    case 'RestElement':
      addPattern(pattern.argument, add);
      break;
    default:
  }
}

/**
 * Calls `visit` with each node and its ancestors, outermost first.
 * @param {any} node
 * @param {(node: any, ancestors: any[]) => void} visit
 * @param {any[]} [ancestors]
 */
export function walk(node, visit, ancestors = []) {
  visit(node, ancestors);
  const inner = [...ancestors, node];
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child?.type === 'string') walk(child, visit, inner);
    }
  }
}

/** Line of an offset, counted from 1. */
export function lineOf(text, offset) {
  return text.slice(0, offset).split('\n').length;
}
