// SPDX-License-Identifier: Apache-2.0
// The built command on a terminal of its own, which `script` of util-linux makes.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openKeySigner } from '@keywax/oci';
import { describe, expect, test } from 'vitest';
import { makeFolder } from './call.js';

const KEYWAX = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const hasScript = spawnSync('script', ['--version']).status === 0;
const missing = !existsSync(KEYWAX) ? 'not built' : hasScript ? undefined : 'script is absent';

/** Runs the command on a terminal; types each answer once its question is there. Answers with everything shown. */
async function converse(
  args: readonly string[],
  dialogue: readonly (readonly [question: string, answer: string])[],
): Promise<{ readonly status: number | null; readonly shown: string }> {
  const { COSIGN_PASSWORD: _, ...env } = process.env;
  const line = [process.execPath, KEYWAX, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qefc', line, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const left = [...dialogue];
  let shown = '';
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    const [next] = left;
    if (next === undefined || !shown.includes(next[0])) return;
    left.shift();
    child.stdin.write(next[1]);
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, shown };
}

describe.skipIf(missing !== undefined)(missing === undefined ? 'on a terminal' : `on a terminal (${missing})`, () => {
  test('a password is asked for twice and not shown', async () => {
    const prefix = join(makeFolder(), 'mine');
    const { status, shown } = await converse(
      ['key', 'generate', '--output-key-prefix', prefix],
      [
        ['new private key: ', 'canary\r'],
        ['same again: ', 'canary\r'],
      ],
    );
    expect({ status, isShown: shown.includes('canary') }).toEqual({ status: 0, isShown: false });
    await openKeySigner({ privateKey: readFileSync(`${prefix}.key`, 'utf8'), password: 'canary' });
  });

  test('Ctrl-C in place of a password is an interruption', async () => {
    const prefix = join(makeFolder(), 'mine');
    const args = ['key', 'generate', '--output-key-prefix', prefix];
    const { status } = await converse(args, [['new private key: ', 'can\u0003']]);
    expect({ status, isWritten: existsSync(`${prefix}.key`) }).toEqual({ status: 130, isWritten: false });
  });
});
