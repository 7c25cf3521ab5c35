// SPDX-License-Identifier: Apache-2.0

import { sign } from 'keywax';
import { withArtifactFile } from '../artifact-file.js';
import { bundlePathOf } from '../bundle-file.js';
import { type Command, defineCommand } from '../command.js';
import { EXIT } from '../exit.js';
import { usageError } from '../flags.js';
import { SIGN_FLAGS, runSigning } from '../signing.js';

/** `keywax sign`. */
export const signCommand: Command = defineCommand({
  operands: '[FLAGS] FILE …',
  about: `Signs files with keys that are used once, under the identity of an OIDC token, records the signatures in public
logs, and verifies each bundle before it is written. Without a flag the token comes from SIGSTORE_ID_TOKEN or GitHub Actions.`,
  flags: SIGN_FLAGS,
  async run({ flags, operands }, host) {
    if (operands.length === 0) throw usageError('no file to sign');
    if (flags.bundle !== undefined && operands.length > 1) throw usageError('--bundle is for one file');
    const tasks = operands.map((file) => ({
      name: file,
      inputs: [file],
      output: flags.bundle ?? bundlePathOf(file),
      sign: (options: Parameters<typeof sign>[1]) => withArtifactFile(file, (artifact) => sign(artifact, options)),
    }));
    await runSigning(tasks, flags, host);
    return EXIT.ok;
  },
});
