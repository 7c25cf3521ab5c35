// SPDX-License-Identifier: Apache-2.0
// Table CP: leaves and paths. What single certificates may look like, the tests of core say in full.

import { concatBytes, decodeBase64, encodeBase64, encodeUint, encodeUtf8 } from '@keywax/core/bytes';
import { TAG, contextTag, encodeDer, encodeInteger } from '@keywax/core/der';
import { OID, encodeOid } from '@keywax/core/oid';
import {
  type CertificateIssuer,
  type CertificateProfile,
  type TbsMembers,
  POISON,
  authorityKeyIdentifier,
  basicConstraints,
  createIssuer,
  encodeCertificate,
  encodeExtension,
  encodeSct,
  extendedKeyUsage,
  generateSigningKey,
  keyUsage,
  readCertificate,
  readPrecertificate,
  readTbs,
  rootProfile,
  signMembers,
} from '@keywax/stack/lab';
import {
  WRAPPED_PURPOSE,
  createIntermediate,
  describeCertificateAuthority,
  having,
  lacking,
  leafProfiled,
  leafWith,
  stamp,
  unknownExtension,
} from './authorities.js';
import { type AttackCase, type Bench, type Make, attacks } from './case.js';
import { withIntermediate } from './controls-certificate.js';
import { MATERIAL, NOW, asking, at, changed, flipBit, made, seconds, withRoot } from './forge.js';

type Change = (profile: CertificateProfile) => CertificateProfile;
type Row = Omit<AttackCase, 'twin'> & { readonly twin?: AttackCase['twin'] };

/** A leaf that its profile rules out. */
const leaf = (id: string, title: string, change: Change): Row => ({
  id,
  title,
  code: 'CERTIFICATE_PROFILE_INVALID',
  at: 'certificate.profile',
  make: leafProfiled(change),
});

/** An intermediate of the bundle that its path rules out. */
const issuer = (id: string, title: string, change: Change): Row => ({
  id,
  title,
  code: 'CERTIFICATE_PATH_INVALID',
  at: 'certificate.path',
  twin: 'private-intermediate',
  make: withIntermediate(async ({ lab }) => createIntermediate(lab, change)),
});

/** A certificate that is encoded in another way and signed as it is. */
const encoded = (
  id: string,
  title: string,
  code: AttackCase['code'],
  change: (members: TbsMembers) => TbsMembers,
): Row => ({ id, title, code, at: 'certificate.decode', make: leafWith({ changeCertificate: change }) });

/** The trusted root with an intermediate of other dates, which issued the leaf. */
function belowIntermediate(change: Change): Make {
  return async (bench) => {
    const issuer = await createIntermediate(bench.lab, change);
    const attempt = await leafWith({ issuer })(bench);
    return withRoot(
      () => attempt,
      (root) => {
        root.certificateAuthorities = [describeCertificateAuthority(issuer)];
      },
    )(bench);
  };
}

/** An issuer that is nobody's but calls itself as the lab's. */
async function createImpostor({ lab }: Bench): Promise<CertificateIssuer> {
  const { name, chain } = lab.material.fulcio;
  const key = generateSigningKey('P-256');
  return { key, name, chain };
}

/** A leaf by an impostor, with the certificate timestamp that the real issuer would have got. */
function byImpostor(changeProfile: Change): Make {
  return leafWith(async (bench) => ({
    issuer: await createImpostor(bench),
    changeProfile,
    requestScts: async (precertificate) => [
      encodeSct(bench.lab.ct.sign(readPrecertificate(precertificate, bench.lab.material.fulcio.key.spki))),
    ],
  }));
}

/** RFC 5280 section 4.2.1.10 with one permitted subtree. */
function nameConstraints(base: Uint8Array): ReturnType<typeof basicConstraints> {
  const subtrees = encodeDer(contextTag(0), encodeDer(TAG.sequence, base));
  return { id: OID.nameConstraints, critical: true, value: encodeDer(TAG.sequence, subtrees) };
}

const ECDSA_WITH_SHA1 = '1.2.840.10045.4.1';
const withoutAuthority = lacking(OID.authorityKeyIdentifier);
const CERTIFICATE = `${MATERIAL}.certificate.rawBytes`;

