// SPDX-License-Identifier: Apache-2.0

import { type Command, defineCommand } from '../command.js';
import { EXIT } from '../exit.js';
import { usageError } from '../flags.js';
import { describeKeyPairFlags, writeKeyPair } from '../key-pair-files.js';
import { chooseNewPassword } from '../password.js';
import { escapeText } from '../render/text.js';

const PREFIX = 'cosign';

/** Algorithms by the names that people use. */
const ALGORITHMS = {
  p256: 'PKIX_ECDSA_P256_SHA_256',
  p384: 'PKIX_ECDSA_P384_SHA_384',
  p521: 'PKIX_ECDSA_P521_SHA_512',
  rsa: 'PKIX_RSA_PKCS1V15_3072_SHA256',
  rsa4096: 'PKIX_RSA_PKCS1V15_4096_SHA256',
  ed25519: 'PKIX_ED25519',
} as const;
type Algorithm = (typeof ALGORITHMS)[keyof typeof ALGORITHMS];

/** `keywax key generate`. */
export const keyGenerateCommand: Command = defineCommand({
  operands: '[FLAGS]',
  about: `Makes a key pair in the form of cosign: the private key encrypted with a password, which is the variable
COSIGN_PASSWORD, even an empty one, or asked for on the terminal.`,
  flags: {
    ...describeKeyPairFlags(PREFIX),
    algorithm: { value: 'NAME', help: `${Object.keys(ALGORITHMS).join(', ')} (p256, unless given)` },
  },
  async run({ flags, operands }, host) {
    if (operands.length > 0) throw usageError('key generate takes no operand; --output-key-prefix names the files');
    const algorithm = readAlgorithm(flags.algorithm ?? 'p256');
    const { 'output-key-prefix': prefix = PREFIX } = flags;
    const make = async () => {
      const password = await chooseNewPassword(host);
      const { generateKeyFiles } = await import('@keywax/oci');
      return generateKeyFiles({ algorithm, password });
    };
    await writeKeyPair(prefix, make, { flags, host });
    return EXIT.ok;
  },
});

function readAlgorithm(name: string): Algorithm {
  const found = Object.entries(ALGORITHMS).find(([short, long]) => name.toLowerCase() === short || name === long);
  if (found !== undefined) return found[1];
  throw usageError(`no algorithm ${escapeText(name)}; there are ${Object.keys(ALGORITHMS).join(', ')}`);
}
