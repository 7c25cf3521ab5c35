// SPDX-License-Identifier: Apache-2.0
// The same calls of `verify` and `createVerifier` through `sigstore` and through the package in its place.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as compat from '@keywax/compat';
import * as sigstore from 'sigstore';
import { afterAll, describe, expect, test } from 'vitest';
import { observe, summarize } from './compat-outcome.js';
import { VERIFY_CASES } from './compat-verify-cases.js';
import { ARTIFACT, type OpenBundle, type VerifyCase, lab } from './compat-verify-kit.js';
import { makeRepository } from './tuf-repository.js';

type Client = Pick<typeof sigstore, 'verify' | 'createVerifier'>;

const files = makeRepository('trusted_root.json', Buffer.from(JSON.stringify(lab.trustedRoot())));
const server = createServer(({ url = '/' }, response) => {
  const file = files.get(url.slice(1));
  response.writeHead(file === undefined ? 404 : 200).end(file);
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const folder = mkdtempSync(join(tmpdir(), 'keywax-compat-'));
const tufRootPath = join(folder, 'root.json');
writeFileSync(tufRootPath, files.get('1.root.json') ?? '');
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const CLIENTS: Readonly<Record<'theirs' | 'ours', Client>> = { theirs: sigstore, ours: compat };

describe.each(['verify', 'createVerifier'] as const)('%s', (name) => {
  test.each(VERIFY_CASES)('$name: $expected', async ({ bundle, data, options, expected, differs }) => {
    const made = await bundle();
    const run = (client: 'theirs' | 'ours') => observe(() => CALLS[name](client, made, { data, options }));
    const [theirs, ours] = [await run('theirs'), await run('ours')];
    expect(summarize(theirs)).toBe(expected);
    if (differs === undefined) expect(ours).toEqual(theirs);
    else expect(summarize(ours)).toBe(differs.ours);
  });
});

interface Input {
  readonly data: VerifyCase['data'] | undefined;
  readonly options: VerifyCase['options'] | undefined;
}

const CALLS = {
  verify: (client: 'theirs' | 'ours', bundle: OpenBundle, { data, options }: Input) => {
    const given = { ...trustFor(client), ...options };
    const { verify } = CLIENTS[client];
    return data === 'none' ? verify(bundle, given) : verify(bundle, data ?? ARTIFACT, given);
  },
  createVerifier: async (client: 'theirs' | 'ours', bundle: OpenBundle, { data, options }: Input) => {
    const verifier = await CLIENTS[client].createVerifier({ ...trustFor(client), ...options });
    return verifier.verify(bundle, data === 'none' ? undefined : (data ?? ARTIFACT));
  },
};

function trustFor(client: string): sigstore.VerifyOptions {
  const tufCachePath = join(folder, client);
  return { tufMirrorURL: tufMirrorUrl(), tufRootPath, tufCachePath, tufForceCache: true, retry: 0 };
}

function tufMirrorUrl(): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
