// SPDX-License-Identifier: Apache-2.0
// Who may have signed (client-spec 4.1): exact strings, whole-string patterns where asked for, a key, or an explicit way out.

import { type AlgorithmSuite, matchSuiteKey, selectSuite } from '@keywax/core/algorithms';
import { encodeBase64 } from '@keywax/core/bytes';
import { quoteText } from '@keywax/core/errors';
import { type PublicKey, parsePublicKey, parsePublicKeyPem } from '@keywax/core/key';
import type { TimeRange } from '@keywax/core/time';
import type { Compared, Ledger } from './checks.js';
import { EXTENSION_NAMES, type ExtensionName, type SignerIdentity, type SubjectKind } from './identity.js';
import { configError, readOptions } from './options.js';
import { type Pattern, compilePattern } from './pattern.js';

/** Accepts whoever signed. For tools that only display what a bundle says. */
export const unsafeAnyIdentity: unique symbol = Symbol('unsafeAnyIdentity');

/** An exact string, or a whole-string regular expression (see `compilePattern` for what it may use). */
export type Matcher = string | { readonly pattern: string };

/** One signer that is allowed: every member must match. */
export interface IdentityRecord extends Readonly<Partial<Record<ExtensionName, Matcher>>> {
  /** The OIDC issuer, such as `https://token.actions.githubusercontent.com`. */
  readonly issuer: Matcher;
  /** The subject alternative name of the certificate: an e-mail address, a URI or a user name. */
  readonly subject: Matcher;
  /** Demands one kind of subject. */
  readonly subjectKind?: SubjectKind;
  /** Called on the proven identity after everything else held. */
  readonly predicate?: (identity: SignerIdentity) => boolean;
}

/** A public key of the caller: PEM text, DER SPKI bytes, or with what else is known of it. */
export type KeyInput =
  | string
  | Uint8Array
  | {
      readonly publicKey: string | Uint8Array;
      /** The algorithm, where it is not the default of the key, such as `PKIX_RSA_PSS_2048_SHA256`. */
      readonly keyDetails?: string;
      /** When the key was valid; then a proven time is needed (RUL-23). */
      readonly validFor?: TimeRange;
    };

/** A key, or one look-up by the hint of the bundle. */
export interface KeyPolicy {
  readonly key: KeyInput | ((hint: string) => KeyInput | undefined);
}

/** Who may have signed. Several records: any of them. */
export type IdentityPolicy = IdentityRecord | readonly IdentityRecord[] | KeyPolicy | typeof unsafeAnyIdentity;

/** A policy that has been read and found complete. */
export type ReadPolicy =
  | { readonly kind: 'any' }
  | { readonly kind: 'key'; readonly select: (hint: string) => PolicyKey | undefined }
  | { readonly kind: 'identity'; readonly records: readonly ReadRecord[] };

/** A managed key that has passed the gate. */
export interface PolicyKey {
  readonly key: PublicKey;
  readonly suite?: AlgorithmSuite;
  readonly validFor?: TimeRange;
}

interface ReadRecord {
  readonly matchers: readonly { readonly name: MatchedName; readonly matcher: string | Pattern }[];
  readonly subjectKind?: SubjectKind;
  readonly predicate?: (identity: SignerIdentity) => boolean;
}

type MatchedName = 'issuer' | 'subject' | ExtensionName;
const MATCHED_NAMES: readonly MatchedName[] = ['issuer', 'subject', ...EXTENSION_NAMES];
const SUBJECT_KINDS: readonly SubjectKind[] = ['email', 'uri', 'username'];

