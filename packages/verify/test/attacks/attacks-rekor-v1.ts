// SPDX-License-Identifier: Apache-2.0
// Table RV1: promises of Rekor v1, and bodies that its log signed although they say something else.

import { concatBytes, encodeBase64, encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { encodePem } from '@keywax/core/pem';
import {
  type BundleParts,
  describeDsseV1,
  describeHashedRekordV1,
  describeHashedRekordV2,
  encodeBody,
  generateSigningKey,
  loggedEnvelope,
  personaIdentity,
  signedDigest,
} from '@keywax/stack/lab';
import type { CheckId } from '../../src/index.js';
import { type AttackCase, type Bench, type Make, type Source, attacks } from './case.js';
import { encodeIntotoBody } from './controls-signature.js';
import { forgeV1, loggedInV1 } from './entries.js';
import { ENTRY, PROOF, asking, at, changed, flipBase64, made, memberAt, replaceMember, seconds } from './forge.js';

type Row = Omit<AttackCase, 'twin'> & { readonly twin?: Source };
type Body = (parts: BundleParts, bench: Bench) => Uint8Array;

/** A bundle whose entry has another body, which the log proves and promises. */
const logged = (
  id: string,
  title: string,
  at: CheckId | undefined,
  body: Body,
  content: 'message' | 'dsse' = 'message',
): Row => ({
  id,
  title,
  code: 'ENTRY_MISMATCH',
  ...(at === undefined ? {} : { at }),
  twin: content === 'message' ? 'v1-message' : 'v1-dsse',
  make: made((bench) => ({
    content,
    logs: 'v1',
    steps: { bodyV1: (parts) => body(parts, bench), entryV1: async (bytes) => forgeV1(bench.lab, bytes) },
  })),
});

/** The same with the certificate of another bundle for the same key. */
function withOtherCertificate(): Make {
  return made((bench) => {
    const { lab } = bench;
    let other = new Uint8Array();
    return {
      content: 'message',
      logs: 'v1',
      steps: {
        certificate: async (spki, identity) => {
          other = Uint8Array.from(await lab.issueCertificate(spki, personaIdentity('email')));
          return lab.issueCertificate(spki, identity);
        },
        bodyV1: (parts) =>
          encodeBody(describeHashedRekordV1({ ...signedDigest(parts), verifier: { kind: 'certificate', der: other } })),
      },
    };
  });
}

const PROMISE = `${ENTRY}.inclusionPromise.signedEntryTimestamp`;
const rekord = (parts: BundleParts): ReturnType<typeof describeHashedRekordV1> =>
  describeHashedRekordV1(signedDigest(parts));
const dsse = (parts: BundleParts): ReturnType<typeof describeDsseV1> => describeDsseV1(loggedEnvelope(parts));
const certificate = (pem: string): string => encodeBase64(encodeUtf8(pem));
const OTHER = Uint8Array.of(0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01);

/** The body with a member at a dotted path replaced. */
const changedBody =
  (describe: (parts: BundleParts) => object, path: string, value: unknown): Body =>
  (parts) =>
    encodeBody(replaceMember(describe(parts), path, value));

export const REKOR_V1_ATTACKS: readonly AttackCase[] = attacks('logged-v1', [
  {
    id: 'RV1-001',
    title: 'a promise with one bit the other way round',
    code: 'PROMISE_INVALID',
    at: 'promise.signature',
    make: changed('logged-v1', PROMISE, flipBase64),
  },
  {
    id: 'RV1-001',
    title: 'the promise of another entry',
    code: 'PROMISE_INVALID',
    at: 'promise.signature',
    make: async (bench) => {
      const { bundle } = await loggedInV1()(bench);
      return changed('logged-v1', PROMISE, memberAt(bundle, PROMISE))(bench);
    },
  },
  {
    id: 'RV1-002',
    title: 'another integrated time',
    code: 'PROMISE_INVALID',
    at: 'promise.signature',
    make: changed('logged-v1', `${ENTRY}.integratedTime`, `${seconds(1).getTime() / 1_000}`),
  },
  {
    id: 'RV1-003',
    title: 'another index',
    code: 'PROMISE_INVALID',
    at: 'promise.signature',
    make: changed('logged-v1', `${ENTRY}.logIndex`, '1006'),
  },
  {
    id: 'RV1-004',
    title: 'the id of another log',
    code: 'CHECKPOINT_INVALID',
    at: 'checkpoint.origin',
    make: async (bench) => changed('logged-v1', `${ENTRY}.logId.keyId`, encodeBase64(bench.lab.rekorV2.logId))(bench),
  },
  {
    id: 'RV1-004',
    title: 'the id of a log that nobody knows',
    code: 'TIME_MISSING',
    at: 'time.proven',
    make: changed('logged-v1', `${ENTRY}.logId.keyId`, encodeBase64(hash('sha256'))),
    rulings: ['RUL-2'],
  },
  {
    id: 'RV1-005',
    title: 'an integrated time without a promise and without a timestamp',
    code: 'TIME_MISSING',
    at: 'time.proven',
    make: changed('logged-v1', `${ENTRY}.inclusionPromise`, undefined),
  },
  {
    id: 'RV1-007',
    title: 'an integrated time of zero',
    code: 'TIME_INVALID',
    at: 'promise.clock',
    make: loggedInV1({ integratedTime: 0n }),
  },
  {
    id: 'RV1-007',
    title: 'an integrated time that no calendar has',
    code: 'TIME_INVALID',
    at: 'promise.clock',
    make: loggedInV1({ integratedTime: 2n ** 62n }),
  },
  {
    id: 'CK-003',
    title: 'an integrated time more than five minutes ahead',
    code: 'TIME_INVALID',
    at: 'promise.clock',
    twin: 'integrated-soon',
    make: asking('logged-v1', { now: seconds(-301) }),
    rulings: ['RUL-13'],
  },
  {
    id: 'RV1-008',
    title: 'an integrated time after the certificate',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.validity',
    make: asking(loggedInV1({ integratedTime: BigInt(seconds(601).getTime() / 1_000) }), { now: seconds(3_600) }),
  },
  logged('RV1-009', 'a body with another signature', 'entry.signature', (parts) =>
    encodeBody(describeHashedRekordV1({ ...signedDigest(parts), signature: OTHER })),
  ),
  {
    id: 'RV1-010',
    title: 'a body with another certificate for the same key',
    code: 'ENTRY_MISMATCH',
    at: 'entry.key',
    twin: 'v1-message',
    make: withOtherCertificate(),
  },
  logged('RV1-011', 'a body with the bare key', 'entry.key', (parts) =>
    encodeBody(
      describeHashedRekordV1({ ...signedDigest(parts), verifier: { kind: 'publicKey', spki: parts.key.spki } }),
    ),
  ),
  logged('RV1-011', 'a body with another key', 'entry.key', (parts) =>
    encodeBody(
      describeHashedRekordV1({
        ...signedDigest(parts),
        verifier: { kind: 'publicKey', spki: generateSigningKey('P-256').spki },
      }),
    ),
  ),
  logged('RV1-012', 'a body with the digest of another artifact', 'entry.digest', (parts) =>
    encodeBody(describeHashedRekordV1({ ...signedDigest(parts), digest: hash('sha256') })),
  ),
  logged('RV1-013', 'a body with a digest by another algorithm', 'entry.digest', (parts) =>
    encodeBody(
      describeHashedRekordV1({ ...signedDigest(parts), algorithm: 'sha512', digest: hash('sha512', parts.artifact) }),
    ),
  ),
  logged(
    'RV1-013',
    'a body with the digest under another name',
    'entry.body',
    changedBody(rekord, 'spec.data.hash.algorithm', 'sha512'),
  ),
  logged(
    'RV1-013',
    'a body with a digest by MD5',
    'entry.body',
    changedBody(rekord, 'spec.data.hash.algorithm', 'md5'),
  ),
  {
    ...logged('RV1-014', 'a body of another version than the entry says', 'entry.body', (parts) =>
      encodeBody(rekord(parts)),
    ),
    make: changed('logged-v1', `${ENTRY}.kindVersion`, { kind: 'dsse', version: '0.0.1' }),
  },
  {
    ...logged('RV1-015', 'a body of a kind that nobody reads', 'entry.body', changedBody(rekord, 'kind', 'rpm')),
    code: 'INPUT_UNSUPPORTED',
  },
  logged('RV1-016', 'a message whose entry is an envelope', 'entry.kind', (parts) =>
    encodeBody({
      ...dsse(parts),
      spec: { ...dsse(parts).spec, payloadHash: { algorithm: 'sha256', value: encodeHex(parts.digest) } },
    }),
  ),
  logged('RV1-016', 'an envelope whose entry is a message', 'entry.kind', (parts) => encodeBody(rekord(parts)), 'dsse'),
  logged(
    'RV1-017',
    'an envelope whose entry has the digest of another payload',
    'entry.digest',
    (parts) => encodeBody(describeDsseV1({ ...loggedEnvelope(parts), payload: new Uint8Array() })),
    'dsse',
  ),
  logged(
    'RV1-017',
    'an envelope whose entry has two signatures',
    'entry.signature',
    (parts) => {
      const envelope = loggedEnvelope(parts);
      const signature = at(envelope.signatures, 0);
      return encodeBody(describeDsseV1({ ...envelope, signatures: [signature, { ...signature, signature: OTHER }] }));
    },
    'dsse',
  ),
  logged(
    'RV1-017',
    'an envelope whose entry has another signature',
    'entry.signature',
    (parts) => encodeBody(describeDsseV1(loggedEnvelope({ ...parts, signature: OTHER }))),
    'dsse',
  ),
  logged(
    'RV1-017',
    'an envelope whose entry has another verifier',
    'entry.key',
    (parts) =>
      encodeBody(describeDsseV1(loggedEnvelope({ ...parts, verifier: { kind: 'publicKey', spki: parts.key.spki } }))),
    'dsse',
  ),
  {
    ...logged(
      'RV1-018',
      'an envelope whose entry is intoto 0.0.1',
      'entry.body',
      (parts) => encodeIntotoBody(parts, '0.0.1'),
      'dsse',
    ),
    code: 'INPUT_UNSUPPORTED',
    twin: 'v1-intoto',
    rulings: ['RUL-17'],
  },
  {
    ...logged(
      'RV1-018',
      'an envelope whose entry is intoto 0.0.2 with another signature',
      'entry.signature',
      (parts) => encodeIntotoBody({ ...parts, signature: OTHER }),
      'dsse',
    ),
    twin: 'v1-intoto',
  },
  {
    // Nobody but the log signs it, and only its bytes count.
    ...logged('RV1-019', 'a body with white space', 'entry.body', (parts) =>
      concatBytes(encodeBody(rekord(parts)), encodeUtf8(' ')),
    ),
  },
  {
    ...logged('RV1-019', 'a body with a member twice', 'entry.body', (parts) =>
      encodeUtf8(new TextDecoder().decode(encodeBody(rekord(parts))).replace('{', '{"kind":"x",')),
    ),
    code: 'INPUT_MALFORMED',
  },
  logged('RV1-019', 'a body with a member that nobody knows', 'entry.body', changedBody(rekord, 'spec.extra', 1)),
  ...(
    [
      ['text before it', (pem: string) => `x\n${pem}`],
      ['two blocks', (pem: string) => pem + pem],
      ['carriage returns', (pem: string) => pem.replaceAll('\n', '\r\n')],
    ] as const
  ).map(([title, change]) =>
    logged('RV1-020', `a certificate in PEM with ${title}`, 'entry.body', (parts) => {
      const pem = encodePem(
        'CERTIFICATE',
        parts.verifier.kind === 'certificate' ? parts.verifier.der : new Uint8Array(),
      );
      return encodeBody(replaceMember(rekord(parts), 'spec.signature.publicKey.content', certificate(change(pem))));
    }),
  ),
  {
    id: 'RV1-022',
    title: 'a promise that holds and a proof that does not',
    code: 'PROOF_INVALID',
    at: 'entry.inclusion',
    make: changed('logged-v1', `${PROOF}.hashes.0`, flipBase64),
  },
  {
    id: 'RV1-022',
    title: 'a promise that holds and a proof that does not, in a bundle 0.1',
    code: 'PROOF_INVALID',
    at: 'entry.inclusion',
    twin: 'bundle-0.1',
    make: changed('bundle-0.1', `${PROOF}.hashes.0`, flipBase64),
    rulings: ['RUL-8'],
  },
  {
    id: 'RV1-022',
    title: 'a proof that holds and a promise that does not, with a timestamp',
    code: 'PROMISE_INVALID',
    at: 'promise.signature',
    twin: 'v1-message',
    make: changed('v1-message', PROMISE, flipBase64),
  },
  ...(['ctKey', 'rekorV2Key'] as const).map(
    (key): Row => ({
      id: 'RV1-023',
      title: `a promise by ${key} of the same trusted root`,
      code: 'PROMISE_INVALID',
      at: 'promise.signature',
      make: (bench) => loggedInV1({ promiseKey: bench.lab.material[key] })(bench),
    }),
  ),
  {
    // The entry calls itself one of Rekor v2, so that a promise is out of place.
    ...logged('RV1-025', 'a promise over a body of Rekor v2', undefined, (parts) =>
      encodeBody(describeHashedRekordV2(signedDigest(parts), 'PKIX_ECDSA_P256_SHA_256')),
    ),
    code: 'BUNDLE_INVALID',
  },
  {
    id: 'RV1-025',
    title: 'an entry of Rekor v2 in the log of v1',
    code: 'CHECKPOINT_INVALID',
    at: 'checkpoint.origin',
    twin: 'v1-message',
    make: made((bench) => ({
      content: 'message',
      logs: 'v1',
      steps: {
        bodyV1: (parts) => encodeBody(describeHashedRekordV2(signedDigest(parts), 'PKIX_ECDSA_P256_SHA_256')),
        entryV1: async (body) => {
          const { inclusionPromise: _promise, integratedTime: _time, ...entry } = forgeV1(bench.lab, body);
          return { ...entry, logIndex: '5' };
        },
      },
    })),
  },
  {
    id: 'OK-01',
    title: 'a promise without a proof, where the caller demands one',
    code: 'PROOF_INVALID',
    at: 'entry.proof',
    twin: 'bundle-0.1-promise',
    make: asking('bundle-0.1-promise', { requireInclusionProof: true }),
    rulings: ['RUL-8'],
  },
  {
    id: 'OK-01',
    title: 'a promise and a proof without a checkpoint, where the caller demands a proof',
    code: 'PROOF_INVALID',
    at: 'entry.proof',
    twin: 'bundle-0.1-no-checkpoint',
    make: asking('bundle-0.1-no-checkpoint', { requireInclusionProof: true }),
    rulings: ['RUL-8'],
  },
]);
