// SPDX-License-Identifier: Apache-2.0
// By what the two sides of a TLS connection know each other: authorities, and certificates of clients.
// Refused: text without a certificate, certificates and keys that OpenSSL cannot read, and keys of another certificate.

import { X509Certificate } from 'node:crypto';
import * as tls from 'node:tls';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { parseServiceUrl } from './url.js';

/** Which servers are believed. */
export interface AuthorityOptions {
  /** PEM of the authorities that alone are believed, in place of those of the host. */
  readonly authorities?: string;
  /** PEM of authorities that are believed too: beside those of the host, or beside `authorities`. */
  readonly extraAuthorities?: string;
}

/** What a client shows to some servers. */
export interface ClientCertificate {
  /** Whom: requests to this URL, and to those below its path. */
  readonly url: string;
  /** PEM of the certificate, with those between it and its authority. */
  readonly certificate: string;
  /** PEM of its private key. */
  readonly key: string;
}

/** What a request shows, in the words of Node. */
export type ShownCertificate = { readonly cert: string; readonly key: string } | undefined;

/** Authorities, and the oldest version of TLS, in the words of Node. @throws CONFIG_INVALID */
export function readAuthorities({ authorities, extraAuthorities }: AuthorityOptions): tls.SecureContextOptions {
  const only = authorities === undefined ? undefined : readCertificates(authorities);
  const extra = extraAuthorities === undefined ? [] : readCertificates(extraAuthorities);
  const minVersion = 'TLSv1.2';
  if (only === undefined && extra.length === 0) return { minVersion };
  return { minVersion, ca: [...(only ?? listHostAuthorities()), ...extra] };
}

/** Those of Node and, where it can tell, of `NODE_EXTRA_CA_CERTS` and `--use-system-ca`. */
function listHostAuthorities(): readonly string[] {
  const { getCACertificates } = tls as Partial<typeof tls>; // from Node 22.15
  return getCACertificates?.('default') ?? tls.rootCertificates;
}

/** Files of authorities have names and comments around the certificates. OpenSSL would pass over what it cannot read. */
function readCertificates(pem: string): readonly string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    const certificates = blocks.map((block) => new X509Certificate(block));
    if (certificates.length > 0 && certificates.length === pem.split('-----BEGIN ').length - 1) return blocks;
  } catch {
    // A foreign message may hold what it cannot read.
  }
  throw new KeywaxError('CONFIG_INVALID', 'the authorities: expected certificates in PEM, and nothing else in PEM');
}

/** Chooses what a URL is shown: the certificate of the longest URL that it is below. @throws CONFIG_INVALID, NETWORK_POLICY */
export function readClientCertificates(list: readonly ClientCertificate[]): (target: URL) => ShownCertificate {
  const entries = list.map(({ url: text, certificate, key }) => {
    const url = parseServiceUrl(text);
    if (!isPair(certificate, key)) {
      const message = `the client certificate for ${quoteText(url.origin)}: expected a certificate and its key in PEM`;
      throw new KeywaxError('CONFIG_INVALID', message);
    }
    return { prefix: `${url.origin}${url.pathname.replace(/\/*$/, '/')}`, cert: certificate, key };
  });
  entries.sort((a, b) => b.prefix.length - a.prefix.length);
  return (target) => {
    const found = entries.find(({ prefix }) => `${target.origin}${target.pathname}/`.startsWith(prefix));
    return found === undefined ? undefined : { cert: found.cert, key: found.key };
  };
}

function isPair(cert: string, key: string): boolean {
  try {
    tls.createSecureContext({ cert, key, minVersion: 'TLSv1.2' });
    return cert.includes('-----BEGIN CERTIFICATE-----');
  } catch {
    return false; // a foreign message may hold what it cannot read
  }
}
