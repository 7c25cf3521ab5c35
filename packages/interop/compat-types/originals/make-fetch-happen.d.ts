// SPDX-License-Identifier: Apache-2.0
// `@sigstore/oci` declares its options by types of a package that it does not install; callers who do have these.

declare module 'make-fetch-happen' {
  export interface FetchOptions {
    method?: string | undefined;
    proxy?: string | URL | undefined;
    noProxy?: string | string[] | undefined;
    retry?:
      | boolean
      | number
      | { retries?: number; factor?: number; minTimeout?: number; maxTimeout?: number }
      | undefined;
    timeout?: number | undefined;
  }
  export default function fetch(url: string, options?: FetchOptions): Promise<{ readonly status: number }>;
}
