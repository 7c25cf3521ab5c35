// SPDX-License-Identifier: Apache-2.0
// Runs as a process of its own, on the sources: imports an entry, and says on stdout which modules that loaded.

import { recordLoadedModules } from '../../../test/loaded-modules.mjs';

const loaded = recordLoadedModules();

const [entry] = process.argv.slice(2);
await import(entry);
process.stdout.write(JSON.stringify(loaded));
