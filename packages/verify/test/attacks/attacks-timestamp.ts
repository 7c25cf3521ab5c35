// SPDX-License-Identifier: Apache-2.0
// Tables TS and CK: timestamps that were signed again by the lab's authority, and clocks.

import { compareBytes, concatBytes, encodeUtf8 } from '@keywax/core/bytes';
import { TAG, contextTag, encodeDer, encodeInteger } from '@keywax/core/der';
import { hash } from '@keywax/core/hash';
import { OID, encodeOid } from '@keywax/core/oid';
import {
  type CertificateProfile,
  type SignerInfoMembers,
  type TimestampSteps,
  basicConstraints,
  encodeAttribute,
  encodeHashAlgorithm,
  encodeImprint,
  encodeSignerInfo,
  encodeStatus,
  extendedKeyUsage,
  generateSigningKey,
  keyUsage,
  readCertificate,
  readTbs,
  signBytes,
} from '@keywax/stack/lab';
import type { CheckId } from '../../src/index.js';
import {
  createIntermediate,
  createStampingAuthority,
  having,
  lacking,
  stamp,
  stamped,
  unknownExtension,
  type StampingAuthority,
} from './authorities.js';
import { type AttackCase, type Bench, type Make, type Source, attacks } from './case.js';
import { genTime, withoutLeaf } from './controls-time.js';
import { STAMPS, asking, at, changed, flipBit, memberAt, seconds, withRoot } from './forge.js';

type Row = Omit<AttackCase, 'twin'> & { readonly twin?: Source };
const NO_CLOCK: object = { now: undefined };
type Steps = Partial<TimestampSteps>;

/** A timestamp with a step replaced; what follows the step is signed over what came out. */
const made = (id: string, title: string, steps: Steps | ((bench: Bench) => Steps), more: Partial<Row> = {}): Row => ({
  id,
  title,
  code: 'TIMESTAMP_INVALID',
  at: 'timestamp.token',
  make: stamped((bench, signature) => [
    stamp(bench.lab, signature, typeof steps === 'function' ? steps(bench) : steps),
  ]),
  ...more,
});

/** A timestamp whose bytes were changed. */
const bytes = (id: string, title: string, change: (der: Uint8Array) => Uint8Array, more: Partial<Row> = {}): Row => ({
  id,
  title,
  code: 'INPUT_MALFORMED',
  at: 'timestamp.token',
  make: stamped(({ lab }, signature) => [change(stamp(lab, signature))]),
  ...more,
});

/** A timestamp by an authority with another leaf, which the trusted root lists. */
function byAuthority(create: (bench: Bench) => Promise<StampingAuthority>, steps: Steps = {}): Make {
  return async (bench) => {
    const authority = await create(bench);
    const attempt = await stamped((_, signature) => [authority.stamp(signature, steps)])(bench);
    return withRoot(
      () => attempt,
      (root) => {
        root.timestampAuthorities = [authority.entry];
      },
    )(bench);
  };
}

const profiled = (
  id: string,
  title: string,
  change: (profile: CertificateProfile) => CertificateProfile,
  at: CheckId = 'timestamp.profile',
): Row => ({
  id,
  title,
  code: 'TIMESTAMP_INVALID',
  at,
  twin: byAuthority(async ({ lab }) => createStampingAuthority(lab)),
  make: byAuthority(async ({ lab }) => createStampingAuthority(lab, { change })),
});

const PURPOSE = extendedKeyUsage([OID.timeStamping], true);
const byType =
  (type: string) =>
  (attribute: Uint8Array): boolean =>
    Buffer.from(attribute).includes(Buffer.from(encodeOid(type)));
const not =
  (type: string) =>
  (attribute: Uint8Array): boolean =>
    !byType(type)(attribute);

/** Replaces the attribute of a type, in DER order. */
const attribute = (type: string, ...values: readonly Uint8Array[]): Steps => ({
  changeAttributes: (own) => [...own.filter(not(type)), encodeAttribute(type, ...values)].sort(compareBytes),
});

/** SigningCertificateV2 with a hash alone, so that no issuer and serial number bind the signer id. */
const bareCertificateHash = (der: Uint8Array): Uint8Array =>
  encodeDer(
    TAG.sequence,
    encodeDer(TAG.sequence, encodeDer(TAG.sequence, encodeDer(TAG.octetString, hash('sha256', der)))),
  );

const leafOf = ({ lab }: Bench): Uint8Array => at(lab.material.tsa.chain, 0);

