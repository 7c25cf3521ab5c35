// SPDX-License-Identifier: Apache-2.0
// A body that is sent as it is read.

import { KeywaxError } from '@keywax/core/errors';

/** A body that is sent as it is read, once: such a request is not tried again. */
export interface BodyStream {
  /** In bytes, sent ahead as `Content-Length`. */
  readonly size: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** A body to send, and what became of it. */
export interface BodySource {
  /** In bytes. */
  readonly size: number;
  /** Can be read once. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What its reader threw, which hosts report as a failure of theirs. */
  failure(): unknown;
  /** True once it was read to its end. */
  isSent(): boolean;
}

/** Makes a stream of the web from chunks, which have to be as many bytes as was said. */
export function openBodySource({ size, chunks }: BodyStream): BodySource {
  const iterator = countChunks(chunks, size);
  let failure: unknown;
  let sent = false;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { done, value } = await iterator.next();
        if (done !== true) return controller.enqueue(value);
        sent = true;
        controller.close();
      } catch (error) {
        failure = error;
        controller.error(error);
      }
    },
    async cancel() {
      await iterator.return(undefined);
    },
  });
  return { size, stream, failure: () => failure, isSent: () => sent };
}

async function* countChunks(
  chunks: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined, undefined> {
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > size) throw wrongSize(size);
    // A host may keep the chunk after its owner has filled it anew.
    if (chunk.length > 0) yield new Uint8Array(chunk);
  }
  if (length !== size) throw wrongSize(size);
  return undefined;
}

function wrongSize(size: number): KeywaxError<'CONFIG_INVALID'> {
  const expected = `a body of ${size} bytes`;
  return new KeywaxError('CONFIG_INVALID', `request: expected ${expected}`, { details: { expected } });
}
