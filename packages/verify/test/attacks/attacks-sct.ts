// SPDX-License-Identifier: Apache-2.0
// Table CT: timestamps of certificate logs, signed again by the lab's log where the fault lies below its signature.

import { concatBytes, encodeUint } from '@keywax/core/bytes';
import { TAG, encodeDer } from '@keywax/core/der';
import { OID } from '@keywax/core/oid';
import { encodeExtension, encodeSct, encodeVector, generateSigningKey } from '@keywax/stack/lab';
import { type SctRequest, leafWith, leafWithScts, sctsOf } from './authorities.js';
import type { CheckId } from '../../src/index.js';
import { type AttackCase, type Bench, type Make, attacks } from './case.js';
import { withTwoScts } from './controls-certificate.js';
import { asking, flipBit, seconds } from './forge.js';

type Fields = Parameters<typeof encodeSct>[0];
type Row = Omit<AttackCase, 'twin'> & { readonly twin?: string };

/** One timestamp of the lab's log with fields changed after it was signed. */
const spoilt = (
  id: string,
  title: string,
  code: AttackCase['code'],
  at: CheckId,
  change: (sct: Fields) => Fields,
): Row => ({ id, title, code, at, make: leafWithScts(({ lab }) => [{ ct: lab.ct, change }]) });

/** One timestamp that the lab's log signed with other fields. */
const resigned = (id: string, title: string, at: CheckId, request: (bench: Bench) => Partial<SctRequest>): Row => ({
  id,
  title,
  code: 'SCT_INVALID',
  at,
  make: leafWithScts((bench) => [{ ct: bench.lab.ct, ...request(bench) }]),
});

/** A leaf whose list of timestamps is these bytes. */
const listed = (id: string, title: string, code: AttackCase['code'], list: (sct: Uint8Array) => Uint8Array): Row => ({
  id,
  title,
  code,
  at: 'sct.decode',
  make: leafWith(({ lab }) => {
    let bytes = new Uint8Array();
    return {
      requestScts: async (precertificate, issuer) => {
        [bytes = bytes] = (await sctsOf({ ct: lab.ct })(precertificate, issuer)) as [Uint8Array<ArrayBuffer>];
        return [];
      },
      changeCertificate: (members) => ({
        ...members,
        extensions: [
          ...members.extensions,
          encodeExtension({ id: OID.sctList, critical: false, value: encodeDer(TAG.octetString, list(bytes)) }),
        ],
      }),
    };
  }),
});

const listOf = (...scts: readonly Uint8Array[]): Uint8Array =>
  encodeVector(2, ...scts.map((sct) => encodeVector(2, sct)));

/** A timestamp over the certificate of another leaf. */
const ofAnotherLeaf: Make = leafWith(({ lab }) => ({
  requestScts: async (_, issuer) => {
    const der = await lab.issueCertificate(
      generateSigningKey('P-256').spki,
      {
        name: { kind: 'email', value: 'bob@example.com' },
        extensions: new Map(),
      },
      { requestScts: async () => [] },
    );
    return sctsOf({ ct: lab.ct })(der, issuer);
  },
}));

