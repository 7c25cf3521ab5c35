// SPDX-License-Identifier: Apache-2.0
// Answers of a registry: errors in the form of the distribution specification, and the methods that it knows.

/** Codes of errors (distribution 1.1, "Error Codes"), with the status that goes with each. */
const STATUS = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DENIED: 403,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 413,
  UNAUTHORIZED: 401,
  UNSUPPORTED: 405,
} as const;

/** A code of the distribution specification. */
export type OciErrorCode = keyof typeof STATUS;

/** A refusal, in the form of the specification. */
export function answerFault(
  code: OciErrorCode,
  message: string,
  {
    status = STATUS[code],
    headers = {},
  }: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): Response {
  const body = JSON.stringify({ errors: [{ code, message }] });
  return new Response(body, { status, headers: { 'Content-Type': 'application/json', ...headers } });
}

/** An answer without a body. */
export function answerEmpty(status: number, headers: Readonly<Record<string, string>>): Response {
  return new Response(null, { status, headers: { 'Content-Length': '0', ...headers } });
}

/** Bytes, or for HEAD their headers alone. */
export function answerBytes(request: Request, bytes: Uint8Array, headers: Readonly<Record<string, string>>): Response {
  const all = { 'Content-Length': `${bytes.length}`, ...headers };
  return new Response(request.method === 'HEAD' ? null : Uint8Array.from(bytes), { status: 200, headers: all });
}

/** JSON, with the link to the next page where there is one. */
export function answerPage(
  body: unknown,
  next: string | undefined,
  headers: Readonly<Record<string, string>>,
): Response {
  const link = next === undefined ? {} : { Link: `<${next}>; rel="next"` };
  return new Response(JSON.stringify(body), { status: 200, headers: { ...headers, ...link } });
}
