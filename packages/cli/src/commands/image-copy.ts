// SPDX-License-Identifier: Apache-2.0

import { copyImage, formatReference, openRepository, parseReference } from '@keywax/oci';
import { type Command, defineCommand } from '../command.js';
import { EXIT } from '../exit.js';
import { usageError } from '../flags.js';
import { REGISTRY_FLAGS, readRegistryFlags } from '../registry-flags.js';
import { createTransferLog } from '../render/transfer.js';
import { createStyle, encodeJsonText, escapeText } from '../render/text.js';

/** `keywax image copy`. */
export const imageCopyCommand: Command = defineCommand({
  operands: '[FLAGS] SOURCE DESTINATION',
  about: `Copies an image, or all images of an index, byte for byte, with their signatures and whatever else refers to them.
Credentials among the flags are for the destination.`,
  flags: {
    'only-image': { help: 'leave signatures and other artifacts behind' },
    ...REGISTRY_FLAGS,
    'no-progress': { help: 'do not tell of transfers' },
    json: { help: 'print what was done as JSON' },
  },
  async run({ flags, operands }, host) {
    const [source, destination] = operands.map(parseReference);
    if (source === undefined || destination === undefined || operands.length > 2)
      throw usageError('image copy takes a source and a destination');
    if (destination.digest !== undefined) throw usageError('the destination is named by a tag, not by a digest');
    const { 'registry-username': _, 'registry-password': __, 'registry-token': ___, ...reached } = flags;
    const log = createTransferLog(host.err, flags['no-progress'] !== true);
    const from = openRepository(source, await readRegistryFlags(reached, source.registry, host));
    const to = openRepository(destination, {
      ...(await readRegistryFlags(flags, destination.registry, host)),
      onProgress: log.record,
    });
    const isWhole = flags['only-image'] !== true;
    const { digest } = await copyImage({ from, to, referrers: isWhole, signatureTags: isWhole });
    const reference = formatReference({ ...destination, digest });
    await log.close();
    await host.err.write(`${createStyle(host.err).good(`✔ copied to ${escapeText(reference)}`)}\n`);
    if (flags.json === true) await host.out.write(encodeJsonText({ image: reference, digest }));
    return EXIT.ok;
  },
});
