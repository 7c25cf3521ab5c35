// SPDX-License-Identifier: Apache-2.0

import { PREDICATE_TYPES, attestImage, parsePredicate, parsePredicateType } from '@keywax/oci';
import { type Command, defineCommand } from '../command.js';
import { readDocument } from '../document-file.js';
import { EXIT } from '../exit.js';
import { usageError } from '../flags.js';
import { IMAGE_SIGN_FLAGS, runImageSigning } from '../image-signing.js';

const MAX_PREDICATE_BYTES = 16_777_216; // ATTACKS 4.3, as for statements

/** `keywax image attest`. */
export const imageAttestCommand: Command = defineCommand({
  operands: '--predicate FILE [--type TYPE] [FLAGS] IMAGE …',
  about: `Signs a statement about container images, and attaches it in the registry, as cosign does. Types are URIs, or
${Object.keys(PREDICATE_TYPES).join(', ')}.`,
  flags: {
    predicate: { value: 'FILE', help: 'what is said about the images: a JSON object, or with custom any text' },
    type: { value: 'TYPE', help: 'the type of the predicate (custom, unless given)' },
    ...IMAGE_SIGN_FLAGS,
  },
  async run(invocation, host) {
    const { predicate: path, type = 'custom' } = invocation.flags;
    if (path === undefined) throw usageError('--predicate is needed');
    const predicateType = parsePredicateType(type);
    const predicate = parsePredicate(type, await readDocument(path, MAX_PREDICATE_BYTES), new Date());
    await runImageSigning(
      invocation,
      (reference, options) => attestImage(reference, { ...options, predicateType, predicate }),
      host,
    );
    return EXIT.ok;
  },
});