export const CERTIFICATE_ATTACKS: readonly AttackCase[] = attacks('v2-message', [
  ...(
    [
      ['CP-001', 'a leaf that had expired', seconds(-3_600)],
      ['CP-001', 'a leaf that was not valid yet', seconds(3_600)],
    ] as const
  ).map(
    ([id, title, now]): Row => ({
      id,
      title,
      code: 'CERTIFICATE_PATH_INVALID',
      at: 'certificate.validity',
      make: leafWith({ now }),
    }),
  ),
  {
    id: 'CP-004',
    title: 'a timestamp one second before the leaf',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.validity',
    twin: 'leaf-first-second',
    make: leafProfiled((profile) => ({ ...profile, notBefore: seconds(1) })),
  },
  {
    id: 'CP-004',
    title: 'a timestamp one second after the leaf',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.validity',
    twin: 'leaf-last-second',
    make: leafProfiled((profile) => ({ ...profile, notAfter: seconds(-1) })),
  },
  {
    id: 'CP-002',
    title: 'an intermediate that had expired',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.validity',
    twin: belowIntermediate((profile) => profile),
    make: belowIntermediate((profile) => ({ ...profile, notAfter: seconds(-1) })),
  },
  {
    id: 'CP-003',
    title: 'a root that had expired',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.validity',
    twin: belowIntermediate((profile) => profile),
    make: async (bench) => {
      const parent = await createIssuer((spki) => ({ ...rootProfile('old-root', spki, NOW), notAfter: seconds(-1) }), {
        keyKind: 'P-256',
      });
      const issuer = await createIntermediate(bench.lab, (profile) => profile, parent);
      const attempt = await leafWith({ issuer })(bench);
      return withRoot(
        () => attempt,
        (trusted) => {
          trusted.certificateAuthorities = [describeCertificateAuthority(issuer)];
        },
      )(bench);
    },
  },
  {
    id: 'CP-005',
    title: 'two proven times, of which one is outside',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.validity',
    twin: 'v1-message',
    make: made(({ lab }) => ({
      content: 'message',
      logs: 'v1',
      steps: { timestamps: (signature) => [stamp(lab, signature, { genTime: seconds(-3_600) })] },
    })),
  },
  {
    id: 'CP-006',
    title: 'a leaf by another issuer of the same name',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.authority',
    make: byImpostor((profile) => profile),
  },
  {
    id: 'CP-006',
    title: 'a leaf by another issuer of the same name, without key identifiers',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.signature',
    make: byImpostor(withoutAuthority),
  },
  {
    id: 'CP-006',
    title: 'a leaf by another issuer with the name and the key identifier of the real one',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.signature',
    make: (bench) => byImpostor(having(authorityKeyIdentifier(bench.lab.material.fulcio.key.spki)))(bench),
  },
  {
    // The report tells of the authority that could be the issuer, not of its namesake.
    id: 'CP-006',
    title: 'another artifact, where an authority of the same name could not have issued the leaf',
    code: 'ARTIFACT_MISMATCH',
    at: 'artifact.digest',
    twin: 'same-name',
    make: asking(
      withRoot('same-name', (root) => {
        at(root.certificateAuthorities, 0).validFor.end = seconds(-1).toISOString();
      }),
      { artifact: new Uint8Array() },
    ),
  },
  {
    id: 'CP-006',
    title: 'an intermediate of the bundle that calls itself issued by the root',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.anchor',
    twin: 'private-intermediate',
    make: withIntermediate(async ({ lab }) =>
      createIntermediate(lab, withoutAuthority, { ...lab.roots.fulcio, key: generateSigningKey('P-256') }),
    ),
  },
  {
    id: 'CP-007',
    title: 'a leaf by another leaf',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.path',
    twin: 'private-intermediate',
    make: withIntermediate(async ({ lab }) =>
      createIntermediate(lab, (profile) => ({
        ...profile,
        extensions: [keyUsage('digitalSignature'), extendedKeyUsage([OID.codeSigning])],
      })),
    ),
  },
  issuer('CP-008', 'an intermediate without basic constraints', lacking(OID.basicConstraints)),
  issuer('CP-008', 'an intermediate with CA false', having(basicConstraints({ ca: false }))),
  issuer(
    'CP-008',
    'an intermediate whose basic constraints are not critical',
    having({ ...basicConstraints({ ca: true }), critical: false }),
  ),
  issuer('CP-009', 'an intermediate that may not sign certificates', having(keyUsage('cRLSign'))),
  {
    id: 'CP-010',
    title: 'an intermediate below one that may have none',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.path',
    twin: 'private-intermediate',
    make: withIntermediate(async ({ lab }) => createIntermediate(lab, (profile) => profile, lab.material.fulcio)),
  },
  issuer(
    'CP-011',
    'an intermediate for addresses of another host',
    having(nameConstraints(encodeDer(contextTag(1, 'primitive'), encodeUtf8('example.org')))),
  ),
  issuer(
    'CP-012',
    'an intermediate with constraints of a kind that nobody implements',
    having(nameConstraints(encodeDer(contextTag(7, 'primitive'), new Uint8Array(8)))),
  ),
  issuer('CP-013', 'an intermediate for other purposes', having(extendedKeyUsage([OID.timeStamping]))),
  issuer('CP-018', 'an intermediate with a critical extension that nobody knows', having(unknownExtension(true))),
  leaf('CP-014', 'a leaf without extended key usage', lacking(OID.extendedKeyUsage)),
  leaf('CP-015', 'a leaf for another purpose', having(extendedKeyUsage(['1.3.6.1.5.5.7.3.1']))),
  leaf('CP-015', 'a leaf for any purpose', having(extendedKeyUsage([OID.anyExtendedKeyUsage]))),
  leaf('CP-032', 'a leaf whose purpose is code signing modulo 2^32', having(extendedKeyUsage([WRAPPED_PURPOSE]))),
  leaf('CP-016', 'a leaf without key usage', lacking(OID.keyUsage)),
  leaf('CP-016', 'a leaf for key agreement', having(keyUsage('keyAgreement'))),
  leaf('CP-016', 'a leaf that may sign certificates', having(keyUsage('digitalSignature', 'keyCertSign'))),
  leaf('CP-017', 'a leaf that is an authority', having(basicConstraints({ ca: true }))),
  leaf('CP-018', 'a leaf with a critical extension that nobody knows', having(unknownExtension(true))),
  leaf('CP-030', 'a precertificate', having(POISON)),
  leaf('ID-027', 'a leaf that names nobody', lacking(OID.subjectAltName)),
  encoded('CP-020', 'an extension twice', 'INPUT_MALFORMED', (members) => ({
    ...members,
    extensions: [
      ...members.extensions,
      encodeExtension(unknownExtension(false)),
      encodeExtension(unknownExtension(false)),
    ],
  })),
  {
    id: 'CP-021',
    title: 'another algorithm outside than inside',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.decode',
    make: changed('v2-message', CERTIFICATE, (old: string) => {
      const members = readCertificate(decodeBase64(old));
      const signatureAlgorithm = encodeDer(TAG.sequence, encodeOid(OID.ecdsaWithSha512));
      return encodeBase64(encodeCertificate({ ...members, signatureAlgorithm }));
    }),
  },
  {
    id: 'CP-022',
    title: 'a byte behind the certificate',
    code: 'INPUT_MALFORMED',
    at: 'certificate.decode',
    make: changed('v2-message', CERTIFICATE, (old: string) =>
      encodeBase64(concatBytes(decodeBase64(old), new Uint8Array(1))),
    ),
  },
  encoded('CP-024', 'a certificate of version 2', 'CERTIFICATE_PROFILE_INVALID', (members) => ({
    ...members,
    version: encodeDer(contextTag(0), encodeInteger(1)),
  })),
  encoded('CP-025', 'serial number zero', 'CERTIFICATE_PROFILE_INVALID', (members) => ({
    ...members,
    serialNumber: encodeInteger(0),
  })),
  encoded('CP-025', 'a serial number of 21 octets', 'CERTIFICATE_PROFILE_INVALID', (members) => ({
    ...members,
    serialNumber: encodeDer(TAG.integer, encodeUint(1n << 160n, 21)),
  })),
  encoded('CP-026', 'a validity that ends in month 13', 'INPUT_MALFORMED', (members) => ({
    ...members,
    validity: encodeDer(
      TAG.sequence,
      encodeDer(TAG.utcTime, encodeUtf8('260101000000Z')),
      encodeDer(TAG.utcTime, encodeUtf8('261301000000Z')),
    ),
  })),
  {
    id: 'CP-027',
    title: 'an intermediate signed with SHA-1',
    code: 'INPUT_UNSUPPORTED',
    at: 'certificate.decode',
    twin: 'private-intermediate',
    make: withIntermediate(async ({ lab }) => {
      const issuer = await createIntermediate(lab);
      const members = readTbs(readCertificate(at(issuer.chain, 0)).tbs);
      const signatureAlgorithm = encodeDer(TAG.sequence, encodeOid(ECDSA_WITH_SHA1));
      const der = signMembers({ ...members, signatureAlgorithm }, lab.roots.fulcio.key);
      return { ...issuer, chain: [der, ...issuer.chain.slice(1)] };
    }),
  },
  {
    id: 'CP-028',
    title: 'intermediates that issue each other',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.authority',
    twin: 'private-intermediate',
    make: withIntermediate(
      async ({ stranger }) => {
        const first = await createIntermediate(stranger);
        const second = await createIntermediate(
          stranger,
          (profile) => ({ ...profile, subject: stranger.roots.fulcio.name }),
          first,
        );
        const again = await createIntermediate(stranger, (profile) => profile, second);
        return { ...again, chain: [again, second, first].map(({ chain }) => at(chain, 0)) };
      },
      { extra: [1, 2] },
    ),
  },
  {
    id: 'CP-029',
    title: 'a leaf that names another key of its issuer',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.authority',
    make: (bench) => leafProfiled(having(authorityKeyIdentifier(bench.stranger.material.fulcio.key.spki)))(bench),
  },
  {
    id: 'CP-034',
    title: 'a signature with one bit the other way round',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.signature',
    make: made(({ lab }) => ({
      content: 'message',
      logs: 'v2',
      steps: { certificate: async (spki, identity) => flipBit(await lab.issueCertificate(spki, identity)) },
    })),
  },
  {
    id: 'CP-039',
    title: 'an intermediate that only the bundle has',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.authority',
    twin: 'private-intermediate',
    make: asking(
      withIntermediate(async ({ lab }) => createIntermediate(lab)),
      { allowIntermediatesInBundle: false },
    ),
  },
]);
