// SPDX-License-Identifier: Apache-2.0
// Private keys as `--key` names them: a file, or with env:// a variable, as with cosign.

import { decodeUtf8 } from '@keywax/core/bytes';
import type { PrivateKeyInput } from '@keywax/oci';
import type { Signer } from '@keywax/sign';
import { readDocument, refusePem } from './document-file.js';
import { usageError } from './flags.js';
import type { Host } from './host.js';
import { passwordOf } from './password.js';
import { escapeText } from './render/text.js';

const MAX_KEY_BYTES = 65_536; // far above any PEM key
const STORE = /^([a-z][a-z0-9+.-]*):\/\//;

/** Reads the private key that `--key` names; its password is obtained once it is needed. @throws FILE_FAILED, CONFIG_INVALID, INPUT_TOO_LARGE */
export async function readKeyInput(name: string, host: Host): Promise<PrivateKeyInput> {
  return { privateKey: await readKeyText(name, host), password: passwordOf(host, escapeText(name)) };
}

/** Opens the private key that `--key` names, with the hint by which verifiers find it. @throws as `openKeySigner` and `readKeyInput` */
export async function openNamedKey(
  name: string,
  host: Host,
): Promise<{ readonly signer: Signer; readonly keyHint: string }> {
  const input = await readKeyInput(name, host);
  const [{ openKeySigner }, { describeKeyHint }] = await Promise.all([import('@keywax/oci'), import('@keywax/sign')]);
  const signer = await openKeySigner(input);
  return { signer, keyHint: describeKeyHint(signer) };
}

async function readKeyText(name: string, { env }: Host): Promise<string> {
  refusePem(name);
  const store = STORE.exec(name)?.[1];
  if (store === 'env') {
    const variable = name.slice('env://'.length);
    const text = Object.hasOwn(env, variable) ? env[variable] : undefined;
    if (text === undefined || text === '')
      throw usageError(`the environment variable ${escapeText(variable)} is not set`);
    return text;
  }
  if (store !== undefined)
    throw usageError(`--key: keys of ${escapeText(store)}:// are for programs, which bring a signer of their own`);
  return decodeUtf8(await readDocument(name, MAX_KEY_BYTES), 'key');
}
