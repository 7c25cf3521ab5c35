// SPDX-License-Identifier: Apache-2.0

import { type Bundle, encodeBundle, isRekorV2Entry } from '@keywax/bundle';
import { upgradeBundle } from '@keywax/bundle/convert';
import { isKeywaxError } from 'keywax';
import { readAnyBundle } from '../any-bundle.js';
import { type Command, defineCommand } from '../command.js';
import { CONVERSION_FLAGS, checkConverted, transportOf, writeConverted } from '../conversion.js';
import { EXIT } from '../exit.js';
import { usageError } from '../flags.js';
import type { Host } from '../host.js';

/** `keywax bundle upgrade`. */
export const bundleUpgradeCommand: Command = defineCommand({
  operands: '[FLAGS] BUNDLE',
  about: `Writes an older bundle, or one in the form of another client, as a strict bundle 0.3. Where a log entry has no
proof, and --rekor-url does not fetch it, it stays 0.1. Nothing of it is verified.`,
  flags: CONVERSION_FLAGS,
  async run({ flags, operands }, host) {
    const [path] = operands;
    if (path === undefined || operands.length > 1) throw usageError('bundle upgrade takes one bundle');
    await checkConverted(flags);
    const read = await readAnyBundle(path);
    const url = flags['rekor-url'];
    const bundle = url === undefined ? read : await completeEntries(read, url, host);
    await writeConverted(encodeBundle(await upgrade(bundle, host)), flags, host);
    return EXIT.ok;
  },
});

async function completeEntries(bundle: Bundle, url: string, host: Host): Promise<Bundle> {
  const { fetchEntryProof } = await import('@keywax/rekor');
  const entries = await Promise.all(
    bundle.entries.map(async (entry) =>
      entry.proof?.checkpoint !== undefined || isRekorV2Entry(entry)
        ? entry
        : fetchEntryProof(url, entry, transportOf(host)),
    ),
  );
  return { ...bundle, entries };
}

/** RUL-8: without a proof only a bundle 0.1 can hold the entry. */
async function upgrade(bundle: Bundle, { err }: Host): Promise<Bundle> {
  try {
    return upgradeBundle(bundle);
  } catch (error) {
    if (!isKeywaxError(error, 'BUNDLE_INVALID')) throw error;
    await err.write(
      `keywax: it stays a bundle ${bundle.version}, as a log entry has no proof; --rekor-url fetches it\n`,
    );
    return bundle;
  }
}
