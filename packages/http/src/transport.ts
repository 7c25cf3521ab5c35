// SPDX-License-Identifier: Apache-2.0
// What the caller may say about the network, and the part of `fetch` that this package needs.

/** What is handed to a `fetch` beside the URL. */
export interface FetchInit {
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** A stream comes with its length in the headers. */
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Beside a stream: hosts take no other. */
  readonly duplex?: 'half';
  /** Redirects are decided here, never by the host. */
  readonly redirect: 'manual';
  readonly cache?: 'no-store';
  readonly credentials?: 'omit';
  readonly referrerPolicy?: 'no-referrer';
  readonly signal: AbortSignal;
}

/** The body of an answer: a stream of the web, or anything that can be iterated. */
export type FetchBody = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** What a `fetch` resolves to. */
export interface FetchResponse {
  readonly status: number;
  readonly headers: { forEach(visit: (value: string, name: string) => void): void };
  readonly body: FetchBody | null;
}

/** The `fetch` of the host, or one of the same shape. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>;

/** Waits `ms` milliseconds, or less once the signal fires. */
export type Delay = (ms: number, signal: AbortSignal) => Promise<void>;

/** How a client reaches its service; every client takes one. */
export interface Transport {
  /** On Node make-fetch-happen unless given, elsewhere the `fetch` of the host. */
  readonly fetch?: Fetch;
  readonly signal?: AbortSignal;
  /** Deadline of a whole request with its retries; 120,000 unless given. */
  readonly timeoutMs?: number;
  /** From the start of an attempt to the headers of the answer; 30,000 unless given. */
  readonly responseTimeoutMs?: number;
  /** Further attempts after the first; 3 unless given. */
  readonly retries?: number;
  /**
   * Allows plain http to the loopback interface, for services on the same machine, or, where the user asked for it and
   * everything that is read is checked against a digest or signature, to `any` host.
   */
  readonly allowHttp?: 'loopback' | 'any';
  /** Waits between attempts, in place of the timers of the host. */
  readonly delay?: Delay;
}
