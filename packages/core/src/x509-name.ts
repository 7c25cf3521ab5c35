// SPDX-License-Identifier: Apache-2.0
// Distinguished names (RFC 5280 §4.1.2.4) and general names (§4.2.1.6). Distinguished names are compared as the bytes
// that were received; their text is for reports only.
// Refused: empty relative names, general names of unknown tags, an empty list of general names or one of more than 16.

import { decodeUtf8, encodeHex } from './bytes.js';
import {
  type DerElement,
  TAG,
  contentBytes,
  contextTag,
  elementBytes,
  expectTag,
  openElement,
  parseDer,
  readMembers,
} from './der.js';
import { KeywaxError } from './errors.js';
import { readOid } from './oid.js';

const MAX_GENERAL_NAMES = 16; // ATTACKS 4.3

/**
 * One name of a subject. `email`, `uri` and `dns` hold printable ASCII without control characters; a name of these kinds
 * with any other byte is of kind `other`, so that no text can match it. `value` of an `otherName` is the DER inside its
 * `[0]`; `bytes` of an `other` are the content octets under the context-specific `tag` (0–8).
 */
export type GeneralName =
  | { readonly kind: 'email' | 'uri' | 'dns'; readonly value: string }
  | { readonly kind: 'otherName'; readonly typeId: string; readonly value: Uint8Array }
  | { readonly kind: 'other'; readonly tag: number; readonly bytes: Uint8Array };

/** One attribute of a distinguished name: its type as an object identifier and its value as received. */
export interface NameAttribute {
  readonly type: string;
  readonly value: DerElement;
}

/** Tag numbers of the alternatives of GeneralName (RFC 5280 §4.2.1.6). */
export const GENERAL_NAME_TAG = {
  otherName: 0,
  email: 1,
  dns: 2,
  directoryName: 4,
  uri: 6,
} as const;

/** Identifier octets of every alternative; x400Address, directoryName and ediPartyName are constructed. */
const GENERAL_NAME_TAGS: ReadonlySet<number> = new Set([0xa0, 0x81, 0x82, 0xa3, 0xa4, 0xa5, 0x86, 0x87, 0x88]);
const TEXT_KINDS: ReadonlyMap<number, 'email' | 'uri' | 'dns'> = new Map([
  [contextTag(GENERAL_NAME_TAG.email, 'primitive'), 'email'],
  [contextTag(GENERAL_NAME_TAG.dns, 'primitive'), 'dns'],
  [contextTag(GENERAL_NAME_TAG.uri, 'primitive'), 'uri'],
]);

/** Checks the shape of a Name and returns its DER as received. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export function readName(element: DerElement, at: string): Uint8Array {
  const names = openElement(element, at);
  while (names.more()) {
    const attributes = openElement(names.next(), at, TAG.set);
    do {
      const attribute = openElement(attributes.next(), at);
      readOid(attribute.next(), at);
      attribute.next();
      attribute.end();
    } while (attributes.more());
  }
  return elementBytes(element);
}

/** True for the name without any attribute, `30 00`. */
export function isEmptyName(name: Uint8Array): boolean {
  return name.length === 2;
}

/**
 * The relative names of a distinguished name in order, each with its attributes.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export function parseName(name: Uint8Array, at: string): readonly (readonly NameAttribute[])[] {
  const names = openElement(parseDer(name, at), at);
  const relative: NameAttribute[][] = [];
  while (names.more()) {
    const set = openElement(names.next(), at, TAG.set);
    const attributes: NameAttribute[] = [];
    do {
      const attribute = openElement(set.next(), at);
      attributes.push({ type: readOid(attribute.next(), at), value: attribute.next() });
      attribute.end();
    } while (set.more());
    relative.push(attributes);
  }
  return relative;
}

/** Short names of attribute types (RFC 4519 §2, RFC 2985 §5.2.1). */
const ATTRIBUTE_NAMES: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.5', 'serialNumber'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'street'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['1.2.840.113549.1.9.1', 'emailAddress'],
]);
const MAX_NAME_CHARS = 256; // what a line of a report can show

