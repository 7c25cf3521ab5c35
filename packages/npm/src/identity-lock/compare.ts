// SPDX-License-Identifier: Apache-2.0
// A package as it is, against what was recorded of it. A new version, ref, commit or run is no change.

import type { LockedIdentity } from './identity-lock.js';
import { type PackageSigner, SIGNER_MEMBERS, locateSigner } from './package-signer.js';

/** One fact that is not what was recorded. */
export interface SignerChange {
  /** `name` where another package is installed under the name of the recorded one. */
  readonly member: keyof PackageSigner | 'provenance' | 'name';
  /** Absent for what is new. */
  readonly recorded?: string;
  /** Absent for what is gone. */
  readonly found?: string;
}

/** What a package is compared as: its version, and its signer where it has provenance. */
export interface FoundIdentity {
  readonly version: string;
  readonly signer?: PackageSigner | undefined;
}

/**
 * What has changed; nothing where one of the recorded signers made the package. Against several of them, the changes are
 * those from the nearest one.
 */
export function compareIdentity(recorded: LockedIdentity, { version, signer }: FoundIdentity): readonly SignerChange[] {
  if (signer === undefined) {
    if (recorded.withoutProvenance?.includes(version) === true) return [];
    return [{ member: 'provenance', recorded: describeShort(recorded.signers[0]) }];
  }
  const [nearest = []] = recorded.signers
    .map((known) => compareSigner(known, signer))
    .sort((a, b) => a.length - b.length);
  return nearest;
}

/**
 * Each recorded member that is another one now, or gone. What was not proven then and is now does not weaken anything.
 */
export function compareSigner(recorded: PackageSigner, found: PackageSigner): readonly SignerChange[] {
  const [before, now] = [expand(recorded), expand(found)];
  const changes = SIGNER_MEMBERS.flatMap((member): SignerChange[] => {
    const [then, present] = [before[member], now[member]];
    if (then === undefined || then === present) return [];
    return [{ member, recorded: then, ...(present === undefined ? {} : { found: present }) }];
  });
  // Where the signer is the workflow, its change is told once.
  const isTold = changes.some(({ member }) => member === 'workflow' || member === 'repository');
  const isImplied = recorded.signer === undefined && found.signer === undefined && isTold;
  return isImplied ? changes.filter(({ member }) => member !== 'signer') : changes;
}

function expand(signer: PackageSigner): PackageSigner {
  const located = locateSigner(signer);
  return located === undefined ? signer : { ...signer, signer: located };
}

function describeShort(signer: PackageSigner | undefined): string {
  return signer?.repository ?? signer?.signer ?? signer?.issuer ?? '';
}
