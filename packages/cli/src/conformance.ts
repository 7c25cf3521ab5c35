// SPDX-License-Identifier: Apache-2.0
// The protocol of the Sigstore client conformance suite: `sign-bundle` and `verify-bundle`.
// https://github.com/sigstore/sigstore-conformance/blob/main/docs/cli_protocol.md

import { type ExitCode, EXIT, exitCodeOf, nameError } from './exit.js';
import { type FlagValues, type Flags, type Invocation, parseFlags, refuseTogether, usageError } from './flags.js';
import type { Host } from './host.js';
import { escapeText } from './render/text.js';

const MAX_STATEMENT_BYTES = 16_777_216; // ATTACKS 4.3

const SERVICE_FLAGS = {
  staging: { help: 'use the staging instance' },
  'trusted-root': { value: 'FILE', help: 'trusted root' },
} satisfies Flags;

const VERIFY_FLAGS = {
  ...SERVICE_FLAGS,
  bundle: { value: 'FILE', help: 'the bundle' },
  'certificate-identity': { value: 'NAME', help: 'the signer' },
  'certificate-oidc-issuer': { value: 'URL', help: 'who vouches for the signer' },
  key: { value: 'FILE', help: 'a public key in PEM' },
} satisfies Flags;

const SIGN_FLAGS = {
  ...SERVICE_FLAGS,
  bundle: { value: 'FILE', help: 'where the bundle goes' },
  'identity-token': { value: 'TOKEN', help: 'the OIDC token' },
  'signing-config': { value: 'FILE', help: 'where to sign' },
  'in-toto': { help: 'the file is an in-toto statement, signed in an envelope' },
} satisfies Flags;

/** Runs one call of the protocol: silent on success, otherwise one line on stderr that starts with the error code. */
export async function runConformance(args: readonly string[], host: Host): Promise<ExitCode> {
  try {
    await dispatch(args, host);
    return EXIT.ok;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    await host.err.write(`${nameError(error)}: ${escapeText(message)}\n`).catch(() => {});
    return exitCodeOf(error);
  }
}

async function dispatch([name, ...rest]: readonly string[], host: Host): Promise<void> {
  switch (name) {
    case 'verify-bundle':
      return verifyBundle(parseFlags(rest, VERIFY_FLAGS), host);
    case 'sign-bundle':
      return signBundle(parseFlags(rest, SIGN_FLAGS), host);
    default:
      throw usageError('sign-bundle or verify-bundle');
  }
}

async function verifyBundle({ flags, operands }: Invocation<typeof VERIFY_FLAGS>, { signal }: Host): Promise<void> {
  const { file, bundle } = readOperand(flags, operands);
  const { createVerifier } = await import('keywax');
  const { readArtifactOperand, withArtifactFile } = await import('./artifact-file.js');
  const { readBundleFile } = await import('./bundle-file.js');
  const { readInstanceFiles } = await import('./instance-files.js');
  const { readPolicyFlags } = await import('./policy-flags.js');
  const identity = await readPolicyFlags(flags);
  const verifier = await createVerifier({ instance: await readInstanceFiles(flags) });
  const target = await readArtifactOperand(file);
  const bytes = await readBundleFile(bundle);
  const verify = async (artifact: Parameters<typeof verifier.verify>[1]['artifact']): Promise<unknown> =>
    verifier.verify(bytes, { artifact, identity, signal });
  if (target.kind === 'digest') await verify(target.artifact);
  else await withArtifactFile(target.name, verify);
}

async function signBundle({ flags, operands }: Invocation<typeof SIGN_FLAGS>, { signal }: Host): Promise<void> {
  const { file, bundle } = readOperand(flags, operands);
  const { 'identity-token': identityToken } = flags;
  if (identityToken === undefined) throw usageError('--identity-token is needed');
  const { attest, sign } = await import('keywax');
  const { withArtifactFile } = await import('./artifact-file.js');
  const { readDocument } = await import('./document-file.js');
  const { readInstanceFiles } = await import('./instance-files.js');
  const { writeOutput } = await import('./output-file.js');
  const options = { instance: await readInstanceFiles(flags), identityToken, signal };
  const signed =
    flags['in-toto'] === true
      ? await attest(await readDocument(file, MAX_STATEMENT_BYTES), options)
      : await withArtifactFile(file, (artifact) => sign(artifact, options));
  await writeOutput(bundle, `${JSON.stringify(signed)}\n`, { force: true });
}

/** What both calls need. Production's signing config and staging come over TUF. */
function readOperand(
  flags: FlagValues<typeof SERVICE_FLAGS> & { readonly bundle?: string },
  operands: readonly string[],
): { readonly file: string; readonly bundle: string } {
  const [file] = operands;
  if (file === undefined || operands.length > 1) throw usageError('one file');
  if (flags.bundle === undefined) throw usageError('--bundle is needed');
  refuseTogether(flags, ['staging', 'trusted-root']);
  if (flags.staging === true)
    throw usageError('--staging: the trust root of staging is not compiled in; --trusted-root names a file');
  return { file, bundle: flags.bundle };
}
