// SPDX-License-Identifier: Apache-2.0

export type {
  ClientTrustConfigJson,
  RekorChoice,
  ServiceJson,
  SigningConfigJson,
  TrustedAuthorityJson,
  TrustedLogJson,
  TrustedRootJson,
} from './trust-documents.js';
