// SPDX-License-Identifier: Apache-2.0
// OLPC canonical JSON, for what is signed. Plain and slow, and on purpose not the client's own.

/** A JSON value as an ordinary JavaScript value. */
export type PlainJson =
  | null
  | boolean
  | number
  | string
  | readonly PlainJson[]
  | { readonly [name: string]: PlainJson };

/** Encodes a value without numbers that are not integers. */
export function encodeCanonical(value: PlainJson): Uint8Array {
  return new TextEncoder().encode(encodeValue(value));
}

function encodeValue(value: PlainJson): string {
  if (typeof value === 'string') return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (isArray(value)) return `[${value.map(encodeValue).join(',')}]`;
  const members = Object.entries(value).sort(([a], [b]) => compareUtf8(a, b));
  return `{${members.map(([name, member]) => `${encodeValue(name)}:${encodeValue(member)}`).join(',')}}`;
}

function isArray(value: PlainJson): value is readonly PlainJson[] {
  return Array.isArray(value);
}

/** The order of the bytes of UTF-8 is the order of code points. */
function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
