// SPDX-License-Identifier: Apache-2.0
// The tables of the dependency check: the layers, the banned calls, and the few files that are let through.

const CLIENTS = ['fulcio', 'rekor', 'identity', 'tuf', 'sign', 'keywax', 'npm', 'oci', 'compat'];
/** What is published, but for the replacements of other libraries, the command and the stack. */
const LIBRARIES = [
  'core',
  'http',
  'bundle',
  'trust',
  'verify',
  'fulcio',
  'rekor',
  'identity',
  'tuf',
  'sign',
  'keywax',
  'npm',
  'oci',
];

/** Which siblings the sources of a package may import. Imports go down only. */
export const MAY_IMPORT = {
  core: [],
  http: ['core'],
  bundle: ['core'],
  trust: ['core'],
  verify: ['core', 'bundle', 'trust'],
  fulcio: ['core', 'http'],
  rekor: ['core', 'http', 'bundle'],
  identity: ['core', 'http'],
  tuf: ['core', 'http', 'trust'],
  sign: ['core', 'http', 'bundle', 'trust', 'verify', 'fulcio', 'rekor', 'identity'],
  stack: ['core', 'http', 'bundle', 'trust', 'verify', 'fulcio', 'rekor', 'identity', 'tuf', 'sign', 'keywax'],
  keywax: ['core', 'bundle', 'trust', 'verify', 'identity', 'tuf', 'sign'],
  npm: ['core', 'http', 'bundle', 'trust', 'verify', 'identity', 'tuf', 'sign', 'keywax'],
  oci: ['core', 'http', 'bundle', 'trust', 'verify', 'identity', 'sign', 'keywax'],
  compat: ['core', 'http', 'bundle', 'trust', 'verify', 'fulcio', 'rekor', 'identity', 'tuf', 'sign', 'keywax', 'oci'],
  cli: [...LIBRARIES, 'stack'],
  // Not published: tests against other implementations, and measurements.
  interop: [...LIBRARIES, 'compat', 'stack'],
  bench: [...LIBRARIES, 'compat', 'stack'],
};

/** Packages that run wherever JavaScript runs and read untrusted input. */
export const PORTABLE = ['core', 'bundle', 'trust', 'verify'];

/** The only files that import noble. */
export const NOBLE_FILES = ['core/noble.ts', 'core/crypto.web.ts', 'oci/key/secretbox.ts'];

/** Modules that cost much to load. */
export const LAZY = [
  'make-fetch-happen',
  '@peculiar/x509',
  'reflect-metadata',
  '@noble/curves',
  '@noble/ciphers',
  '#noble',
];

/** Calls of the platform that are laxer than the readers in core, or that reach for the outside. */
export const BANNED_CALLS = [
  { rule: 'json', only: PORTABLE, message: 'JSON.parse: use @keywax/core/json', find: isCallOf('JSON.parse') },
  {
    rule: 'date',
    only: PORTABLE,
    message: 'a Date from text: use @keywax/core/time',
    find: (node, file) =>
      isCallOf('Date.parse', 'Date')(node, file) ||
      (isNewOf('Date')(node) && node.arguments.length > 0 && !isNumeric(node.arguments[0], file)),
  },
  {
    rule: 'clock',
    only: PORTABLE,
    message: 'the time comes in as an argument',
    find: (node, file) =>
      isCallOf('Date.now', 'performance.now')(node, file) || (isNewOf('Date')(node) && node.arguments.length === 0),
  },
  {
    rule: 'number',
    only: PORTABLE,
    message: 'a number from text: use the readers of @keywax/core',
    find: (node, file) =>
      isCallOf('parseInt', 'parseFloat', 'Number.parseInt', 'Number.parseFloat')(node, file) ||
      (node.type === 'UnaryExpression' && node.operator === '+'),
  },
  {
    rule: 'conversion',
    only: PORTABLE.filter((name) => name !== 'core'), // core holds the readers
    message: 'Number() or BigInt() of what may be text: use the readers of @keywax/core',
    find: (node, file) => isCallOf('Number', 'BigInt')(node, file) && !isNumeric(node.arguments[0], file),
  },
  {
    rule: 'buffer',
    only: PORTABLE,
    message: 'Buffer: use Uint8Array and @keywax/core/bytes',
    find: isGlobal('Buffer'),
  },
  {
    rule: 'base64',
    only: PORTABLE,
    message: 'use @keywax/core/bytes',
    find: isCallOf('atob', 'btoa', 'escape', 'unescape'),
  },
  { rule: 'utf8', only: PORTABLE, message: 'TextDecoder: use @keywax/core/bytes', find: isNewOf('TextDecoder') },
  {
    rule: 'key',
    only: PORTABLE,
    message: 'keys and certificates pass the gates of @keywax/core first',
    find: isMention('createPublicKey', 'createPrivateKey', 'X509Certificate', 'importKey'),
  },
  {
    rule: 'regexp',
    only: PORTABLE,
    message: 'a regular expression that is not a literal',
    find: (node, file) => isNewOf('RegExp')(node) || isCallOf('RegExp')(node, file),
  },
  {
    rule: 'outside',
    only: PORTABLE,
    message: 'network, timers, environment and output stay outside the engine',
    find: (node, file) =>
      isCallOf('fetch', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask')(node, file) ||
      isGlobal('process', 'Deno', 'Bun', 'console', 'localStorage')(node, file),
  },
  {
    rule: 'network',
    only: CLIENTS,
    message: 'only @keywax/http touches the network',
    find: (node, file) =>
      isCallOf('fetch', 'globalThis.fetch')(node, file) || isGlobal('XMLHttpRequest', 'WebSocket')(node, file),
  },
  {
    rule: 'random',
    only: [...PORTABLE, ...CLIENTS, 'http', 'cli', 'stack'],
    message: 'Math.random is not random',
    find: isCallOf('Math.random'),
  },
  {
    rule: 'eval',
    only: [...PORTABLE, ...CLIENTS, 'http', 'cli', 'stack'],
    message: 'code from text',
    find: (node, file) => isCallOf('eval', 'Function')(node, file) || isNewOf('Function')(node),
  },
  {
    rule: 'top-level-await',
    only: [...PORTABLE, ...CLIENTS, 'http', 'cli', 'stack'],
    message: 'await outside a function: the CommonJS build has none',
    find: (node, { ancestors }) => isAwait(node) && !ancestors.some(({ type }) => /Function/.test(type)),
  },
];

/** Files that a rule lets through, each with the reason. A gate that is not needed any more is a fault. */
export const GATES = {
  key: {
    'core/crypto.node.ts': 'imports keys that the SPKI gate has read',
    'core/crypto.web.ts': 'imports keys that the SPKI gate has read',
    'core/key-pair.ts': "imports the caller's own private keys",
  },
  utf8: {
    'core/bytes.ts': 'the strict UTF-8 reader',
    'core/encoding.web.ts': 'makes text of ASCII that it has written',
  },
  date: { 'core/time.ts': 'the strict readers of time' },
  number: {
    'core/json.ts': 'the four hex digits of an escape, matched before',
    'core/der.ts': 'hex digits of an integer that it has just written',
  },
  conversion: {
    'trust/url.ts': 'a port, matched before',
    'verify/known-log.ts': 'a bigint of a decoded entry',
  },
  lazy: { 'core/noble.ts': 'is itself loaded with import()' },
};

function isAwait(node) {
  return node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node.await);
}

