// SPDX-License-Identifier: Apache-2.0

import { signImage } from '@keywax/oci';
import { type Command, defineCommand } from '../command.js';
import { EXIT } from '../exit.js';
import { IMAGE_SIGN_FLAGS, runImageSigning } from '../image-signing.js';

/** `keywax image sign`. */
export const imageSignCommand: Command = defineCommand({
  operands: '[FLAGS] IMAGE …',
  about: `Signs container images by digest, keyless or with --key, and attaches the signatures in the registry, as cosign does.`,
  flags: IMAGE_SIGN_FLAGS,
  async run(invocation, host) {
    await runImageSigning(invocation, signImage, host);
    return EXIT.ok;
  },
});
