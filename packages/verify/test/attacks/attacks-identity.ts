// SPDX-License-Identifier: Apache-2.0
// Table ID: who signed, and policies that do not say who may.

import { concatBytes, encodeUtf8 } from '@keywax/core/bytes';
import { TAG, contextTag, encodeDer } from '@keywax/core/der';
import { OID, encodeOid } from '@keywax/core/oid';
import { USERNAME_TYPE_ID, personaIdentity, subjectAltName } from '@keywax/stack/lab';
import { having, leafProfiled } from './authorities.js';
import { type AttackCase, type Make, type Source, attacks } from './case.js';
import { WORKFLOW, byWorkflow } from './controls-certificate.js';
import { ALICE, asking, made } from './forge.js';

type Row = Omit<AttackCase, 'twin'> & { readonly twin?: Source };

const ARC = '1.3.6.1.4.1.57264.1';

/** A policy that is none. */
const unread = (id: string, title: string, identity: unknown): Row => ({
  id,
  title: `a policy that is ${title}`,
  code: 'CONFIG_INVALID',
  make: asking('v2-message', { identity: identity as typeof ALICE }),
  rulings: ['RUL-25'],
});

/** A policy that another signer satisfies. */
const other = (id: string, title: string, identity: object, source: Source = 'v2-message'): Row => ({
  id,
  title,
  code: 'IDENTITY_MISMATCH',
  at: 'policy.identity',
  make: asking(source, { identity: { ...(source === 'v2-message' ? ALICE : WORKFLOW), ...identity } }),
});

/** A leaf with other alternative names. */
const named = (id: string, title: string, names: Uint8Array, code: AttackCase['code'] = 'IDENTITY_MISMATCH'): Row => ({
  id,
  title,
  code,
  at: 'certificate.identity',
  make: leafProfiled(having({ id: OID.subjectAltName, critical: true, value: encodeDer(TAG.sequence, names) })),
});

/** A leaf with one extension of Fulcio's arc put in its place. */
function withFulcioExtension(number: number, value: Uint8Array): Make {
  return leafProfiled(having({ id: `${ARC}.${number}`, critical: false, value }));
}

const extended = (id: string, title: string, number: number, value: Uint8Array): Row => ({
  id,
  title,
  code: 'CERTIFICATE_PROFILE_INVALID',
  at: 'certificate.identity',
  make: withFulcioExtension(number, value),
});

const text = (tag: number, value: string | Uint8Array): Uint8Array =>
  encodeDer(tag, typeof value === 'string' ? encodeUtf8(value) : value);
const email = (value: string | Uint8Array): Uint8Array => text(contextTag(1, 'primitive'), value);
const dns = (value: string): Uint8Array => text(contextTag(2, 'primitive'), value);
const otherName = (typeId: string, value: Uint8Array): Uint8Array =>
  encodeDer(contextTag(0), encodeOid(typeId), encodeDer(contextTag(0), value));
const BOB = 'bob@example.com';

/** A record whose members come from its prototype. */
const inherited: object = Object.create(ALICE) as object;

