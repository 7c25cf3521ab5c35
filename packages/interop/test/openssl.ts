// SPDX-License-Identifier: Apache-2.0
// OpenSSL's command as a second opinion, where it is installed.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A `describe` that is skipped, visibly, where OpenSSL's command is absent. */
export function describeOpenssl(name: string, body: () => void): void {
  describe.skipIf(!hasOpenssl)(hasOpenssl ? name : `${name} (openssl is absent)`, body);
}

/** What a run of the command ended with. */
export interface OpensslOutcome {
  readonly status: number | null;
  readonly stdout: Buffer;
  /** All that was written, as text. */
  readonly output: string;
}

/** Runs `openssl` in a folder that holds the given files. */
export function runOpenssl(
  args: readonly string[],
  files: Readonly<Record<string, Uint8Array | string>>,
): OpensslOutcome {
  const folder = mkdtempSync(join(tmpdir(), 'keywax-openssl-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: folder });
    return { status, stdout, output: `${stdout.toString()}${stderr.toString()}` };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
