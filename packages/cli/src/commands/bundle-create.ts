// SPDX-License-Identifier: Apache-2.0

import { type Bundle, type LogEntry, encodeBundle } from '@keywax/bundle';
import type { DetachedSignature, DetachedVerifier } from '@keywax/oci';
import type { Transport } from '@keywax/http';
import { type Operand, readArtifactOperand } from '../artifact-file.js';
import { readBundleFile } from '../bundle-file.js';
import { type Command, defineCommand } from '../command.js';
import { digestOperand, readVerifier } from '../detached-evidence.js';
import { readDocument } from '../document-file.js';
import { EXIT } from '../exit.js';
import { type FlagValues, type Flags, refuseTogether, usageError } from '../flags.js';
import type { Host } from '../host.js';
import { CONVERSION_FLAGS, checkConverted, transportOf, writeConverted } from '../conversion.js';

const MAX_PIECE_BYTES = 16_777_216; // an envelope

const FLAGS = {
  artifact: { value: 'FILE', help: 'what was signed, or its digest as sha256:HEX; needed where no log entry names it' },
  signature: { value: 'FILE', help: 'the signature, in base64 or as it is' },
  certificate: { value: 'FILE', help: "the signer's certificate, as PEM" },
  key: { value: 'FILE', help: "the signer's public key, as PEM" },
  'rfc3161-timestamp': { value: 'FILE', help: 'a timestamp of the signature, as cosign or its authority wrote it' },
  bundle: { value: 'FILE', help: "cosign's old bundle of a blob, in place of signature and certificate" },
  ...CONVERSION_FLAGS,
} satisfies Flags;

/** `keywax bundle create`. */
export const bundleCreateCommand: Command = defineCommand({
  operands: '--signature FILE (--certificate FILE | --key FILE) | --bundle FILE [FLAGS]',
  about: `Makes a bundle of a detached signature, or of cosign's old bundle. It is 0.3 where there is a proof for the log
entry, which --rekor-url fetches, and 0.1 where there is only the log's promise. Nothing of it is verified.`,
  flags: FLAGS,
  async run({ flags, operands }, host) {
    if (operands.length > 0) throw usageError('bundle create takes no operand; --artifact names what was signed');
    checkFlags(flags);
    await checkConverted(flags);
    const target = flags.artifact === undefined ? undefined : await readArtifactOperand(flags.artifact);
    const bundle = await createFromPieces(flags, target, transportOf(host));
    await reportMissing(bundle, flags, host);
    await writeConverted(encodeBundle(bundle), flags, host);
    return EXIT.ok;
  },
});

type Given = FlagValues<typeof FLAGS>;

function checkFlags(flags: Given): void {
  if (flags.bundle === undefined && flags.signature === undefined)
    throw usageError('of what? --signature or --bundle says it');
  for (const name of ['signature', 'certificate'] as const) refuseTogether(flags, ['bundle', name]);
  refuseTogether(flags, ['certificate', 'key']);
  if (flags.signature !== undefined && flags.certificate === undefined && flags.key === undefined)
    throw usageError('a detached signature needs --certificate or --key');
}

async function createFromPieces(flags: Given, target: Operand | undefined, transport: Transport): Promise<Bundle> {
  const { createBundle, parseTimestampFile } = await import('@keywax/oci');
  const { 'rekor-url': rekorUrl, 'rfc3161-timestamp': timestamp } = flags;
  const pieces = await readPieces(flags);
  const entry = rekorUrl === undefined ? pieces.entry : await completeEntry(rekorUrl, { pieces, target, transport });
  return createBundle({
    ...pieces,
    ...(entry === undefined ? {} : { entry }),
    ...(target === undefined ? {} : { digest: (algorithm) => digestOperand(target, algorithm) }),
    timestamps: timestamp === undefined ? [] : [parseTimestampFile(await readDocument(timestamp, MAX_PIECE_BYTES))],
  });
}

async function readPieces(flags: Given): Promise<DetachedSignature> {
  const { decodeBlobBundle, parseSignatureFile } = await import('@keywax/oci');
  const verifierPath = flags.certificate ?? flags.key;
  const named: DetachedVerifier | undefined = verifierPath === undefined ? undefined : await readVerifier(verifierPath);
  if (flags.bundle === undefined) {
    const signature = parseSignatureFile(await readDocument(flags.signature ?? '', MAX_PIECE_BYTES));
    return { signature, ...(named === undefined ? {} : { verifier: named }) };
  }
  const old = decodeBlobBundle(await readBundleFile(flags.bundle));
  return named === undefined || old.verifier !== undefined ? old : { ...old, verifier: named };
}

/** The entry with its proof: of the old bundle, or the one that the log has for the signature. */
async function completeEntry(
  url: string,
  {
    pieces: { signature, verifier, entry },
    target,
    transport,
  }: {
    readonly pieces: DetachedSignature;
    readonly target: Operand | undefined;
    readonly transport: Transport;
  },
): Promise<LogEntry | undefined> {
  const { fetchEntryProof, findEntry } = await import('@keywax/rekor');
  if (entry !== undefined) return fetchEntryProof(url, entry, transport);
  if (target === undefined || verifier === undefined)
    throw usageError('to look for the log entry, --artifact is needed');
  const found = await findEntry(url, { sha256: await digestOperand(target, 'sha256'), signature, verifier }, transport);
  if (found === undefined) throw usageError('the log has no entry of this signature that its index knows');
  return found;
}

async function reportMissing(
  { version, entries, timestamps, material }: Bundle,
  flags: Given,
  { err }: Host,
): Promise<void> {
  if (version === '0.1')
    await err.write('keywax: a bundle 0.1, as the log entry has no proof; --rekor-url fetches it, for a bundle 0.3\n');
  if (entries.length > 0) return;
  const what =
    material.kind === 'certificate' && timestamps.length === 0
      ? 'nothing says when the certificate was used, so nobody will verify this'
      : 'no log entry, so verifiers have to be told to demand none';
  await err.write(`keywax: ${what}${flags['rekor-url'] === undefined ? '; --rekor-url looks for one' : ''}\n`);
}
