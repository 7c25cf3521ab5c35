// SPDX-License-Identifier: Apache-2.0
// Table TR: trusted roots that are none, and evidence outside what they vouch for.

import { encodeBase64 } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { createIssuer, generateSigningKey, rootProfile } from '@keywax/stack/lab';
import {
  createOtherCtLog,
  createStampingAuthority,
  createWeakKey,
  describeCertificateAuthority,
  leafWith,
  sctsOf,
  stamp,
  stamped,
} from './authorities.js';
import { type AttackCase, type Make, attacks } from './case.js';
import { ENTRY, NOW, at, changed, seconds, withRoot, withRootMember } from './forge.js';

/** The v1 log of the trusted root with another key, under its key id. */
function withLogKey(spki: () => Uint8Array, keyDetails: string): Make {
  return withRoot('v1-message', (root) => {
    const { publicKey } = at(root.tlogs, 0);
    publicKey.rawBytes = encodeBase64(spki());
    publicKey.keyDetails = keyDetails;
  });
}

const P256 = 'PKIX_ECDSA_P256_SHA_256';
const outsideRoot = (path: string, id: string): Omit<AttackCase, 'twin'> => ({
  id,
  title: `a trusted root without ${path}`,
  code: 'TRUST_INVALID',
  make: withRootMember('v2-message', path, undefined),
});

/** A certificate timestamp of a log of which the trusted root has no usable key, beside a good one. */
const withWeakCtLog: Make = async (bench) => {
  const { ct, entry } = createOtherCtLog();
  const attempt = await leafWith(({ lab }) => ({ requestScts: sctsOf({ ct: lab.ct }, { ct }) }))(bench);
  return withRoot(
    () => attempt,
    (root) => {
      root.ctlogs.push({ ...entry, publicKey: { ...entry.publicKey, keyDetails: 'PKIX_ECDSA_P384_SHA_384' } });
    },
  )(bench);
};

/** A timestamp of an authority whose root has a weak key, beside a good one. */
const withWeakStamping: Make = async (bench) => {
  const parent = await createIssuer((spki) => rootProfile('weak', spki, NOW), { key: createWeakKey() });
  const authority = await createStampingAuthority(bench.lab, { parent });
  const attempt = await stamped(({ lab }, signature) => [stamp(lab, signature), authority.stamp(signature)])(bench);
  return withRoot(
    () => attempt,
    (root) => {
      root.timestampAuthorities.push(authority.entry);
    },
  )(bench);
};

/** A leaf by an authority with a weak key. */
const byWeakAuthority: Make = async (bench) => {
  const issuer = await createIssuer((spki) => rootProfile('weak', spki, NOW), { key: createWeakKey() });
  const attempt = await leafWith({ issuer })(bench);
  return withRoot(
    () => attempt,
    (root) => {
      root.certificateAuthorities = [describeCertificateAuthority(issuer)];
    },
  )(bench);
};

