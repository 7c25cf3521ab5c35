// SPDX-License-Identifier: Apache-2.0
// An answer whose body is read as it arrives.

import type { OpenAnswer, TakeAnswer } from './attempt.js';
import { readChunks } from './body.js';
import type { Call } from './call.js';
import type { Deadline } from './deadline.js';
import { classifyFailure } from './failure.js';

/** An answer with an expected status, and a body that is still to be read. */
export interface HttpStream {
  /** After redirects. */
  readonly url: string;
  readonly status: number;
  /** Names in lower case; cookies are left out. */
  readonly headers: ReadonlyMap<string, string>;
  /** Can be read once. Ending the loop early closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Closes the connection of a body that is not read. */
  close(): void;
}

/** Hands on an answer; from here its reader ends the deadline. */
export const takeStream: TakeAnswer<HttpStream> = (call, answer, deadline) => {
  const stop = (): void => {
    answer.close();
    deadline.end();
  };
  // A body that nobody reads does not outlive the deadline.
  deadline.signal.addEventListener('abort', answer.close);
  return Object.freeze({
    url: call.url.href,
    status: answer.status,
    headers: answer.headers,
    body: readAnswerBody(call, answer, { deadline, stop }),
    close: stop,
  });
};

async function* readAnswerBody(
  call: Call,
  answer: OpenAnswer,
  { deadline, stop }: { readonly deadline: Deadline; readonly stop: () => void },
): AsyncGenerator<Uint8Array, void, undefined> {
  let complete = false;
  try {
    yield* readChunks(answer.body, call, deadline);
    complete = true;
  } catch (thrown) {
    if (deadline.signal.aborted) throw deadline.failure();
    throw classifyFailure(thrown, call.what, call.secrets).error;
  } finally {
    // The connection of a body that was read to its end is left for the next request.
    if (complete) deadline.end();
    else stop();
  }
}
