// SPDX-License-Identifier: Apache-2.0
// OpenSSL's command as a second implementation, where it is installed.

import { execFileSync, spawnSync } from 'node:child_process';
import { describe } from 'vitest';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A `describe` that is skipped, visibly, where OpenSSL's command is absent. */
export function describeOpenssl(name: string, body: () => void): void {
  describe.skipIf(!hasOpenssl)(hasOpenssl ? name : `${name} (openssl is absent)`, body);
}

/** Output of an `openssl` command that reads `input`. */
export function runOpenssl(args: readonly string[], input: Uint8Array): string {
  return execFileSync('openssl', args, { input, encoding: 'utf8' });
}
