// SPDX-License-Identifier: Apache-2.0
// A Node process of its own, for what a process decides when it starts: authorities, proxies, what it loads.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const PROGRAM = `
import { inspect } from 'node:util';
import { request } from '../src/index.js';

async function main() {
  const results = [];
  for (const [url, options] of JSON.parse(process.env.REQUESTS)) {
    try {
      const { status } = await request(url, { allowHttp: 'loopback', retries: 0, ...options });
      results.push({ status });
    } catch (error) {
      const printed = inspect(error, { depth: 10, showHidden: true }) + error.cause?.stack + JSON.stringify(error);
      results.push({ code: error.code, printed });
    }
  }
  console.log(JSON.stringify(results));
}
main();
`;

/** What became of one request. */
export interface ChildResult {
  readonly status?: number;
  readonly code?: string;
  readonly printed?: string;
}

/** Makes the requests one after another in a new process; resolves when it has ended by itself. */
export async function requestInChild(
  requests: readonly (readonly [url: string, options: Readonly<Record<string, unknown>>])[],
  environment: Readonly<Record<string, string>> = {},
): Promise<readonly ChildResult[]> {
  const bundle = await build({
    stdin: { contents: PROGRAM, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    conditions: ['source', 'node'],
    logLevel: 'silent',
  });
  const output = await run(bundle.outputFiles[0]?.text ?? '', { REQUESTS: JSON.stringify(requests), ...environment });
  return JSON.parse(output) as readonly ChildResult[];
}

function run(program: string, environment: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-'], { env: { PATH: process.env['PATH'], ...environment } });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.resume();
    child.on('error', reject);
    child.on('close', () => resolve(output));
    child.stdin.end(program);
  });
}
