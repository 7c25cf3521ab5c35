// SPDX-License-Identifier: Apache-2.0
// Sessions with the token of a PKCS#11 library (PKCS #11 v2.40): loading, finding the token, logging in, and giving all of
// it back. A library is initialized once for a process, however many signers use it.

import { KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';

/** A handle of the library. */
export type Handle = Buffer;

/** What is asked for or found of an object. */
export interface Attribute {
  readonly type: number;
  readonly value?: Buffer | number | boolean | string;
}

/** The part of Cryptoki that is used, as `pkcs11js` names it. */
export interface Cryptoki {
  load(path: string): void;
  close(): void;
  C_Initialize(): void;
  C_Finalize(): void;
  C_GetSlotList(tokenPresent: boolean): Handle[];
  C_GetTokenInfo(slot: Handle): { readonly label: string };
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_CloseSession(session: Handle): void;
  C_Login(session: Handle, userType: number, pin?: string): void;
  C_FindObjectsInit(session: Handle, template: Attribute[]): void;
  C_FindObjects(session: Handle, max: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_GetAttributeValue(session: Handle, object: Handle, template: Attribute[]): { readonly value: unknown }[];
  C_SignInit(session: Handle, mechanism: { mechanism: number }, key: Handle): void;
  C_SignAsync(session: Handle, data: Buffer, out: Buffer): Promise<Buffer>;
}

/** The module `pkcs11js`, or one of the same shape. */
export interface Pkcs11Binding {
  readonly PKCS11: new () => Cryptoki;
}

/** Which token, and how to log in. */
export interface Pkcs11Token {
  /** Path of the library of the token's maker, such as `/usr/lib/softhsm/libsofthsm2.so`. */
  readonly library: string;
  /** Label of the token. Not needed where there is one alone, or `slot` is given. */
  readonly token?: string;
  /** Number of the slot, in place of the label. */
  readonly slot?: number;
  /** The user's PIN, or what obtains it; without one nobody logs in. */
  readonly pin?: string | (() => string | Promise<string>);
  /** The module that talks to libraries: `pkcs11js`, which the caller installs and imports, because it is compiled there. */
  readonly binding: Pkcs11Binding;
}

/** An open session. */
export interface TokenSession {
  readonly cryptoki: Cryptoki;
  readonly session: Handle;
  /** Gives the session back, and the library with its last one. */
  close(): void;
}

const SERIAL_SESSION = 4; // CKF_SERIAL_SESSION
const USER = 1; // CKU_USER
const ALREADY_INITIALIZED = 401; // CKR_CRYPTOKI_ALREADY_INITIALIZED
const ALREADY_LOGGED_IN = 256; // CKR_USER_ALREADY_LOGGED_IN
const PIN_FAULTS: readonly unknown[] = [160, 161, 162, 164]; // CKR_PIN_INCORRECT, _INVALID, _LEN_RANGE, _LOCKED

/** Libraries in use, by path. */
const inUse = new Map<string, { readonly cryptoki: Cryptoki; readonly isOurs: boolean; users: number }>();

/**
 * Opens a session with a token, and logs in.
 * @throws CONFIG_INVALID for a library that cannot be loaded; KEY_NOT_FOUND for a token that is not there; PASSWORD_WRONG for a PIN that the token refuses; SERVICE_INVALID where the token fails
 */
export async function openToken(options: Pkcs11Token): Promise<TokenSession> {
  if (typeof options.binding?.PKCS11 !== 'function') throw configError('binding', 'the module pkcs11js');
  const cryptoki = acquire(options.library, options.binding);
  const release = (): void => releaseLibrary(options.library);
  try {
    const slot = findSlot(cryptoki, options);
    const session = callToken('to open a session', () => cryptoki.C_OpenSession(slot, SERIAL_SESSION));
    if (options.pin !== undefined) await logIn(cryptoki, session, options.pin);
    return { cryptoki, session, close: once(() => closeSession(cryptoki, session, release)) };
  } catch (error) {
    release();
    throw error;
  }
}

function acquire(path: string, { PKCS11 }: Pkcs11Binding): Cryptoki {
  const known = inUse.get(path);
  if (known !== undefined) {
    known.users++;
    return known.cryptoki;
  }
  const cryptoki = new PKCS11();
  let isOurs = true;
  try {
    cryptoki.load(path);
    cryptoki.C_Initialize();
  } catch (cause) {
    if (codeOf(cause) !== ALREADY_INITIALIZED) throw configError('library', 'the path of a PKCS#11 library', cause);
    isOurs = false; // others in this process use it too
  }
  inUse.set(path, { cryptoki, isOurs, users: 1 });
  return cryptoki;
}

function releaseLibrary(path: string): void {
  const known = inUse.get(path);
  if (known === undefined || --known.users > 0) return;
  inUse.delete(path);
  if (known.isOurs) callToken('to end', () => known.cryptoki.C_Finalize());
  known.cryptoki.close();
}

function findSlot(cryptoki: Cryptoki, { token, slot }: Pkcs11Token): Handle {
  const slots = callToken('to list its tokens', () => cryptoki.C_GetSlotList(true));
  const fitting = slots.filter((handle) => {
    if (slot !== undefined && readNumber(handle) !== slot) return false;
    return (
      token === undefined ||
      callToken('to say its name', () => cryptoki.C_GetTokenInfo(handle)).label.trimEnd() === token
    );
  });
  const [found, ...others] = fitting;
  const wanted =
    token === undefined ? (slot === undefined ? 'a token' : `slot ${slot}`) : `a token ${quoteText(token)}`;
  if (found === undefined) throw new KeywaxError('KEY_NOT_FOUND', `PKCS#11: expected ${wanted}, found none`);
  // Uninitialized tokens are listed too.
  if (others.length > 0) throw configError('token', 'the label of one token, because there are several');
  return found;
}

/** A handle is an unsigned long in the order of the host. */
function readNumber(handle: Handle): number {
  return [...handle].reduceRight((sum, byte) => sum * 256 + byte, 0);
}

async function logIn(cryptoki: Cryptoki, session: Handle, pin: NonNullable<Pkcs11Token['pin']>): Promise<void> {
  const text = typeof pin === 'function' ? await pin() : pin;
  try {
    cryptoki.C_Login(session, USER, text);
  } catch (cause) {
    if (codeOf(cause) === ALREADY_LOGGED_IN) return;
    if (PIN_FAULTS.includes(codeOf(cause)))
      throw new KeywaxError('PASSWORD_WRONG', `PKCS#11: the token refuses the PIN: ${nameFault(cause)}`);
    throw failed('to log in', cause);
  }
}

function closeSession(cryptoki: Cryptoki, session: Handle, release: () => void): void {
  try {
    callToken('to close its session', () => cryptoki.C_CloseSession(session));
  } finally {
    release();
  }
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (!done) {
      done = true;
      run();
    }
  };
}

/** Calls the token; its failure becomes ours. @throws SERVICE_INVALID */
export function callToken<T>(action: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw failed(action, cause);
  }
}

/** The failure of a token. What libraries say beyond the name of a fault is not passed on. */
export function failed(action: string, cause: unknown): KeywaxError {
  if (isKeywaxError(cause)) return cause;
  return new KeywaxError('SERVICE_INVALID', `PKCS#11: the token failed ${action}: ${nameFault(cause)}`);
}

function codeOf(cause: unknown): unknown {
  return (cause as { readonly code?: unknown } | undefined)?.code;
}

function nameFault(cause: unknown): string {
  return /CKR_[A-Z0-9_]+/.exec(cause instanceof Error ? cause.message : '')?.[0] ?? 'no reason given';
}

/** An option that is wrong. */
export function configError(at: string, expected: string, cause?: unknown): KeywaxError {
  return new KeywaxError('CONFIG_INVALID', `${at}: expected ${expected}`, { cause, details: { at, expected } });
}
