// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeUtf8 } from '@keywax/core/bytes';
import type { IssuerKind, RekorChoice, Stack, StackOptions } from '@keywax/stack';
import { type Command, defineCommand } from '../command.js';
import { EXIT } from '../exit.js';
import { usageError } from '../flags.js';
import type { ExampleRegistry } from '../example-registry.js';
import { untilStopped } from '../host.js';
import { writeOutput } from '../output-file.js';
import { type Style, createStyle, encodeJsonText, escapeText, padText } from '../render/text.js';

const REKOR: readonly RekorChoice[] = ['v1', 'v2', 'both'];
const PERSONAS: readonly IssuerKind[] = ['email', 'github', 'gitlab'];
const MAX_PORT = 65_529; // seven consecutive ones
const ISSUER_EXTENSION = 8; // of Fulcio's arc

/** `keywax stack`. */
export const stackCommand: Command = defineCommand({
  operands: '[FLAGS]',
  about: `Runs a whole Sigstore instance on this machine: tokens, certificates, both kinds of log, timestamps, TUF. It forgets
everything when it stops, unless it has a folder. Whoever can reach it gets a token for any identity.`,
  flags: {
    directory: { value: 'DIR', help: 'keep keys and logs in this folder' },
    port: { value: 'N', help: 'the first of seven ports (free ones, unless given)' },
    rekor: { value: 'VERSION', help: 'the logs to sign with: v1, v2 or both (v1, unless given)' },
    'trust-config': { value: 'FILE', help: 'write the trust config there' },
    'tuf-root': { value: 'FILE', help: 'write the first root of its TUF repository there' },
    'token-file': { value: 'FILE', help: 'write a token there; it is good for ten minutes' },
    persona: { value: 'KIND', help: 'whose token: email, github or gitlab (email, unless given)' },
    registry: { value: 'PORT', help: 'run a container registry there too, in memory, with an image to try' },
    json: { help: 'print the URLs as JSON' },
  },
  async run({ flags, operands }, host) {
    if (operands.length > 0) throw usageError('stack takes flags alone');
    const rekor = readChoice(flags.rekor ?? 'v1', REKOR, 'rekor');
    const persona = readChoice(flags.persona ?? 'email', PERSONAS, 'persona');
    const options: StackOptions = {
      rekor: { published: rekor },
      ...(flags.directory === undefined ? {} : { directory: flags.directory }),
      ...(flags.port === undefined ? {} : { port: readPort(flags.port, 'port') }),
    };
    const registryPort = flags.registry === undefined ? undefined : readPort(flags.registry, 'registry');
    const { startStack } = await import('@keywax/stack');
    const stack = await startStack(options);
    const scratch = await mkdtemp(join(tmpdir(), 'keywax-stack-'));
    let example: ExampleRegistry | undefined;
    try {
      if (registryPort !== undefined) {
        const { startExampleRegistry } = await import('../example-registry.js');
        example = await startExampleRegistry(registryPort);
      }
      const trustConfig = flags['trust-config'] ?? join(flags.directory ?? scratch, 'trust-config.json');
      await writeOutput(trustConfig, `${JSON.stringify(stack.clientTrustConfig({ rekor }), undefined, 2)}\n`, {
        force: true,
      });
      const tufRoot = flags['tuf-root'] ?? join(flags.directory ?? scratch, 'root.json');
      await writeOutput(tufRoot, decodeUtf8(stack.tuf.root()), { force: true });
      const tokenFile = flags['token-file'];
      if (tokenFile !== undefined)
        await writeOutput(tokenFile, await stack.mintToken({ kind: persona }), { force: true, mode: 0o600 });
      if (flags.json === true)
        await host.out.write(
          encodeJsonText({
            urls: stack.urls,
            trustConfig,
            tufRoot,
            ...(tokenFile === undefined ? {} : { tokenFile }),
            ...(example === undefined ? {} : { registry: example.registry.url, image: example.image }),
          }),
        );
      await host.err.write(
        describeStack(
          stack,
          {
            trustConfig,
            tufRoot,
            tokenFile,
            image: example?.image,
            // Without a token file the token is of the workflow.
            signer: await describeSigner(stack, tokenFile === undefined ? 'github' : persona),
          },
          createStyle(host.err),
        ),
      );
      await untilStopped(host);
    } finally {
      await example?.registry.close();
      await stack.close();
      await rm(scratch, { recursive: true, force: true });
    }
    return EXIT.ok;
  },
});

function readChoice<T extends string>(value: string, choices: readonly T[], name: string): T {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw usageError(`--${name} is one of ${choices.join(', ')}`);
  return choice;
}

function readPort(text: string, name: string): number {
  const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > MAX_PORT) throw usageError(`--${name} is a number up to ${MAX_PORT}`);
  return port;
}

const SERVICES = {
  oidc: 'tokens',
  fulcio: 'certificates',
  rekorV1: 'log, version 1',
  rekorV2: 'log, version 2',
  tsa: 'timestamps',
  ct: 'certificate log',
  tuf: 'TUF repository',
} as const;

/** The flags that name a persona as the signer. */
async function describeSigner({ urls }: Stack, persona: IssuerKind): Promise<string> {
  const { LAB_ISSUER, personaIdentity } = await import('@keywax/stack/lab');
  const { name, extensions } = personaIdentity(persona);
  const issuer = extensions.get(ISSUER_EXTENSION)?.replace(LAB_ISSUER, urls.oidc);
  return `--certificate-identity ${name.value} --certificate-oidc-issuer ${issuer}`;
}

function describeStack(
  { urls }: Stack,
  files: {
    readonly trustConfig: string;
    readonly tufRoot: string;
    readonly tokenFile: string | undefined;
    readonly image: string | undefined;
    readonly signer: string;
  },
  style: Style,
): string {
  const rows = Object.entries(SERVICES).map(
    ([name, label]) => `  ${padText(label, 16)}${urls[name as keyof typeof SERVICES]}`,
  );
  const trustConfig = escapeText(files.trustConfig);
  const token =
    files.tokenFile === undefined
      ? [
          `  export ACTIONS_ID_TOKEN_REQUEST_URL='${urls.oidc}/github/request-token' ACTIONS_ID_TOKEN_REQUEST_TOKEN=any`,
          `  keywax sign --trust-config ${trustConfig} FILE`,
        ]
      : [`  keywax sign --trust-config ${trustConfig} --identity-token-file ${escapeText(files.tokenFile)} FILE`];
  const images = files.image === undefined ? [] : ['An image to sign:', `  ${files.image}`];
  return [
    style.good('The stack is running; Ctrl-C stops it.'),
    '',
    ...rows,
    '',
    'To sign, in another shell:',
    ...token,
    'To see what that gives:',
    '  keywax inspect FILE.sigstore.json',
    `  keywax verify --trust-config ${trustConfig} --explain ${files.signer} FILE`,
    'Both go by way of TUF too, with these in place of --trust-config:',
    `  --tuf-mirror ${urls.tuf} --tuf-root ${escapeText(files.tufRoot)}`,
    ...images,
    '',
  ].join('\n');
}