/**
 * Text of a Name for reports, last relative name first: `CN=sigstore-intermediate, O=sigstore.dev` (RFC 4514 §2). Characters
 * with a meaning there, and all that a terminal might act on, are escaped. Never compare it. A name of a parsed certificate never throws.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export function formatName(name: Uint8Array): string {
  const text = parseName(name, 'name')
    .map((attributes) => attributes.map(formatAttribute).join('+'))
    .reverse()
    .join(', ');
  return text.length <= MAX_NAME_CHARS ? text : `${text.slice(0, MAX_NAME_CHARS - 1)}…`;
}

function formatAttribute({ type, value }: NameAttribute): string {
  const text = decodeDirectoryString(value);
  return `${ATTRIBUTE_NAMES.get(type) ?? type}=${text === undefined ? `#${encodeHex(elementBytes(value))}` : escapeText(text)}`;
}

/** Text of a UTF8String, PrintableString or IA5String; `undefined` for any other type and for broken text. */
export function decodeDirectoryString(value: DerElement): string | undefined {
  const { tag } = value;
  if (tag === TAG.utf8String) {
    try {
      return decodeUtf8(contentBytes(value));
    } catch {
      return undefined;
    }
  }
  return tag === TAG.printableString || tag === TAG.ia5String ? decodePrintableAscii(contentBytes(value)) : undefined;
}

function escapeText(text: string): string {
  return text
    .replace(/[\\,+"<>;=]/g, '\\$&')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu, (c) => `\\u{${(c.codePointAt(0) as number).toString(16)}}`);
}

/**
 * Reads a GeneralNames whose identifier octet is `tag` (a SEQUENCE unless given).
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export function readGeneralNames(element: DerElement, at: string, tag: number = TAG.sequence): readonly GeneralName[] {
  const members = readMembers(element, at, tag, MAX_GENERAL_NAMES);
  if (members.length === 0) throw malformed(at, 'at least one name');
  return Object.freeze(members.map((member) => readGeneralName(member, at)));
}

/** Reads one GeneralName. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export function readGeneralName(element: DerElement, at: string): GeneralName {
  const { tag } = element;
  if (!GENERAL_NAME_TAGS.has(tag)) throw malformed(at, 'a known kind of name');
  if (tag === contextTag(GENERAL_NAME_TAG.otherName)) return readOtherName(element, at);
  const bytes = contentBytes(element);
  const kind = TEXT_KINDS.get(tag);
  // The alternatives are tagged implicitly, but for a Name, which is a CHOICE and therefore wrapped.
  if (tag === contextTag(GENERAL_NAME_TAG.directoryName)) readDirectoryName(element, at);
  const value = kind === undefined ? undefined : decodePrintableAscii(bytes);
  if (kind === undefined || value === undefined || value === '') {
    return Object.freeze({ kind: 'other', tag: tag & 0x1f, bytes });
  }
  return Object.freeze({ kind, value });
}

function readOtherName(element: DerElement, at: string): GeneralName {
  const cursor = openElement(element, at, element.tag);
  const typeId = readOid(cursor.next(), at);
  const wrapper = cursor.next(contextTag(0));
  cursor.end();
  const inner = openElement(wrapper, at, contextTag(0));
  const value = elementBytes(inner.next());
  inner.end();
  return Object.freeze({ kind: 'otherName', typeId, value });
}

function readDirectoryName(element: DerElement, at: string): void {
  const wrapper = openElement(element, at, element.tag);
  const name = wrapper.next();
  wrapper.end();
  expectTag(name, TAG.sequence, at);
  readName(name, at);
}

/** ASCII text without control characters, or `undefined` when any byte lies outside 20–7E. */
function decodePrintableAscii(bytes: Uint8Array): string | undefined {
  for (const byte of bytes) if (byte < 0x20 || byte > 0x7e) return undefined;
  return decodeUtf8(bytes);
}

function malformed(at: string, expected: string): KeywaxError {
  return new KeywaxError('INPUT_MALFORMED', `${at}: expected names with ${expected}`, { details: { at, expected } });
}