/** A signer id of another certificate, the signed attributes naming the right one. */
const withOtherSignerId: Make = stamped((bench, signature) => {
  const { issuer } = readTbs(readCertificate(leafOf(bench)).tbs);
  return [
    stamp(bench.lab, signature, {
      ...attribute(OID.signingCertificateV2, bareCertificateHash(leafOf(bench))),
      changeSignerInfo: (info) => ({ ...info, sid: encodeDer(TAG.sequence, issuer, encodeInteger(5)) }),
    }),
  ];
});

/** A leaf of an attacker with the names of the real one, named by the signed attributes. */
const byLookAlike: Make = stamped(async ({ lab }, signature) => {
  const authority = await createStampingAuthority(lab, {
    parent: { ...lab.roots.tsa, key: generateSigningKey('P-256') },
  });
  return [authority.stamp(signature, {}, { certificates: [authority.certificate] })];
});

export const TIMESTAMP_ATTACKS: readonly AttackCase[] = attacks('v2-message', [
  bytes('TS-001', 'an empty sequence', () => Uint8Array.of(0x30, 0)),
  bytes('TS-001', 'a timestamp cut short', (der) => der.subarray(0, -32)),
  bytes('TS-001', 'a byte behind a timestamp', (der) => concatBytes(der, new Uint8Array(1))),
  bytes('TS-002', 'a token without its response', (der) => der.subarray(9)),
  bytes('TS-035', 'indefinite length', (der) =>
    concatBytes(Uint8Array.of(0x30, 0x80), der.subarray(4), new Uint8Array(2)),
  ),
  made('TS-003', 'a rejection with a token', {
    changeResponse: (members) => ({ ...members, statusInfo: encodeStatus(2) }),
  }),
  made('TS-004', 'a granted timestamp with a failure', {
    changeResponse: (members) => ({ ...members, statusInfo: encodeStatus(0, 25) }),
  }),
  made('TS-003', 'a granted timestamp without a token', {
    changeResponse: ({ statusInfo }) => ({ statusInfo }),
  }),
  made(
    'TS-005',
    'a signature with one bit the other way round',
    { changeSignerInfo: (info) => ({ ...info, signature: flipBit(info.signature) }) },
    { at: 'timestamp.signature' },
  ),
  made(
    'TS-005',
    'signed attributes that were changed after the signature',
    {
      changeSignerInfo: (info) => ({
        ...info,
        signedAttributes: (info.signedAttributes ?? []).map((one) =>
          byType(OID.signingTime)(one) ? flipBit(one, -2) : one,
        ),
      }),
    },
    { at: 'timestamp.signature' },
  ),
  made('TS-006', 'another content than was signed', {
    changeSignedData: (data) => ({ ...data, content: concatBytes(data.content.subarray(0, -1), Uint8Array.of(0x20)) }),
  }),
  made(
    'TS-006',
    'a message digest of another content, signed',
    attribute(OID.messageDigest, encodeDer(TAG.octetString, hash('sha256'))),
  ),
  made('TS-007', 'no signed attributes, the content signed', (bench) => ({
    changeSignedData: (data) => ({
      ...data,
      signerInfos: [withoutAttributes(bench, data.content)],
    }),
  })),
  made('TS-008', 'no content type', { changeAttributes: (own) => own.filter(not(OID.contentType)) }),
  made('TS-008', 'another content type, signed', attribute(OID.contentType, encodeOid(OID.signedData))),
  made('TS-008', 'another type of the content itself', {
    changeSignedData: (data) => ({ ...data, contentType: encodeOid(OID.signedData) }),
  }),
  made('TS-009', 'an attribute twice', { changeAttributes: (own) => [...own, at(own, 0)].sort(compareBytes) }),
  made('TS-009', 'an attribute with two values', {
    changeAttributes: (own) =>
      [
        ...own.filter(not(OID.contentType)),
        encodeAttribute(OID.contentType, encodeOid(OID.tstInfo), encodeOid(OID.tstInfo)),
      ].sort(compareBytes),
  }),
  made('TS-010', 'no signing certificate', { changeAttributes: (own) => own.filter(not(OID.signingCertificateV2)) }),
  {
    // The hash is that of no certificate of the trusted root: the authority is unknown, and the timestamp set aside.
    ...made(
      'TS-010',
      'another signing certificate, signed',
      attribute(OID.signingCertificateV2, bareCertificateHash(new Uint8Array())),
    ),
    code: 'TIME_MISSING',
    at: 'time.proven',
    rulings: ['RUL-1'],
  },
  made('TS-010', 'a signing certificate by SHA-1 alone', {
    changeAttributes: (own) =>
      [
        ...own.filter(not(OID.signingCertificateV2)),
        encodeAttribute(OID.signingCertificate, encodeDer(TAG.sequence)),
      ].sort(compareBytes),
  }),
  made('TS-011', 'attributes in another order, signed as they are', { changeAttributes: (own) => [...own].reverse() }),
  made('TS-012', 'no signer', { changeSignedData: (data) => ({ ...data, signerInfos: [] }) }),
  made('TS-012', 'two signers', {
    changeSignedData: (data) => ({ ...data, signerInfos: [at(data.signerInfos, 0), at(data.signerInfos, 0)] }),
  }),
  {
    id: 'TS-013',
    title: 'the id of another signer than the signed attributes name',
    code: 'TIMESTAMP_INVALID',
    at: 'timestamp.signer',
    make: withOtherSignerId,
  },
  {
    id: 'TS-013',
    title: 'a certificate of an attacker in front of the real one',
    code: 'TIMESTAMP_INVALID',
    at: 'timestamp.certificates',
    twin: 'embedded-certificate',
    make: stamped((bench, signature) => [
      stamp(bench.lab, signature, {}, { certificates: [leafOf({ ...bench, lab: bench.stranger }), leafOf(bench)] }),
    ]),
  },
  {
    // Its certificate is none of the trusted root's, so that the authority is unknown.
    id: 'TS-014',
    title: 'a look-alike of the real certificate',
    code: 'TIME_MISSING',
    at: 'time.proven',
    twin: 'embedded-certificate',
    make: byLookAlike,
    rulings: ['RUL-1'],
  },
  {
    id: 'TS-014',
    title: 'a look-alike where the trusted root lists no leaf',
    code: 'TIMESTAMP_INVALID',
    at: 'timestamp.chain',
    twin: 'embedded-leaf',
    make: withRoot(
      stamped(async ({ lab }, signature) => {
        const authority = await createStampingAuthority(lab, {
          parent: { ...lab.roots.tsa, key: generateSigningKey('P-256') },
          change: lacking(OID.authorityKeyIdentifier),
        });
        return [authority.stamp(signature, {}, { certificates: [authority.certificate] })];
      }),
      withoutLeaf,
    ),
    rulings: ['RUL-28'],
  },
  {
    id: 'TS-017',
    title: 'an embedded leaf for another purpose where the trusted root lists no leaf',
    code: 'TIMESTAMP_INVALID',
    at: 'timestamp.profile',
    twin: 'embedded-leaf',
    make: withRoot(
      stamped(async ({ lab }, signature) => {
        const authority = await createStampingAuthority(lab, {
          change: having(extendedKeyUsage([OID.codeSigning], true)),
        });
        return [authority.stamp(signature, {}, { certificates: [authority.certificate] })];
      }),
      withoutLeaf,
    ),
    rulings: ['RUL-28'],
  },
  {
    id: 'TS-015',
    title: 'a leaf that is not embedded where the trusted root lists no leaf',
    code: 'TIME_MISSING',
    at: 'time.proven',
    twin: 'embedded-leaf',
    make: withRoot('v2-message', withoutLeaf),
    rulings: ['RUL-28'],
  },
  {
    id: 'TS-015',
    title: 'a timestamp of an authority that nobody knows',
    code: 'TIME_MISSING',
    at: 'time.proven',
    twin: 'unknown-timestamp',
    make: stamped(({ stranger }, signature) => [stamp(stranger, signature)]),
    rulings: ['RUL-1'],
  },
  {
    id: 'TS-016',
    title: 'the chain of an attacker',
    code: 'TIME_MISSING',
    at: 'time.proven',
    twin: 'embedded-certificate',
    make: stamped(({ stranger }, signature) => [
      stamp(stranger, signature, {}, { certificates: stranger.material.tsa.chain }),
    ]),
  },
  profiled('TS-017', 'a signer without extended key usage', lacking(OID.extendedKeyUsage)),
  profiled('TS-017', 'a signer whose purpose is not critical', having({ ...PURPOSE, critical: false })),
  profiled('TS-017', 'a signer for code', having(extendedKeyUsage([OID.codeSigning], true))),
  profiled(
    'TS-017',
    'a signer for timestamps and code',
    having(extendedKeyUsage([OID.timeStamping, OID.codeSigning], true)),
  ),
  profiled(
    'TS-017',
    'a signer for timestamps and something unknown',
    having(extendedKeyUsage([OID.timeStamping, '1.2.3'], true)),
  ),
  profiled('TS-017', 'a signer with a critical extension that nobody knows', having(unknownExtension(true))),
  profiled('TS-018', 'a signer that may sign certificates', having(keyUsage('digitalSignature', 'keyCertSign'))),
  {
    // An entry that starts with an authority lists no leaf (RUL-28), and its own certificate is no leaf to be embedded.
    ...profiled('TS-018', 'a signer that is an authority', having(basicConstraints({ ca: true }))),
    code: 'TIME_MISSING',
    at: 'time.proven',
  },
  {
    id: 'TS-018',
    title: 'an embedded signer that is an authority where the trusted root lists no leaf',
    code: 'TIMESTAMP_INVALID',
    at: 'timestamp.profile',
    twin: 'embedded-leaf',
    make: withRoot(
      stamped(async ({ lab }, signature) => {
        const authority = await createStampingAuthority(lab, { change: having(basicConstraints({ ca: true })) });
        return [authority.stamp(signature, {}, { certificates: [authority.certificate] })];
      }),
      withoutLeaf,
    ),
    rulings: ['RUL-28'],
  },
  {
    id: 'TS-019',
    title: 'an authority below an intermediate for code',
    code: 'TIMESTAMP_INVALID',
    at: 'timestamp.path',
    twin: 'intermediate-authority',
    make: byAuthority(async ({ lab }) => {
      const parent = await createIntermediate(lab, (profile) => profile, lab.roots.tsa);
      return createStampingAuthority(lab, { parent });
    }),
  },
  profiled(
    'TS-020',
    'a signer that had expired',
    (profile) => ({ ...profile, notAfter: seconds(-1) }),
    'timestamp.validity',
  ),
  profiled(
    'TS-020',
    'a signer that was not valid yet',
    (profile) => ({ ...profile, notBefore: seconds(1) }),
    'timestamp.validity',
  ),
  {
    id: 'TS-020',
    title: 'a timestamp one second after the window of its authority',
    code: 'TIMESTAMP_INVALID',
    at: 'timestamp.window',
    twin: 'window-last-second',
    make: withRoot('v2-message', (root) => {
      at(root.timestampAuthorities, 0).validFor.end = seconds(-1).toISOString();
    }),
  },
  {
    id: 'TS-020',
    title: 'a timestamp one second before the window of its authority',
    code: 'TIMESTAMP_INVALID',
    at: 'timestamp.window',
    twin: 'window-first-second',
    make: withRoot('v2-message', (root) => {
      at(root.timestampAuthorities, 0).validFor.start = seconds(1).toISOString();
    }),
  },
  {
    id: 'TS-020',
    title: 'an authority listed six times, of which no window has the time',
    code: 'TIMESTAMP_INVALID',
    at: 'timestamp.window',
    twin: 'overlapping-windows',
    make: withRoot('overlapping-windows', (root) => {
      for (const { validFor } of root.timestampAuthorities) validFor.end = seconds(-1).toISOString();
    }),
  },
  ...(
    [
      ['the artifact', encodeUtf8('artifact\n')],
      ['nothing', new Uint8Array()],
    ] as const
  ).map(
    ([what, data]): Row => ({
      id: 'TS-023',
      title: `a timestamp over ${what}`,
      code: 'TIMESTAMP_INVALID',
      at: 'timestamp.imprint',
      make: stamped(({ lab }) => [stamp(lab, data)]),
    }),
  ),
  {
    id: 'TS-023',
    title: 'a timestamp over the digest of the digest',
    code: 'TIMESTAMP_INVALID',
    at: 'timestamp.imprint',
    make: stamped(({ lab }, signature) => [stamp(lab, hash('sha256', signature))]),
  },
  {
    id: 'TS-036',
    title: 'the timestamp of another bundle',
    code: 'TIMESTAMP_INVALID',
    at: 'timestamp.imprint',
    make: async (bench) => {
      const { bundle } = await stamped(({ lab }, signature) => [stamp(lab, signature)])(bench);
      return changed('v2-message', STAMPS, memberAt(bundle, STAMPS))(bench);
    },
  },
  made('TS-024', 'an imprint of another length than its hash has', {
    changeInfo: (info) => ({ ...info, messageImprint: encodeImprint({ algorithm: 'sha512', digest: hash('sha256') }) }),
  }),
  made(
    'TS-024',
    'an imprint by SHA-1',
    {
      changeInfo: (info) => ({
        ...info,
        messageImprint: encodeDer(
          TAG.sequence,
          encodeDer(TAG.sequence, encodeOid('1.3.14.3.2.26')),
          encodeDer(TAG.octetString, new Uint8Array(20)),
        ),
      }),
    },
    { code: 'INPUT_UNSUPPORTED' },
  ),
  ...(
    [
      ['TS-025', 'without its Z', '20260301120000'],
      ['TS-025', 'with an offset', '20260301120000+0000'],
      ['TS-025', 'with a zero at the end of its fraction', '20260301120000.10Z'],
      ['TS-025', 'with a leap second', '20260301115960Z'],
      ['CK-009', 'on 30 February', '20260230120000Z'],
      ['CK-009', 'in a year of five digits', '120260301120000Z'],
    ] as const
  ).map(([id, title, text]) =>
    made(
      id,
      `a time ${title}`,
      { changeInfo: (info) => ({ ...info, genTime: genTime(text) }) },
      { code: 'INPUT_MALFORMED' },
    ),
  ),
  made(
    'CK-009',
    'a time in year 1',
    { changeInfo: (info) => ({ ...info, genTime: genTime('00010101000000Z') }) },
    { at: 'timestamp.validity' },
  ),
  made('TS-026', 'version 2', { changeInfo: (info) => ({ ...info, version: encodeInteger(2) }) }),
  made('TS-026', 'an extension', {
    changeInfo: (info) => ({ ...info, extensions: encodeDer(contextTag(1), encodeDer(TAG.sequence)) }),
  }),
  made('TS-027', 'another digest algorithm than announced', {
    changeSignedData: (data) => ({ ...data, digestAlgorithms: [encodeHashAlgorithm('sha512')] }),
  }),
  made('TS-027', 'another digest algorithm than used', {
    changeSignedData: (data) => ({ ...data, digestAlgorithms: [encodeHashAlgorithm('sha512')] }),
    changeSignerInfo: (info) => ({ ...info, digestAlgorithm: encodeHashAlgorithm('sha512') }),
  }),
  made(
    'TS-028',
    'a signature with SHA-1',
    {
      changeSignerInfo: (info) => ({
        ...info,
        signatureAlgorithm: encodeDer(TAG.sequence, encodeOid('1.2.840.10045.4.1')),
      }),
    },
    { code: 'INPUT_UNSUPPORTED' },
  ),
  {
    id: 'TS-030',
    title: '17 embedded certificates',
    code: 'INPUT_TOO_LARGE',
    at: 'timestamp.token',
    twin: 'embedded-certificate',
    make: stamped((bench, signature) => [
      stamp(bench.lab, signature, {}, { certificates: Array.from({ length: 17 }, () => leafOf(bench)) }),
    ]),
  },
  {
    id: 'TS-032',
    title: 'a good timestamp and a bad one of a known authority',
    code: 'TIMESTAMP_INVALID',
    at: 'timestamp.imprint',
    twin: 'unknown-timestamp',
    make: stamped(({ lab }, signature) => [stamp(lab, signature), stamp(lab, new Uint8Array())]),
    rulings: ['RUL-1'],
  },
  {
    id: 'TS-034',
    title: 'a timestamp more than five minutes ahead',
    code: 'TIME_INVALID',
    at: 'timestamp.clock',
    twin: 'stamped-soon',
    make: asking('v2-message', { now: seconds(-301) }),
    rulings: ['RUL-13'],
  },
  {
    id: 'CK-001',
    title: 'a clock ten years back',
    code: 'TIME_INVALID',
    at: 'timestamp.clock',
    make: asking('v2-message', { now: new Date('2016-03-01T12:00:00Z') }),
    rulings: ['RUL-13'],
  },
  {
    id: 'CK-001',
    title: 'a clock that shows nothing',
    code: 'CONFIG_INVALID',
    make: asking('v2-message', { now: new Date(Number.NaN) }),
    rulings: ['RUL-13', 'RUL-25'],
  },
  {
    id: 'CK-001',
    title: 'no clock',
    code: 'CONFIG_INVALID',
    make: asking('v2-message', NO_CLOCK),
    rulings: ['RUL-13', 'RUL-25'],
  },
]);

/** A SignerInfo whose signature is over the content. */
function withoutAttributes(bench: Bench, content: Uint8Array): Uint8Array {
  const { issuer, serialNumber } = readTbs(readCertificate(leafOf(bench)).tbs);
  const { key } = bench.lab.material.tsa;
  const info: SignerInfoMembers = {
    version: encodeInteger(1),
    sid: encodeDer(TAG.sequence, issuer, serialNumber),
    digestAlgorithm: encodeHashAlgorithm('sha256'),
    signatureAlgorithm: encodeDer(TAG.sequence, encodeOid(OID.ecdsaWithSha256)),
    signature: signBytes(key, content, 'sha256'),
  };
  return encodeSignerInfo(info);
}
