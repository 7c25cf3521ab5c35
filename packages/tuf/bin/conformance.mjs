#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The entry point for the public conformance suite of TUF clients. Works from a built tree.
//
//   conformance.mjs --metadata-dir DIR init TRUSTED_ROOT
//   conformance.mjs --metadata-dir DIR --metadata-url URL refresh
//   conformance.mjs --metadata-dir DIR --metadata-url URL --target-dir DIR --target-base-url URL --target-name NAME … download
//
// The metadata folder is the client's store: `root.json`, `timestamp.json` and so on are the files that it trusts.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createTufClient } from '@keywax/tuf';
import { createDirectoryStore } from '@keywax/tuf/directory-store';

const TRUSTED_ROOT = 'trusted-root'; // what `init` was given, which everything is verified from

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'metadata-dir': { type: 'string' },
    'metadata-url': { type: 'string' },
    'target-dir': { type: 'string' },
    'target-base-url': { type: 'string' },
    'target-name': { type: 'string', multiple: true },
  },
});
const store = createDirectoryStore(demand('metadata-dir'));

const COMMANDS = {
  async init([file]) {
    if (file === undefined) throw new Error('init needs the file of a root');
    const root = new Uint8Array(await readFile(file));
    await store.write('state', TRUSTED_ROOT, root);
    if ((await store.read('metadata', 'root')) === undefined) await store.write('metadata', 'root', root);
  },

  async refresh() {
    const client = await createClient();
    await client.refresh();
  },

  async download() {
    const client = await createClient();
    const folder = demand('target-dir');
    await mkdir(folder, { recursive: true });
    for (const name of demand('target-name')) {
      await writeChanged(join(folder, encodeURIComponent(name)), await client.fetchTarget(name));
    }
  },
};

function demand(name) {
  const value = values[name];
  if (value === undefined) throw new Error(`--${name} is missing`);
  return value;
}

async function createClient() {
  const trustedRoot = await store.read('state', TRUSTED_ROOT);
  if (trustedRoot === undefined) throw new Error('init comes first');
  const targetsUrl = values['target-base-url'];
  return createTufClient({
    mirrorUrl: demand('metadata-url'),
    ...(targetsUrl === undefined ? {} : { targetsUrl }),
    trustedRoot,
    store,
    now: () => new Date(),
    transport: { allowHttp: 'loopback', retries: 1, timeoutMs: 30_000 },
  });
}

/** Leaves a file alone that has the content already. */
async function writeChanged(path, bytes) {
  const current = await readFile(path).catch(() => undefined);
  if (current !== undefined && Buffer.compare(current, bytes) === 0) return;
  await writeFile(path, bytes);
}

async function main() {
  const [name, ...rest] = positionals;
  if (name === undefined || !Object.hasOwn(COMMANDS, name)) throw new Error('expected init, refresh or download');
  await COMMANDS[name](rest);
}

main().catch((error) => {
  console.error(`${error.code ?? error.name}: ${error.message}`);
  process.exitCode = 1;
});
