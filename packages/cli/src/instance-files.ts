// SPDX-License-Identifier: Apache-2.0
// Which instance is trusted and signed with, from files that the flags name.

import {
  MAX_SIGNING_CONFIG_BYTES,
  MAX_TRUSTED_ROOTS_BYTES,
  MAX_TRUSTED_ROOT_BYTES,
  type TrustedRoot,
  decodeTrustedRoots,
  encodeTrustedRoot,
  mergeTrustedRoots,
} from '@keywax/trust';
import type { Instance } from 'keywax';
import { readDocument } from './document-file.js';
import { type ValueFlag, refuseTogether } from './flags.js';

/** The values of the flags that say what is trusted and signed with. */
export interface InstanceFlags {
  readonly 'trusted-root'?: string;
  readonly 'trust-config'?: string;
  readonly 'signing-config'?: string;
}

/** The flags that say what is trusted. */
export const TRUST_FLAGS: Readonly<Record<'trusted-root' | 'trust-config', ValueFlag>> = {
  'trusted-root': {
    value: 'FILE',
    help: 'trusted root, or several on a line each (production as last known, unless given)',
  },
  'trust-config': { value: 'FILE', help: 'trusted root and signing config in one file' },
};

/** The flags that say what is signed with. */
export const SIGNING_FLAGS: Readonly<Record<keyof InstanceFlags, ValueFlag>> = {
  ...TRUST_FLAGS,
  'signing-config': { value: 'FILE', help: 'where to sign' },
};

/** Reads the files that the flags name. @throws CONFIG_INVALID, FILE_FAILED, INPUT_TOO_LARGE */
export async function readInstanceFiles(flags: InstanceFlags): Promise<Instance> {
  refuseTogether(flags, ['trust-config', 'trusted-root']);
  refuseTogether(flags, ['trust-config', 'signing-config']);
  const { 'trust-config': trustConfig, 'trusted-root': trustedRoot, 'signing-config': signingConfig } = flags;
  if (trustConfig !== undefined) {
    return { trustConfig: await readDocument(trustConfig, MAX_TRUSTED_ROOT_BYTES + MAX_SIGNING_CONFIG_BYTES) };
  }
  if (trustedRoot === undefined && signingConfig === undefined) return 'production';
  return {
    trustedRoot: trustedRoot === undefined ? 'production' : encodeTrustedRoot(await readTrustedRoots([trustedRoot])),
    ...(signingConfig === undefined
      ? {}
      : { signingConfig: await readDocument(signingConfig, MAX_SIGNING_CONFIG_BYTES) }),
  };
}

/** Reads files of one or several trusted roots as one. @throws FILE_FAILED, INPUT_TOO_LARGE, INPUT_MALFORMED, TRUST_INVALID */
export async function readTrustedRoots(paths: readonly string[]): Promise<TrustedRoot> {
  const roots: TrustedRoot[] = [];
  for (const path of paths) roots.push(...decodeTrustedRoots(await readDocument(path, MAX_TRUSTED_ROOTS_BYTES)));
  return mergeTrustedRoots(roots);
}
