// SPDX-License-Identifier: Apache-2.0
// Clients in processes of their own, over one folder.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const PROGRAM = `
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { createTufClient } from '../src/index.js';
import { createDirectoryStore } from '../src/directory-store.node.js';

const { mode, directories, mirrorUrl, rootFile, now } = JSON.parse(process.argv[2]);

// Loads faster than the client of the host.
const fetch = (url) => new Promise((resolve, reject) => {
  get(url, (body) => {
    const headers = new Map(Object.entries(body.headers));
    resolve({ status: body.statusCode, headers, body });
  }).on('error', reject);
});

const createClient = (directory) => createTufClient({
  mirrorUrl,
  trustedRoot: readFileSync(rootFile),
  store: createDirectoryStore(directory),
  now: () => new Date(now),
  transport: { allowHttp: 'loopback', fetch, retries: 0 },
  offline: mode === 'offline',
});

async function fetchForEver(directory) {
  for (;;) await createClient(directory).fetchTarget('a.txt');
}

async function main() {
  if (mode === 'loop') return Promise.all(directories.map(fetchForEver));
  const client = createClient(directories[0]);
  await client.refresh({ maxAgeMs: 86400000 });
  process.stdout.write(await client.fetchTarget('a.txt'));
}
main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
`;

/**
 * What a child does: `once` and `offline` print the target `a.txt`; `loop` fetches it again and again, into every folder
 * at the same time.
 */
export interface ChildTask {
  readonly mode: 'once' | 'loop' | 'offline';
  readonly directories: readonly string[];
  readonly mirrorUrl: string;
  readonly rootFile: string;
  readonly now: string;
}

/** Bundles the program into a folder, once for all processes, and returns its path. */
export async function bundleChild(folder: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: PROGRAM, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    conditions: ['source', 'node'],
    external: ['make-fetch-happen'],
    logLevel: 'silent',
  });
  const path = join(folder, 'child.cjs');
  writeFileSync(path, outputFiles[0]?.contents ?? '');
  return path;
}

/** A process, and what it printed once it ended. */
export interface Child {
  readonly process: ChildProcess;
  readonly ended: Promise<{ readonly output: string; readonly errors: string; readonly status: number | null }>;
}

/** Starts a client; `wrap` is a command in front of it. */
export function spawnClient(program: string, task: ChildTask, wrap: readonly string[] = []): Child {
  const words = [...wrap, process.execPath, program, JSON.stringify(task)];
  const child = spawn(words.shift() ?? process.execPath, words, {
    env: { ...process.env, NODE_COMPILE_CACHE: join(dirname(program), 'compiled') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return {
    process: child,
    ended: closed.then(([status]) => ({ output, errors, status: status as number | null })),
  };
}
