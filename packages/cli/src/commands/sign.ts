// SPDX-License-Identifier: Apache-2.0

import { type SerializedBundle, decodeBundle } from '@keywax/bundle';
import { encodePem } from '@keywax/core/pem';
import { sign } from 'keywax';
import { withArtifactFile } from '../artifact-file.js';
import { bundlePathOf } from '../bundle-file.js';
import { type Command, defineCommand } from '../command.js';
import { EXIT } from '../exit.js';
import { refuseTogether, usageError } from '../flags.js';
import { type BundlePiece, SIGN_FLAGS, runSigning } from '../signing.js';

/** `keywax sign`. */
export const signCommand: Command = defineCommand({
  operands: '[FLAGS] FILE …',
  about: `Signs files with keys that are used once, under the identity of an OIDC token, records the signatures in public
logs, and verifies each bundle before it is written. Without a flag the token comes from SIGSTORE_ID_TOKEN or the CI system.
With --key a private key signs; its password is COSIGN_PASSWORD, or asked for on the terminal.`,
  flags: {
    ...SIGN_FLAGS,
    'output-signature': { value: 'FILE', help: 'where the signature goes as well, alone and in base64' },
    'output-certificate': { value: 'FILE', help: 'where the certificate goes as well, as PEM' },
  },
  async run({ flags, operands }, host) {
    if (operands.length === 0) throw usageError('no file to sign');
    for (const name of ['bundle', 'output-signature', 'output-certificate'] as const)
      if (flags[name] !== undefined && operands.length > 1) throw usageError(`--${name} is for one file`);
    if (flags.key !== undefined) refuseTogether(flags, ['key', 'output-certificate']);
    const pieces = listPieces(flags);
    const tasks = operands.map((file) => ({
      name: file,
      inputs: [file],
      output: flags.bundle ?? bundlePathOf(file),
      pieces,
      sign: (options: Parameters<typeof sign>[1]) => withArtifactFile(file, (artifact) => sign(artifact, options)),
    }));
    await runSigning(tasks, flags, host);
    return EXIT.ok;
  },
});

/** What goes into files of its own, as older verifiers take it. */
function listPieces(flags: {
  readonly 'output-signature'?: string;
  readonly 'output-certificate'?: string;
}): readonly BundlePiece[] {
  const { 'output-signature': signature, 'output-certificate': certificate } = flags;
  return [
    ...(signature === undefined ? [] : [{ output: signature, encode: encodeSignature }]),
    ...(certificate === undefined ? [] : [{ output: certificate, encode: encodeCertificate }]),
  ];
}

function encodeSignature({ messageSignature }: SerializedBundle): string {
  return `${messageSignature?.signature ?? ''}\n`;
}

function encodeCertificate(bundle: SerializedBundle): string {
  const { material } = decodeBundle(bundle);
  const [leaf] = material.kind === 'certificate' ? material.certificates : [];
  if (leaf === undefined) throw usageError('there is no certificate for --output-certificate');
  return encodePem('CERTIFICATE', leaf);
}
