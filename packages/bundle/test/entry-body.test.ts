// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto';
import { readJson } from '@keywax/core/json';
import { canonicalizeJson } from '@keywax/core/jcs';
import { describe, expect, test } from 'vitest';
import { describeCorpus } from '../../../test/corpus.js';
import {
  type EntryVerifier,
  decodeBundle,
  decodeEntryBody,
  encodeDsseV1Body,
  encodeDsseV1Proposal,
  encodeHashedRekordV1Body,
  encodeHashedRekordV2Body,
} from '../src/index.js';
import { DECODABLE_BUNDLES, readCorpus } from './corpus-bundles.js';
import { codeOf, withMember } from './sample.js';
import { sweepMembers } from './sweep.js';

const b64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64');
const sha256 = (bytes: Uint8Array | string): Uint8Array => Uint8Array.from(createHash('sha256').update(bytes).digest());
const pem = (label: string, bytes: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${b64(bytes).replace(/.{64}/g, '$&\n').trimEnd()}\n-----END ${label}-----\n`;

const signature = new Uint8Array(71).fill(1);
const der = new Uint8Array(100).fill(2);
const payload = '{"payload":true}';
const hex = (text: string): string => Buffer.from(sha256(text)).toString('hex');
const keyDetails = 'PKIX_ECDSA_P256_SHA_256';

/** The JSON of a body of each kind. */
const BODIES = {
  'hashedrekord/0.0.1': {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: hex('a') } },
      signature: { content: b64(signature), publicKey: { content: b64(pem('CERTIFICATE', der)) } },
    },
  },
  'hashedrekord/0.0.2': {
    apiVersion: '0.0.2',
    kind: 'hashedrekord',
    spec: {
      hashedRekordV002: {
        data: { algorithm: 'SHA2_256', digest: b64(sha256('a')) },
        signature: { content: b64(signature), verifier: { keyDetails, publicKey: { rawBytes: b64(der) } } },
      },
    },
  },
  'dsse/0.0.1': {
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: {
      envelopeHash: { algorithm: 'sha256', value: hex('envelope') },
      payloadHash: { algorithm: 'sha256', value: hex(payload) },
      signatures: [{ signature: b64(signature), verifier: b64(pem('PUBLIC KEY', der)) }],
    },
  },
  'dsse/0.0.2': {
    apiVersion: '0.0.2',
    kind: 'dsse',
    spec: {
      dsseV002: {
        payloadHash: { algorithm: 'SHA2_256', digest: b64(sha256(payload)) },
        signatures: [{ content: b64(signature), verifier: { keyDetails, x509Certificate: { rawBytes: b64(der) } } }],
      },
    },
  },
  'intoto/0.0.2': {
    apiVersion: '0.0.2',
    kind: 'intoto',
    spec: {
      content: {
        envelope: {
          payload: b64(b64(payload)),
          payloadType: 'application/vnd.in-toto+json',
          signatures: [
            {
              keyid: '',
              publicKey: b64(`-----BEGIN CERTIFICATE-----\n${b64(der)}\n-----END CERTIFICATE-----`),
              sig: b64(b64(signature)),
            },
          ],
        },
        hash: { algorithm: 'sha256', value: hex('envelope') },
        payloadHash: { algorithm: 'sha256', value: hex(payload) },
      },
    },
  },
} as const;
type Name = keyof typeof BODIES;
const NAMES = Object.keys(BODIES) as Name[];

function entry(name: string, body: unknown): { kind: string; version: string; body: Uint8Array } {
  const [kind = '', version = ''] = name.split('/');
  const text = typeof body === 'string' ? body : canonicalizeJson(readJson(body as object, { maxBytes: 1 << 20 }));
  return { kind, version, body: new TextEncoder().encode(text) };
}

const codeOfBody = (name: string, body: unknown): string => codeOf(() => decodeEntryBody(entry(name, body)));

describe('the body of an entry', () => {
  test.each(NAMES)('of kind %s is read into the one shape', (name) => {
    const [kind, version] = name.split('/');
    const envelope = name.startsWith('hashedrekord') ? undefined : payload;
    const body = decodeEntryBody(entry(name, BODIES[name]));
    expect(body).toMatchObject({
      kind,
      version,
      digest: {
        of: envelope === undefined ? 'artifact' : 'payload',
        algorithm: 'sha256',
        value: sha256(envelope ?? 'a'),
      },
    });
    expect(body.signatures).toHaveLength(1);
    expect(body.signatures[0]?.signature).toEqual(signature);
    expect(body.signatures[0]?.keyDetails).toBe(version === '0.0.2' && kind !== 'intoto' ? keyDetails : undefined);
    const verifier = body.signatures[0]?.verifier;
    expect(verifier?.kind === 'certificate' ? verifier.der : verifier?.spki).toEqual(der);
  });

  test.each([
    'rpm/0.0.1',
    'jar/0.0.1',
    'helm/0.0.1',
    'tuf/0.0.1',
    'cose/0.0.1',
    'alpine/0.0.1',
    'rekord/0.0.1',
    'intoto/0.0.1',
    'hashedrekord/0.0.3',
    'hashedrekord/',
    '__proto__/',
    'dsse/0.0.1 ',
  ])('of kind %s is not read', (name) => {
    expect(codeOfBody(name, BODIES['dsse/0.0.1'])).toBe('INPUT_UNSUPPORTED');
  });

  test.each(NAMES.flatMap((name) => NAMES.filter((other) => other !== name).map((other) => [name, other] as const)))(
    'of an entry that says %s is not one of kind %s',
    (name, other) => {
      expect(codeOfBody(name, BODIES[other])).toBe('ENTRY_MISMATCH');
    },
  );
});

describe('a body is refused for', () => {
  const V1 = 'hashedrekord/0.0.1';
  const text = JSON.stringify(BODIES[V1]);
  test.each<readonly [string, string, string, string]>([
    ['no JSON', V1, 'x', 'INPUT_MALFORMED'],
    ['a repeated name', V1, text.replace('{', '{"kind":"rpm",'), 'INPUT_MALFORMED'],
    ['a byte order mark', V1, `\ufeff${text}`, 'INPUT_MALFORMED'],
    [
      'another order of members',
      V1,
      text.replace(/^\{"apiVersion":"0.0.1","kind":"hashedrekord"/, '{"kind":"hashedrekord","apiVersion":"0.0.1"'),
      'ENTRY_MISMATCH',
    ],
    ['white space', V1, text.replace(',', ', '), 'ENTRY_MISMATCH'],
    ['an escape that is not needed', V1, text.replace('hashedrekord', 'hashedrekor\\u0064'), 'ENTRY_MISMATCH'],
    ['an array', V1, '[]', 'ENTRY_MISMATCH'],
    ['no spec', V1, '{"apiVersion":"0.0.1","kind":"hashedrekord"}', 'ENTRY_MISMATCH'],
  ])('%s', (_name, name, body, code) => {
    expect(codeOfBody(name, body)).toBe(code);
  });

  const one = pem('CERTIFICATE', der);
  test.each<readonly [string, Name, string, unknown]>([
    ['the hash function md5', V1, 'spec.data.hash.algorithm', 'md5'],
    ['the hash function of another length', V1, 'spec.data.hash.algorithm', 'sha512'],
    ['a digest in upper case', V1, 'spec.data.hash.value', hex('a').toUpperCase()],
    ['a cut digest', V1, 'spec.data.hash.value', hex('a').slice(2)],
    ['an unknown member', V1, 'spec.data.extra', 1],
    ['a second PEM block', V1, 'spec.signature.publicKey.content', b64(one + one)],
    ['text around the PEM', V1, 'spec.signature.publicKey.content', b64(`a\n${one}`)],
    ['CRLF in the PEM', V1, 'spec.signature.publicKey.content', b64(one.replaceAll('\n', '\r\n'))],
    [
      'long lines in the PEM',
      V1,
      'spec.signature.publicKey.content',
      b64(`-----BEGIN CERTIFICATE-----\n${b64(der)}\n-----END CERTIFICATE-----\n`),
    ],
    ['PEM without its last line feed', V1, 'spec.signature.publicKey.content', b64(one.trimEnd())],
    ['PEM of another label', V1, 'spec.signature.publicKey.content', b64(pem('EC PRIVATE KEY', der))],
    ['DER in place of PEM', V1, 'spec.signature.publicKey.content', b64(der)],
    [
      'CRLF in the PEM of an intoto',
      'intoto/0.0.2',
      'spec.content.envelope.signatures.0.publicKey',
      b64(one.replaceAll('\n', '\r\n')),
    ],
    ['a signature encoded only once', 'intoto/0.0.2', 'spec.content.envelope.signatures.0.sig', b64(signature)],
    ['a payload of another digest', 'intoto/0.0.2', 'spec.content.envelope.payload', b64(b64('other'))],
    ['no signatures', 'dsse/0.0.1', 'spec.signatures', []],
    ['an empty signature', 'dsse/0.0.1', 'spec.signatures.0.signature', ''],
    ['the hash function in the names of v1', 'hashedrekord/0.0.2', 'spec.hashedRekordV002.data.algorithm', 'sha256'],
    [
      'a verifier in both forms',
      'hashedrekord/0.0.2',
      'spec.hashedRekordV002.signature.verifier.x509Certificate',
      { rawBytes: b64(der) },
    ],
    [
      'a verifier in neither form',
      'hashedrekord/0.0.2',
      'spec.hashedRekordV002.signature.verifier.publicKey',
      undefined,
    ],
    [
      'a verifier without bytes',
      'hashedrekord/0.0.2',
      'spec.hashedRekordV002.signature.verifier.publicKey.rawBytes',
      '',
    ],
    ['no key details', 'hashedrekord/0.0.2', 'spec.hashedRekordV002.signature.verifier.keyDetails', undefined],
  ])('%s', (_name, name, path, member) => {
    expect(codeOfBody(name, withMember(BODIES[name], path, member))).toBe('ENTRY_MISMATCH');
  });

  test('more signatures than any envelope of ours has', () => {
    const signatures = Array.from({ length: 17 }, () => BODIES['dsse/0.0.1'].spec.signatures[0]);
    expect(codeOfBody('dsse/0.0.1', withMember(BODIES['dsse/0.0.1'], 'spec.signatures', signatures))).toBe(
      'INPUT_TOO_LARGE',
    );
  });

  /** What no comparison with a bundle needs. */
  const UNNOTICED = [
    ...['delete', 'null'].map((how) => `${how} spec.content.envelope.payload`),
    ...['delete', 'null'].map((how) => `${how} spec.content.envelope.signatures[].keyid`),
    'empty spec.content.envelope.payloadType',
  ];
  test.each(NAMES)('any member of %s that is missing, empty or of another type, but for a short list', (name) => {
    const unnoticed = [...sweepMembers(BODIES[name])]
      .filter(({ text: mutant }) => codeOf(() => decodeEntryBody(entry(name, recanonicalize(mutant)))) === 'accepted')
      .map((mutant) => mutant.name);
    expect(unnoticed.filter((mutant) => !UNNOTICED.includes(mutant))).toEqual([]);
  });

  /** Canonical form where the text is JSON, so that the sweep goes past the comparison with it. */
  function recanonicalize(mutant: string): string {
    try {
      return canonicalizeJson(readJson(mutant, { maxBytes: 1 << 20 }));
    } catch {
      return mutant;
    }
  }
});

describe('a body that is written', () => {
  const verifier: EntryVerifier = { kind: 'certificate', der };
  const signed = { digest: sha256('a'), algorithm: 'sha256', signature } as const;
  test('is the one that is read', () => {
    expect(encodeHashedRekordV1Body({ ...signed, verifier })).toEqual(entry('', BODIES['hashedrekord/0.0.1']).body);
    expect(encodeHashedRekordV2Body({ ...signed, verifier: { kind: 'publicKey', spki: der }, keyDetails })).toEqual(
      entry('', BODIES['hashedrekord/0.0.2']).body,
    );
    const record = {
      envelopeHash: sha256('envelope'),
      payloadHash: sha256(payload),
      signatures: [{ signature, verifier: { kind: 'publicKey', spki: der } }],
    } as const;
    expect(encodeDsseV1Body(record)).toEqual(entry('', BODIES['dsse/0.0.1']).body);
  });

  test('has its signatures in the order of their text', () => {
    const signatures = [9, 200, 3].map((byte) => ({ signature: Uint8Array.of(byte, 0, 0), verifier }));
    const body = encodeDsseV1Body({ envelopeHash: sha256('a'), payloadHash: sha256('b'), signatures });
    const found = decodeEntryBody({ kind: 'dsse', version: '0.0.1', body }).signatures.map((item) => item.signature[0]);
    expect(found).toEqual([3, 9, 200]);
  });

  test('is proposed to Rekor v1 as the text of the envelope with its verifiers', () => {
    const proposal: unknown = JSON.parse(Buffer.from(encodeDsseV1Proposal('{"payload":""}', [verifier])).toString());
    expect(proposal).toEqual({
      apiVersion: '0.0.1',
      kind: 'dsse',
      spec: { proposedContent: { envelope: '{"payload":""}', verifiers: [b64(pem('CERTIFICATE', der))] } },
    });
  });
});

describeCorpus('the bodies of the corpus', () => {
  const entries = () => DECODABLE_BUNDLES.flatMap((path) => decodeBundle(readCorpus(path)).entries);
  const rewrite = (
    kind: string,
    version: string,
    encode: (body: ReturnType<typeof decodeEntryBody>) => Uint8Array,
  ): void => {
    const found = entries().filter((item) => item.kind === kind && item.version === version);
    expect(found.length).toBeGreaterThan(0);
    for (const item of found)
      expect(Buffer.from(encode(decodeEntryBody(item))).toString()).toBe(Buffer.from(item.body).toString());
  };

  test('of hashedrekord 0.0.1 are rewritten byte for byte', () => {
    rewrite('hashedrekord', '0.0.1', ({ digest, signatures: [item] }) =>
      encodeHashedRekordV1Body({ digest: digest.value, algorithm: digest.algorithm, ...defined(item) }),
    );
  });

  test('of hashedrekord 0.0.2 are rewritten byte for byte', () => {
    rewrite('hashedrekord', '0.0.2', ({ digest, signatures: [item] }) => {
      const { keyDetails: details = '', ...rest } = defined(item);
      return encodeHashedRekordV2Body({
        digest: digest.value,
        algorithm: digest.algorithm,
        ...rest,
        keyDetails: details,
      });
    });
  });

  test('of dsse 0.0.1 are rewritten byte for byte', () => {
    rewrite('dsse', '0.0.1', ({ digest, envelopeDigest, signatures }) =>
      encodeDsseV1Body({ envelopeHash: defined(envelopeDigest).value, payloadHash: digest.value, signatures }),
    );
  });

  function defined<T>(value: T | undefined): T {
    if (value === undefined) throw new Error('the body lacks it');
    return value;
  }
});
