// SPDX-License-Identifier: Apache-2.0

import { type Command, defineCommand } from '../command.js';
import { EXIT } from '../exit.js';
import { usageError } from '../flags.js';
import { readKeyInput } from '../key-input.js';
import { writeOutput } from '../output-file.js';

/** `keywax key public`. */
export const keyPublicCommand: Command = defineCommand({
  operands: '--key FILE [FLAGS]',
  about: 'Prints the public key of a private key, as PEM.',
  flags: {
    key: { value: 'FILE', help: 'the private key, encrypted or not' },
    outfile: { value: 'FILE', help: 'where the public key goes (stdout, unless given)' },
    force: { help: 'replace a file that exists' },
  },
  async run({ flags, operands }, host) {
    if (flags.key === undefined || operands.length > 0) throw usageError('which key? --key names it');
    const source = await readKeyInput(flags.key, host);
    const { readPublicKeyPem } = await import('@keywax/oci');
    const publicKey = await readPublicKeyPem(source);
    if (flags.outfile === undefined) await host.out.write(publicKey);
    else await writeOutput(flags.outfile, publicKey, { force: flags.force === true });
    return EXIT.ok;
  },
});
