// SPDX-License-Identifier: Apache-2.0
// Runs as a process of its own, on the sources: imports the root, calls `sign` without a token, and says on stdout which
// modules the call loaded.

import { recordLoadedModules } from '../../../../test/loaded-modules.mjs';

const loaded = recordLoadedModules();
process.env = { PATH: '' };
const { sign } = await import('@keywax/compat');
const imported = loaded.length;
const code = await sign(Buffer.from('x')).then(
  () => undefined,
  (error) => error.code,
);
process.stdout.write(JSON.stringify({ later: loaded.slice(imported), code }));
