// SPDX-License-Identifier: Apache-2.0
// As `npm audit signatures` and corepack obtain the keys of a registry.

import { type TUF, TUFError, initTUF } from '@sigstore/tuf';

interface RegistryKeys {
  readonly keys: readonly { readonly keyId: string; readonly publicKey: { readonly rawBytes: string } }[];
}

export async function fetchKeys(host: string, options: { tufCache: string; retry: number; timeout: number }) {
  const tuf: TUF = await initTUF({ cachePath: options.tufCache, retry: options.retry, timeout: options.timeout });
  try {
    const target: string = await tuf.getTarget(`${host}/keys.json`);
    return (JSON.parse(target) as RegistryKeys).keys;
  } catch (error) {
    if ((error as TUFError).code === 'TUF_FIND_TARGET_ERROR') return undefined;
    // @ts-expect-error no such code
    if ((error as TUFError).code === 'TUF_NOTHING') return undefined;
    throw error;
  }
}

export async function fetchCorepackKeys(home: string): Promise<string> {
  const tuf = await initTUF({ cachePath: `${home}/_tuf` });
  return tuf.getTarget('registry.example/keys.json');
}

export const isMissing = (error: unknown): boolean =>
  error instanceof TUFError && error.code === 'TUF_FIND_TARGET_ERROR' && error.cause === undefined;
