// SPDX-License-Identifier: Apache-2.0
// An instance in memory for tests that forge evidence, its roots included.

import { encodeUtf8 } from '@keywax/core/bytes';
import {
  type Instance,
  type InstanceOptions,
  type InstanceRoots,
  type MaterialOptions,
  createMaterial,
  createMemoryStores,
  openInstance,
} from '../instance.js';
import { type BundleRequest, type MadeBundle, makeBundle } from './make-bundle.js';

/** An instance with everything that it takes to forge its evidence. */
export interface Lab extends Instance {
  /** The roots above Fulcio and the timestamp authority, with their keys. */
  readonly roots: InstanceRoots;
  /** Makes a good bundle, or with steps replaced a bad one. */
  makeBundle(request: BundleRequest): Promise<MadeBundle>;
}

/** How a lab is set up. */
export interface LabOptions extends Partial<InstanceOptions>, MaterialOptions {
  /** Entries that each log holds from the beginning (default 5), so that proofs are not empty. */
  readonly earlierEntries?: number;
}

/** Sets up a lab. Two labs know nothing of each other: one is the other's untrusted instance. */
export async function createLab(options: LabOptions = {}): Promise<Lab> {
  const { now = () => new Date(), earlierEntries = 5 } = options;
  const { material, roots } = await createMaterial(now(), options);
  const instance = openInstance(material, createMemoryStores(), { ...options, now });
  for (let i = 0; i < earlierEntries; i++) {
    const body = encodeUtf8(`{"apiVersion":"0.0.1","kind":"earlier","spec":{"number":${i}}}`);
    await instance.rekorV1.append(body);
    await instance.rekorV2.append(body);
  }
  return { ...instance, roots, makeBundle: (request) => makeBundle(instance, request) };
}
