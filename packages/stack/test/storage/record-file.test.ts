// SPDX-License-Identifier: Apache-2.0

import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeUtf8 } from '@keywax/core/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openRecordFile } from '../../src/storage/record-file.js';
import { createFolder } from '../folder.js';

const HEADER_BYTES = 12;

async function readAll(path: string): Promise<readonly Uint8Array[]> {
  const file = await openRecordFile(path);
  await file.close();
  return file.records;
}

async function writeAll(path: string, records: readonly Uint8Array[]): Promise<void> {
  const file = await openRecordFile(path);
  await Promise.all(records.map((record) => file.append(record)));
  await file.close();
}

describe('a file of records', () => {
  test('holds what was appended, in order, over several openings', async () => {
    const path = join(createFolder(), 'records');
    await writeAll(path, [encodeUtf8('a'), new Uint8Array(), encodeUtf8('ccc')]);
    await writeAll(path, [encodeUtf8('d')]);
    expect(await readAll(path)).toEqual([encodeUtf8('a'), new Uint8Array(), encodeUtf8('ccc'), encodeUtf8('d')]);
  });

  test('cut anywhere gives the complete records before the cut, and takes new ones', async () => {
    const path = join(createFolder(), 'records');
    const records = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(records, fc.nat(), async (payloads, random) => {
        writeFileSync(path, '');
        await writeAll(path, payloads);
        const cut = random % (readFileSync(path).length + 1);
        truncateSync(path, cut);
        const kept: Uint8Array[] = [];
        let end = 0;
        for (const payload of payloads) {
          end += HEADER_BYTES + payload.length;
          if (end <= cut) kept.push(payload);
        }
        expect(await readAll(path)).toEqual(kept);
        await writeAll(path, [encodeUtf8('next')]);
        expect(await readAll(path)).toEqual([...kept, encodeUtf8('next')]);
      }),
      { numRuns: 60 },
    );
  });

  test('whose end the system filled with zeros drops them', async () => {
    const path = join(createFolder(), 'records');
    await writeAll(path, [encodeUtf8('a')]);
    appendFileSync(path, new Uint8Array(100));
    expect(await readAll(path)).toEqual([encodeUtf8('a')]);
  });

  test('with a damaged record that others follow is refused and left as it is', async () => {
    const path = join(createFolder(), 'records');
    await writeAll(path, [encodeUtf8('first'), encodeUtf8('second')]);
    for (const offset of [0, 5, 9, HEADER_BYTES]) {
      const content = readFileSync(path);
      const damaged = Buffer.from(content);
      damaged[offset] = (damaged[offset] ?? 0) ^ 1;
      writeFileSync(path, damaged);
      await expect(openRecordFile(path)).rejects.toMatchObject({ code: 'FILE_FAILED' });
      expect(readFileSync(path)).toEqual(damaged);
      writeFileSync(path, content);
    }
  });

  test('stops taking records once a write has failed', async () => {
    const file = await openRecordFile(join(createFolder(), 'records'));
    await file.append(encodeUtf8('a'));
    await file.close();
    await expect(file.append(encodeUtf8('b'))).rejects.toMatchObject({ code: 'FILE_FAILED' });
    await expect(file.append(encodeUtf8('c'))).rejects.toMatchObject({ code: 'FILE_FAILED' });
  });
});
