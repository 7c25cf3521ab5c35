// SPDX-License-Identifier: Apache-2.0
// Reads the claims of an identity token (OpenID Connect Core §2, RFC 7519). Nobody's signature is checked here: a token is
// proof for the certificate authority, and for us only a note of whom it will speak of.
// Refused: more than 16 KiB, anything but three parts of unpadded base64url, JSON that is not strict, `alg` none, a
// missing or empty `iss`, `sub`, `aud` or `exp`, and claims of another type than they must have.

import { decodeBase64Url } from '@keywax/core/bytes';
import { arrayOf, decodeOpenObject, decodeString, integerWithin, optional } from '@keywax/core/decode';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { type JsonObject, type JsonValue, isJsonArray, isJsonObject, parseJson } from '@keywax/core/json';
import { formatRfc3339 } from '@keywax/core/time';

/** The audience that Sigstore's certificate authorities accept. */
export const SIGSTORE_AUDIENCE = 'sigstore';

/** An identity token. Printed, inspected or serialized it shows nothing of itself. */
export interface IdentityToken {
  /** `iss`, unproven, like all claims. */
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly expiresAt: Date;
  readonly notBefore?: Date;
  /** True where the issuer says that it has verified `email`. */
  readonly emailVerified: boolean;
  readonly email?: string;
  /** Any claim, as strict JSON; `undefined` where there is none. */
  claim(name: string): JsonValue | undefined;
  /** The token itself, for the request that needs it. */
  reveal(): string;
  toString(): string;
  toJSON(): string;
}

/** What a token must be for. */
export interface TokenUse {
  readonly now: Date;
  /** `sigstore` unless given. */
  readonly audience?: string;
  /** The issuer that was asked, where one was. */
  readonly issuer?: string;
}

const MAX_TOKEN_CHARS = 16_384; // ATTACKS 4.3
const MAX_AUDIENCES = 64;
const MAX_CLAIM_CHARS = 2_048;
const MAX_SECONDS = 253_402_300_799; // the end of the year 9999
const MAX_SKEW_MS = 300_000; // ATTACKS RUL-13, for `nbf`
const REDACTED = '[identity token]';

interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: readonly string[];
  readonly exp: number;
  readonly nbf: number | undefined;
  readonly email: string | undefined;
}

const seconds = integerWithin(0, MAX_SECONDS);

const decodeClaims = decodeOpenObject<Claims>({
  iss: decodeText,
  sub: decodeText,
  aud: (value, at) => (isJsonArray(value) ? arrayOf(decodeText, MAX_AUDIENCES)(value, at) : [decodeText(value, at)]),
  exp: seconds,
  nbf: optional(seconds),
  email: optional(decodeText),
});

function decodeText(value: JsonValue | undefined, at: string): string {
  const text = decodeString(value, at);
  if (text === '' || text.length > MAX_CLAIM_CHARS)
    throw invalid(`a value of 1 to ${MAX_CLAIM_CHARS} characters at ${at}`);
  return text;
}

/**
 * Reads a JSON Web Token in compact form (RFC 7515 §7.1) without verifying it.
 * @throws TOKEN_INVALID, which holds nothing of the token
 */
export function parseIdentityToken(jwt: string): IdentityToken {
  if (typeof jwt !== 'string' || jwt.length > MAX_TOKEN_CHARS)
    throw invalid(`a text of at most ${MAX_TOKEN_CHARS} characters`);
  const [, header = '', payload = ''] = /^([\w-]+)\.([\w-]+)\.[\w-]+$/.exec(jwt) ?? [];
  if (header === '') throw invalid('three parts of base64url, separated by dots');
  checkHeader(readPart(header, 'header'));
  const claims = readPart(payload, 'payload');
  return makeToken(jwt, claims, readClaims(claims));
}

function readPart(part: string, name: string): JsonObject {
  try {
    const value = parseJson(decodeBase64Url(part), { maxBytes: MAX_TOKEN_CHARS });
    if (isJsonObject(value)) return value;
  } catch {
    // What a reader says of a token may repeat a piece of it.
  }
  throw invalid(`a ${name} of strict JSON in base64url`);
}

function checkHeader(header: JsonObject): void {
  const algorithm = header.get('alg');
  if (typeof algorithm !== 'string' || /^(?:none)?$/i.test(algorithm)) throw invalid('a signature algorithm');
}

function readClaims(claims: JsonObject): Claims {
  try {
    return decodeClaims(claims, '$');
  } catch {
    throw invalid('the claims iss, sub, aud and exp, and where they are present nbf and email, in their form');
  }
}

function makeToken(jwt: string, all: JsonObject, { iss, sub, aud, exp, nbf, email }: Claims): IdentityToken {
  const redact = (): string => REDACTED;
  return Object.freeze({
    issuer: iss,
    subject: sub,
    audiences: aud,
    expiresAt: new Date(exp * 1_000),
    ...(nbf === undefined ? {} : { notBefore: new Date(nbf * 1_000) }),
    emailVerified: all.get('email_verified') === true,
    ...(email === undefined ? {} : { email }),
    claim: (name: string) => all.get(name),
    reveal: () => jwt,
    toString: redact,
    toJSON: redact,
    [Symbol.for('nodejs.util.inspect.custom')]: redact,
  });
}

/**
 * Checks that a token may be used now, for `audience`, and comes from the issuer that was asked.
 * @throws TOKEN_INVALID
 */
export function checkIdentityToken(
  token: IdentityToken,
  { now, audience = SIGSTORE_AUDIENCE, issuer }: TokenUse,
): void {
  if (!token.audiences.includes(audience)) throw invalid(`the audience ${quoteText(audience)}`);
  if (issuer !== undefined && token.issuer !== issuer) throw invalid(`the issuer ${quoteText(issuer)}`);
  if (!(token.expiresAt > now))
    throw invalid(`a token that has not expired (it did at ${formatRfc3339(token.expiresAt)})`);
  if (token.notBefore !== undefined && token.notBefore.getTime() > now.getTime() + MAX_SKEW_MS) {
    throw invalid(`a token that is valid already (it will be at ${formatRfc3339(token.notBefore)})`);
  }
}

function invalid(expected: string): KeywaxError<'TOKEN_INVALID'> {
  return new KeywaxError('TOKEN_INVALID', `identity token: expected ${expected}`, { details: { expected } });
}
