// SPDX-License-Identifier: Apache-2.0
// The folder of an instance: its lock, its material, and a file of records for each log.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import type { InstanceStores } from '../instance.js';
import type { RecordStore } from '../log/log.js';
import { lockDirectory } from './lock.js';
import { type StoredMaterial, openMaterial, syncDirectory } from './material-file.js';
import { openRecordFile } from './record-file.js';

/** An open folder. */
export interface InstanceDirectory {
  readonly material: StoredMaterial;
  readonly stores: InstanceStores;
  close(): Promise<void>;
}

/** Opens the folder of an instance, which is made where it does not exist. @throws FILE_FAILED, INPUT_MALFORMED */
export async function openDirectory(
  directory: string,
  create: () => Promise<StoredMaterial>,
): Promise<InstanceDirectory> {
  const opened: RecordStore[] = [];
  let release: (() => Promise<void>) | undefined;
  const close = async (): Promise<void> => {
    for (const store of opened) await store.close();
    await release?.();
  };
  const openStore = async (name: string): Promise<RecordStore> => {
    const store = await openRecordFile(join(directory, name));
    opened.push(store);
    return store;
  };
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    release = await lockDirectory(directory);
    const material = await openMaterial(join(directory, 'material.json'), create);
    const stores = {
      ct: await openStore('ct.records'),
      rekorV1: await openStore('rekor-v1.records'),
      rekorV2: await openStore('rekor-v2.records'),
    };
    await syncDirectory(directory);
    return { material, stores, close };
  } catch (cause) {
    await close();
    if (isKeywaxError(cause)) throw cause;
    throw new KeywaxError('FILE_FAILED', `cannot open the folder ${directory}`, { cause });
  }
}
