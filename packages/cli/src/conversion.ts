// SPDX-License-Identifier: Apache-2.0
// What the conversions of bundles have in common: the log that is asked, and where the result goes.

import type { SerializedBundle } from '@keywax/bundle';
import type { Transport } from '@keywax/http';
import type { SwitchFlag, ValueFlag } from './flags.js';
import type { Host } from './host.js';
import { checkOutput, writeOutput } from './output-file.js';

const STDOUT = '-';

/** The values of the flags of a conversion. */
export type ConversionFlags = { readonly [K in 'rekor-url' | 'out']?: string } & { readonly force?: true };

/** The flags of a conversion. */
export const CONVERSION_FLAGS: Readonly<Record<'rekor-url' | 'out', ValueFlag>> & { readonly force: SwitchFlag } = {
  'rekor-url': { value: 'URL', help: 'the log, of version 1, that is asked for what is missing' },
  out: { value: 'FILE', help: 'where the bundle goes (stdout, unless given)' },
  force: { help: 'replace a file that exists' },
};

/** How the log is reached. */
export function transportOf({ signal }: Host): Transport {
  return { signal, allowHttp: 'loopback' };
}

/** Refuses early what `writeConverted` would refuse. @throws FILE_FAILED */
export async function checkConverted({ out = STDOUT, force }: ConversionFlags): Promise<void> {
  if (out !== STDOUT) await checkOutput(out, { force: force === true });
}

/** Writes the bundle. @throws FILE_FAILED */
export async function writeConverted(
  bundle: SerializedBundle,
  { out = STDOUT, force }: ConversionFlags,
  host: Host,
): Promise<void> {
  const text = `${JSON.stringify(bundle)}\n`;
  if (out === STDOUT) await host.out.write(text);
  else await writeOutput(out, text, { force: force === true });
}
