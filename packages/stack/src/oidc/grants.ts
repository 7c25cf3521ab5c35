// SPDX-License-Identifier: Apache-2.0
// Codes that are exchanged for a token: authorization codes (RFC 6749 §4.1) and device codes (RFC 8628), both bound to
// a code challenge (RFC 7636). Each is good for one token and for a short time.

import { createHash, randomBytes, randomInt } from 'node:crypto';

/** What a client sends: names and values of a form or a query. */
export type Form = Readonly<Record<string, unknown>>;

/** How a client will prove that it asked. */
interface CodeChallenge {
  readonly method: 'S256' | 'plain';
  readonly value: string;
}

interface Grant {
  readonly flow: 'code' | 'device';
  readonly code: string;
  readonly userCode: string;
  readonly challenge: CodeChallenge | undefined;
  readonly redirectUri: string | undefined;
  /** Claims of the token: the nonce of the request, and the address that was hinted at. */
  readonly claims: Readonly<Record<string, string>>;
  readonly expiresAt: number;
  approved: boolean;
}

/** What came of an exchange. `error` is a code of RFC 6749 §5.2 or RFC 8628 §3.5. */
export type Redemption =
  | { readonly kind: 'granted'; readonly claims: Readonly<Record<string, string>> }
  | { readonly kind: 'refused'; readonly error: string };

/** The codes that are not yet exchanged. */
export interface GrantStore {
  /** A code for an authorization request; `undefined` where the request is not one that is answered. */
  authorize(query: Form): { readonly code: string; readonly redirectUri: string } | undefined;
  /** A device code and the user code that approves it. */
  startDevice(form: Form): { readonly code: string; readonly userCode: string; readonly expiresInSeconds: number };
  /** Approves a device by its user code; false where it is not known. */
  approve(userCode: string): boolean;
  redeem(form: Form): Redemption;
}

/** The redirect URI of a client that shows the code to its user. */
export const OUT_OF_BAND = 'urn:ietf:wg:oauth:2.0:oob';
/** The grant type of the device flow. */
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const CODE_MS = 60_000;
const DEVICE_MS = 300_000;

/** An empty store. */
export function createGrantStore(now: () => Date): GrantStore {
  const grants = new Map<string, Grant>();
  const add = (grant: Omit<Grant, 'code' | 'userCode' | 'expiresAt'>, lifetimeMs: number): Grant => {
    const code = randomBytes(24).toString('base64url');
    const complete = { ...grant, code, userCode: randomUserCode(), expiresAt: now().getTime() + lifetimeMs };
    grants.set(code, complete);
    return complete;
  };
  return {
    authorize(query) {
      const challenge = readChallenge(query);
      const redirectUri = readText(query, 'redirect_uri');
      const isAsked = query['response_type'] === 'code' && query['client_id'] === 'sigstore';
      if (!isAsked || challenge === undefined || redirectUri === undefined || !isLocal(redirectUri)) return undefined;
      return {
        code: add({ flow: 'code', challenge, redirectUri, claims: readClaims(query), approved: true }, CODE_MS).code,
        redirectUri,
      };
    },
    startDevice(form) {
      const challenge = readChallenge(form);
      const grant = {
        flow: 'device',
        challenge,
        redirectUri: undefined,
        claims: readClaims(form),
        approved: false,
      } as const;
      return { ...add(grant, DEVICE_MS), expiresInSeconds: DEVICE_MS / 1000 };
    },
    approve(userCode) {
      const grant = [...grants.values()].find((candidate) => candidate.userCode === userCode);
      if (grant !== undefined) grant.approved = true;
      return grant !== undefined;
    },
    redeem(form) {
      const flow = form['grant_type'] === DEVICE_GRANT ? 'device' : 'code';
      if (flow === 'code' && form['grant_type'] !== 'authorization_code') return refuse('unsupported_grant_type');
      const grant = grants.get(readText(form, flow === 'code' ? 'code' : 'device_code') ?? '');
      if (grant === undefined || grant.flow !== flow) return refuse('invalid_grant');
      if (!grant.approved && grant.expiresAt > now().getTime()) return refuse('authorization_pending');
      grants.delete(grant.code); // a code is good for one attempt
      if (grant.expiresAt <= now().getTime()) return refuse(flow === 'code' ? 'invalid_grant' : 'expired_token');
      if (flow === 'code' && form['redirect_uri'] !== grant.redirectUri) return refuse('invalid_grant');
      if (!matchVerifier(grant.challenge, readText(form, 'code_verifier'))) return refuse('invalid_grant');
      return { kind: 'granted', claims: grant.claims };
    },
  };
}

function refuse(error: string): Redemption {
  return { kind: 'refused', error };
}

function readText(form: Form, name: string): string | undefined {
  const value = form[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function readChallenge(form: Form): CodeChallenge | undefined {
  const value = readText(form, 'code_challenge');
  const method = readText(form, 'code_challenge_method') ?? 'plain';
  return value !== undefined && (method === 'S256' || method === 'plain') ? { method, value } : undefined;
}

function readClaims(form: Form): Readonly<Record<string, string>> {
  const nonce = readText(form, 'nonce');
  const email = readText(form, 'login_hint');
  return { ...(nonce === undefined ? {} : { nonce }), ...(email === undefined ? {} : { email }) };
}

function matchVerifier(challenge: CodeChallenge | undefined, verifier: string | undefined): boolean {
  if (challenge === undefined) return true;
  if (verifier === undefined) return false;
  const derived = challenge.method === 'S256' ? createHash('sha256').update(verifier).digest('base64url') : verifier;
  return derived === challenge.value;
}

/** Codes are sent to programs on this machine alone. */
function isLocal(redirectUri: string): boolean {
  if (redirectUri === OUT_OF_BAND) return true;
  if (!URL.canParse(redirectUri)) return false;
  const url = new URL(redirectUri);
  return url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
}

function randomUserCode(): string {
  const letters = Array.from({ length: 8 }, () => 'BCDFGHJKLMNPQRSTVWXZ'[randomInt(20)]).join('');
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}
