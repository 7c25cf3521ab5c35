// SPDX-License-Identifier: Apache-2.0
// The entry `@keywax/stack/oci-registry`.

export type { OciRegistryAuth } from './oci-registry/access.js';
export {
  type OciRegistry,
  type OciRegistryOptions,
  type OciRegistryRequest,
  startOciRegistry,
} from './oci-registry/registry.js';
export type { Interceptor, TlsOptions } from './serve.js';
