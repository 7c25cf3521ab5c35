// SPDX-License-Identifier: Apache-2.0
// From what an audit proved to the identity lock of the project, and what that changes of the one before.

import { compareText } from '../lock-file/locked-package.js';
import { type FoundIdentity, type SignerChange, compareIdentity } from './compare.js';
import type { IdentityLock, LockedIdentity } from './identity-lock.js';
import type { PackageSigner } from './package-signer.js';

/** A version of a package of the project, and its signer where its provenance holds. */
export interface ObservedIdentity extends FoundIdentity {
  readonly name: string;
  /** False where nothing could be learned: then what was recorded stays. */
  readonly isKnown: boolean;
}

/** What an update does to the record of one package. */
export interface LockUpdate {
  readonly name: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** From the recorded signer to the present one; empty for what is added or removed. */
  readonly changes: readonly SignerChange[];
  readonly before: readonly PackageSigner[];
  readonly after: readonly PackageSigner[];
}

/** A new identity lock, and how it differs. */
export interface UpdatedLock {
  readonly lock: IdentityLock;
  readonly updates: readonly LockUpdate[];
}

/** Records who signs the packages of the project now; packages that are no longer in it are left out. */
export function updateIdentityLock(previous: IdentityLock, observed: readonly ObservedIdentity[]): UpdatedLock {
  const byName = new Map<string, ObservedIdentity[]>();
  for (const identity of observed) byName.set(identity.name, [...(byName.get(identity.name) ?? []), identity]);
  const lock = new Map<string, LockedIdentity>();
  for (const [name, versions] of byName) {
    const record = recordIdentity(previous.get(name), versions);
    if (record !== undefined) lock.set(name, record);
  }
  const names = [...new Set([...previous.keys(), ...lock.keys()])].sort(compareText);
  return { lock, updates: names.flatMap((name) => describeUpdate(name, previous.get(name), { lock, byName })) };
}

function recordIdentity(
  previous: LockedIdentity | undefined,
  versions: readonly ObservedIdentity[],
): LockedIdentity | undefined {
  const kept = versions.every(({ isKnown }) => isKnown) ? undefined : previous;
  const signers = [...versions.flatMap(({ signer }) => signer ?? []), ...(kept?.signers ?? [])];
  if (signers.length === 0) return undefined;
  const without = versions.filter(({ isKnown, signer }) => isKnown && signer === undefined);
  return {
    signers: distinct(signers),
    withoutProvenance: [...without.map(({ version }) => version), ...(kept?.withoutProvenance ?? [])],
  };
}

function distinct(signers: readonly PackageSigner[]): readonly PackageSigner[] {
  return [...new Map(signers.map((signer) => [JSON.stringify(signer), signer])).values()];
}

interface Outcome {
  readonly lock: IdentityLock;
  readonly byName: ReadonlyMap<string, readonly ObservedIdentity[]>;
}

function describeUpdate(
  name: string,
  previous: LockedIdentity | undefined,
  { lock, byName }: Outcome,
): readonly LockUpdate[] {
  const present = lock.get(name);
  const [before, after] = [previous?.signers ?? [], present?.signers ?? []];
  if (previous === undefined) return [{ name, kind: 'added', changes: [], before, after }];
  const changes = (byName.get(name) ?? [])
    .filter(({ isKnown }) => isKnown)
    .flatMap((found) => compareIdentity(previous, found));
  if (present === undefined) return [{ name, kind: 'removed', changes, before, after }];
  return isSame(previous, present) ? [] : [{ name, kind: 'changed', changes: distinctChanges(changes), before, after }];
}

function distinctChanges(changes: readonly SignerChange[]): readonly SignerChange[] {
  return [...new Map(changes.map((change) => [JSON.stringify(change), change])).values()];
}

function isSame(a: LockedIdentity, b: LockedIdentity): boolean {
  const texts = (identity: LockedIdentity): string =>
    JSON.stringify([
      identity.signers.map((signer) => JSON.stringify(signer)).sort(compareText),
      [...new Set(identity.withoutProvenance)].sort(compareText),
    ]);
  return texts(a) === texts(b);
}
