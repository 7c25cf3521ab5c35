// SPDX-License-Identifier: Apache-2.0

import { decodeBundle } from '@keywax/bundle';
import { readBundleFile } from '../bundle-file.js';
import { type Command, defineCommand } from '../command.js';
import { EXIT } from '../exit.js';
import { usageError } from '../flags.js';
import { type Claim, listClaims } from '../render/claims.js';
import { createStyle, encodeJsonText, escapeText, padText } from '../render/text.js';

const LABEL_WIDTH = 22;

/** `keywax inspect`. */
export const inspectCommand: Command = defineCommand({
  operands: '[--json] BUNDLE',
  about: 'Shows what a bundle claims. Nothing of it is verified; `keywax verify` does that.',
  flags: { json: { help: 'print the claims as JSON' } },
  async run({ flags, operands }, { out }) {
    const [path] = operands;
    if (path === undefined || operands.length > 1) throw usageError('inspect takes one bundle');
    const claims = listClaims(decodeBundle(await readBundleFile(path)));
    if (flags.json === true) {
      const described = claims.map(({ name, value }) => ({ name, value }));
      await out.write(
        encodeJsonText({
          verified: false,
          note: 'claims of the bundle, none of them verified',
          bundle: path,
          claims: described,
        }),
      );
      return EXIT.ok;
    }
    const style = createStyle(out);
    const format = ({ name, value }: Claim): string => `  ${padText(name, LABEL_WIDTH)} ${escapeText(value)}`;
    const title = `${style.strong(escapeText(path))} claims, and ${style.careful('nothing of it is verified')}:`;
    await out.write([title, '', ...claims.map(format), ''].join('\n'));
    return EXIT.ok;
  },
});
