// SPDX-License-Identifier: Apache-2.0
// A TUF snapshot of many entries: what a refresh pays for it, beside what the host pays to parse and hash the same text.

import { createHash } from 'node:crypto';
import { createTufRepository } from '@keywax/stack/tuf';
import { createMemoryStore, createTufClient } from '@keywax/tuf';
import { type Latency, timeInTurns } from './latency.ts';

/** Milliseconds for one snapshot. */
export interface SnapshotCost {
  readonly entries: number;
  readonly bytes: number;
  /** A refresh with the snapshot, less one with an empty snapshot. */
  readonly refreshMs: number;
  /** `JSON.parse` and one SHA-256. */
  readonly leastMs: number;
}

/** Measures refreshes from memory with snapshots of each size. */
export async function measureSnapshots(sizes: readonly number[]): Promise<readonly SnapshotCost[]> {
  const empty = makeRepository(0);
  const costs: SnapshotCost[] = [];
  for (const entries of sizes) {
    const full = makeRepository(entries);
    const text = new TextDecoder().decode(full.snapshot);
    const least = (): unknown => [JSON.parse(text), createHash('sha256').update(full.snapshot).digest()];
    const [withEntries, without, host] = (await timeInTurns([full.refresh, empty.refresh, least], {
      inputs: Array.from({ length: 18 }, () => undefined),
      warmUp: 3,
    })) as [Latency, Latency, Latency];
    costs.push({
      entries,
      bytes: full.snapshot.length,
      refreshMs: withEntries.median - without.median,
      leastMs: host.median,
    });
  }
  return costs;
}

function makeRepository(entries: number): { readonly snapshot: Uint8Array; readonly refresh: () => Promise<unknown> } {
  const repository = createTufRepository({ now: () => new Date() });
  const meta = repository.role('snapshot').signed['meta'] as Record<string, { version: number }>;
  for (let i = 0; i < entries; i++) meta[`a-role-that-somebody-delegated-to/number-${i}-of-many.json`] = { version: 1 };
  repository.publish('snapshot', 'timestamp');
  const { files } = repository;
  const fetch = async (url: string) => {
    const content = files.get(new URL(url).pathname.slice(1));
    return {
      status: content === undefined ? 404 : 200,
      headers: new Headers(),
      body: new Response(new Uint8Array(content ?? [])).body,
    };
  };
  const refresh = (): Promise<unknown> =>
    createTufClient({
      mirrorUrl: 'https://tuf.example',
      trustedRoot: repository.root(),
      store: createMemoryStore(),
      now: () => new Date(),
      transport: { fetch },
    }).refresh();
  return { snapshot: files.get('2.snapshot.json') ?? new Uint8Array(), refresh };
}