export const IDENTITY_ATTACKS: readonly AttackCase[] = attacks('v2-message', [
  unread('ID-001', 'absent', undefined),
  unread('ID-001', 'null', null),
  unread('ID-001', 'empty', {}),
  unread('ID-001', 'a string', ALICE.subject),
  unread('ID-001', 'without an issuer', { subject: ALICE.subject }),
  unread('ID-001', 'without a subject', { issuer: ALICE.issuer }),
  unread('ID-001', 'for an empty subject', { ...ALICE, subject: '' }),
  unread('ID-001', 'for an empty issuer', { ...ALICE, issuer: '' }),
  unread('ID-001', 'for an issuer that is undefined', { ...ALICE, issuer: undefined }),
  unread('ID-004', 'a pattern of 513 characters', { ...ALICE, subject: { pattern: 'a'.repeat(513) } }),
  unread('ID-005', 'a regular expression of the host', { ...ALICE, subject: /alice@example\.com/g }),
  unread('ID-018', 'for an extension that is empty', { ...ALICE, buildTrigger: '' }),
  unread('ID-020', 'for an extension that nobody knows', { ...ALICE, sourceRepositoryUrl: 'x' }),
  unread('ID-022', 'a list of nobody', []),
  unread('ID-022', 'a list with an empty record', [ALICE, {}]),
  unread('ID-023', 'inherited', inherited),
  unread('ID-024', 'a signer and a key', { ...ALICE, key: 'x' }),
  other('ID-002', 'a subject that is longer than asked for', { subject: 'alice@example.co' }),
  other('ID-002', 'a subject that is shorter than asked for', { subject: 'alice@example.com.' }),
  other('ID-002', 'a subject that ends in what was asked for', { subject: 'example.com' }),
  other('ID-003', 'a pattern that matches the beginning', { subject: { pattern: 'alice@example\\.co|bob' } }),
  other('ID-003', 'a pattern that matches the end', { subject: { pattern: 'bob|lice@example\\.com' } }),
  other('ID-004', 'a pattern that would take for ever', { subject: { pattern: '(a|b|ab)*c(a*)*' } }),
  other('ID-006', 'an address where a URI is asked for', { subjectKind: 'uri' }),
  other('ID-012', 'a subject in another case', { subject: 'Alice@example.com' }),
  other('ID-012', 'a subject with a letter that looks the same', { subject: 'аlice@example.com' }),
  other('ID-012', 'a subject in percent encoding', { subject: 'alice%40example.com' }),
  other('ID-012', 'an issuer with a slash behind it', { issuer: `${ALICE.issuer}/` }),
  other('ID-013', 'an issuer that did not vouch for the subject', { issuer: WORKFLOW.issuer }),
  other('ID-017', 'an extension that the certificate lacks', { buildTrigger: 'push' }),
  other(
    'ID-021',
    'a subject that matches and an extension that does not',
    { buildTrigger: 'pull_request' },
    byWorkflow,
  ),
  other('ID-025', 'a ref that stands in another extension', { sourceRepositoryRef: 'refs/heads/dev' }, byWorkflow),
  other(
    'ID-026',
    'an owner whose name begins as asked for',
    { sourceRepositoryOwnerUri: { pattern: 'https://github\\.com/octo' } },
    byWorkflow,
  ),
  {
    id: 'ID-007',
    title: 'no record of a list matches',
    code: 'IDENTITY_MISMATCH',
    at: 'policy.identity',
    twin: 'any-of-records',
    make: asking('v2-message', { identity: [WORKFLOW, { ...ALICE, subject: BOB }] }),
  },
  {
    id: 'ID-021',
    title: "a predicate of the caller's that says no",
    code: 'IDENTITY_MISMATCH',
    at: 'policy.predicate',
    twin: asking('v2-message', { identity: { ...ALICE, predicate: ({ subject }) => subject === ALICE.subject } }),
    make: asking('v2-message', { identity: { ...ALICE, predicate: () => false } }),
  },
  {
    id: 'ID-021',
    title: "a predicate of the caller's that answers something else than true",
    code: 'IDENTITY_MISMATCH',
    at: 'policy.predicate',
    twin: asking('v2-message', { identity: { ...ALICE, predicate: () => true } }),
    make: asking('v2-message', { identity: { ...ALICE, predicate: () => 'yes' as unknown as boolean } }),
  },
  {
    id: 'ID-006',
    title: 'a URI with the text of the address that is asked for',
    code: 'IDENTITY_MISMATCH',
    at: 'policy.identity',
    make: asking(leafProfiled(having(subjectAltName([{ kind: 'uri', value: ALICE.subject }]))), {
      identity: { ...ALICE, subjectKind: 'email' },
    }),
  },
  {
    ...named('ID-007', 'two names of which the first matches', concatBytes(email(ALICE.subject), email(BOB))),
    rulings: ['RUL-10'],
  },
  {
    ...named('ID-007', 'two names of which the second matches', concatBytes(email(BOB), email(ALICE.subject))),
    rulings: ['RUL-10'],
  },
  named('ID-008', 'a host name with the text', dns(ALICE.subject)),
  named(
    'ID-008',
    'a directory name with the text',
    encodeDer(
      contextTag(4),
      encodeDer(
        TAG.sequence,
        encodeDer(TAG.set, encodeDer(TAG.sequence, encodeOid('2.5.4.3'), text(TAG.utf8String, ALICE.subject))),
      ),
    ),
  ),
  named('ID-009', 'an otherName of another type', otherName('1.2.3', text(TAG.utf8String, ALICE.subject))),
  named(
    'ID-009',
    'a user name in IA5',
    otherName(USERNAME_TYPE_ID, text(TAG.ia5String, ALICE.subject)),
    'CERTIFICATE_PROFILE_INVALID',
  ),
  named(
    'ID-009',
    'a user name that is broken UTF-8',
    otherName(USERNAME_TYPE_ID, text(TAG.utf8String, Uint8Array.of(0xc3))),
    'CERTIFICATE_PROFILE_INVALID',
  ),
  named('ID-010', 'an address with a NUL', email(`${ALICE.subject}\0.evil.example`)),
  named('ID-010', 'an address with a line feed', email(`${ALICE.subject}\n`)),
  named(
    'ID-010',
    'a user name with a control character',
    otherName(USERNAME_TYPE_ID, text(TAG.utf8String, 'alice\u0000')),
    'CERTIFICATE_PROFILE_INVALID',
  ),
  named('ID-011', 'an address with a letter whose eighth bit is set', email(Uint8Array.of(0x61, 0xe8, 0x40, 0x62))),
  {
    id: 'ID-012',
    title: 'a user name with a character of no width',
    code: 'IDENTITY_MISMATCH',
    at: 'policy.identity',
    twin: 'username',
    make: asking(
      made({
        content: 'message',
        logs: 'v2',
        identity: {
          ...personaIdentity('email'),
          name: { kind: 'otherName', typeId: USERNAME_TYPE_ID, value: 'ali\u200bce!example.com' },
        },
      }),
      { identity: { ...ALICE, subject: 'alice!example.com' } },
    ),
  },
  extended('ID-014', 'two issuers that differ', 1, encodeUtf8('https://other.example')),
  extended('ID-014', 'two issuers that differ the other way round', 8, text(TAG.utf8String, 'https://other.example')),
  extended('ID-015', 'an issuer as PrintableString', 8, text(TAG.printableString, ALICE.issuer)),
  extended('ID-015', 'an issuer as OCTET STRING', 8, text(TAG.octetString, ALICE.issuer)),
  extended('ID-015', 'an issuer as INTEGER', 8, Uint8Array.of(2, 1, 5)),
  extended('ID-015', 'an issuer with a byte behind it', 8, Uint8Array.of(...text(TAG.utf8String, ALICE.issuer), 0)),
  extended('ID-016', 'an issuer as raw text where it is typed', 8, encodeUtf8(ALICE.issuer)),
  extended('ID-016', 'an issuer that is typed where it is raw text', 1, text(TAG.utf8String, ALICE.issuer)),
  extended('ID-015', 'a build trigger that is broken UTF-8', 20, text(TAG.utf8String, Uint8Array.of(0xff))),
  {
    id: 'ID-016',
    title: 'no issuer at all',
    code: 'CERTIFICATE_PROFILE_INVALID',
    at: 'certificate.identity',
    make: leafProfiled((profile) => ({
      ...profile,
      extensions: profile.extensions.filter(({ id }) => id !== `${ARC}.1` && id !== `${ARC}.8`),
    })),
  },
]);
