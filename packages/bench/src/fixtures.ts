// SPDX-License-Identifier: Apache-2.0
// What is measured: bundles of each kind, made in memory by the lab, so that the figures can be had anywhere.

import { encodeUtf8 } from '@keywax/core/bytes';
import { createLab, personaIdentity } from '@keywax/stack/lab';

/** A bundle as text, and what it takes to verify it. */
export interface Fixture {
  readonly name: string;
  readonly bundle: string;
  readonly artifact: Uint8Array;
  /** SPKI of the managed key, for a bundle without a certificate. */
  readonly key?: Uint8Array;
}

/** Bundles of one instance, with its trusted root as text. */
export interface Fixtures {
  readonly trustedRoot: string;
  readonly fixtures: readonly Fixture[];
}

const LOG_ENTRIES = 65_535; // proofs of 16 hashes
const IDENTITY = personaIdentity('github'); // a workflow, with all the extensions that package managers check

/** Makes the bundles. */
export async function makeFixtures(): Promise<Fixtures> {
  const lab = await createLab({ earlierEntries: LOG_ENTRIES });
  const artifact = encodeUtf8('an artifact of a few bytes\n');
  const requests = [
    ['v0.3, message, Rekor v1', { content: 'message', logs: 'v1', steps: { timestamps: () => [] } }],
    ['v0.3, DSSE, Rekor v1', { content: 'dsse', logs: 'v1', steps: { timestamps: () => [] } }],
    ['v0.3, message, Rekor v2 + TSA', { content: 'message', logs: 'v2' }],
    [
      'v0.3, managed key, Rekor v1',
      { content: 'message', logs: 'v1', managedKey: true, steps: { timestamps: () => [] } },
    ],
  ] as const;
  const fixtures: Fixture[] = [];
  for (const [name, request] of requests) {
    const made = await lab.makeBundle({ ...request, artifact, identity: IDENTITY });
    fixtures.push({
      name,
      bundle: JSON.stringify(made.bundle),
      artifact,
      ...('managedKey' in request ? { key: made.key.spki } : {}),
    });
  }
  return { trustedRoot: JSON.stringify(lab.trustedRoot()), fixtures };
}
