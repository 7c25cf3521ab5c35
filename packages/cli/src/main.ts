#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The `keywax` command.

import { createProcessHost } from './host.js';
import { runCommand } from './run.js';

const GRACE_MS = 2_000; // for what is under way to clean up
const LINGER_MS = 5_000; // for a refresh in the background, which the next call can begin anew
const controller = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  // The first stops what is under way; the second does what it does by default. It is sent where nobody else does: to
  // exit, a process would wait for a pipe that is being opened.
  process.once(name, () => {
    controller.abort(name);
    setTimeout(() => process.kill(process.pid, name), GRACE_MS).unref();
  });
}
void runCommand(process.argv.slice(2), createProcessHost(controller.signal)).then((code) => {
  process.exitCode = code;
  setTimeout(() => process.exit(), LINGER_MS).unref();
});
