// SPDX-License-Identifier: Apache-2.0
// The stack's TUF repository, as plain files over HTTP and as the client of `tuf-js` would find them.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Stack, type TufAttack, startStack } from '@keywax/stack';
import { describe, expect, test } from 'vitest';
import { createFolder } from './folder.js';

interface Metadata {
  readonly signatures: readonly { readonly keyid: string }[];
  readonly signed: {
    readonly version: number;
    readonly expires: string;
    readonly targets?: Record<string, { length: number; hashes: { sha256: string } }>;
  };
}

async function read(stack: Stack, path: string): Promise<Metadata> {
  const response = await fetch(`${stack.urls.tuf}/${path}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Metadata;
}

async function version(stack: Stack, path = 'timestamp.json'): Promise<number> {
  return (await read(stack, path)).signed.version;
}

async function readTarget(stack: Stack, name: string): Promise<unknown> {
  const { version: snapshot } = (await read(stack, 'timestamp.json')).signed;
  expect(await version(stack, `${snapshot}.snapshot.json`)).toBe(snapshot);
  const meta = (await read(stack, `${snapshot}.snapshot.json`)) as unknown as {
    signed: { meta: { 'targets.json': { version: number } } };
  };
  const targets = await read(stack, `${meta.signed.meta['targets.json'].version}.targets.json`);
  const { hashes } = targets.signed.targets?.[name] ?? { hashes: { sha256: '' } };
  return (await fetch(`${stack.urls.tuf}/targets/${hashes.sha256}.${name}`)).json();
}

describe('the TUF repository of a stack', () => {
  test('distributes the trusted root and the signing config', async () => {
    await using stack = await startStack({ rekor: { published: 'v2' } });
    expect(await readTarget(stack, 'trusted_root.json')).toEqual(stack.trustedRoot);
    expect(await readTarget(stack, 'signing_config.v0.2.json')).toEqual(stack.signingConfig({ rekor: 'v2' }));
    expect(JSON.parse(Buffer.from(stack.tuf.root()).toString())).toEqual(await read(stack, '1.root.json'));
    expect((await fetch(`${stack.urls.tuf}/2.root.json`)).status).toBe(404);
    expect((await fetch(`${stack.urls.tuf}/oldest%20timestamp`)).status).toBe(404);
  });

  test('delegates a folder', async () => {
    await using stack = await startStack();
    const role = await read(stack, '1.keywax.localhost.json');
    const [path = ''] = Object.keys(role.signed.targets ?? {});
    expect(path).toBe('keywax.localhost/keys.json');
  });

  test('publishes new versions', async () => {
    await using stack = await startStack();
    const before = await version(stack);
    await stack.tuf.publish({ signingConfig: stack.signingConfig({ rekor: 'both' }) });
    expect(await version(stack)).toBe(before + 1);
    expect(await readTarget(stack, 'signing_config.v0.2.json')).toEqual(stack.signingConfig({ rekor: 'both' }));
  });

  test('rotates its root under the old and the new key, and its online keys', async () => {
    await using stack = await startStack();
    const before = (await read(stack, 'timestamp.json')).signatures[0]?.keyid;
    await stack.tuf.rotateRoot();
    expect((await read(stack, '2.root.json')).signatures).toHaveLength(2);
    await stack.tuf.rotateOnlineKeys();
    expect((await read(stack, '3.root.json')).signatures).toHaveLength(1);
    expect((await read(stack, 'timestamp.json')).signatures[0]?.keyid).not.toBe(before);
  });

  test('renews its timestamp before that expires', async () => {
    let now = new Date('2026-03-01T00:00:00Z');
    await using stack = await startStack({ now: () => now });
    const before = await read(stack, 'timestamp.json');
    now = new Date('2026-03-20T00:00:00Z');
    const after = await read(stack, 'timestamp.json');
    expect([before.signed.expires, after.signed.expires]).toEqual(['2026-03-08T00:00:00Z', '2026-03-27T00:00:00Z']);
    expect(after.signed.version).toBe(before.signed.version + 1);
  });

  test('outlives a restart, with its keys and versions', async () => {
    const directory = createFolder();
    let root: Uint8Array;
    let before: number;
    {
      await using stack = await startStack({ directory });
      await stack.tuf.rotateRoot();
      root = stack.tuf.root();
      before = await version(stack);
    }
    await using again = await startStack({ directory });
    expect(again.tuf.root()).toEqual(root);
    // The services listen elsewhere now, which a new signing config says.
    expect(await version(again)).toBe(before + 1);
    expect(await readTarget(again, 'signing_config.v0.2.json')).toEqual(again.signingConfig());
    await again.tuf.rotateRoot();
    expect((await read(again, '3.root.json')).signatures).toHaveLength(2);
  });

  test('refuses a file that it did not write', async () => {
    const directory = createFolder();
    await (await startStack({ directory })).close();
    const path = join(directory, 'tuf.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"version":1', '"version":2'));
    await expect(startStack({ directory })).rejects.toMatchObject({ code: 'INPUT_MALFORMED' });
  });

  test.each([
    ['rollback', (before: number, after: number) => after < before],
    ['freeze', (before: number, after: number) => after === before],
    ['wrongKeys', (before: number, after: number) => after > before],
  ] as const)('answers with a timestamp of another version: %s', async (attack, holds) => {
    await using stack = await startStack();
    const before = await version(stack);
    stack.tuf.attack(attack);
    if (attack === 'freeze') await stack.tuf.publish();
    expect(holds(before, await version(stack))).toBe(true);
    stack.tuf.attack();
    expect(await version(stack)).toBe(attack === 'freeze' ? before + 1 : before);
  });

  test('answers with old targets, and with data that does not end', async () => {
    await using stack = await startStack();
    await stack.tuf.publish();
    const newest = Number(stack.tuf.repository.role('targets').signed['version']);
    stack.tuf.attack('mixAndMatch');
    expect(await version(stack, `${newest}.targets.json`)).toBe(newest - 1);
    stack.tuf.attack('endlessData' satisfies TufAttack);
    const reader = (await fetch(`${stack.urls.tuf}/timestamp.json`)).body?.getReader();
    let total = 0;
    while (total < 1_000_000) total += (await reader?.read())?.value?.length ?? Number.POSITIVE_INFINITY;
    await reader?.cancel();
    expect(total).toBeLessThan(10_000_000);
  });
});
