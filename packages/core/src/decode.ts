// SPDX-License-Identifier: Apache-2.0
// Decoders from JSON values to frozen records, in the conventions of ProtoJSON, with the path of the first fault.
// Refused: members that the shape does not name, numbers where a name is expected, base64 and integers that are not
// canonical, integers outside [0, 2^63-1]. A member that is `null` counts as absent, except as the arm of a one-of.

import { decodeBase64 } from './bytes.js';
import { MAX_INT64, parseInt64 } from './decimal.js';
import { KeywaxError, quoteText } from './errors.js';
import { type JsonObject, type JsonValue, isJsonArray, isJsonObject, memberPath } from './json-value.js';
import { parseRfc3339 } from './time.js';

/** Turns the JSON value at path `at` into a `T`; `undefined` stands for an absent member. */
export type Decoder<T> = (value: JsonValue | undefined, at: string) => T;

/** The codes with which an absent value may be reported. */
export type AbsenceCode =
  | 'INPUT_MALFORMED'
  | 'BUNDLE_INVALID'
  | 'TRUST_INVALID'
  | 'STATEMENT_INVALID'
  | 'SERVICE_INVALID'
  | 'TOKEN_INVALID'
  | 'CONFIG_INVALID';

/** One decoder for each member of `T`. */
export type Shape<T> = { readonly [K in keyof T]-?: Decoder<T[K]> };

/**
 * Decodes an object that has no members but those of `shape`; members that decode to `undefined` are left out.
 * @throws INPUT_MALFORMED
 */
export function decodeObject<T extends object>(shape: Shape<T>): Decoder<Readonly<T>> {
  const names = Object.keys(shape) as (keyof T & string)[];
  const known: ReadonlySet<string> = new Set(names);
  return (value, at) => {
    const object = decodeJsonObject(value, at);
    for (const name of object.keys()) {
      if (!known.has(name)) throw malformed(memberPath(at, name), 'no such member', object.get(name));
    }
    return decodeMembers(object, at, { shape, names });
  };
}

/**
 * Decodes the members of `shape` from an object that may have others, for documents whose format leaves that open.
 * @throws INPUT_MALFORMED
 */
export function decodeOpenObject<T extends object>(shape: Shape<T>): Decoder<Readonly<T>> {
  const names = Object.keys(shape) as (keyof T & string)[];
  return (value, at) => decodeMembers(decodeJsonObject(value, at), at, { shape, names });
}

function decodeMembers<T extends object>(
  object: JsonObject,
  at: string,
  { shape, names }: { readonly shape: Shape<T>; readonly names: readonly (keyof T & string)[] },
): Readonly<T> {
  const record = new Members() as Partial<T>;
  for (const name of names) {
    const member = shape[name](object.get(name), `${at}.${name}`);
    if (member !== undefined) record[name] = member;
  }
  return Object.freeze(record) as Readonly<T>;
}

/** What records are made of: nothing is inherited, so that a polluted `Object.prototype` adds no member (ATTACKS AP-011). */
const Members = /* @__PURE__ */ makeMembers();

/** A constructor, because objects of `Object.create(null)` are slow. */
function makeMembers(): new () => object {
  const constructor = function () {} as unknown as new () => object;
  constructor.prototype = Object.freeze(Object.create(null) as object);
  return constructor;
}

/** Decodes to `undefined` where the value is absent or null. */
export function optional<T>(decoder: Decoder<T>): Decoder<T | undefined> {
  return (value, at) => (isAbsent(value) ? undefined : decoder(value, at));
}

/** Decodes to `fallback` where the value is absent or null, as ProtoJSON does for an unset scalar. */
export function withDefault<T>(decoder: Decoder<T>, fallback: T): Decoder<T> {
  return (value, at) => (isAbsent(value) ? fallback : decoder(value, at));
}

/**
 * Demands a value that is neither absent nor null.
 * @throws the given code, INPUT_MALFORMED unless given
 */
export function required<T>(decoder: Decoder<T>, code: AbsenceCode = 'INPUT_MALFORMED'): Decoder<T> {
  return (value, at) => {
    if (isAbsent(value)) throw absent(at, code);
    return decoder(value, at);
  };
}

/**
 * Decodes an arm of a one-of: `undefined` where it is absent; null, which elsewhere counts as absent, is refused.
 * @throws the given code
 */
export function arm<T>(decoder: Decoder<T>, code: AbsenceCode): Decoder<T | undefined> {
  return (value, at) => {
    if (value === null) throw absent(at, code);
    return value === undefined ? undefined : decoder(value, at);
  };
}

/**
 * The name of the one arm of a one-of that is present in a decoded record.
 * @throws the given code where none or several are
 */
export function expectOneArm<T extends object, const K extends keyof T & string>(
  record: T,
  names: readonly K[],
  { at, code }: { readonly at: string; readonly code: AbsenceCode },
): K {
  const [present, ...others] = names.filter((name) => record[name] !== undefined);
  if (present !== undefined && others.length === 0) return present;
  const expected = `exactly one of ${names.join(', ')}`;
  const actual = present === undefined ? 'none' : [present, ...others].join(', ');
  throw new KeywaxError(code, `${at}: expected ${expected}, found ${actual}`, { details: { at, expected, actual } });
}