export const TRUST_ATTACKS: readonly AttackCase[] = attacks('v2-message', [
  outsideRoot('tlogs.0.publicKey.validFor.start', 'TR-001'),
  outsideRoot('tlogs.0.publicKey.validFor', 'TR-002'),
  outsideRoot('ctlogs.0.publicKey.validFor', 'TR-002'),
  outsideRoot('certificateAuthorities.0.validFor', 'TR-002'),
  outsideRoot('timestampAuthorities.0.validFor', 'TR-002'),
  {
    id: 'TR-003',
    title: 'a window that ends before it starts',
    code: 'TRUST_INVALID',
    make: withRootMember('v2-message', 'tlogs.0.publicKey.validFor', {
      start: '2026-01-02T00:00:00Z',
      end: '2026-01-01T00:00:00Z',
    }),
  },
  {
    id: 'TR-003',
    title: 'a window that ends on 30 February',
    code: 'TRUST_INVALID',
    make: withRootMember('v2-message', 'tlogs.0.publicKey.validFor.end', '2028-02-30T00:00:00Z'),
  },
  {
    id: 'TR-004',
    title: 'a trusted root with another media type',
    code: 'TRUST_INVALID',
    make: withRootMember('v2-message', 'mediaType', 'application/json'),
  },
  {
    id: 'TR-005',
    title: 'a log whose key id is not that of its key',
    code: 'KEY_REJECTED',
    at: 'promise.key',
    twin: 'v1-message',
    make: withLogKey(() => generateSigningKey('P-256').spki, P256),
    rulings: ['RUL-18', 'RUL-24'],
  },
  {
    id: 'TR-006',
    title: 'two keys with one key id',
    code: 'TRUST_INVALID',
    make: withRoot('v2-message', (root) => {
      const twin = structuredClone(at(root.tlogs, 0));
      twin.publicKey.rawBytes = encodeBase64(generateSigningKey('P-256').spki);
      root.tlogs.push(twin);
    }),
  },
  {
    id: 'TR-008',
    title: 'a base URL with a user',
    code: 'TRUST_INVALID',
    make: withRootMember('v2-message', 'tlogs.1.baseUrl', 'https://user@rekor2.localhost'),
  },
  {
    id: 'TR-008',
    title: 'a log of Rekor v2 without a base URL',
    code: 'TRUST_INVALID',
    make: withRootMember('v2-message', 'tlogs.1.baseUrl', ''),
  },
  {
    id: 'TR-009',
    title: 'a chain in the wrong order',
    code: 'TRUST_INVALID',
    make: withRootMember('v2-message', 'certificateAuthorities.0.certChain.certificates', (chain: unknown[]) =>
      chain.reverse(),
    ),
  },
  {
    id: 'TR-010',
    title: 'a timestamp authority that is only a leaf',
    code: 'TRUST_INVALID',
    make: withRootMember('v2-message', 'timestampAuthorities.0.certChain.certificates.1', undefined),
  },
  {
    id: 'TR-012',
    title: 'a log with a weak key',
    code: 'KEY_REJECTED',
    at: 'promise.key',
    twin: 'v1-message',
    make: withLogKey(() => createWeakKey().spki, 'PKIX_RSA_PKCS1V15_2048_SHA256'),
    rulings: ['RUL-24'],
  },
  {
    id: 'TR-012',
    title: 'a log of Rekor v2 with a key of a kind that nobody knows',
    code: 'KEY_REJECTED',
    at: 'entry.log',
    make: withRootMember('v2-message', 'tlogs.1.publicKey.keyDetails', 'PKIX_ML_DSA_65'),
    rulings: ['RUL-24'],
  },
  {
    id: 'TR-012',
    title: 'a certificate log with a key of another kind than its details say, beside a good one',
    code: 'KEY_REJECTED',
    at: 'sct.key',
    twin: 'two-scts',
    make: withWeakCtLog,
    rulings: ['RUL-24'],
  },
  {
    id: 'TR-012',
    title: 'a timestamp authority with a weak key, beside a good one',
    code: 'KEY_REJECTED',
    at: 'timestamp.authority',
    twin: 'two-authorities',
    make: withWeakStamping,
    rulings: ['RUL-24'],
  },
  {
    id: 'TR-012',
    title: 'a certificate authority with a weak key',
    code: 'KEY_REJECTED',
    at: 'certificate.authority',
    make: byWeakAuthority,
    rulings: ['RUL-24'],
  },
  {
    id: 'TR-013',
    title: 'a private key in place of a public one',
    code: 'KEY_REJECTED',
    at: 'promise.key',
    twin: 'v1-message',
    make: withLogKey(
      () => Uint8Array.from(generateSigningKey('P-256').privateKey.export({ type: 'pkcs8', format: 'der' })),
      P256,
    ),
    rulings: ['RUL-24'],
  },
  {
    id: 'TR-014',
    title: 'a key of another curve than its details say',
    code: 'KEY_REJECTED',
    at: 'promise.key',
    twin: 'v1-message',
    make: withRootMember('v1-message', 'tlogs.0.publicKey.keyDetails', 'PKIX_ECDSA_P384_SHA_384'),
    rulings: ['RUL-24'],
  },
  {
    id: 'TR-015',
    title: 'no logs where one is demanded',
    code: 'LOG_THRESHOLD',
    at: 'log.threshold',
    make: withRootMember('v2-message', 'tlogs', []),
  },
  {
    id: 'TR-015',
    title: 'no timestamp authorities and an entry of Rekor v2',
    code: 'TIME_MISSING',
    at: 'time.proven',
    make: withRootMember('v2-message', 'timestampAuthorities', []),
  },
  {
    id: 'TR-015',
    title: 'no certificate logs',
    code: 'SCT_INVALID',
    at: 'sct.present',
    make: withRootMember('v2-message', 'ctlogs', []),
  },
  {
    id: 'TR-016',
    title: 'no certificate authorities',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.authority',
    make: withRootMember('v2-message', 'certificateAuthorities', []),
  },
  {
    id: 'TR-017',
    title: 'a hundred authorities',
    code: 'INPUT_TOO_LARGE',
    make: withRootMember('v2-message', 'certificateAuthorities', (own: readonly unknown[]) =>
      Array.from({ length: 100 }, () => at(own, 0)),
    ),
  },
  {
    id: 'TR-018',
    title: 'a log of Rekor v2 whose window closed before the timestamp',
    code: 'TIME_INVALID',
    at: 'entry.window',
    twin: 'stamped-last-second',
    make: withRootMember('v2-message', 'tlogs.1.publicKey.validFor.end', seconds(-1).toISOString()),
    rulings: ['RUL-12'],
  },
  {
    id: 'TR-019',
    title: 'an integrated time one second before the window of the log',
    code: 'TIME_INVALID',
    at: 'entry.window',
    twin: 'integrated-first-second',
    make: withRootMember('logged-v1', 'tlogs.0.publicKey.validFor.start', seconds(1).toISOString()),
    rulings: ['RUL-12'],
  },
  {
    id: 'TR-019',
    title: 'an integrated time one second after the window of the log',
    code: 'TIME_INVALID',
    at: 'entry.window',
    twin: 'integrated-last-second',
    make: withRootMember('logged-v1', 'tlogs.0.publicKey.validFor.end', seconds(-1).toISOString()),
    rulings: ['RUL-12'],
  },
  {
    id: 'TR-020',
    title: 'a certificate log whose window closed before the certificate timestamp',
    code: 'SCT_INVALID',
    at: 'sct.window',
    twin: 'certificate-log-ended',
    make: withRootMember('v2-message', 'ctlogs.0.publicKey.validFor.end', seconds(-1).toISOString()),
  },
  {
    id: 'TR-021',
    title: 'an authority whose window closed before the signature',
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.window',
    twin: 'authority-ended',
    make: withRootMember('v2-message', 'certificateAuthorities.0.validFor.end', seconds(-1).toISOString()),
  },
  {
    id: 'TR-022',
    title: 'a timestamp in the window of another authority',
    code: 'TIMESTAMP_INVALID',
    at: 'timestamp.window',
    twin: 'window-last-second',
    make: async (bench) => {
      const other = await createStampingAuthority(bench.lab);
      return withRoot('v2-message', (root) => {
        at(root.timestampAuthorities, 0).validFor.end = seconds(-1).toISOString();
        root.timestampAuthorities.push(other.entry);
      })(bench);
    },
  },
  {
    id: 'TR-024',
    title: 'a trusted root with a member that nobody knows',
    code: 'INPUT_MALFORMED',
    make: withRootMember('v2-message', 'tlogs.0.extra', 1),
    rulings: ['RUL-6'],
  },
  {
    id: 'AP-013',
    title: 'the trusted root of another instance',
    code: 'TIME_MISSING',
    at: 'time.proven',
    make: async (bench) => ({ ...(await bench.control('v2-message')), trustedRoot: bench.stranger.trustedRoot() }),
  },
  {
    id: 'TR-005',
    title: 'an entry whose log id is known and whose key is another one',
    code: 'LOG_THRESHOLD',
    at: 'log.threshold',
    twin: 'managed-v2',
    make: changed('managed-v2', `${ENTRY}.logId.keyId`, encodeBase64(hash('sha256'))),
    rulings: ['RUL-2'],
  },
]);
