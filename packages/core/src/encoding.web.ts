// SPDX-License-Identifier: Apache-2.0
// What `#encoding` stands for outside Node: text encodings of bytes by tables.

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder();
const BASE64 = /* @__PURE__ */ encoder.encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const HEX = /* @__PURE__ */ encoder.encode('0123456789abcdef');
const PADDING = 0x3d;

/** Encodes bytes as standard padded base64 (RFC 4648 §4). */
export function encodeBase64(bytes: Uint8Array): string {
  const text = new Uint8Array(4 * Math.ceil(bytes.length / 3)).fill(PADDING);
  let at = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const n = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text[at++] = BASE64[n >> 18] as number;
    text[at++] = BASE64[(n >> 12) & 63] as number;
    if (i + 1 < bytes.length) text[at++] = BASE64[(n >> 6) & 63] as number;
    if (i + 2 < bytes.length) text[at++] = BASE64[n & 63] as number;
  }
  return decoder.decode(text);
}

/** Encodes bytes as lower-case hex. */
export function encodeHex(bytes: Uint8Array): string {
  const text = new Uint8Array(2 * bytes.length);
  let at = 0;
  for (const byte of bytes) {
    text[at++] = HEX[byte >> 4] as number;
    text[at++] = HEX[byte & 15] as number;
  }
  return decoder.decode(text);
}

/** The host knows no faster strict reader than that of bytes.ts. */
export function selectBase64(_text: string): Uint8Array | undefined {
  return undefined;
}
