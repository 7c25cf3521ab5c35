// SPDX-License-Identifier: Apache-2.0
// The two files of a key pair: the private one for its owner alone.

import type { KeyFiles } from '@keywax/oci';
import type { SwitchFlag, ValueFlag } from './flags.js';
import type { Host } from './host.js';
import { checkOutput, writeOutput } from './output-file.js';
import { createStyle, encodeJsonText, escapeText } from './render/text.js';

const OWNER_ONLY = 0o600;

/** The values of the flags that say where a key pair goes. */
export interface KeyPairFlags {
  readonly 'output-key-prefix'?: string;
  readonly force?: true;
  readonly json?: true;
}

/** The flags that say where a key pair goes, under a prefix unless another is given. */
export function describeKeyPairFlags(prefix: string): {
  readonly 'output-key-prefix': ValueFlag;
  readonly force: SwitchFlag;
  readonly json: SwitchFlag;
} {
  return {
    'output-key-prefix': { value: 'PREFIX', help: `the files are PREFIX.key and PREFIX.pub (${prefix}, unless given)` },
    force: { help: 'replace files that exist' },
    json: { help: 'print what was written as JSON' },
  };
}

/** Makes a key pair and writes it. Nothing is asked for, and nothing made, that could not be written. @throws FILE_FAILED, and what `make` throws */
export async function writeKeyPair(
  prefix: string,
  make: () => Promise<KeyFiles>,
  { flags, host }: { readonly flags: KeyPairFlags; readonly host: Host },
): Promise<void> {
  const force = flags.force === true;
  const [privatePath, publicPath] = [`${prefix}.key`, `${prefix}.pub`];
  for (const path of [privatePath, publicPath]) await checkOutput(path, { force });
  const { privateKey, publicKey } = await make();
  await writeOutput(privatePath, privateKey, { force, mode: OWNER_ONLY });
  await writeOutput(publicPath, publicKey, { force });
  const style = createStyle(host.err);
  await host.err.write(
    `${style.good('✔ the key pair is written')}\n  private key in ${escapeText(privatePath)}, public key in ${escapeText(publicPath)}\n`,
  );
  if (flags.json === true) await host.out.write(encodeJsonText({ privateKey: privatePath, publicKey: publicPath }));
}
