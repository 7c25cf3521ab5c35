// SPDX-License-Identifier: Apache-2.0
// What of a request, an answer or a foreign error may be said in an error.

import { quoteText } from '@keywax/core/errors';

const MAX_TEXT_CHARS = 256; // ATTACKS 4.3: of the body of an error
const MAX_INPUT_CHARS = 65_536; // no body of an error is longer, so no secret is cut where it begins
const MAX_PATH_CHARS = 160;
const REDACTED = '[redacted]';

/** Method, origin and path of a request: neither query nor user information. */
export function describeRequest(method: string, url: URL): string {
  const path = url.pathname.length > MAX_PATH_CHARS ? `${url.pathname.slice(0, MAX_PATH_CHARS)}…` : url.pathname;
  return `${method} ${url.origin}${path}`;
}

/** A URL as it was given, without query and fragment, and without whatever could be user information. */
export function describeUrlText(text: string): string {
  return text.replace(/^(https?:)?.*@/is, `$1//${REDACTED}@`).replace(/[?#].*$/s, '');
}

/**
 * Foreign text made fit for an error: without the given secrets and their dot-separated parts, without URL queries and
 * user information, and without any run of twenty characters that could be a token, key, digest or signature.
 */
export function redactText(text: string, secrets: readonly string[]): string {
  const parts = secrets.flatMap((secret) => [secret, ...secret.split('.')]).filter((part) => part.length >= 4);
  let clean = text.slice(0, MAX_INPUT_CHARS);
  // The longest first, or a part would leave the rest of its whole behind.
  for (const part of parts.sort((a, b) => b.length - a.length)) clean = clean.replaceAll(part, REDACTED);
  return clean
    .replace(/\/\/[^/\s"'<>]*@/g, `//${REDACTED}@`)
    .replace(/\?[^\s"'<>]*=[^\s"'<>]*/g, `?${REDACTED}`)
    .replace(/[\w+=%-]{20,}/g, REDACTED)
    .slice(0, MAX_TEXT_CHARS);
}

/** Redacted text, quoted for a message. */
export function quoteRedacted(text: string, secrets: readonly string[]): string {
  return quoteText(redactText(text, secrets), MAX_TEXT_CHARS);
}

/** A foreign error with only its name, code and redacted message; its stack, cause and other properties may hold a request. */
export function redactError(error: unknown, secrets: readonly string[]): Error {
  const text = error instanceof Error ? error.message : typeof error;
  const clean = new Error(redactText(text, secrets));
  const code = errorCode(error);
  clean.name = error instanceof Error && /^\w{1,40}$/.test(error.name) ? error.name : 'Error';
  clean.stack = `${clean.name}: ${clean.message}`;
  return code === undefined ? clean : Object.assign(clean, { code });
}

/** The code of a host's error, from the error or what caused it, such as `ECONNRESET`. */
export function errorCode(error: unknown): string | undefined {
  let current: unknown = error;
  for (let depth = 0; depth < 5 && typeof current === 'object' && current !== null; depth++) {
    const { code, cause } = current as { code?: unknown; cause?: unknown };
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code)) return code;
    current = cause;
  }
  return undefined;
}