/** True for a call of one of the named functions of the host, such as `JSON.parse`. */
function isCallOf(...names) {
  return (node, file) => {
    if (node.type !== 'CallExpression') return false;
    const name = dottedName(node.callee);
    return names.includes(name) && !file.declared.has(name);
  };
}

function isNewOf(...names) {
  return (node) => node.type === 'NewExpression' && names.includes(dottedName(node.callee));
}

/** True where one of the names is read as a variable of the host, not as a member, a key or a type. */
function isGlobal(...names) {
  return (node, { ancestors, declared }) => {
    if (node.type !== 'Identifier' || !names.includes(node.name) || declared.has(node.name)) return false;
    const parent = ancestors.at(-1);
    if (parent?.type === 'MemberExpression' && parent.property === node) return parent.object.name === 'globalThis';
    return !(parent?.type === 'Property' && parent.key === node) && !parent?.type.startsWith('TS');
  };
}

/** True for any use of one of the names, as a variable or as a member, but not in a declaration of types. */
function isMention(...names) {
  return (node, { ancestors }) => {
    if (node.type !== 'Identifier' || !names.includes(node.name)) return false;
    return !ancestors.at(-1)?.type.startsWith('TS');
  };
}

function dottedName(node) {
  if (node.type === 'Identifier') return node.name;
  if (node.type !== 'MemberExpression' || node.computed) return undefined;
  return `${dottedName(node.object)}.${node.property.name}`;
}

const NUMERIC_OPERATORS = ['-', '*', '/', '%', '**', '<<', '>>', '>>>', '&', '|', '^'];
const NUMERIC_MEMBERS = ['length', 'byteLength', 'MAX_SAFE_INTEGER'];

/** True where the syntax, or the one declaration of a name in its file, shows a number or bigint. */
function isNumeric(node, file) {
  switch (node?.type) {
    case 'Literal':
      return typeof node.value === 'number' || typeof node.value === 'bigint';
    case 'TSNumberKeyword':
    case 'TSBigIntKeyword':
      return true;
    case 'Identifier':
      return isDeclaredNumeric(node.name, file);
    case 'BinaryExpression':
      return NUMERIC_OPERATORS.includes(node.operator) || (node.operator === '+' && isNumeric(node.left, file));
    case 'UnaryExpression':
      return node.operator === '-' && isNumeric(node.argument, file);
    case 'ConditionalExpression':
      return isNumeric(node.consequent, file) && isNumeric(node.alternate, file);
    case 'MemberExpression':
      return !node.computed && NUMERIC_MEMBERS.includes(node.property.name);
    case 'CallExpression':
      return isNumericCall(node);
    default:
      return false;
  }
}

function isDeclaredNumeric(name, { declared }) {
  const nodes = declared.get(name) ?? [];
  return nodes.length > 0 && nodes.every((node) => isNumeric(node, { declared: new Map() }));
}

function isNumericCall({ callee }) {
  const name = dottedName(callee) ?? '';
  return (
    ['Number', 'BigInt', 'Date.UTC'].includes(name) || name.startsWith('Math.') || /\.getTime$|\.charCodeAt$/.test(name)
  );
}
