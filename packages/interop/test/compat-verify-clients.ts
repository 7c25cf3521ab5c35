// SPDX-License-Identifier: Apache-2.0
// The original and the package in its place, with the same trust: a repository on loopback that hands out the trusted root
// of the kit's instance.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as compat from '@keywax/compat';
import * as sigstore from 'sigstore';
import { afterAll } from 'vitest';
import { lab } from './compat-verify-kit.js';
import { makeRepository } from './tuf-repository.js';

/** Who is called. */
export type ClientName = 'theirs' | 'ours';
type Client = Pick<typeof sigstore, 'verify' | 'createVerifier'>;

export const CLIENTS: Readonly<Record<ClientName, Client>> = { theirs: sigstore, ours: compat };

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

/** The options by which a client comes to trust the instance. */
export function trustFor(client: ClientName): sigstore.VerifyOptions {
  const tufMirrorURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { tufMirrorURL, tufRootPath, tufCachePath: join(folder, client), tufForceCache: true, retry: 0 };
}
