// SPDX-License-Identifier: Apache-2.0

import {
  type AuthorityPart,
  type CtLogPart,
  type LogPart,
  MAX_SIGNING_CONFIG_BYTES,
  type TrustedRoot,
  createTrustedRoot,
  decodeSigningConfig,
  encodeClientTrustConfig,
  encodeTrustedRoot,
  mergeTrustedRoots,
} from '@keywax/trust';
import { type Command, defineCommand } from '../command.js';
import { readDocument } from '../document-file.js';
import { EXIT } from '../exit.js';
import { usageError } from '../flags.js';
import { readTrustedRoots } from '../trust-file.js';
import { writeOutput } from '../output-file.js';
import { parsePart, readPemOrDer, readWindow } from '../part-flags.js';

const AUTHORITY = 'CHAIN[,url=URL][,start=TIME][,end=TIME][,operator=NAME]';
const LOG = 'KEY,url=URL,start=TIME[,end=TIME][,version=1|2][,operator=NAME]';
const CT_LOG = 'KEY,start=TIME[,url=URL][,end=TIME][,operator=NAME]';

/** `keywax trust create`. */
export const trustCreateCommand: Command = defineCommand({
  operands: '[--from FILE] [--fulcio CHAIN…] [--rekor KEY…] [--ct KEY…] [--tsa CHAIN…]',
  about: `Makes a trusted root of certificate chains and public keys, in PEM or DER, or adds them to one that exists. Chains lead
towards the root, a timestamp authority's from its own certificate on; without start they count from when all of it is valid. Ids
and algorithms come from the keys. The host in the URL of a log, with a port where one is written, is the name that it signs as. A
TIME is 2026-01-31T00:00:00Z, or 2026-01-31 for a whole day.`,
  flags: {
    fulcio: { value: AUTHORITY, help: 'a certificate authority', list: true },
    rekor: { value: LOG, help: 'a log; version for keys other than ECDSA', list: true },
    ct: { value: CT_LOG, help: 'a certificate log', list: true },
    tsa: { value: AUTHORITY, help: 'a timestamp authority', list: true },
    'signing-config': { value: 'FILE', help: 'a signing config; makes a trust config of both' },
    from: { value: 'FILE', help: 'a trusted root to add to', list: true },
    out: { value: 'FILE', help: 'where it goes (stdout, unless given)' },
    force: { help: 'replace a file that exists' },
  },
  async run({ flags, operands }, host) {
    if (operands.length > 0) throw usageError('trust create takes flags alone');
    const { fulcio = [], rekor = [], ct = [], tsa = [], from = [], out } = flags;
    if ([fulcio, rekor, ct, tsa, from].every(({ length }) => length === 0))
      throw usageError('nothing to trust: --fulcio, --rekor, --ct, --tsa or --from says what');
    const created = createTrustedRoot({
      certificateAuthorities: await Promise.all(fulcio.map((text) => readAuthority(text, 'fulcio'))),
      logs: await Promise.all(rekor.map(readLog)),
      ctLogs: await Promise.all(ct.map(readCtLog)),
      timestampAuthorities: await Promise.all(tsa.map((text) => readAuthority(text, 'tsa'))),
    });
    const root = from.length === 0 ? created : mergeTrustedRoots([await readTrustedRoots(from), created]);
    const text = `${JSON.stringify(await encode(root, flags['signing-config']), undefined, 2)}\n`;
    if (out === undefined) await host.out.write(text);
    else await writeOutput(out, text, { force: flags.force === true });
    return EXIT.ok;
  },
});

async function encode(trustedRoot: TrustedRoot, path: string | undefined): Promise<object> {
  if (path === undefined) return encodeTrustedRoot(trustedRoot);
  const signingConfig = decodeSigningConfig(await readDocument(path, MAX_SIGNING_CONFIG_BYTES));
  return encodeClientTrustConfig({ trustedRoot, signingConfig });
}

async function readAuthority(text: string, flag: string): Promise<AuthorityPart> {
  const { path, values } = parsePart(text, flag, ['url', 'start', 'end', 'operator']);
  const validFor = readWindow(values, flag);
  const chain = await readPemOrDer(path);
  return {
    chain: typeof chain === 'string' ? chain : [chain],
    validFor,
    ...(values.url === undefined ? {} : { uri: values.url }),
    ...(values.operator === undefined ? {} : { operator: values.operator }),
  };
}

async function readLog(text: string): Promise<LogPart> {
  const { path, values } = parsePart(text, 'rekor', ['url', 'version', 'start', 'end', 'operator']);
  const { url, version } = values;
  if (url === undefined) throw usageError('--rekor: url is needed, whose host is the name that the log signs as');
  if (version !== undefined && version !== '1' && version !== '2') throw usageError('--rekor: version is 1 or 2');
  return {
    baseUrl: url,
    ...(await readKeyPart(path, values, 'rekor')),
    ...(version === undefined ? {} : { majorApiVersion: version === '1' ? 1 : 2 }),
  };
}

async function readCtLog(text: string): Promise<CtLogPart> {
  const { path, values } = parsePart(text, 'ct', ['url', 'start', 'end', 'operator']);
  const part = await readKeyPart(path, values, 'ct');
  return values.url === undefined ? part : { ...part, baseUrl: values.url };
}

async function readKeyPart(
  path: string,
  values: { readonly start?: string; readonly end?: string; readonly operator?: string },
  flag: string,
): Promise<CtLogPart> {
  const { start, end } = readWindow(values, flag);
  // Nothing about a key says from when on it was in use.
  if (start === undefined) throw usageError(`--${flag}: start is needed, from when on the key is in use`);
  return {
    key: await readPemOrDer(path),
    validFor: end === undefined ? { start } : { start, end },
    ...(values.operator === undefined ? {} : { operator: values.operator }),
  };
}
