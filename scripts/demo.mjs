// SPDX-License-Identifier: Apache-2.0
// Builds what has changed, then runs the demo with the arguments given, in the folder from which it was called.

import { join } from 'node:path';
import { ROOT } from './packages.mjs';
import { run, runPnpm } from './run.mjs';

const built = runPnpm(['run', '--silent', 'build', '--output-logs=errors-only']);
const demo = join(ROOT, 'packages/cli/dist/demo.js');
process.exitCode =
  built || run(process.execPath, [demo, ...process.argv.slice(2)], { cwd: process.env.INIT_CWD ?? ROOT });
