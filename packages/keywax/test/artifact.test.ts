// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type ArtifactStream, digestArtifact } from '../src/index.js';
import { refusalOf } from './refusal.js';

const PIECES = [new Uint8Array(70_000).fill(7), new Uint8Array(0), new TextEncoder().encode('the end')];
const WHOLE = Buffer.concat(PIECES);

async function* iterate(...pieces: readonly unknown[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield piece as Uint8Array;
}

/** A source that never ends, and says when nobody listens any more. */
function endless(onCancel: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(1_024)),
    cancel: onCancel,
  });
}

describe('digests of artifacts', () => {
  const forms: readonly (readonly [string, () => Uint8Array | ArtifactStream])[] = [
    ['bytes', () => WHOLE],
    ['a stream of the web', () => Readable.toWeb(Readable.from(PIECES)) as ReadableStream<Uint8Array>],
    ['a stream of Node', () => Readable.from(PIECES)],
    ['an iterator', () => iterate(...PIECES)],
    ['a blob', () => new Blob(PIECES)],
  ];

  test.each(forms)('%s', async (_, artifact) => {
    const digests = await digestArtifact(artifact(), { algorithms: ['sha256', 'sha384', 'sha512'] });
    for (const [name, digest] of Object.entries(digests))
      expect(Buffer.from(digest)).toEqual(createHash(name).update(WHOLE).digest());
    expect(Object.keys(digests)).toEqual(['sha256', 'sha384', 'sha512']);
  });

  test('SHA-256 unless others are named', async () => {
    expect(Object.keys(await digestArtifact(WHOLE))).toEqual(['sha256']);
  });

  test('of nothing at all', async () => {
    const { sha256 } = await digestArtifact(iterate());
    expect(Buffer.from(sha256 ?? []).toString('hex')).toBe(createHash('sha256').digest('hex'));
  });
});

describe('streams that go wrong', () => {
  test.each([
    ['text', 'text'],
    ['an array', [1, 2]],
    ['a bare buffer', new ArrayBuffer(2)],
  ])('%s in place of bytes is the fault of the caller', async (_, chunk) => {
    expect(await refusalOf(() => digestArtifact(iterate(chunk)))).toBe('CONFIG_INVALID');
  });

  test('a source that fails is an error with its cause', async () => {
    const cause = new Error('disk on fire');
    const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(cause) });
    await expect(digestArtifact(broken)).rejects.toMatchObject({ code: 'FILE_FAILED', cause });
  });

  test('a stream that has been read is an error', async () => {
    const stream = new Blob(['x']).stream();
    await digestArtifact(stream);
    expect(await refusalOf(async () => digestArtifact(stream))).toBe('FILE_FAILED');
  });

  test('a signal stops the reading, and the source learns of it', async () => {
    const controller = new AbortController();
    let cancelled = false;
    const reading = digestArtifact(
      endless(() => (cancelled = true)),
      { signal: controller.signal },
    );
    controller.abort(new Error('enough'));
    await expect(reading).rejects.toMatchObject({ code: 'OPERATION_ABORTED', cause: new Error('enough') });
    expect(cancelled).toBe(true);
  });
});
