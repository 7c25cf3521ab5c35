// SPDX-License-Identifier: Apache-2.0
// Table DS: envelopes and statements, signed and logged as they are.

import { encodeBase64, encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { type AttackCase, type Make, type Source, attacks } from './case.js';
import { encodeStatement } from './controls-signature.js';
import { ARTIFACT, asking, at, changed, made } from './forge.js';
import { unsafeNoArtifact } from '../../src/index.js';

type Row = Omit<AttackCase, 'twin'> & { readonly twin?: Source };

const NO_ARTIFACT: object = { artifact: undefined };
const SHA256 = encodeHex(hash('sha256', ARTIFACT));
const SHA512 = encodeHex(hash('sha512', ARTIFACT));
const GOOD = [{ name: 'artifact', digest: { sha256: SHA256 } }];

/** An envelope with this payload. */
const payload = (
  id: string,
  title: string,
  bytes: Uint8Array,
  code: AttackCase['code'] = 'STATEMENT_INVALID',
): Row => ({
  id,
  title,
  code,
  at: 'artifact.statement',
  make: made({ content: 'dsse', logs: 'v1', payload: bytes }),
});

/** A statement about something else than the artifact. */
const about = (id: string, title: string, subject: object): Row => ({
  id,
  title,
  code: 'ARTIFACT_MISMATCH',
  at: 'artifact.subject',
  make: made({ content: 'dsse', logs: 'v1', payload: encodeStatement([subject]) }),
});

const ofType = (payloadType: string): Make => made({ content: 'dsse', logs: 'v1', payloadType });

export const STATEMENT_ATTACKS: readonly AttackCase[] = attacks('v1-dsse', [
  {
    // RUL-27: the digest in the body of the entry is compared first.
    id: 'DS-001',
    title: 'a payload with one letter changed',
    code: 'ENTRY_MISMATCH',
    at: 'entry.digest',
    make: changed('v1-dsse', 'dsseEnvelope.payload', encodeBase64(encodeStatement(GOOD, { predicateType: 'x' }))),
    rulings: ['RUL-27'],
  },
  {
    id: 'DS-001',
    title: 'a payload with one letter changed, with its entry in Rekor v2',
    code: 'ENTRY_MISMATCH',
    at: 'entry.digest',
    twin: 'v2-dsse',
    make: changed('v2-dsse', 'dsseEnvelope.payload', encodeBase64(encodeStatement(GOOD, { predicateType: 'x' }))),
    rulings: ['RUL-27'],
  },
  {
    // The entry of Rekor v1 holds nothing of the payload type, so that the signature alone covers it.
    id: 'DS-001',
    title: 'a payload type put in the place of the one that was signed',
    code: 'SIGNATURE_INVALID',
    at: 'artifact.signature',
    twin: 'other-payload',
    make: asking(changed('other-payload', 'dsseEnvelope.payloadType', 'text/html'), { payloadType: 'text/html' }),
  },
  {
    id: 'DS-002',
    title: 'an envelope without a signature',
    code: 'BUNDLE_INVALID',
    make: changed('v1-dsse', 'dsseEnvelope.signatures', []),
  },
  {
    id: 'DS-002',
    title: 'an envelope with two signatures',
    code: 'BUNDLE_INVALID',
    make: changed('v1-dsse', 'dsseEnvelope.signatures', (own: readonly unknown[]) => [at(own, 0), at(own, 0)]),
  },
  {
    id: 'DS-005',
    title: 'a payload type that is not ASCII',
    code: 'INPUT_UNSUPPORTED',
    make: changed('v1-dsse', 'dsseEnvelope.payloadType', 'application/vnd.in-toto+jsön'),
  },
  {
    id: 'DS-007',
    title: 'another payload type, signed',
    code: 'STATEMENT_INVALID',
    at: 'artifact.payloadType',
    make: ofType('text/plain'),
  },
  {
    id: 'DS-007',
    title: 'the payload type with a parameter, signed',
    code: 'STATEMENT_INVALID',
    at: 'artifact.payloadType',
    make: ofType('application/vnd.in-toto+json; charset=utf-8'),
  },
  {
    id: 'DS-007',
    title: 'an empty payload type',
    code: 'STATEMENT_INVALID',
    make: changed('v1-dsse', 'dsseEnvelope.payloadType', ''),
  },
  payload('DS-008', 'a payload that is not JSON', encodeUtf8('text')),
  payload(
    'DS-008',
    'a payload with a member twice',
    encodeUtf8('{"_type":"x","_type":"https://in-toto.io/Statement/v1"}'),
  ),
  payload('DS-009', 'a statement without a type', encodeStatement(GOOD, { _type: undefined })),
  payload(
    'DS-009',
    'a statement of a version to come',
    encodeStatement(GOOD, { _type: 'https://in-toto.io/Statement/v2' }),
  ),
  payload('DS-010', 'a statement without subjects', encodeStatement([])),
  payload('DS-010', 'a statement whose subject is an object', encodeStatement(GOOD, { subject: GOOD[0] })),
  payload('DS-011', 'a subject without digests', encodeStatement([{ name: 'artifact', digest: {} }])),
  payload('DS-011', 'a subject with an MD5 digest alone', encodeStatement([{ digest: { md5: 'x' } }])),
  about('DS-012', 'another artifact', { digest: { sha256: '00'.repeat(32) } }),
  about('DS-013', 'the SHA-256 digest under another name', { digest: { sha512: SHA256 } }),
  about('DS-013', 'the digest as name of another artifact', { name: SHA256, digest: { sha256: '00'.repeat(32) } }),
  about('DS-014', 'the digest in upper case', { digest: { sha256: SHA256.toUpperCase() } }),
  about('DS-014', 'the digest with its algorithm in front', { digest: { sha256: `sha256:${SHA256}` } }),
  about('DS-014', 'the beginning of the digest', { digest: { sha256: SHA256.slice(0, 62) } }),
  about('DS-015', 'one digest that matches and one that does not', {
    digest: { sha256: SHA256, sha512: SHA256 + SHA256 },
  }),
  about('DS-015', 'one digest that matches and one that does not, in the other order', {
    digest: { sha384: '00'.repeat(48), sha512: SHA512 },
  }),
  {
    id: 'DS-012',
    title: 'another artifact than the statement is about',
    code: 'ARTIFACT_MISMATCH',
    at: 'artifact.subject',
    make: asking('v1-dsse', { artifact: encodeUtf8('another') }),
  },
  {
    id: 'DS-012',
    title: 'a digest by an algorithm that the statement does not have',
    code: 'ARTIFACT_MISMATCH',
    at: 'artifact.subject',
    make: asking('v1-dsse', { artifact: { sha512: SHA512 } }),
  },
  payload(
    'DS-017',
    '1,025 subjects',
    encodeStatement(Array.from({ length: 1_025 }, () => at(GOOD, 0))),
    'INPUT_TOO_LARGE',
  ),
  payload(
    'DS-018',
    'a digest named __proto__',
    encodeUtf8(
      `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"__proto__":"x","sha256":"${SHA256}"}}],"predicateType":"x","predicate":{}}`,
    ),
  ),
  {
    id: 'DS-019',
    title: 'another predicate type than asked for',
    code: 'STATEMENT_INVALID',
    at: 'artifact.predicateType',
    twin: 'predicate-type',
    make: asking('v1-dsse', { predicateType: 'https://slsa.dev/provenance/v0.2' }),
  },
  {
    id: 'DS-019',
    title: 'a predicate type that begins as asked for',
    code: 'STATEMENT_INVALID',
    at: 'artifact.predicateType',
    twin: 'predicate-type',
    make: asking('v1-dsse', { predicateType: 'https://slsa.dev/provenance' }),
  },
  {
    id: 'DS-021',
    title: 'no artifact and no word about that',
    code: 'CONFIG_INVALID',
    make: asking('v1-dsse', NO_ARTIFACT),
    rulings: ['RUL-25'],
  },
  {
    id: 'DS-021',
    title: 'an artifact without any digest',
    code: 'CONFIG_INVALID',
    make: asking('v1-dsse', { artifact: {} }),
    rulings: ['RUL-25'],
  },
  {
    id: 'DS-022',
    title: 'a message without an artifact',
    code: 'CONFIG_INVALID',
    twin: 'v2-message',
    make: asking('v2-message', { artifact: unsafeNoArtifact }),
    rulings: ['RUL-25'],
  },
  {
    id: 'DS-022',
    title: 'an artifact for a payload that is not a statement',
    code: 'CONFIG_INVALID',
    twin: 'other-payload',
    make: asking('other-payload', { artifact: ARTIFACT }),
    rulings: ['RUL-25'],
  },
  payload('DS-025', 'nested arrays', encodeUtf8('['.repeat(40) + ']'.repeat(40)), 'INPUT_TOO_LARGE'),
  payload('DS-026', 'an empty payload', new Uint8Array()),
]);
