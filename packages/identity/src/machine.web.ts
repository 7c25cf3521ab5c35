// SPDX-License-Identifier: Apache-2.0
// There are no programs and no files in browsers and workers.

import type { Command } from './machine.node.js';

/** Finds none. */
export async function runCommand(_command: Command): Promise<string | undefined> {
  return undefined;
}

/** Finds none. */
export async function readSmallFile(_path: string): Promise<string | undefined> {
  return undefined;
}
