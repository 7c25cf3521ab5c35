// SPDX-License-Identifier: Apache-2.0

export { AMBIENT_PROVIDERS, type AmbientProvider, requestAmbientToken } from './ambient.js';
export type { AmbientRequest, Environment } from './environment.js';
export { detectIdentityToken, provideAmbientToken, provideToken } from './provider.js';
export type { IdentityOptions, IdentityProvider } from './provider.js';
export { readSubject } from './subject.js';
export type { SubjectRule, TokenSubject } from './subject.js';
export { SIGSTORE_AUDIENCE, checkIdentityToken, parseIdentityToken } from './token.js';
export type { IdentityToken, TokenUse } from './token.js';
