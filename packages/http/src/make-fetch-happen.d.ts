// SPDX-License-Identifier: Apache-2.0
// The part of make-fetch-happen that is used; the package has no types.

declare module 'make-fetch-happen' {
  import type { FetchResponse } from './transport.js';

  export default function makeFetchHappen(
    url: string,
    options: Readonly<Record<string, unknown>>,
  ): Promise<FetchResponse>;
}
