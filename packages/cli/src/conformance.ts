// SPDX-License-Identifier: Apache-2.0
// The protocol of the Sigstore client conformance suite: `sign-bundle` and `verify-bundle`.
// https://github.com/sigstore/sigstore-conformance/blob/main/docs/cli_protocol.md

import { type ExitCode, EXIT, exitCodeOf, nameError } from './exit.js';
import { type FlagValues, type Flags, type Invocation, parseFlags, refuseTogether, usageError } from './flags.js';
import type { Host } from './host.js';
import type { InstanceFlags } from './instance-flags.js';
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

async function verifyBundle({ flags, operands }: Invocation<typeof VERIFY_FLAGS>, host: Host): Promise<void> {
  const { file, bundle } = readOperand(flags, operands);
  const { createVerifier } = await import('keywax');
  const { readArtifactOperand, withArtifactFile } = await import('./artifact-file.js');
  const { readBundleFile } = await import('./bundle-file.js');
  const { obtainInstance } = await import('./instance-flags.js');
  const { readPolicyFlags } = await import('./policy-flags.js');
  const identity = await readPolicyFlags(flags);
  const { instance, thresholds } = await obtainInstance(readInstanceFlags(flags), 'verification', host);
  const verifier = await createVerifier({ instance });
  const target = await readArtifactOperand(file);
  const bytes = await readBundleFile(bundle);
  const verify = async (artifact: Parameters<typeof verifier.verify>[1]['artifact']): Promise<unknown> =>
    verifier.verify(bytes, { ...thresholds, artifact, identity, signal: host.signal });
  if (target.kind === 'digest') await verify(target.digests);
  else await withArtifactFile(target.name, verify);
}

async function signBundle({ flags, operands }: Invocation<typeof SIGN_FLAGS>, host: Host): Promise<void> {
  const { file, bundle } = readOperand(flags, operands);
  const { 'identity-token': identityToken } = flags;
  if (identityToken === undefined) throw usageError('--identity-token is needed');
  const { attest, sign } = await import('keywax');
  const { withArtifactFile } = await import('./artifact-file.js');
  const { readDocument } = await import('./document-file.js');
  const { obtainInstance } = await import('./instance-flags.js');
  const { writeOutput } = await import('./output-file.js');
  const { instance } = await obtainInstance(readInstanceFlags(flags), 'signing', host);
  const options = { instance, identityToken, signal: host.signal };
  const signed =
    flags['in-toto'] === true
      ? await attest(await readDocument(file, MAX_STATEMENT_BYTES), options)
      : await withArtifactFile(file, (artifact) => sign(artifact, options));
  await writeOutput(bundle, `${JSON.stringify(signed)}\n`, { force: true });
}

/** What both calls need. */
function readOperand(
  flags: FlagValues<typeof SERVICE_FLAGS> & { readonly bundle?: string },
  operands: readonly string[],
): { readonly file: string; readonly bundle: string } {
  const [file] = operands;
  if (file === undefined || operands.length > 1) throw usageError('one file');
  if (flags.bundle === undefined) throw usageError('--bundle is needed');
  refuseTogether(flags, ['staging', 'trusted-root']);
  return { file, bundle: flags.bundle };
}

/** The instance in the terms of our own flags. */
function readInstanceFlags(
  flags: FlagValues<typeof SERVICE_FLAGS> & { readonly 'signing-config'?: string },
): InstanceFlags {
  const { 'trusted-root': trustedRoot, 'signing-config': signingConfig } = flags;
  return {
    ...(flags.staging === true ? { instance: 'staging' } : {}),
    ...(trustedRoot === undefined ? {} : { 'trusted-root': trustedRoot }),
    ...(signingConfig === undefined ? {} : { 'signing-config': signingConfig }),
  };
}
