#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The `keywax` command.

import { createProcessHost } from './host.js';
import { runCommand } from './run.js';

const controller = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  // The first stops what is under way and cleans up; the second does what it does by default.
  process.once(name, () => controller.abort(name));
}
void runCommand(process.argv.slice(2), createProcessHost(controller.signal)).then((code) => {
  process.exitCode = code;
});
