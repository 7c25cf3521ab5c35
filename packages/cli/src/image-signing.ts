// SPDX-License-Identifier: Apache-2.0
// What `image sign` and `image attest` have in common.

import { type Reference, type SignImageOptions, type SignedImage, parseReference } from '@keywax/oci';
import { type FlagValues, type ListFlag, type SwitchFlag, type ValueFlag, usageError } from './flags.js';
import type { Host } from './host.js';
import { REGISTRY_FLAGS, readRegistryFlags } from './registry-flags.js';
import { createStyle, encodeJsonText, escapeText } from './render/text.js';
import { SIGN_FLAGS, describeSigner, obtainSignOptions } from './signing.js';

const { bundle: _, force: __, ...KEY_AND_PLACE_FLAGS } = SIGN_FLAGS;
const ON_OFF: readonly string[] = ['true', 'false'];
const MODES: readonly string[] = ['legacy', 'oci-1-1'];

type ListName = 'annotations' | 'annotation';
type TextName = 'new-bundle-format' | 'registry-referrers-mode';
type SwitchName = 'recursive' | 'yes';

/** The flags of `image sign` and `image attest`. */
export const IMAGE_SIGN_FLAGS: Omit<typeof SIGN_FLAGS, 'bundle' | 'force'> &
  typeof REGISTRY_FLAGS &
  Readonly<Record<ListName, ListFlag>> &
  Readonly<Record<TextName, ValueFlag>> &
  Readonly<Record<SwitchName, SwitchFlag>> = {
  ...KEY_AND_PLACE_FLAGS,
  annotations: { value: 'NAME=VALUE', help: 'sign this with the image', list: true, short: 'a' },
  annotation: { value: 'NAME=VALUE', help: 'the same', list: true },
  recursive: { help: 'sign what an index lists too', short: 'r' },
  'new-bundle-format': { value: 'false', help: "write cosign's older format, behind a tag" },
  'registry-referrers-mode': {
    value: 'MODE',
    help: 'oci-1-1: a bundle that refers to the image (unless given); legacy: the older format',
  },
  yes: { help: 'nothing is asked anyway', short: 'y' },
  ...REGISTRY_FLAGS,
};

type Values = FlagValues<typeof IMAGE_SIGN_FLAGS>;

/** How one image is signed. */
export type SignOne = (reference: Reference, options: SignImageOptions) => Promise<readonly SignedImage[]>;

/** Signs the images one after the other, and says so. @throws CONFIG_INVALID, and as `signImage` */
export async function runImageSigning(
  { flags, operands }: { readonly flags: Values; readonly operands: readonly string[] },
  signOne: SignOne,
  host: Host,
): Promise<void> {
  if (operands.length === 0) throw usageError('no image to sign');
  const references = operands.map(parseReference);
  const format = readFormat(flags);
  const annotations = readAnnotations([...(flags.annotations ?? []), ...(flags.annotation ?? [])]);
  const { env } = host;
  const place = env['COSIGN_REPOSITORY'];
  const signing = await obtainSignOptions(flags, host);
  const results: SignedImage[] = [];
  for (const reference of references) {
    const signed = await signOne(reference, {
      ...signing,
      annotations,
      format,
      registry: await readRegistryFlags(flags, reference.registry, host),
      ...(flags.recursive === true ? { recursive: true } : {}),
      ...(place === undefined || place === '' ? {} : { evidenceRepository: place }),
    });
    results.push(...signed);
    for (const image of signed) await reportSigned(image, host);
  }
  if (flags.json === true) await host.out.write(encodeJsonText({ results: results.map(describeSigned) }));
}

function readFormat({
  'new-bundle-format': isNew = 'true',
  'registry-referrers-mode': mode = 'oci-1-1',
}: Values): 'bundle' | 'layer' {
  if (!ON_OFF.includes(isNew)) throw usageError('--new-bundle-format is true or false');
  if (!MODES.includes(mode)) throw usageError(`--registry-referrers-mode is ${MODES.join(' or ')}`);
  return isNew === 'false' || mode === 'legacy' ? 'layer' : 'bundle';
}

/** Reads annotations. @throws CONFIG_INVALID */
export function readAnnotations(texts: readonly string[]): Readonly<Record<string, string>> {
  const entries = texts.map((text) => {
    const at = text.indexOf('=');
    if (at < 1) throw usageError(`an annotation is NAME=VALUE, not ${escapeText(text)}`);
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  if (new Set(entries.map(([name]) => name)).size < entries.length) throw usageError('an annotation is given twice');
  return Object.fromEntries(entries);
}

async function reportSigned({ reference, bundle, predicateType }: SignedImage, { err }: Host): Promise<void> {
  const style = createStyle(err);
  const what = `✔ ${escapeText(reference)} is signed`;
  const by = `by ${escapeText(describeSigner(bundle))}, as ${escapeText(predicateType)}`;
  await err.write(`${style.good(what)}\n  ${by}\n`);
}

function describeSigned({ reference, digest, predicateType, attached }: SignedImage): object {
  return { image: reference, digest, predicateType, attached: attached.digest };
}
