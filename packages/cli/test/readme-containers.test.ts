// SPDX-License-Identifier: Apache-2.0
// The container section of the repository's README, word for word: each block of commands in one shell, the first of them
// in the background.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const PORT = 5_055;
const KEYWAX = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const readme = readFileSync(fileURLToPath(new URL('../../../README.md', import.meta.url)), 'utf8');
const section = /^## Container images\n([\s\S]*?)^## /m.exec(readme)?.[1] ?? '';
const [start = '', ...blocks] = [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block);

const isBuilt = existsSync(KEYWAX);
const isFree = await isPortFree(PORT);
const reason = isBuilt ? (isFree ? '' : ` (port ${PORT} is taken)`) : ' (not built)';

function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

describe.skipIf(reason !== '')(`the container section of the README${reason}`, () => {
  let folder: string;
  let stack: ChildProcess;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    folder = makeFolder();
    const path = `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`;
    env = { PATH: path, HOME: folder };
    stack = spawn('bash', ['-c', `exec ${start}`], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      let text = '';
      stack.stderr?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('is running')) resolve();
      });
      stack.once('exit', () => reject(new Error(text)));
    });
  });
  afterAll(async () => {
    const ended = new Promise((resolve) => stack.once('exit', resolve));
    stack.kill('SIGINT');
    await ended;
    rmSync(folder, { recursive: true });
  });

  /** A folder with `keywax` among its programs. */
  function makeFolder(): string {
    const made = mkdtempSync(join(tmpdir(), 'keywax-readme-'));
    mkdirSync(join(made, 'bin'));
    const script = `#!/bin/sh\nexec '${process.execPath}' '${KEYWAX}' "$@"\n`;
    writeFileSync(join(made, 'bin', 'keywax'), script, { mode: 0o755 });
    return made;
  }

  test('has all that it promises', () => {
    expect(start).toMatch(/^keywax stack .*\n$/);
    for (const command of ['sign', 'verify', 'attest', 'tree', 'copy'])
      expect(section).toContain(`keywax image ${command}`);
    expect(blocks).toHaveLength(5);
  });

  test.each(blocks.map((block, i) => [i + 1, block] as const))('works: block %i', (_, block) => {
    const { status, stderr } = spawnSync('bash', ['-e', '-c', block], { cwd: folder, env, encoding: 'utf8' });
    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.not.stringContaining('✘') as string });
  });

  test('leaves nothing unsigned to verify by accident', () => {
    const verify = `${blocks[0]?.split('\n')[1] ?? ''}`.replace('alice@', 'mallory@');
    expect(verify).toContain('mallory@');
    expect(spawnSync('bash', ['-c', verify], { cwd: folder, env }).status).toBe(1);
  });
});
