// SPDX-License-Identifier: Apache-2.0
// The part of npm-registry-fetch that is used; it ships no types.

declare module 'npm-registry-fetch' {
  interface Auth {
    readonly token: string | null;
    readonly auth: string | null;
  }
  interface RegistryFetch {
    /** The registry of a package, by its scope or the default one. */
    pickRegistry(spec: string, options: object): string;
    /** The credential whose key is the longest prefix of a URL without its scheme. */
    getAuth(uri: string, options: object): Auth;
  }
  const registryFetch: RegistryFetch;
  export default registryFetch;
}
