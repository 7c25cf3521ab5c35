// SPDX-License-Identifier: Apache-2.0
// A stack in a process of its own, to be killed.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StackUrls } from '@keywax/stack';
import { build } from 'esbuild';

const PROGRAM = `
import { startStack } from '../../src/index.js';
startStack({ directory: process.argv[2] }).then((stack) => console.log(JSON.stringify(stack)), (error) => {
  console.error(error);
  process.exitCode = 1;
});
`;

/** Bundles the program into a folder, once for all processes, and returns its path. */
export async function bundleChild(folder: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: PROGRAM, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    conditions: ['source', 'node'],
    logLevel: 'silent',
  });
  const path = join(folder, 'child.cjs');
  writeFileSync(path, outputFiles[0]?.contents ?? '');
  return path;
}

/** A process that runs a stack over a folder. */
export interface StackProcess {
  readonly process: ChildProcess;
  /** Resolves once the stack answers; rejects where the process ends before. */
  readonly urls: Promise<StackUrls>;
  /** Kills the process without a warning, and resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts a stack over `directory` in a new process. */
export function spawnStack(program: string, directory: string): StackProcess {
  const child = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  const urls = new Promise<StackUrls>((resolve, reject) => {
    let output = '';
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('\n')) resolve((JSON.parse(output) as { urls: StackUrls }).urls);
    });
    child.on('close', () => reject(new Error(`the stack ended: ${errors}`)));
  });
  urls.catch(() => undefined); // a process that is killed while it starts is no failure
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  return { process: child, urls, kill };
}
