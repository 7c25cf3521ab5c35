// SPDX-License-Identifier: Apache-2.0

import { type Command, defineCommand } from '../command.js';
import { EXIT } from '../exit.js';
import { usageError } from '../flags.js';
import { TUF_FLAGS, fetchTrust, selectCacheDirectory } from '../instance-flags.js';
import { createStyle, encodeJsonText, escapeText } from '../render/text.js';
import { describeOrigin, encodeOrigin } from '../render/trust-origin.js';

const { 'tuf-mirror': mirror, 'tuf-root': root, 'cache-directory': cacheDirectory } = TUF_FLAGS;

/** `keywax trust update`. */
export const trustUpdateCommand: Command = defineCommand({
  operands: '[INSTANCE] [--json]',
  about: `Asks the repository of an instance for its newest trusted root and signing config, and keeps them for later, also for use
offline. Without a name it is production.`,
  flags: {
    'tuf-mirror': mirror,
    'tuf-root': root,
    'cache-directory': cacheDirectory,
    json: { help: 'print the state as JSON' },
  },
  async run({ flags, operands }, host) {
    const [instance, ...others] = operands;
    if (others.length > 0) throw usageError('trust update takes one instance');
    if ((await selectCacheDirectory(flags, host)) === undefined)
      throw usageError('where to keep it? The environment names no folder; --cache-directory does');
    const chosen = instance === undefined ? flags : { ...flags, instance };
    const trust = await fetchTrust(chosen, { purpose: 'signing', maxAgeMs: 0 }, host);
    if (flags.json === true) await host.out.write(encodeJsonText(encodeOrigin(trust)));
    const { state } = trust;
    const versions: Readonly<Record<string, number>> = state.source === 'compiled' ? {} : state.versions;
    const list = Object.entries(versions).map(([role, version]) => `${role} ${version}`);
    const style = createStyle(host.err);
    await host.err.write(
      `${style.good(`✔ ${escapeText(trust.instance.name)} is up to date`)}\n  ${describeOrigin(trust)}\n  ${list.join(', ')}\n`,
    );
    return EXIT.ok;
  },
});
