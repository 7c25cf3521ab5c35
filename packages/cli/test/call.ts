// SPDX-License-Identifier: Apache-2.0
// Calling the command in this process, and folders to call it in.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { Host } from '../src/host.js';
import { runCommand } from '../src/run.js';

/** What a call gave. */
export interface Called {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A new folder, removed after the test. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'keywax-cli-'));
  folders.push(folder);
  return folder;
}

/** A host whose output is kept. */
export function makeHost(given: Partial<Pick<Host, 'env' | 'signal' | 'askSecret'>> = {}): {
  readonly host: Host;
  readonly written: { out: string; err: string };
} {
  const written = { out: '', err: '' };
  const output = (name: 'out' | 'err') => ({
    color: false,
    write: async (text: string) => {
      written[name] += text;
    },
  });
  const host = { env: {}, signal: new AbortController().signal, ...given, out: output('out'), err: output('err') };
  return { host, written };
}

/** Calls `keywax` with these arguments. */
export async function call(
  args: readonly string[],
  given: Partial<Pick<Host, 'env' | 'signal' | 'askSecret'>> = {},
): Promise<Called> {
  const { host, written } = makeHost(given);
  const code = await runCommand(args, host);
  return { code, ...written };
}
