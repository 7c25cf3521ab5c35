// SPDX-License-Identifier: Apache-2.0
// A log holds each body once, also where two requests with it arrive together.

import { encodeHex } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { hashLeaf } from '@keywax/core/merkle';
import type { Log } from '../log/log.js';

/** Where a body is in the log, and whether this request put it there. */
export interface Insertion {
  readonly index: number;
  readonly isNew: boolean;
}

/** Adds a body unless the log holds it. `append` writes it and resolves to its index. */
export type InsertOnce = (body: Uint8Array, append: () => Promise<number>) => Promise<Insertion>;

/** The hash of the leaf for a body, as hex. */
export function hashBody(body: Uint8Array): string {
  return encodeHex(hashLeaf((...pieces) => hash('sha256', ...pieces), body));
}

/** Remembers what is being written to a log. */
export function createInsertOnce(log: Log): InsertOnce {
  const writing = new Map<string, Promise<number>>();
  return async (body, append) => {
    const leafHash = hashBody(body);
    const present = log.find(leafHash) ?? writing.get(leafHash);
    if (present !== undefined) return { index: await present, isNew: false };
    const write = append().finally(() => writing.delete(leafHash));
    writing.set(leafHash, write);
    return { index: await write, isNew: true };
  };
}
