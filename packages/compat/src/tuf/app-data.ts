// SPDX-License-Identifier: Apache-2.0
// Where the folder of caches lies when nobody says so: where the client that is stood in for has it.

import { homedir } from 'node:os';
import { join } from 'node:path';

const FOLDER = 'sigstore-js';

/** The folder of caches of this user. */
export function defaultCachePath(): string {
  const { env, platform } = process;
  switch (platform) {
    case 'darwin':
      return join(homedir(), 'Library', 'Application Support', FOLDER);
    case 'win32':
      return join(orElse(env['LOCALAPPDATA'], join(homedir(), 'AppData', 'Local')), FOLDER, 'Data');
    default:
      return join(orElse(env['XDG_DATA_HOME'], join(homedir(), '.local', 'share')), FOLDER);
  }
}

function orElse(text: string | undefined, otherwise: string): string {
  return text === undefined || text === '' ? otherwise : text;
}
