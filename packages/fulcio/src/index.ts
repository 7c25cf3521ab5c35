// SPDX-License-Identifier: Apache-2.0

export type { ExpectedSubject, IssuedCertificate } from './answer.js';
export { requestCertificate } from './certificate.js';
export type { CertificateRequest, CertificateSubject, CertificateToken } from './certificate.js';
export { fetchConfiguration, fetchTrustBundle, selectIssuer } from './configuration.js';
export type { IssuerConfiguration } from './configuration.js';
export { type CertificateKey, encodeSigningRequest } from './csr.js';
