// SPDX-License-Identifier: Apache-2.0
// What `sign` and `attest` have in common: the flags, where the token comes from, where the bundle goes.

import { realpath } from 'node:fs/promises';
import { type SerializedBundle, decodeBundle } from '@keywax/bundle';
import { decodeUtf8 } from '@keywax/core/bytes';
import { parseCertificate } from '@keywax/core/x509';
import { type IdentityProvider, provideAmbientToken, provideToken } from '@keywax/identity';
import { decodeIdentity } from '@keywax/verify';
import type { SignOptions } from 'keywax';
import { readDocument } from './document-file.js';
import { type SwitchFlag, type ValueFlag, refuseTogether, usageError } from './flags.js';
import type { Host } from './host.js';
import { type InstanceFlags, SIGNING_FLAGS, obtainInstance } from './instance-flags.js';
import { openNamedKey } from './key-input.js';
import { checkOutput, writeOutput } from './output-file.js';
import { createStyle, encodeJsonText, escapeText } from './render/text.js';

/** Where the bundle goes instead of a file. */
const STDOUT = '-';
const MAX_TOKEN_BYTES = 65_536; // four times what a token may have

const TOKEN = /^e[wy][\w-]+\.[\w-]+\.[\w-]*$/; // JWT: its header is a JSON object in base64url

/** Algorithms by the names that people use. */
const ALGORITHMS = {
  p256: 'PKIX_ECDSA_P256_SHA_256',
  p384: 'PKIX_ECDSA_P384_SHA_384',
  p521: 'PKIX_ECDSA_P521_SHA_512',
  ed25519: 'PKIX_ED25519',
} as const;

type TextFlag =
  | 'identity-token-file'
  | 'identity-token-env'
  | 'identity-token'
  | 'key'
  | 'tlog-upload'
  | 'bundle'
  | 'algorithm';
type OnOffFlag = 'csr' | 'force' | 'json';
/** The values of the flags of `sign` and `attest`. */
export type SignFlagValues = InstanceFlags & { readonly [K in TextFlag]?: string } & {
  readonly [K in OnOffFlag]?: true;
};

/** The flags of `sign` and `attest`. */
export const SIGN_FLAGS: typeof SIGNING_FLAGS &
  Readonly<Record<TextFlag, ValueFlag>> &
  Readonly<Record<OnOffFlag, SwitchFlag>> = {
  'identity-token-file': { value: 'FILE', help: 'the OIDC token, in a file' },
  'identity-token-env': { value: 'NAME', help: 'the OIDC token, in an environment variable' },
  'identity-token': { value: 'TOKEN', help: 'the OIDC token itself; other users of this machine can see it' },
  key: { value: 'FILE', help: 'sign with this private key, and no certificate; env://NAME is a variable' },
  'tlog-upload': { value: 'false', help: 'with --key: record nothing in a log, and contact no service' },
  ...SIGNING_FLAGS,
  bundle: { value: 'FILE', help: 'where the bundle goes (FILE.sigstore.json, unless given); - is stdout' },
  algorithm: { value: 'NAME', help: `${Object.keys(ALGORITHMS).join(', ')} (p256, unless given)` },
  csr: { help: 'ask for the certificate with a signing request' },
  force: { help: 'replace a bundle that exists' },
  json: { help: 'print what was done as JSON' },
};

/** A signature to make: the input that must not be overwritten, where its bundle goes, and how it is made. */
export interface SigningTask {
  /** For people. */
  readonly name: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly sign: (options: SignOptions) => Promise<SerializedBundle>;
  /** Further files, made of the bundle. */
  readonly pieces?: readonly BundlePiece[];
}

/** A file that holds one piece of a bundle. */
export interface BundlePiece {
  readonly output: string;
  /** @throws CONFIG_INVALID where the bundle has no such piece */
  readonly encode: (bundle: SerializedBundle) => string;
}

/** Makes the signatures one after the other, each written before the next begins. */
export async function runSigning(tasks: readonly SigningTask[], flags: SignFlagValues, host: Host): Promise<void> {
  if (flags.json === true && flags.bundle === STDOUT) throw usageError('--json and --bundle - exclude each other');
  const force = flags.force === true;
  for (const { inputs, output, pieces = [] } of tasks) {
    for (const place of [output, ...pieces.map((piece) => piece.output)])
      if (place !== STDOUT) await checkPlace(inputs, place, force);
  }
  const options = await obtainSignOptions(flags, host);
  const results: { readonly file: string; readonly bundle: string }[] = [];
  for (const { name, output, sign, pieces = [] } of tasks) {
    const bundle = await sign(options);
    const files = pieces.map((piece) => ({ path: piece.output, text: piece.encode(bundle) }));
    const text = `${JSON.stringify(bundle)}\n`;
    if (output === STDOUT) await host.out.write(text);
    else await writeOutput(output, text, { force });
    for (const file of files) await writeOutput(file.path, file.text, { force });
    results.push({ file: name, bundle: output });
    await reportSigned(name, output, bundle, host);
  }
  if (flags.json === true) await host.out.write(encodeJsonText({ results }));
}

