// SPDX-License-Identifier: Apache-2.0

import type { InstanceTrust } from '@keywax/tuf';
import { type Command, defineCommand } from '../command.js';
import { EXIT } from '../exit.js';
import { usageError } from '../flags.js';
import { TUF_FLAGS, fetchTrust } from '../instance-flags.js';
import { type Style, createStyle, encodeJsonText, escapeText } from '../render/text.js';
import { describeOrigin, encodeOrigin } from '../render/trust-origin.js';
import { type AuthorityRow, type ServiceList, listAuthorities, listServices } from '../render/trust-rows.js';
import { describeAuthorities, describeServices } from '../render/trust-table.js';
import { type TrustDocuments, readTrustFile } from '../trust-file.js';

/** `keywax trust show`. */
export const trustShowCommand: Command = defineCommand({
  operands: '[FLAGS] [FILE]',
  about: `Shows whom a trusted root vouches for and where a signing config says to sign, with keys and windows, and what of it is valid
now. The file is either of them, both in a trust config, or several trusted roots on a line each; without a file it is what the
repository of the instance says.`,
  flags: { ...TUF_FLAGS, json: { help: 'print the entries as JSON' } },
  async run({ flags, operands }, host) {
    const [path, ...others] = operands;
    if (others.length > 0) throw usageError('trust show takes one file');
    if (path !== undefined && (flags.instance ?? flags['tuf-mirror'] ?? flags['tuf-root']) !== undefined)
      throw usageError('a file and an instance exclude each other');
    const trust = path === undefined ? await fetchTrust(flags, { purpose: 'signing' }, host) : undefined;
    const documents = trust ?? (await readTrustFile(path ?? ''));
    const shown = { ...list(documents), source: path ?? trust?.instance.name ?? '', trust };
    await host.out.write(flags.json === true ? encodeJsonText(encode(shown)) : describe(shown, createStyle(host.out)));
    return EXIT.ok;
  },
});

interface Lists {
  readonly authorities?: readonly AuthorityRow[];
  readonly services?: ServiceList;
}

interface Shown extends Lists {
  readonly source: string;
  readonly trust: InstanceTrust | undefined;
}

function list({ trustedRoot, signingConfig }: TrustDocuments): Lists {
  const now = new Date();
  return {
    ...(trustedRoot === undefined ? {} : { authorities: listAuthorities(trustedRoot, now) }),
    ...(signingConfig === undefined ? {} : { services: listServices(signingConfig, now) }),
  };
}

function encode({ source, trust, authorities, services }: Shown): object {
  return {
    source,
    ...(trust === undefined ? {} : { trust: encodeOrigin(trust) }),
    authorities,
    services: services?.rows,
    problem: services?.problem,
  };
}

function describe({ source, trust, authorities, services }: Shown, style: Style): string {
  const name = style.strong(escapeText(source));
  return [
    ...(trust === undefined ? [] : [describeOrigin(trust), '']),
    ...(authorities === undefined ? [] : [`${name} vouches for`, '', describeAuthorities(authorities, style)]),
    ...(services === undefined ? [] : [`${name} signs with`, '', describeServices(services.rows, style)]),
    ...(services?.problem === undefined ? [] : [style.bad(`  ${escapeText(services.problem)}`), '']),
  ].join('\n');
}
