// SPDX-License-Identifier: Apache-2.0
// A trusted root made ready for many verifications: tables by key id and by certificate. Keys are imported, and chains
// between trusted certificates settled, on first use, and kept with it.

import { encodeHex } from '@keywax/core/bytes';
import type { CryptoProvider } from '@keywax/core/crypto';
import type { TransparencyLog, TrustedRoot } from '@keywax/trust';

/** Bound of remembered signatures: enough for the checkpoints of a large batch, small enough to forget. */
const MAX_REMEMBERED = 256;

/** A trusted root with the tables that verification looks things up in. Made by `prepareTrust`. */
export interface PreparedTrust {
  readonly root: TrustedRoot;
  /** Transparency logs by hex of the full key id; several where logs share a key. */
  readonly logs: ReadonlyMap<string, readonly TransparencyLog[]>;
  /** Certificate logs by hex of the key id. */
  readonly ctLogs: ReadonlyMap<string, readonly TransparencyLog[]>;
  /** What held once and need not be checked again under this trust root, as one provider found it. */
  readonly settledBy: (provider: CryptoProvider) => SettledSignatures;
}

/** Remembers signatures that held: those between trusted certificates for good, recurring ones up to a bound. */
export interface SettledSignatures {
  has(constant: object | undefined, recurring: string | undefined): boolean;
  add(constant: object | undefined, recurring: string | undefined): void;
}

const prepared = new WeakSet<object>();

/** Prepares a trusted root. Pure and synchronous; do it once and reuse it for all bundles. */
export function prepareTrust(root: TrustedRoot): PreparedTrust {
  const trust: PreparedTrust = Object.freeze({
    root,
    logs: groupBy(root.logs, (log) =>
      [log.logId, ...(log.checkpointKeyId?.length === 32 ? [log.checkpointKeyId] : [])].map(encodeHex),
    ),
    ctLogs: groupBy(root.ctLogs, (log) => [encodeHex(log.logId)]),
    settledBy: rememberApart(),
  });
  prepared.add(trust);
  return trust;
}

/** True for values that `prepareTrust` made. */
export function isPreparedTrust(value: unknown): value is PreparedTrust {
  return typeof value === 'object' && value !== null && prepared.has(value);
}

function groupBy<T>(items: readonly T[], keysOf: (item: T) => readonly string[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    for (const key of new Set(keysOf(item))) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [item]);
      else group.push(item);
    }
  }
  return groups;
}

/** A memory for each provider: what one of them says convinces no other. */
function rememberApart(): PreparedTrust['settledBy'] {
  const memories = new WeakMap<CryptoProvider, SettledSignatures>();
  return (provider) => {
    const memory = memories.get(provider) ?? createSettledSignatures();
    memories.set(provider, memory);
    return memory;
  };
}

function createSettledSignatures(): SettledSignatures {
  const constants = new WeakSet<object>();
  const recurrent = new Set<string>();
  return {
    has: (constant, recurring) =>
      (constant !== undefined && constants.has(constant)) || (recurring !== undefined && recurrent.has(recurring)),
    add(constant, recurring) {
      if (constant !== undefined) constants.add(constant);
      if (recurring === undefined) return;
      const [oldest] = recurrent;
      if (recurrent.size >= MAX_REMEMBERED && oldest !== undefined) recurrent.delete(oldest);
      recurrent.add(recurring);
    },
  };
}
