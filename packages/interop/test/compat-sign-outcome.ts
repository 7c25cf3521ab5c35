// SPDX-License-Identifier: Apache-2.0
// What a call came to, without what is different at every call: signatures, certificates, times, indexes.

import type { SigningCase } from './compat-sign-cases.js';

/** A shape, or an error by its class, code and text. */
export type Outcome = { readonly shape: unknown } | { readonly error: unknown };

/** Members whose values are the same at every call. */
const LASTING: ReadonlySet<string> = new Set([
  'mediaType',
  '$case',
  'kind',
  'version',
  'payloadType',
  'payload',
  'algorithm',
  'digest',
  'hint',
  'keyid',
  'keyId',
]);

/** Describes what a call resolved to or threw. */
export function describeOutcome(result: { readonly value?: unknown; readonly error?: unknown }): Outcome {
  return 'error' in result ? { error: describeError(result.error) } : { shape: describeShape(result.value) };
}

function describeShape(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) {
    const shapes = value.map((item) => describeShape(item, name));
    return name === 'hashes' ? [...new Set(shapes)] : shapes;
  }
  if (value instanceof Uint8Array) {
    const kind = Buffer.isBuffer(value) ? 'Buffer' : 'Uint8Array';
    return LASTING.has(name) ? [kind, Buffer.from(value).toString('base64')] : kind;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return Object.fromEntries(members.map(([key, member]) => [key, describeShape(member, key)]));
  }
  return typeof value === 'string' && !LASTING.has(name) ? describeText(value) : value;
}

function describeText(text: string): string {
  if (text.startsWith('-----BEGIN ')) return text.split('\n', 1).join('');
  if (/^[0-9]+$/.test(text)) return 'digits';
  return /^[A-Za-z0-9+/]+=*$/.test(text) ? 'base64' : 'text';
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, code, cause } = error as { name: string; code?: unknown; cause?: unknown };
  const [text, detail] = error.message.split(/ - (?=\()/);
  const status = /^\(([45]\d\d)\)/.exec(detail ?? '')?.[1];
  return {
    name,
    code,
    text,
    ...(status === undefined ? {} : { status }),
    cause: cause instanceof Error ? 'an error' : cause,
  };
}

type Row = NonNullable<SigningCase['differs']>;
type Change = (theirs: Outcome, ours: Outcome) => Outcome;

/** Our error instead of theirs, or instead of a result. */
const error =
  (changed: Readonly<Record<string, unknown>>): Change =>
  (theirs) => ({ error: { ...dropStatus('error' in theirs ? theirs.error : {}), ...changed } });

/** Our result instead of an error. What it is worth shows when it is verified. */
const result: Change = (theirs, ours) => ('error' in theirs && 'shape' in ours ? ours : theirs);

function dropStatus(described: unknown): object {
  const { status: _, ...rest } = described as { readonly status?: string };
  return rest;
}

/** Text of JSON in which something is replaced. */
const replace =
  (pattern: RegExp, text: string): Change =>
  (theirs) =>
    JSON.parse(JSON.stringify(theirs).replace(pattern, text)) as Outcome;

const INTERNAL = { name: 'InternalError', cause: 'an error' };

/** What each row makes of the outcome that the original has. */
const CHANGES: { readonly [name in Row]?: Change } = {
  'entries-listed': replace(/"verificationMaterial":\{/, '"verificationMaterial":{"tlogEntries":[],'),
  'conflict-after-retry': result,
  'answers-checked': error({ ...INTERNAL, code: 'TSA_CREATE_TIMESTAMP_ERROR', text: 'error creating timestamp' }),
  'tokens-in-messages': error({ text: 'invalid identity token' }),
  'incomplete-tokens': error({ text: 'invalid identity token', code: 'IDENTITY_TOKEN_PARSE_ERROR' }),
  'useless-tokens': error({}),
  'useless-keys': error({}),
  'keys-in-rekor-v2': result,
  'envelopes-in-rekor-v2': replace(/"kind":"dsse"/, '"kind":"hashedrekord"'),
  selectors: result,
  'config-errors': (_, ours) => ({
    error: { ...dropStatus('error' in ours ? ours.error : {}), code: 'CONFIG_INVALID' },
  }),
};

/** The outcome to expect of compat. */
export function expectedOutcome(theirs: Outcome, ours: Outcome, row: Row | undefined): Outcome {
  const change = row === undefined ? undefined : CHANGES[row];
  return change === undefined ? theirs : change(theirs, ours);
}
