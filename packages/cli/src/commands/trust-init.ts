// SPDX-License-Identifier: Apache-2.0

import type { InstanceChoice, RootSummary } from '@keywax/tuf';
import { type Command, defineCommand } from '../command.js';
import { EXIT } from '../exit.js';
import { type FlagValues, type Flags, refuseTogether, usageError } from '../flags.js';
import type { Host } from '../host.js';
import { TUF_FLAGS, readInstanceName, readTufRoot, selectCacheDirectory } from '../instance-flags.js';
import { type Style, createStyle, encodeJsonText, escapeText, formatInstant } from '../render/text.js';

const FLAGS = {
  mirror: { value: 'URL', help: 'the TUF repository of an instance without a name' },
  root: { value: 'FILE', help: 'the root that it is trusted by' },
  'unsafe-first-use': { help: 'take the first root that the repository gives; compare its fingerprints' },
  'cache-directory': TUF_FLAGS['cache-directory'],
  json: { help: 'print the root as JSON' },
} satisfies Flags;

/** `keywax trust init`. */
export const trustInitCommand: Command = defineCommand({
  operands: 'INSTANCE|--mirror URL  --root FILE|--unsafe-first-use',
  about: `Remembers the root by which the repository of an instance is trusted from now on, and shows its keys. The root of production is
compiled in. For others it comes from someone you trust; with --unsafe-first-use nothing but the connection vouches for it.`,
  flags: FLAGS,
  async run({ flags, operands }, host) {
    const instance = await readChoice(flags, operands);
    const cacheDirectory = await selectCacheDirectory(flags, host);
    if (cacheDirectory === undefined)
      throw usageError('where to keep it? The environment names no folder; --cache-directory does');
    const root = await obtainRoot(flags, instance, host);
    const { describeInstance, initInstance } = await import('@keywax/tuf');
    const summary = await initInstance({ instance, root, cacheDirectory });
    const { name } = describeInstance(instance);
    if (flags.json === true) await host.out.write(encodeJsonText({ instance: name, ...summary }));
    else await host.out.write(describeRoot(name, summary, createStyle(host.out)));
    if (flags['unsafe-first-use'] === true)
      await host.err.write(
        'keywax: nobody vouched for this root; compare it with what the instance publishes elsewhere\n',
      );
    return EXIT.ok;
  },
});

async function readChoice(
  { mirror }: FlagValues<typeof FLAGS>,
  [name, ...others]: readonly string[],
): Promise<InstanceChoice> {
  if (others.length > 0 || (name === undefined) === (mirror === undefined))
    throw usageError('trust init takes one instance, or --mirror');
  return mirror === undefined ? readInstanceName(name ?? '') : { mirrorUrl: mirror };
}

async function obtainRoot(
  flags: FlagValues<typeof FLAGS>,
  instance: InstanceChoice,
  { signal }: Host,
): Promise<Uint8Array> {
  refuseTogether(flags, ['root', 'unsafe-first-use']);
  if (flags.root !== undefined) return readTufRoot(flags.root);
  if (flags['unsafe-first-use'] === undefined)
    throw usageError('which root? --root names a file; --unsafe-first-use asks the repository');
  const { describeInstance, unsafeFetchFirstRoot } = await import('@keywax/tuf');
  const { mirrorUrl, name, isCompiledIn } = describeInstance(instance);
  if (isCompiledIn) throw usageError(`the root of ${name} is compiled in`);
  return unsafeFetchFirstRoot(mirrorUrl, {
    signal,
    ...(typeof instance === 'string' ? {} : { allowHttp: 'loopback' }),
  });
}

function describeRoot(name: string, summary: RootSummary, style: Style): string {
  const { version, sha256, threshold, keys, expiresAt } = summary;
  return [
    `${style.strong(escapeText(name))} is trusted by root ${version}, which expires on ${formatInstant(expiresAt)}`,
    `  SHA-256 ${sha256}`,
    `  ${threshold} of these keys sign the next root:`,
    ...keys.map(({ id, algorithm, fingerprint }) =>
      fingerprint === undefined
        ? `    ${escapeText(id)} of an unknown algorithm`
        : `    ${fingerprint} (SHA-256, ${algorithm})`,
    ),
    '',
  ].join('\n');
}