export const SCT_ATTACKS: readonly AttackCase[] = attacks('v2-message', [
  {
    id: 'CT-001',
    title: 'no certificate timestamps',
    code: 'SCT_INVALID',
    at: 'sct.present',
    twin: 'no-sct-demanded',
    make: leafWith({ requestScts: async () => [] }),
  },
  listed('CT-001', 'an empty list of certificate timestamps', 'SCT_INVALID', () => listOf()),
  {
    id: 'CT-002',
    title: 'a certificate timestamp of an unknown log alone',
    code: 'SCT_INVALID',
    at: 'sct.present',
    twin: 'unknown-sct',
    make: leafWithScts(({ stranger }) => [{ ct: stranger.ct }]),
    rulings: ['RUL-3'],
  },
  {
    id: 'CT-003',
    title: 'a certificate timestamp by another key under the id of the log',
    code: 'SCT_INVALID',
    at: 'sct.signature',
    make: leafWithScts(({ lab, stranger }) => [
      { ct: stranger.ct, change: (sct) => ({ ...sct, logId: lab.ct.logId }) },
    ]),
  },
  spoilt(
    'CT-003',
    'a certificate timestamp with one bit of its signature the other way round',
    'SCT_INVALID',
    'sct.signature',
    (sct) => ({
      ...sct,
      signature: flipBit(sct.signature),
    }),
  ),
  {
    id: 'CT-004',
    title: 'the certificate timestamp of another leaf',
    code: 'SCT_INVALID',
    at: 'sct.signature',
    make: ofAnotherLeaf,
  },
  resigned('CT-005', 'a certificate timestamp for another issuer', 'sct.signature', ({ stranger }) => ({
    issuerSpki: stranger.material.fulcio.key.spki,
  })),
  {
    id: 'CT-006',
    title: 'a certificate timestamp over a certificate, not a precertificate',
    code: 'SCT_INVALID',
    at: 'sct.signature',
    make: leafWith(({ lab }) => ({
      requestScts: async (precertificate) => [encodeSct(lab.ct.sign({ kind: 'certificate', der: precertificate }))],
    })),
  },
  {
    ...spoilt(
      'CT-007',
      'a certificate timestamp whose extensions were dropped',
      'SCT_INVALID',
      'sct.signature',
      (sct) => sct,
    ),
    twin: 'sct-extensions',
    make: leafWithScts(({ lab }) => [
      { ct: lab.ct, extensions: encodeUint(7, 8), change: (sct) => ({ ...sct, extensions: new Uint8Array() }) },
    ]),
  },
  spoilt('CT-007', 'a certificate timestamp whose extensions were added', 'SCT_INVALID', 'sct.signature', (sct) => ({
    ...sct,
    extensions: encodeUint(7, 8),
  })),
  listed('CT-008', 'a byte behind the list of certificate timestamps', 'INPUT_MALFORMED', (sct) =>
    concatBytes(listOf(sct), new Uint8Array(1)),
  ),
  listed('CT-008', 'a certificate timestamp of no bytes', 'INPUT_MALFORMED', (sct) => listOf(sct, new Uint8Array())),
  listed('CT-008', 'a byte behind a certificate timestamp', 'INPUT_MALFORMED', (sct) =>
    listOf(concatBytes(sct, new Uint8Array(1))),
  ),
  spoilt('CT-009', 'a certificate timestamp of version 2', 'INPUT_UNSUPPORTED', 'sct.decode', (sct) => ({
    ...sct,
    version: 1,
  })),
  spoilt('CT-009', 'a certificate timestamp with SHA-1', 'INPUT_UNSUPPORTED', 'sct.decode', (sct) => ({
    ...sct,
    hashAlgorithm: 2,
  })),
  spoilt(
    'CT-009',
    'a certificate timestamp with RSA by an elliptic curve key',
    'SCT_INVALID',
    'sct.algorithm',
    (sct) => ({
      ...sct,
      signatureAlgorithm: 1,
    }),
  ),
  spoilt(
    'CT-009',
    'a certificate timestamp with another hash than was signed',
    'SCT_INVALID',
    'sct.signature',
    (sct) => ({
      ...sct,
      hashAlgorithm: 5,
    }),
  ),
  {
    ...resigned('CT-010', 'a certificate timestamp more than five minutes before its certificate', 'sct.time', () => ({
      timestampMs: BigInt(seconds(-306).getTime()),
    })),
    twin: 'sct-five-minutes-early',
  },
  resigned('CT-010', 'a certificate timestamp long after its certificate', 'sct.time', () => ({
    timestampMs: BigInt(seconds(86_400).getTime()),
  })),
  resigned('CT-010', 'a certificate timestamp before the window of the log', 'sct.window', () => ({ timestampMs: 0n })),
  resigned('CT-010', 'a certificate timestamp beyond all calendars', 'sct.decode', () => ({
    timestampMs: 2n ** 64n - 1n,
  })),
  {
    id: 'CT-011',
    title: 'two certificate timestamps of one log, two demanded',
    code: 'SCT_THRESHOLD',
    at: 'sct.threshold',
    twin: 'two-scts',
    make: asking(
      leafWithScts(({ lab }) => [{ ct: lab.ct }, { ct: lab.ct, timestampMs: BigInt(seconds(1).getTime()) }]),
      { sctThreshold: 2 },
    ),
    rulings: ['RUL-16'],
  },
  {
    id: 'CT-012',
    title: 'two certificate logs, three demanded',
    code: 'SCT_THRESHOLD',
    at: 'sct.threshold',
    twin: 'two-scts',
    make: asking(withTwoScts, { sctThreshold: 3 }),
    rulings: ['RUL-16'],
  },
  {
    id: 'CT-013',
    title: 'a good certificate timestamp and one of a known log that is not',
    code: 'SCT_INVALID',
    at: 'sct.signature',
    twin: 'unknown-sct',
    make: leafWithScts(({ lab }) => [
      { ct: lab.ct },
      { ct: lab.ct, change: (sct) => ({ ...sct, signature: flipBit(sct.signature) }) },
    ]),
    rulings: ['RUL-3'],
  },
  listed('CT-015', '17 certificate timestamps', 'INPUT_TOO_LARGE', (sct) =>
    listOf(...Array.from({ length: 17 }, () => sct)),
  ),
  {
    // The extension is in the certificate twice, which the reader of certificates refuses.
    id: 'CT-016',
    title: 'two lists of certificate timestamps',
    code: 'INPUT_MALFORMED',
    at: 'certificate.decode',
    make: leafWith({
      changeCertificate: (members) => ({
        ...members,
        extensions: [...members.extensions, members.extensions.at(-1) as Uint8Array],
      }),
    }),
  },
  {
    id: 'CT-018',
    title: 'an extension that the certificate log did not see',
    code: 'SCT_INVALID',
    at: 'sct.signature',
    twin: 'unknown-extension',
    make: leafWith({
      changeCertificate: (members) => ({
        ...members,
        extensions: [
          ...members.extensions,
          encodeExtension({ id: '1.2.3', critical: false, value: new Uint8Array(2) }),
        ],
      }),
    }),
  },
]);
