// SPDX-License-Identifier: Apache-2.0

import { type Bundle, decodeBundle } from '@keywax/bundle';
import { readAnyBundle } from '../any-bundle.js';
import { readBundleFile } from '../bundle-file.js';
import { type Command, defineCommand } from '../command.js';
import { decodeDocument } from '../document-file.js';
import { EXIT, type ExitCode } from '../exit.js';
import { usageError } from '../flags.js';
import type { Host } from '../host.js';
import { type Claim, listClaims } from '../render/claims.js';
import { createStyle, encodeJsonText, escapeText, padText } from '../render/text.js';

const LABEL_WIDTH = 22;
const FLAGS = { json: { help: 'print the claims as JSON' } } as const;

/** `keywax inspect`. */
export const inspectCommand: Command = defineCommand({
  operands: '[--json] BUNDLE',
  about: 'Shows what a bundle claims. Nothing of it is verified; `keywax verify` does that.',
  flags: FLAGS,
  run: ({ flags, operands }, host) =>
    inspect(operands, {
      json: flags.json === true,
      host,
      read: async (path) => {
        const bytes = await readBundleFile(path);
        return decodeDocument(path, () => decodeBundle(bytes));
      },
    }),
});

/** `keywax bundle inspect`. */
export const bundleInspectCommand: Command = defineCommand({
  operands: '[--json] BUNDLE',
  about: `Shows what a bundle claims, as \`keywax inspect\`, also of older forms and those of other clients. Nothing of it is
verified.`,
  flags: FLAGS,
  run: ({ flags, operands }, host) => inspect(operands, { json: flags.json === true, host, read: readAnyBundle }),
});

interface Inspection {
  readonly json: boolean;
  readonly host: Host;
  readonly read: (path: string) => Promise<Bundle>;
}

async function inspect(
  [path, ...others]: readonly string[],
  { json, host: { out }, read }: Inspection,
): Promise<ExitCode> {
  if (path === undefined || others.length > 0) throw usageError('inspect takes one bundle');
  const claims = listClaims(await read(path));
  if (json) {
    const described = claims.map(({ name, value }) => ({ name, value }));
    const note = 'claims of the bundle, none of them verified';
    await out.write(encodeJsonText({ verified: false, note, bundle: path, claims: described }));
    return EXIT.ok;
  }
  const style = createStyle(out);
  const format = ({ name, value }: Claim): string => `  ${padText(name, LABEL_WIDTH)} ${escapeText(value)}`;
  const title = `${style.strong(escapeText(path))} claims, and ${style.careful('nothing of it is verified')}:`;
  await out.write([title, '', ...claims.map(format), ''].join('\n'));
  return EXIT.ok;
}