/** @throws CONFIG_INVALID for a policy that is missing, empty, contradictory or names what does not exist */
export function readPolicy(policy: IdentityPolicy): ReadPolicy {
  if (policy === unsafeAnyIdentity) return { kind: 'any' };
  if (typeof policy !== 'object' || policy === null)
    throw configError('identity', 'a record, a list of records, or a key');
  if (Array.isArray(policy)) {
    if (policy.length === 0) throw configError('identity', 'at least one record');
    return {
      kind: 'identity',
      // Not `map`, which leaves the holes of a list as they are.
      records: Array.from(policy as readonly IdentityRecord[], (record, i) => readRecord(record, `identity[${i}]`)),
    };
  }
  if (Object.hasOwn(policy, 'key')) return readKeyPolicy(policy as KeyPolicy);
  return { kind: 'identity', records: [readRecord(policy as IdentityRecord, 'identity')] };
}

function readRecord(record: IdentityRecord, at: string): ReadRecord {
  const own = readOptions<IdentityRecord>(record, [...MATCHED_NAMES, 'subjectKind', 'predicate'], at);
  if (own.issuer === undefined || own.subject === undefined) throw configError(at, 'an issuer and a subject');
  const { subjectKind, predicate } = own;
  if (subjectKind !== undefined && !SUBJECT_KINDS.includes(subjectKind))
    throw configError(`${at}.subjectKind`, SUBJECT_KINDS.join(' or '));
  if (predicate !== undefined && typeof predicate !== 'function') throw configError(`${at}.predicate`, 'a function');
  const matchers = MATCHED_NAMES.flatMap((name) => {
    const matcher = own[name];
    return matcher === undefined ? [] : [{ name, matcher: readMatcher(matcher, `${at}.${name}`) }];
  });
  return {
    matchers,
    ...(subjectKind === undefined ? {} : { subjectKind }),
    ...(predicate === undefined ? {} : { predicate }),
  };
}

function readMatcher(matcher: Matcher, at: string): string | Pattern {
  if (typeof matcher === 'string') {
    if (matcher === '') throw configError(at, 'text that is not empty');
    return matcher;
  }
  const { pattern } = readOptions(matcher, ['pattern'], at);
  if (typeof pattern !== 'string' || pattern === '') throw configError(at, 'a string, or a record with a pattern');
  return compilePattern(pattern, at);
}

function readKeyPolicy(policy: KeyPolicy): ReadPolicy {
  const { key } = readOptions<KeyPolicy>(policy, ['key'], 'identity');
  if (key === undefined) throw configError('identity.key', 'a key');
  if (typeof key === 'function') {
    return {
      kind: 'key',
      select(hint) {
        const found = lookUp(key, hint);
        return found === undefined ? undefined : readKey(found);
      },
    };
  }
  const read = readKey(key);
  return { kind: 'key', select: () => read };
}

function lookUp(key: (hint: string) => KeyInput | undefined, hint: string): KeyInput | undefined {
  try {
    return key(hint);
  } catch (cause) {
    throw configError('identity.key', 'a function that does not throw', { cause });
  }
}

// A key is read, and then imported by the host, once and not for every bundle. By content, as callers may change bytes.
const MAX_READ_KEYS = 64;
const MAX_CONTENT_CHARS = 4_096; // far above the PEM of an RSA key of 4,096 bits
const readKeys = new Map<string, PublicKey>();

function recallKey(content: string, parse: () => PublicKey): PublicKey {
  const known = readKeys.get(content);
  if (known !== undefined) return known;
  const key = parse();
  if (readKeys.size === MAX_READ_KEYS) readKeys.clear();
  if (content.length <= MAX_CONTENT_CHARS) readKeys.set(content, key);
  return key;
}

/** @throws KEY_REJECTED, INPUT_MALFORMED, INPUT_UNSUPPORTED, CONFIG_INVALID */
function readKey(input: KeyInput): PolicyKey {
  if (typeof input === 'string')
    return { key: recallKey(`text ${input}`, () => parsePublicKeyPem(input, 'identity.key')) };
  if (input instanceof Uint8Array) {
    const spki = input.slice();
    return { key: recallKey(`bytes ${encodeBase64(spki)}`, () => parsePublicKey(spki, 'identity.key')) };
  }
  const { publicKey, keyDetails, validFor } = readOptions(
    input,
    ['publicKey', 'keyDetails', 'validFor'],
    'identity.key',
  );
  if (typeof publicKey !== 'string' && !(publicKey instanceof Uint8Array))
    throw configError('identity.key.publicKey', 'PEM text or DER bytes');
  const { key } = readKey(publicKey);
  return {
    key,
    ...(keyDetails === undefined ? {} : { suite: readSuite(keyDetails, key) }),
    ...(validFor === undefined ? {} : { validFor: readRange(validFor) }),
  };
}

