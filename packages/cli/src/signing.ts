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

type TextFlag = 'identity-token-file' | 'identity-token-env' | 'identity-token' | 'bundle' | 'algorithm';
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
}

/** Makes the signatures one after the other, each written before the next begins. */
export async function runSigning(tasks: readonly SigningTask[], flags: SignFlagValues, host: Host): Promise<void> {
  refuseTogether(flags, ['identity-token-file', 'identity-token-env', 'identity-token']);
  if (flags.json === true && flags.bundle === STDOUT) throw usageError('--json and --bundle - exclude each other');
  const force = flags.force === true;
  for (const { inputs, output } of tasks) if (output !== STDOUT) await checkPlace(inputs, output, force);
  const options = await readSignOptions(flags, host);
  const results: { readonly file: string; readonly bundle: string }[] = [];
  for (const { name, output, sign } of tasks) {
    const bundle = await sign(options);
    const text = `${JSON.stringify(bundle)}\n`;
    if (output === STDOUT) await host.out.write(text);
    else await writeOutput(output, text, { force });
    results.push({ file: name, bundle: output });
    await reportSigned(name, output, bundle, host);
  }
  if (flags.json === true) await host.out.write(encodeJsonText({ results }));
}

async function reportSigned(name: string, output: string, bundle: SerializedBundle, { err }: Host): Promise<void> {
  const style = createStyle(err);
  const place = output === STDOUT ? '' : `, bundle in ${escapeText(output)}`;
  await err.write(
    `${style.good(`✔ ${escapeText(name)} is signed`)}\n  by ${escapeText(describeSigner(bundle))}${place}\n`,
  );
}

/** Whom the certificate names; the bundle was verified when it was made. */
function describeSigner(bundle: SerializedBundle): string {
  const { material } = decodeBundle(bundle);
  const [leaf] = material.kind === 'certificate' ? material.certificates : [];
  return leaf === undefined ? 'a key' : decodeIdentity(parseCertificate(leaf, 'certificate')).subject;
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

async function readSignOptions(flags: SignFlagValues, host: Host): Promise<SignOptions> {
  if (flags['trusted-root'] !== undefined && flags['signing-config'] === undefined)
    throw usageError('where to sign? --signing-config says so beside --trusted-root');
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
