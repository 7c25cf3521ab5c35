// SPDX-License-Identifier: Apache-2.0

import { type Command, defineCommand } from '../command.js';
import { EXIT } from '../exit.js';
import { usageError } from '../flags.js';
import { createStyle, encodeJsonText, escapeText } from '../render/text.js';
import { listAuthorities, listServices } from '../render/trust-rows.js';
import { describeAuthorities, describeServices } from '../render/trust-table.js';
import { readTrustFile } from '../trust-file.js';

/** `keywax trust show`. */
export const trustShowCommand: Command = defineCommand({
  operands: '[--json] FILE',
  about: `Shows whom a trusted root vouches for and where a signing config says to sign, with keys and windows, and what of it is valid
now. The file is either of them, both in a trust config, or several trusted roots on a line each.`,
  flags: { json: { help: 'print the entries as JSON' } },
  async run({ flags, operands }, { out }) {
    const [path] = operands;
    if (path === undefined || operands.length > 1) throw usageError('trust show takes one file');
    const { trustedRoot, signingConfig } = await readTrustFile(path);
    const now = new Date();
    const authorities = trustedRoot === undefined ? undefined : listAuthorities(trustedRoot, now);
    const services = signingConfig === undefined ? undefined : listServices(signingConfig, now);
    if (flags.json === true) {
      await out.write(
        encodeJsonText({ source: path, authorities, services: services?.rows, problem: services?.problem }),
      );
      return EXIT.ok;
    }
    const style = createStyle(out);
    const blocks: string[] = [];
    if (authorities !== undefined)
      blocks.push(`${style.strong(escapeText(path))} vouches for`, '', describeAuthorities(authorities, style));
    if (services !== undefined)
      blocks.push(`${style.strong(escapeText(path))} signs with`, '', describeServices(services.rows, style));
    if (services?.problem !== undefined) blocks.push(style.bad(`  ${escapeText(services.problem)}`), '');
    await out.write(blocks.join('\n'));
    return EXIT.ok;
  },
});
