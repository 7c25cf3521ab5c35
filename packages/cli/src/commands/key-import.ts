// SPDX-License-Identifier: Apache-2.0

import { type Command, defineCommand } from '../command.js';
import { EXIT } from '../exit.js';
import { usageError } from '../flags.js';
import { readKeyInput } from '../key-input.js';
import { describeKeyPairFlags, writeKeyPair } from '../key-pair-files.js';
import { chooseNewPassword } from '../password.js';

const PREFIX = 'import-cosign';

/** `keywax key import`. */
export const keyImportCommand: Command = defineCommand({
  operands: '--key FILE [FLAGS]',
  about: `Encrypts a private key that another tool made, PEM in PKCS#8, PKCS#1 or SEC 1, with a password, as
\`keywax key generate\` does.`,
  flags: { key: { value: 'FILE', help: 'the private key' }, ...describeKeyPairFlags(PREFIX) },
  async run({ flags, operands }, host) {
    if (flags.key === undefined || operands.length > 0) throw usageError('which key? --key names it');
    const source = await readKeyInput(flags.key, host);
    const { 'output-key-prefix': prefix = PREFIX } = flags;
    const make = async () => {
      const { importKeyFiles, readPublicKeyPem } = await import('@keywax/oci');
      await readPublicKeyPem(source); // so that no password is chosen for what is no key
      return importKeyFiles({ source, password: await chooseNewPassword(host) });
    };
    await writeKeyPair(prefix, make, { flags, host });
    return EXIT.ok;
  },
});
