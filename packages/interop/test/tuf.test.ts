// SPDX-License-Identifier: Apache-2.0
// TUF repositories of the stack and of python-tuf, read by Keywax, tuf-js and python-tuf alike.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeUtf8 } from '@keywax/core/bytes';
import { type KeyKind, type TufRepository, createTufRepository } from '@keywax/stack/tuf';
import { createMemoryStore, createTufClient } from '@keywax/tuf';
import { Updater } from 'tuf-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { serve } from '../../../test/loopback.js';
import { readWithPython, writeWithPython } from './python-tuf.js';
import { describePython } from './sigstore-python.js';

type Files = ReadonlyMap<string, Uint8Array>;
/** A client: fetches a target from a mirror and a trusted root, or throws. */
type Read = (trustedRoot: Uint8Array, mirrorUrl: string, path: string) => Promise<Uint8Array>;

const readWithKeywax: Read = (trustedRoot, mirrorUrl, path) =>
  createTufClient({
    mirrorUrl,
    trustedRoot,
    store: createMemoryStore(),
    now: () => new Date(),
    transport: { allowHttp: 'loopback', retries: 0 },
  }).fetchTarget(path);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keywax-tuf-js-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const readWithTufJs: Read = async (trustedRoot, mirrorUrl, path) => {
  const metadataDir = mkdtempSync(join(folder, 'metadata-'));
  const targetDir = join(metadataDir, 'targets');
  mkdirSync(targetDir);
  writeFileSync(join(metadataDir, 'root.json'), trustedRoot);
  const updater = new Updater({
    metadataDir,
    metadataBaseUrl: mirrorUrl,
    targetDir,
    targetBaseUrl: `${mirrorUrl}/targets`,
  });
  await updater.refresh();
  const info = await updater.getTargetInfo(path);
  if (info === undefined) throw new Error('no such target');
  return new Uint8Array(readFileSync(await updater.downloadTarget(info, join(targetDir, 'file'))));
};

async function serveFiles(files: Files): Promise<string> {
  const { url } = await serve((response, { path }) => {
    const file = files.get(path.slice(1));
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  return url;
}

/** Repositories that all clients read alike: the path of a target in each. */
const REPOSITORIES: readonly (readonly [string, () => readonly [TufRepository, string]])[] = [
  ...(['ed25519', 'P-256', 'rsa-2048'] as const satisfies readonly KeyKind[]).map(
    (keyKind) => [`with keys of kind ${keyKind}`, () => makeRepository({ keyKind })] as const,
  ),
  ['without consistent snapshots', () => makeRepository({ consistentSnapshot: false })],
  ['with lengths and hashes of metadata', () => makeRepository({ describeFiles: true })],
  [
    'with new keys for every role',
    () => {
      const [repository, path] = makeRepository({});
      for (const role of ['root', 'timestamp', 'snapshot', 'targets']) repository.rotate(role, 'P-256');
      repository.publish('root', 'root');
      repository.release();
      return [repository, path];
    },
  ],
  [
    'with members that nobody knows',
    () => {
      const [repository, path] = makeRepository({});
      for (const role of ['timestamp', 'snapshot', 'targets']) {
        repository.role(role).signed['x-note'] = { 'é "q" \\ \n\u0001': [1, -7, true, null, '😀'], A: 1, a: 2, Z: {} };
      }
      repository.release();
      return [repository, path];
    },
  ],
  [
    'with delegations',
    () => {
      const [repository] = makeRepository({});
      repository.delegate({ name: 'other', paths: ['other/*'] });
      repository.delegate({ name: 'outer', paths: ['dir/*.txt', 'dir/*/*'] });
      repository.delegate({ name: 'in ner', from: 'outer', paths: ['dir/?.txt'], terminating: true });
      repository.addTarget('dir/a.txt', CONTENT, 'in ner');
      repository.release('targets', 'other', 'outer', 'in ner');
      return [repository, 'dir/a.txt'];
    },
  ],
];

const CONTENT = encodeUtf8('what all clients read');

function makeRepository(
  options: Omit<Parameters<typeof createTufRepository>[0], 'now'>,
): readonly [TufRepository, string] {
  const repository = createTufRepository({ now: () => new Date(), ...options });
  repository.addTarget('a.txt', CONTENT);
  repository.release();
  return [repository, 'a.txt'];
}

/** Bad repositories that no client reads. */
const BROKEN: readonly (readonly [string, (repository: TufRepository) => void])[] = [
  [
    'with a root that its old key did not sign',
    (repository) => {
      repository.rotate('root');
      repository.role('root').signers.splice(1);
      repository.publish('root');
    },
  ],
  [
    'with a timestamp by another key',
    (repository) => {
      repository.role('timestamp').signers = [...repository.role('snapshot').signers];
      repository.release();
    },
  ],
  [
    'whose timestamp has expired',
    (repository) => {
      repository.role('timestamp').signed['expires'] = '2020-01-01T00:00:00Z';
      repository.release();
    },
  ],
  [
    'with the snapshot of another version',
    (repository) => {
      repository.release();
      repository.files.set('3.snapshot.json', repository.files.get('2.snapshot.json') as Uint8Array);
    },
  ],
  [
    'with another target',
    (repository) => {
      for (const name of repository.files.keys()) {
        if (name.startsWith('targets/')) repository.files.set(name, encodeUtf8('WHAT ALL CLIENTS READ'));
      }
    },
  ],
];

describe.each<[string, Read]>([
  ['Keywax', readWithKeywax],
  ['tuf-js', readWithTufJs],
])('%s', (_, read) => {
  test.each(REPOSITORIES)('reads a repository %s', async (__, make) => {
    const [repository, path] = make();
    expect(await read(repository.root(), await serveFiles(repository.files), path)).toEqual(CONTENT);
  });

  test.each(BROKEN)('does not read a repository %s', async (__, spoil) => {
    const [repository, path] = makeRepository({});
    spoil(repository);
    await expect(read(repository.root(), await serveFiles(repository.files), path)).rejects.toThrow();
  });
});

describePython('python-tuf', () => {
  test.each(REPOSITORIES)('reads a repository %s', async (_, make) => {
    const [repository, path] = make();
    expect(await readWithPython(repository.root(), await serveFiles(repository.files), path)).toEqual(CONTENT);
  });

  test.each(BROKEN)('does not read a repository %s', async (_, spoil) => {
    const [repository, path] = makeRepository({});
    spoil(repository);
    await expect(readWithPython(repository.root(), await serveFiles(repository.files), path)).rejects.toThrow();
  });

  test.each([
    ['plain', 'plain'],
    ['dir/binned', 'binned'],
  ])('makes a repository whose target %s Keywax reads', async (path, content) => {
    const files = await writeWithPython();
    const root = files.get('1.root.json') as Uint8Array;
    const url = await serveFiles(files);
    expect(await readWithPython(root, url, path)).toEqual(encodeUtf8(content));
    expect(await readWithKeywax(root, url, path)).toEqual(encodeUtf8(content));
  });
});
