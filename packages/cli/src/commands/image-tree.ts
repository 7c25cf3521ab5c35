// SPDX-License-Identifier: Apache-2.0

import { fetchImageTree, parseReference } from '@keywax/oci';
import { type Command, defineCommand } from '../command.js';
import { EXIT } from '../exit.js';
import { usageError } from '../flags.js';
import { REGISTRY_FLAGS, readRegistryFlags } from '../registry-flags.js';
import { drawTree } from '../render/image-tree.js';
import { createStyle, encodeJsonText } from '../render/text.js';

/** `keywax image tree`. */
export const imageTreeCommand: Command = defineCommand({
  operands: '[FLAGS] IMAGE',
  about:
    'Shows what hangs on an image: platforms, signatures, attestations, other artifacts. Nothing of it is verified.',
  flags: { ...REGISTRY_FLAGS, json: { help: 'print the tree as JSON' } },
  async run({ flags, operands }, host) {
    const [name] = operands;
    if (name === undefined || operands.length > 1) throw usageError('image tree takes one image');
    const reference = parseReference(name);
    const tree = await fetchImageTree(reference, await readRegistryFlags(flags, reference.registry, host));
    if (flags.json === true) await host.out.write(encodeJsonText({ verified: false, ...tree }));
    else await host.out.write(drawTree(tree, createStyle(host.out)));
    return EXIT.ok;
  },
});