function readSuite(keyDetails: string, key: PublicKey): AlgorithmSuite {
  const suite = selectSuite(keyDetails);
  if (suite !== undefined && matchSuiteKey(suite, key)) return suite;
  const actual = typeof keyDetails === 'string' ? quoteText(keyDetails) : typeof keyDetails;
  throw configError('identity.key.keyDetails', 'an algorithm of this key', { actual });
}

function readRange(range: TimeRange): TimeRange {
  const own = readOptions<TimeRange>(range, ['start', 'end'], 'identity.key.validFor');
  const [start, end] = [selectInstant(own.start), selectInstant(own.end)];
  if (start === undefined || (own.end !== undefined && end === undefined))
    throw configError('identity.key.validFor', 'a range with a start');
  return { start, ...(end === undefined ? {} : { end }) };
}

/** A copy of a `Date`, of whatever realm, that holds an instant; `undefined` for anything else. */
export function selectInstant(value: unknown): Date | undefined {
  try {
    // Not `value.getTime`, which may be another function.
    const time: number = Date.prototype.getTime.call(value);
    return Number.isNaN(time) ? undefined : new Date(time);
  } catch {
    return undefined;
  }
}

/** client-spec 4.1: the policy allows the identity that the certificate names. */
export function planPolicy(ledger: Ledger, policy: ReadPolicy, identity: SignerIdentity | undefined): void {
  if (policy.kind === 'any') return ledger.skip('policy.identity', '', 'the caller accepts any signer');
  if (policy.kind === 'key' || identity === undefined)
    return ledger.skip('policy.identity', '', 'the caller named the key');
  const mismatches = policy.records.map((record) => findMismatch(record, identity));
  const [first] = mismatches;
  ledger.require(
    'policy.identity',
    '',
    mismatches.includes(undefined),
    () => first ?? { actual: quoteText(identity.subject, 200) },
  );
}

/** The predicates of the records that match; each runs on a proven identity. */
export function selectPredicates(
  policy: ReadPolicy,
  identity: SignerIdentity,
): readonly (((identity: SignerIdentity) => boolean) | undefined)[] {
  if (policy.kind !== 'identity') return [undefined];
  return policy.records
    .filter((record) => findMismatch(record, identity) === undefined)
    .map((record) => record.predicate);
}

/** The first member that does not match. An extension that the certificate lacks matches nothing. */
function findMismatch(record: ReadRecord, identity: SignerIdentity): Compared | undefined {
  if (record.subjectKind !== undefined && record.subjectKind !== identity.subjectKind) {
    return { expected: `subject of kind ${record.subjectKind}`, actual: identity.subjectKind };
  }
  for (const { name, matcher } of record.matchers) {
    const actual = name === 'issuer' || name === 'subject' ? identity[name] : selectExtension(identity, name);
    const matches =
      actual !== undefined && (typeof matcher === 'string' ? matcher === actual : matcher.matches(actual));
    if (!matches) {
      const wanted =
        typeof matcher === 'string' ? quoteText(matcher, 200) : `a match of ${quoteText(matcher.source, 200)}`;
      return { expected: `${name} ${wanted}`, actual: actual === undefined ? 'none' : quoteText(actual, 200) };
    }
  }
  return undefined;
}

function selectExtension({ extensions }: SignerIdentity, name: ExtensionName): string | undefined {
  return Object.hasOwn(extensions, name) ? extensions[name] : undefined;
}
