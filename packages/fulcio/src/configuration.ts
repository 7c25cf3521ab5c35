// SPDX-License-Identifier: Apache-2.0
// What an authority says of itself: the issuers whose tokens it accepts, and its chains.

import {
  type Decoder,
  arrayOf,
  decodeBoolean,
  decodeOpenObject,
  decodeString,
  transform,
  withDefault,
} from '@keywax/core/decode';
import { parseCertificate } from '@keywax/core/x509';
import { type Transport, joinServiceUrl, readAnswer, request } from '@keywax/http';
import { decodePemChain } from './answer.js';

/** An issuer whose tokens an authority accepts. Texts are empty where the authority does not say. */
export interface IssuerConfiguration {
  /** The issuer, or empty where there is a pattern. */
  readonly issuerUrl: string;
  /** A pattern in which `*` stands for letters, digits, hyphens and underscores. */
  readonly wildcardIssuerUrl: string;
  readonly audience: string;
  /** The claim that proof of possession is given over: `email` or `sub`. */
  readonly challengeClaim: string;
  readonly issuerType: string;
  readonly subjectDomain: string;
  readonly spiffeTrustDomain: string;
  readonly skipEmailVerification: boolean;
}

const MAX_ISSUERS = 1_024; // the public authority has about a hundred
const MAX_CHAINS = 64;
const MAX_ISSUER_CHARS = 2_048;

const text = withDefault(decodeString, '');

const decodeConfiguration: Decoder<{ readonly issuers: readonly IssuerConfiguration[] }> = decodeOpenObject<{
  issuers: readonly IssuerConfiguration[];
}>({
  issuers: arrayOf(
    decodeOpenObject<IssuerConfiguration>({
      issuerUrl: text,
      wildcardIssuerUrl: text,
      audience: text,
      challengeClaim: text,
      issuerType: text,
      subjectDomain: text,
      spiffeTrustDomain: text,
      skipEmailVerification: withDefault(decodeBoolean, false),
    }),
    MAX_ISSUERS,
  ),
});

/**
 * Fetches the issuers that an authority accepts (`GET /api/v2/configuration`).
 * @throws SERVICE_INVALID, INPUT_TOO_LARGE, and what the transport throws
 */
export async function fetchConfiguration(
  baseUrl: string,
  transport: Transport = {},
): Promise<readonly IssuerConfiguration[]> {
  return fetchJson(
    joinServiceUrl(baseUrl, '/api/v2/configuration', transport),
    transport,
    (value, at) => decodeConfiguration(value, at).issuers,
  );
}

const decodeTrustBundle: Decoder<readonly (readonly Uint8Array[])[]> = transform(
  decodeOpenObject<{ chains: readonly (readonly Uint8Array[])[] }>({ chains: arrayOf(decodePemChain, MAX_CHAINS) }),
  ({ chains }) => {
    for (const chain of chains) chain.forEach((der, i) => parseCertificate(der, `certificate ${i}`));
    return chains;
  },
);

/**
 * Fetches the chains of an authority, each from the issuing certificate to the root, as DER (`GET /api/v2/trustBundle`).
 * They are what the service says, and no reason to trust it.
 * @throws SERVICE_INVALID, INPUT_TOO_LARGE, and what the transport throws
 */
export async function fetchTrustBundle(
  baseUrl: string,
  transport: Transport = {},
): Promise<readonly (readonly Uint8Array[])[]> {
  return fetchJson(joinServiceUrl(baseUrl, '/api/v2/trustBundle', transport), transport, decodeTrustBundle);
}

async function fetchJson<T>(url: string, transport: Transport, decode: Decoder<T>): Promise<T> {
  const response = await request(url, { ...transport, accept: ['application/json'] });
  return readAnswer(`the certificate authority ${url}`, () => decode(response.json(), '$'));
}

/** The configuration of an issuer: the one that names it, or else one whose pattern matches it. */
export function selectIssuer(
  configuration: readonly IssuerConfiguration[],
  issuer: string,
): IssuerConfiguration | undefined {
  if (issuer === '' || issuer.length > MAX_ISSUER_CHARS) return undefined;
  return (
    configuration.find(({ issuerUrl }) => issuerUrl === issuer) ??
    configuration.find(({ wildcardIssuerUrl }) => wildcardIssuerUrl !== '' && matchWildcard(wildcardIssuerUrl, issuer))
  );
}

/** Matches a whole text, with the set of places that the pattern may have reached: linear in each of the two. */
function matchWildcard(pattern: string, value: string): boolean {
  if (pattern.length > MAX_ISSUER_CHARS) return false;
  let reached = new Set([0]);
  for (const symbol of pattern) {
    const next = new Set<number>();
    for (const place of reached) {
      if (symbol !== '*') {
        if (value[place] === symbol) next.add(place + 1);
        continue;
      }
      for (let i = place; /[-\w]/.test(value[i] ?? '') && !next.has(i + 1); i++) next.add(i + 1);
    }
    reached = next;
  }
  return reached.has(value.length);
}
