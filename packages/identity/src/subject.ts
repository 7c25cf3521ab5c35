// SPDX-License-Identifier: Apache-2.0
// Of whom a certificate for a token will speak, as far as the token says so.

import { KeywaxError, quoteText } from '@keywax/core/errors';
import { isJsonObject } from '@keywax/core/json';
import type { IdentityToken } from './token.js';

/** What an authority's configuration says about an issuer, where it is known. */
export interface SubjectRule {
  /** The claim that proof of possession is given over: `email` or `sub`. */
  readonly challengeClaim?: string;
  /** True where the authority takes addresses that the issuer has not verified. */
  readonly skipEmailVerification?: boolean;
}

/** Whom a token speaks of. */
export interface TokenSubject {
  /** The claim over which possession of the key is proven, and its value. */
  readonly challenge: { readonly claim: 'email' | 'sub'; readonly value: string };
  /** The name that the certificate must have; absent where the authority's mapping is not known here. */
  readonly name?: { readonly kind: 'email' | 'uri'; readonly value: string };
  /** The issuers that the certificate may name: `iss`, and the one behind it for a federated token. */
  readonly issuers: readonly string[];
}

interface CiIssuer {
  readonly issuer: RegExp;
  readonly names: { readonly claim: string; readonly prefix: string } | undefined;
}

/** Issuers whose tokens are about `sub` even where they have an address, with the claim that the certificate's name is made of. */
const CI_ISSUERS: readonly CiIssuer[] = [
  {
    issuer: /^https:\/\/token\.actions\.githubusercontent\.com(?:\/[\w-]+)?$/,
    names: { claim: 'job_workflow_ref', prefix: 'https://github.com/' },
  },
  { issuer: /^https:\/\/token\.actions\.[\w-]+\.ghe\.com(?:\/[\w-]+)?$/, names: undefined },
  { issuer: /^https:\/\/gitlab\.com$/, names: { claim: 'ci_config_ref_uri', prefix: 'https://' } },
  { issuer: /^https:\/\/agent\.buildkite\.com$/, names: undefined },
  { issuer: /^https:\/\/oidc\.circleci\.com\/org\/[\w-]+$/, names: undefined },
  { issuer: /^https:\/\/oidc\.codefresh\.io$/, names: undefined },
];

/**
 * Reads the subject of a token: by the authority's rule where there is one, else `sub` for the issuers of CI systems,
 * and for others the address, if there is one.
 * @throws TOKEN_INVALID where the claim is missing or the address is not verified, INPUT_UNSUPPORTED for other claims
 */
export function readSubject(token: IdentityToken, rule: SubjectRule = {}): TokenSubject {
  const ci = CI_ISSUERS.find(({ issuer }) => issuer.test(token.issuer));
  const claim = selectClaim(rule.challengeClaim) ?? (ci === undefined && token.email !== undefined ? 'email' : 'sub');
  const issuers = [token.issuer, ...federatedIssuers(token)];
  if (claim === 'sub') {
    const name = ciName(token, ci) ?? spiffeName(token);
    return { challenge: { claim, value: token.subject }, ...(name === undefined ? {} : { name }), issuers };
  }
  if (token.email === undefined) throw invalid('the claim email');
  if (!token.emailVerified && rule.skipEmailVerification !== true)
    throw invalid('an address that its issuer has verified');
  return { challenge: { claim, value: token.email }, name: { kind: 'email', value: token.email }, issuers };
}

/** An empty claim is one that the authority left unset. */
function selectClaim(claim: string | undefined): 'email' | 'sub' | undefined {
  if (claim === undefined || claim === '') return undefined;
  if (claim === 'email' || claim === 'sub') return claim;
  const actual = quoteText(claim);
  throw new KeywaxError('INPUT_UNSUPPORTED', `challenge claim: expected email or sub, found ${actual}`, {
    details: { actual },
  });
}

function ciName(token: IdentityToken, ci: CiIssuer | undefined): TokenSubject['name'] {
  if (ci?.names === undefined) return undefined;
  const value = token.claim(ci.names.claim);
  return typeof value === 'string' ? { kind: 'uri', value: ci.names.prefix + value } : undefined;
}

function spiffeName(token: IdentityToken): TokenSubject['name'] {
  return token.subject.startsWith('spiffe://') ? { kind: 'uri', value: token.subject } : undefined;
}

/** Dex signs tokens in the name of others, and says in whose. */
function federatedIssuers(token: IdentityToken): readonly string[] {
  const federated = token.claim('federated_claims');
  const connector = isJsonObject(federated) ? federated.get('connector_id') : undefined;
  return typeof connector === 'string' ? [connector] : [];
}

function invalid(expected: string): KeywaxError<'TOKEN_INVALID'> {
  return new KeywaxError('TOKEN_INVALID', `identity token: expected ${expected}`, { details: { expected } });
}
