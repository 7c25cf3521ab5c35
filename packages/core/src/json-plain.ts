// SPDX-License-Identifier: Apache-2.0
// Between JSON values and ordinary JavaScript values or text.
// Refused: functions, symbols, bigints, numbers that are not finite, holes, lone surrogates, instances of classes.

import { KeywaxError, isKeywaxError } from './errors.js';
import {
  type JsonLimits,
  type JsonObject,
  type JsonValue,
  completeLimits,
  expectWellFormed,
  isJsonArray,
  isJsonNumber,
  isJsonObject,
  malformed,
  memberPath,
  tooLarge,
} from './json-value.js';

/**
 * Copies a value that is JSON already: own enumerable members of plain objects, each read once; a member that is
 * `undefined` is absent. Text counts against `maxBytes` in UTF-16 code units.
 * @throws INPUT_MALFORMED for functions, symbols, bigints, numbers that are not finite, holes, lone surrogates and
 *   instances of classes (`Date`, `Uint8Array`, `Map`); INPUT_TOO_LARGE, which is also how a cycle ends
 */
export function readPlainJson(value: unknown, limits: JsonLimits, at = '$'): JsonValue {
  const copier: Copier = { ...completeLimits(limits), values: 0, chars: 0 };
  try {
    return copyValue(copier, value, { at, depth: 0 });
  } catch (cause) {
    if (isKeywaxError(cause)) throw cause;
    // A getter or a proxy of the caller threw.
    throw new KeywaxError('INPUT_MALFORMED', `${at}: expected a value that can be read`, { cause, details: { at } });
  }
}

interface Copier extends Required<JsonLimits> {
  values: number;
  chars: number;
}

interface Place {
  readonly at: string;
  readonly depth: number;
}

function copyValue(copier: Copier, value: unknown, place: Place): JsonValue {
  if (++copier.values > copier.maxValues) throw tooLarge(place.at, 'values', copier.maxValues);
  switch (typeof value) {
    case 'string':
      return copyText(copier, value, place.at);
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw malformed(place.at, 'a finite number');
      if (Object.is(value, -0)) return { kind: 'number', text: '-0' };
      return Number.isSafeInteger(value) ? value : { kind: 'number', text: String(value) };
    case 'object':
      if (value === null) return null;
      if (place.depth === copier.maxDepth) throw tooLarge(place.at, 'levels', copier.maxDepth);
      return Array.isArray(value) ? copyArray(copier, value, place) : copyObject(copier, value, place);
    default:
      throw malformed(place.at, 'JSON', typeof value);
  }
}

function copyArray(copier: Copier, items: readonly unknown[], place: Place): readonly JsonValue[] {
  const { length } = items;
  if (copier.values + length > copier.maxValues) throw tooLarge(place.at, 'values', copier.maxValues);
  const copy: JsonValue[] = [];
  for (let i = 0; i < length; i++) {
    copy.push(copyValue(copier, items[i], { at: `${place.at}[${i}]`, depth: place.depth + 1 }));
  }
  return copy;
}

function copyObject(copier: Copier, source: object, place: Place): JsonObject {
  const prototype: unknown = Object.getPrototypeOf(source);
  // The prototype of a plain object is null or the root of its realm, which need not be ours.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw malformed(place.at, 'a plain object');
  const names = Object.keys(source);
  if (names.length > copier.maxMembers) throw tooLarge(place.at, 'members', copier.maxMembers);
  const copy = new Map<string, JsonValue>();
  for (const name of names) {
    const at = memberPath(place.at, name);
    const member = (source as Readonly<Record<string, unknown>>)[name];
    if (member === undefined) continue;
    copy.set(copyText(copier, name, at), copyValue(copier, member, { at, depth: place.depth + 1 }));
  }
  return copy;
}

function copyText(copier: Copier, text: string, at: string): string {
  copier.chars += text.length;
  if (copier.chars > copier.maxBytes) throw tooLarge(at, 'bytes', copier.maxBytes);
  expectWellFormed(text, at);
  return text;
}

/** The same value as fresh ordinary JavaScript values; numbers lose what a double cannot hold. */
export function toPlainJson(value: JsonValue): unknown {
  if (isJsonNumber(value)) return Number(value.text);
  if (isJsonArray(value)) return value.map(toPlainJson);
  if (!isJsonObject(value)) return value;
  const plain = {};
  for (const [name, member] of value) {
    // Not an assignment, which would set the prototype for the name `__proto__`.
    Object.defineProperty(plain, name, {
      value: toPlainJson(member),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return plain;
}

/** Encodes a value compactly, members in their order and numbers as they were written. */
export function encodeJson(value: JsonValue): string {
  if (isJsonNumber(value)) return value.text;
  if (isJsonArray(value)) return `[${value.map(encodeJson).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Array.from(value, ([name, member]) => `${JSON.stringify(name)}:${encodeJson(member)}`);
  return `{${members.join(',')}}`;
}
