// SPDX-License-Identifier: Apache-2.0
// OpenSSL as a second implementation, where it is installed.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A `test` that is skipped, visibly, where OpenSSL is absent. */
export function testOpenssl(name: string, body: () => Promise<void> | void): void {
  test.skipIf(!hasOpenssl)(hasOpenssl ? name : `${name} (openssl is absent)`, body);
}

type Files = Readonly<Record<string, Uint8Array | string>>;

/** Runs `openssl` in a folder that holds the given files, and returns the text that it prints. Throws unless it succeeds. */
export function runOpenssl(args: readonly string[], files: Files): string {
  return runOpensslBytes(args, files).toString();
}

/** The same, for commands that print bytes. */
export function runOpensslBytes(args: readonly string[], files: Files): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'keywax-openssl-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
    return execFileSync('openssl', args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
