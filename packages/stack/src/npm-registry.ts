// SPDX-License-Identifier: Apache-2.0
// The entry `@keywax/stack/npm-registry`: an npm registry on loopback.

export type { Interceptor } from './serve.js';
export type { ServedAttestation, ServedDist, ServedManifest, ServedVersion } from './npm-registry/documents.js';
export type { SignatureChoice } from './npm-registry/publication.js';
export { PUBLISH_PREDICATE_TYPE, type PublishStatement } from './npm-registry/publish-attestation.js';
export type { NpmKeysJson, NpmKeysTargetJson } from './npm-registry/registry-key.js';
export {
  type NpmPackage,
  type NpmRegistry,
  type NpmRegistryOptions,
  type PublishedPackage,
  startNpmRegistry,
} from './npm-registry/registry.js';
export type { NpmRequest } from './npm-registry/routes.js';
export { packTarball } from './npm-registry/tarball.js';