/** Decodes, then converts the decoded value, which may throw. */
export function transform<T, U>(decoder: Decoder<T>, convert: (value: T, at: string) => U): Decoder<U> {
  return (value, at) => convert(decoder(value, at), at);
}

/**
 * Decodes an array of at most `max` items, counted before any is decoded; absent and null give an empty array.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export function arrayOf<T>(decoder: Decoder<T>, max: number): Decoder<readonly T[]> {
  return (value, at) => {
    if (isAbsent(value)) return Object.freeze([]);
    if (!isJsonArray(value)) throw malformed(at, 'an array', value);
    if (value.length > max) throw tooLarge(at, `at most ${max} items`, max);
    return Object.freeze(value.map((item, i) => decoder(item, `${at}[${i}]`)));
  };
}

/**
 * Decodes an object with names of its own choice and at most `max` members; absent and null give an empty map.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export function mapOf<T>(decoder: Decoder<T>, max: number): Decoder<ReadonlyMap<string, T>> {
  return (value, at) => {
    if (isAbsent(value)) return new Map();
    const object = decodeJsonObject(value, at);
    if (object.size > max) throw tooLarge(at, `at most ${max} members`, max);
    return new Map(Array.from(object, ([name, member]) => [name, decoder(member, memberPath(at, name))]));
  };
}

/** Any JSON value but an absent one, null included. @throws INPUT_MALFORMED */
export const decodeJsonValue: Decoder<JsonValue> = (value, at) => {
  if (value === undefined) throw malformed(at, 'a value');
  return value;
};

/** A JSON object as it was read. @throws INPUT_MALFORMED */
export const decodeJsonObject: Decoder<JsonObject> = (value, at) => {
  if (!isJsonObject(value)) throw malformed(at, 'an object', value);
  return value;
};

/** @throws INPUT_MALFORMED */
export const decodeString: Decoder<string> = (value, at) => {
  if (typeof value !== 'string') throw malformed(at, 'a string', value);
  return value;
};

/** @throws INPUT_MALFORMED */
export const decodeBoolean: Decoder<boolean> = (value, at) => {
  if (typeof value !== 'boolean') throw malformed(at, 'true or false', value);
  return value;
};

/** An integer in `[min, max]`, written as a JSON number without fraction or exponent. @throws INPUT_MALFORMED */
export function integerWithin(min: number, max: number): Decoder<number> {
  return (value, at) => {
    if (typeof value !== 'number' || value < min || value > max)
      throw malformed(at, `an integer from ${min} to ${max}`, value);
    return value;
  };
}

/** A signed 32-bit integer. @throws INPUT_MALFORMED */
export const decodeInt32: Decoder<number> = /* @__PURE__ */ integerWithin(-2_147_483_648, 2_147_483_647);

/** An int64 in [0, 2^63-1]: canonical decimal text, or a JSON number that is a safe integer. @throws INPUT_MALFORMED */
export const decodeInt64: Decoder<bigint> = (value, at) => {
  if (typeof value === 'string') return parseInt64(value, at);
  if (typeof value !== 'number' || value < 0) throw malformed(at, `an integer from 0 to ${MAX_INT64}`, value);
  return BigInt(value);
};

/** Bytes as canonical standard base64, possibly none. @throws INPUT_MALFORMED */
export const decodeBase64Field: Decoder<Uint8Array> = (value, at) => decodeBase64(decodeString(value, at), at);

/** An instant as RFC 3339 text. @throws INPUT_MALFORMED */
export const decodeRfc3339: Decoder<Date> = (value, at) => parseRfc3339(decodeString(value, at), at);

/**
 * One of the given names: the name of an enum's value, a media type, a version.
 * @throws INPUT_MALFORMED for anything but a string, INPUT_UNSUPPORTED for another name
 */
export function oneOfNames<const T extends string>(names: readonly T[]): Decoder<T> {
  return (value, at) => {
    const text = decodeString(value, at);
    const name = names.find((candidate) => candidate === text);
    if (name !== undefined) return name;
    const expected = `one of ${names.join(', ')}`;
    const actual = quoteText(text);
    throw new KeywaxError('INPUT_UNSUPPORTED', `${at}: expected ${expected}, found ${actual}`, {
      details: { at, expected, actual },
    });
  };
}

/** True for a member that is absent or null. */
export function isAbsent(value: JsonValue | undefined): value is null | undefined {
  return value === undefined || value === null;
}

/** What a value is, without its content, which may be large or secret. */
function describe(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (isJsonArray(value)) return 'an array';
  return isJsonObject(value) ? 'an object' : 'a number that is not a safe integer';
}

function absent(at: string, code: AbsenceCode): KeywaxError {
  return new KeywaxError(code, `${at}: expected a value, found none`, { details: { at, expected: 'a value' } });
}

function malformed(at: string, expected: string, value?: JsonValue): KeywaxError {
  const actual = describe(value);
  return new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}, found ${actual}`, {
    details: { at, expected, actual },
  });
}

function tooLarge(at: string, expected: string, limit: number): KeywaxError {
  return new KeywaxError('INPUT_TOO_LARGE', `${at}: expected ${expected}`, { details: { at, expected, limit } });
}
