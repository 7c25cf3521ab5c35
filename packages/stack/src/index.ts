// SPDX-License-Identifier: Apache-2.0

export type { Interceptor } from './serve.js';
export {
  type RekorOptions,
  type ServiceName,
  type Stack,
  type StackOptions,
  type StackUrls,
  startStack,
} from './stack.js';
export type { IssuerKind } from './fulcio/identity.js';
export type { KeyKind } from './keys.js';
export type { TokenRequest } from './oidc/issuer.js';
export { TUF_ATTACKS, type TufAttack } from './tuf/attacks.js';
export type { StackTuf, TufChanges } from './tuf/service.js';
export type {
  ClientTrustConfigJson,
  RekorChoice,
  ServiceJson,
  ServiceUrls,
  SigningConfigJson,
  TrustedAuthorityJson,
  TrustedLogJson,
  TrustedRootJson,
} from './trust-documents.js';