/** With what is signed, and where: an identity, or a key. @throws CONFIG_INVALID, FILE_FAILED, and as `obtainInstance` */
export async function obtainSignOptions(
  flags: Omit<SignFlagValues, 'bundle' | 'force' | 'json'>,
  host: Host,
): Promise<SignOptions> {
  refuseTogether(flags, ['identity-token-file', 'identity-token-env', 'identity-token']);
  return flags.key === undefined ? readSignOptions(flags, host) : readKeyOptions(flags, flags.key, host);
}

async function reportSigned(name: string, output: string, bundle: SerializedBundle, { err }: Host): Promise<void> {
  const style = createStyle(err);
  const place = output === STDOUT ? '' : `, bundle in ${escapeText(output)}`;
  await err.write(
    `${style.good(`✔ ${escapeText(name)} is signed`)}\n  by ${escapeText(describeSigner(bundle))}${place}\n`,
  );
}

/** Whom the certificate names; the bundle was verified when it was made. */
export function describeSigner(bundle: SerializedBundle): string {
  const { material, entries } = decodeBundle(bundle);
  const [leaf] = material.kind === 'certificate' ? material.certificates : [];
  if (leaf === undefined) return entries.length === 0 ? 'a key, and recorded in no log' : 'a key';
  return decodeIdentity(parseCertificate(leaf, 'certificate')).subject;
}

/** Nothing is signed that could not be written, and no input is overwritten. */
async function checkPlace(inputs: readonly string[], output: string, force: boolean): Promise<void> {
  const place = await realpath(output).catch(() => undefined);
  for (const input of inputs) {
    if (place !== undefined && place === (await realpath(input).catch(() => undefined)))
      throw usageError('the bundle would overwrite what is signed');
  }
  await checkOutput(output, { force });
}

const KEYLESS_FLAGS = ['identity-token-file', 'identity-token-env', 'identity-token', 'algorithm', 'csr'] as const;
const PLACE_FLAGS = ['signing-config', 'trust-config', 'trusted-root', 'instance', 'tuf-mirror', 'tuf-root'] as const;

/** A key pair signs: no token, no certificate, and where that is said no log. */
async function readKeyOptions(flags: SignFlagValues, key: string, host: Host): Promise<SignOptions> {
  for (const name of KEYLESS_FLAGS) refuseTogether(flags, ['key', name]);
  const isLogged = readLogged(flags);
  if (!isLogged) for (const name of PLACE_FLAGS) refuseTogether(flags, ['tlog-upload', name]);
  const pair = await openNamedKey(key, host);
  if (!isLogged) return { ...pair, signal: host.signal, unsafeNoLog: true };
  checkPlaceToSign(flags);
  const { instance } = await obtainInstance(flags, 'signing', host);
  return { ...pair, instance, signal: host.signal };
}

function readLogged({ 'tlog-upload': upload = 'true' }: SignFlagValues): boolean {
  if (upload !== 'true' && upload !== 'false') throw usageError('--tlog-upload is true or false');
  return upload === 'true';
}

async function readSignOptions(flags: SignFlagValues, host: Host): Promise<SignOptions> {
  if (!readLogged(flags))
    throw usageError('--tlog-upload=false is for --key: a certificate needs a log or a timestamp');
  checkPlaceToSign(flags);
  const identity = await selectIdentity(flags, host);
  const { instance } = await obtainInstance(flags, 'signing', host);
  return {
    instance,
    identity,
    signal: host.signal,
    ...(flags.algorithm === undefined ? {} : { algorithm: readAlgorithm(flags.algorithm) }),
    ...(flags.csr === undefined ? {} : { csr: true }),
  };
}

function checkPlaceToSign(flags: SignFlagValues): void {
  if (flags['trusted-root'] !== undefined && flags['signing-config'] === undefined)
    throw usageError('where to sign? --signing-config says so beside --trusted-root');
}

function readAlgorithm(name: string): (typeof ALGORITHMS)[keyof typeof ALGORITHMS] {
  const found = Object.entries(ALGORITHMS).find(([short, long]) => name.toLowerCase() === short || name === long);
  if (found === undefined)
    throw usageError(`no algorithm ${escapeText(name)}; there are ${Object.keys(ALGORITHMS).join(', ')}`);
  return found[1];
}

async function selectIdentity(flags: SignFlagValues, { env, err }: Host): Promise<IdentityProvider> {
  const { 'identity-token-file': file, 'identity-token-env': variable, 'identity-token': token } = flags;
  refuseToken('identity-token-file', file);
  refuseToken('identity-token-env', variable);
  if (token !== undefined) {
    await err.write(
      'keywax: --identity-token shows the token to other users of this machine; --identity-token-file and --identity-token-env do not\n',
    );
    return provideToken(token);
  }
  if (file !== undefined) return provideToken(decodeUtf8(await readDocument(file, MAX_TOKEN_BYTES), 'token').trim());
  if (variable === undefined) return provideAmbientToken(env);
  const value = Object.hasOwn(env, variable) ? env[variable] : undefined;
  if (value === undefined || value === '')
    throw usageError(`the environment variable ${escapeText(variable)} is not set`);
  return provideToken(value.trim());
}

/** A token in place of the name of where it is, which messages would repeat. @throws CONFIG_INVALID */
function refuseToken(flag: TextFlag, name: string | undefined): void {
  if (name !== undefined && TOKEN.test(name)) throw usageError(`--${flag} is where the token is, and not the token`);
}
