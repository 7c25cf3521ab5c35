// SPDX-License-Identifier: Apache-2.0
// Reads members of parsed JSON the way generated protobuf code does: absent and `null` members take the default of their
// type, unknown ones are ignored. Refused: bytes that are not strict base64, text that is a record, unknown enum names.

import { Buffer } from 'node:buffer';
import { decodeBase64, encodeBase64 } from '@keywax/core/bytes';
import { ValidationError } from '../errors.js';

/** A member of a JSON document, and the path to it. */
export interface Member {
  readonly value: unknown;
  readonly path: string;
}

/** An own member of a member: `undefined` where it is absent, `null`, or not in a record. */
export function readMember({ value, path }: Member, name: string): Member {
  const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
  const own = isThere ? (value as Record<string, unknown>)[name] : undefined;
  return { value: own ?? undefined, path: path === '' ? name : `${path}.${name}` };
}

/** The record that `read` makes of a member that is there. */
export function readOptional<T>(member: Member, read: (member: Member) => T): T | undefined {
  return member.value === undefined ? undefined : read(member);
}

/** The items of a list; none where it is anything else. */
export function readList<T>({ value, path }: Member, read: (member: Member) => T): T[] {
  if (!Array.isArray(value)) return [];
  return Array.from(value as readonly unknown[], (item, i) => read({ value: item, path: `${path}[${i}]` }));
}

/** Text, or a number or boolean as text; `otherwise` where it is absent. @throws ValidationError */
export function readText({ value, path }: Member, otherwise = ''): string {
  if (value === undefined) return otherwise;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return `${value}`;
  throw new ValidationError('invalid bundle', [path]);
}

/** Bytes from base64; none where it is absent. @throws ValidationError for anything but strict base64 */
export function readBytes({ value, path }: Member): Buffer {
  if (value === undefined) return Buffer.alloc(0);
  if (typeof value !== 'string') throw new ValidationError('invalid bundle', [path]);
  try {
    return Buffer.from(decodeBase64(value, path));
  } catch (cause) {
    throw Object.assign(new ValidationError('invalid bundle', [path]), { cause });
  }
}

/** The number of an enum by name or number; 0 where it is absent. @throws ValidationError for one that is unknown */
export function readEnum({ value, path }: Member, names: readonly (readonly [name: string, value: number])[]): number {
  if (value === undefined) return 0;
  const row = names.find(([name, number]) => name === value || number === value);
  if (row === undefined) throw new ValidationError('invalid bundle', [path]);
  return row[1];
}

/** The members that are there, as a record. Empty text and bytes, and lists without items, are left out. */
export function writeMembers(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(members)
      .filter(([, value]) => value !== undefined && value !== '' && !isEmptyList(value))
      .map(([name, value]) => [name, value instanceof Uint8Array ? encodeBase64(value) : value]),
  );
}

function isEmptyList(value: unknown): boolean {
  return (Array.isArray(value) || value instanceof Uint8Array) && value.length === 0;
}

/** A 64-bit integer, left out where it is 0. */
export function writeInt64(text: string): string | undefined {
  return text === '0' ? undefined : text;
}
