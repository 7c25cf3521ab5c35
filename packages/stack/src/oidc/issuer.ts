// SPDX-License-Identifier: Apache-2.0
// The token issuers of an instance: one key, an issuer URL for each kind of persona.

import { createPublicKey } from 'node:crypto';
import { KeywaxError } from '@keywax/core/errors';
import type { IdentityClaims, IssuerKind } from '../fulcio/identity.js';
import type { SigningKey } from '../keys.js';
import { ISSUER_PATHS, PERSONAS } from './personas.js';

/** The audience of tokens for Sigstore's services. */
export const AUDIENCE = 'sigstore';
/** How long a token is good for. */
export const TOKEN_SECONDS = 600;

/** What to put into a token: a persona, with single claims replaced; a claim set to `undefined` is left out. */
export interface TokenRequest {
  readonly kind: IssuerKind;
  readonly [claim: string]: unknown;
}

/** A token whose signature, issuer, audience and times hold. */
export interface VerifiedToken {
  readonly kind: IssuerKind;
  readonly claims: IdentityClaims;
}

/** The issuers below one base URL. */
export interface TokenIssuer {
  readonly kinds: readonly IssuerKind[];
  /** The issuer URL of a kind: the `iss` of its tokens, and the base of its discovery document. */
  issuerUrl(kind: IssuerKind): string;
  /** The public keys, as a JWK set. */
  jwks(): Promise<{ readonly keys: readonly object[] }>;
  mint(request: TokenRequest): Promise<string>;
  /** @throws TOKEN_INVALID */
  verify(token: string): Promise<VerifiedToken>;
}

/** What the issuers are made of. `baseUrl` is where their HTTP service listens. */
export interface TokenIssuerOptions {
  readonly key: () => SigningKey;
  readonly baseUrl: string;
  readonly now: () => Date;
}

const KINDS = Object.keys(PERSONAS) as IssuerKind[];

/** Opens the issuers of an instance. */
export function createTokenIssuer({ key, baseUrl, now }: TokenIssuerOptions): TokenIssuer {
  const issuerUrl = (kind: IssuerKind): string => baseUrl + ISSUER_PATHS[kind];
  const publicJwk = async (): Promise<Record<string, unknown>> => {
    const { calculateJwkThumbprint, exportJWK } = await import('jose');
    const jwk = await exportJWK(createPublicKey(key().privateKey));
    return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'RS256', use: 'sig' };
  };
  return {
    kinds: KINDS,
    issuerUrl,
    jwks: async () => ({ keys: [await publicJwk()] }),
    async mint({ kind, ...overrides }) {
      const { SignJWT } = await import('jose');
      const issuedAt = Math.floor(now().getTime() / 1000);
      const times = { iat: issuedAt, nbf: issuedAt, exp: issuedAt + TOKEN_SECONDS };
      const claims = { iss: issuerUrl(kind), aud: AUDIENCE, ...times, ...PERSONAS[kind], ...overrides };
      const { kid } = await publicJwk();
      return new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: String(kid), typ: 'JWT' })
        .sign(key().privateKey);
    },
    async verify(token) {
      const { createLocalJWKSet, jwtVerify } = await import('jose');
      const keys = createLocalJWKSet({ keys: [await publicJwk()] as never });
      const options = { audience: AUDIENCE, issuer: KINDS.map(issuerUrl), algorithms: ['RS256'], currentDate: now() };
      const { payload } = await jwtVerify(token, keys, { ...options, requiredClaims: ['exp', 'iat', 'sub'] }).catch(
        (cause: unknown) => {
          throw new KeywaxError('TOKEN_INVALID', 'the token does not verify', { cause });
        },
      );
      const kind = KINDS.find((candidate) => issuerUrl(candidate) === payload.iss);
      if (kind === undefined) throw new KeywaxError('TOKEN_INVALID', 'the token names no known issuer');
      return { kind, claims: payload as IdentityClaims };
    },
  };
}
