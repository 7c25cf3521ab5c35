// SPDX-License-Identifier: Apache-2.0
// What is measured: bundles of each kind, made in memory by the lab, so that the figures can be had anywhere. No two are
// the same, so that what a verifier remembers of one does not help it with another.

import { encodeUtf8 } from '@keywax/core/bytes';
import { type BundleRequest, type Lab, createLab, personaIdentity } from '@keywax/stack/lab';

/** A bundle as text, and what it takes to verify it. */
export interface Fixture {
  readonly bundle: string;
  readonly artifact: Uint8Array;
}

/** Distinct bundles of one kind. */
export interface FixtureSet {
  readonly name: string;
  readonly fixtures: readonly Fixture[];
  /** SPKI of the managed key that signed them all, for bundles without a certificate. */
  readonly key?: Uint8Array;
}

/** Bundles of one instance, with its trusted root as text. */
export interface Fixtures {
  readonly trustedRoot: string;
  readonly sets: readonly FixtureSet[];
}

const LOG_ENTRIES = 65_535; // proofs of about 16 hashes
const IDENTITY = personaIdentity('github'); // a workflow, with all the extensions that package managers check
const ARTIFACT = encodeUtf8('an artifact of a few bytes\n');

/** Makes `count` bundles of each kind. */
export async function makeFixtures(count: number): Promise<Fixtures> {
  const lab = await createLab({ earlierEntries: LOG_ENTRIES });
  const v1 = { logs: 'v1', steps: { timestamps: () => [] } } as const;
  const { key } = await lab.makeBundle({ ...v1, content: 'message', managedKey: true });
  return {
    trustedRoot: JSON.stringify(lab.trustedRoot()),
    sets: [
      await makeSet(lab, count, ['message, Rekor v1', { ...v1, content: 'message' }]),
      await makeSet(lab, count, ['DSSE, Rekor v1', { ...v1, content: 'dsse' }]),
      await makeSet(lab, count, ['message, Rekor v2 + TSA', { logs: 'v2', content: 'message' }]),
      {
        ...(await makeSet(lab, count, ['managed key, Rekor v1', { ...v1, content: 'message', managedKey: true, key }])),
        key: key.spki,
      },
    ],
  };
}

async function makeSet(
  lab: Lab,
  count: number,
  [name, request]: readonly [string, BundleRequest],
): Promise<FixtureSet> {
  const fixtures: Fixture[] = [];
  for (let i = 0; i < count; i++) {
    const { bundle } = await lab.makeBundle({ ...request, artifact: ARTIFACT, identity: IDENTITY });
    fixtures.push({ bundle: JSON.stringify(bundle), artifact: ARTIFACT });
  }
  return { name, fixtures };
}
