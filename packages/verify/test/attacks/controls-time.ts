// SPDX-License-Identifier: Apache-2.0
// Controls about timestamps.

import { encodeUtf8 } from '@keywax/core/bytes';
import { TAG, contextTag, encodeDer } from '@keywax/core/der';
import { OID } from '@keywax/core/oid';
import { hash } from '@keywax/core/hash';
import { parseCertificate } from '@keywax/core/x509';
import { type TrustedRootJson, extendedKeyUsage } from '@keywax/stack/lab';
import { expect } from 'vitest';
import type { Control } from './case.js';
import { createIntermediate, createStampingAuthority, having, stamp, stamped } from './authorities.js';
import { NOW, asking, at, seconds, withRoot } from './forge.js';

/** DER GeneralizedTime of any text. */
export function genTime(text: string): Uint8Array {
  return encodeDer(TAG.generalizedTime, encodeUtf8(text));
}

/** Lists the timestamp authority of the lab without its leaf. */
export function withoutLeaf(root: TrustedRootJson): void {
  at(root.timestampAuthorities, 0).certChain.certificates.shift();
}

export const TIME_CONTROLS: Readonly<Record<string, Control>> = {
  'embedded-certificate': {
    id: 'OK-12',
    title: 'a timestamp that carries the certificates of its authority',
    make: stamped(({ lab }, signature) => [stamp(lab, signature, {}, { certificates: lab.material.tsa.chain })]),
  },
  'fraction-of-second': {
    id: 'OK-12, TS-025',
    title: 'a timestamp with a fraction of a second',
    make: stamped(({ lab }, signature) => [
      stamp(lab, signature, { changeInfo: (info) => ({ ...info, genTime: genTime('20260301115959.125Z') }) }),
    ]),
    proves: ({ times }) => expect(times[0]?.at).toEqual(new Date(NOW.getTime() - 875)),
  },
  'sha-512-imprint': {
    id: 'TS-024',
    title: 'a timestamp over the SHA-512 digest of the signature',
    make: stamped(({ lab }, signature) => {
      return [stamp(lab, signature, {}, { imprint: { algorithm: 'sha512', digest: hash('sha512', signature) } })];
    }),
  },
  'signer-by-key-id': {
    id: 'OK-12',
    title: 'a timestamp that names its signer by a key identifier',
    make: async (bench) => {
      const { subjectKeyIdentifier } = parseCertificate(at(bench.lab.material.tsa.chain, 0), '');
      return stamped(({ lab }, signature) => [
        stamp(lab, signature, {
          changeSignerInfo: (info) => ({
            ...info,
            version: Uint8Array.of(2, 1, 3),
            sid: encodeDer(contextTag(0, 'primitive'), subjectKeyIdentifier ?? new Uint8Array()),
          }),
        }),
      ])(bench);
    },
  },
  'authority-expired-today': {
    id: 'OK-13, TS-022, CK-001',
    title: 'a timestamp whose authority has expired since',
    make: asking('v2-message', { now: new Date('2046-03-01T12:00:00Z') }),
    rulings: ['RUL-13'],
  },
  'stamped-soon': {
    id: 'CK-003',
    title: 'a timestamp five minutes ahead',
    make: asking('v2-message', { now: seconds(-300) }),
    rulings: ['RUL-13'],
  },
  'window-last-second': {
    id: 'OK-15, TR-023, TS-021',
    title: 'a timestamp in the last second of the window of its authority',
    make: withRoot('v2-message', (root) => {
      at(root.timestampAuthorities, 0).validFor.end = NOW.toISOString();
    }),
  },
  'window-first-second': {
    id: 'OK-15',
    title: 'a timestamp in the first second of the window of its authority',
    make: withRoot('v2-message', (root) => {
      at(root.timestampAuthorities, 0).validFor.start = NOW.toISOString();
    }),
  },
  'overlapping-windows': {
    id: 'OK-27',
    title: 'an authority that is listed six times with other windows',
    make: withRoot('v2-message', (root) => {
      const authority = at(root.timestampAuthorities, 0);
      root.timestampAuthorities = [-5, -4, -3, -2, -1, 0].map((end) => ({
        ...authority,
        validFor: { ...authority.validFor, end: seconds(end).toISOString() },
      }));
    }),
    rulings: ['RUL-16'],
  },
  'unknown-timestamp': {
    id: 'OK-19, TS-033',
    title: 'a timestamp of an unknown authority beside a good one',
    make: stamped(({ lab, stranger }, signature) => [stamp(stranger, signature), stamp(lab, signature)]),
    proves: ({ times, report }) => {
      expect(times).toHaveLength(1);
      const skipped = report.checks.filter(({ state }) => state === 'skipped').map(({ subject }) => subject);
      expect(skipped).toContain('timestamps[0]');
    },
    rulings: ['RUL-1'],
  },
  'two-authorities': {
    id: 'TH-017',
    title: 'timestamps of two authorities that share nothing, two demanded',
    make: async (bench) => {
      const second = await createStampingAuthority(bench.stranger);
      const attempt = await stamped(({ lab }, signature) => [stamp(lab, signature), second.stamp(signature)])(bench);
      return withRoot(
        asking(() => attempt, { timestampThreshold: 2 }),
        (root) => {
          root.timestampAuthorities.push(second.entry);
          for (const authority of root.timestampAuthorities) authority.uri = '';
        },
      )(bench);
    },
    rulings: ['RUL-16'],
  },
  'embedded-leaf': {
    id: 'OK-12',
    title: 'a timestamp whose certificate is embedded, by an authority that the trusted root lists without a leaf',
    make: withRoot('embedded-certificate', withoutLeaf),
    rulings: ['RUL-28'],
  },
  'embedded-leaf-overlapping': {
    id: 'OK-27',
    title: 'an authority that is listed six times without a leaf, with other windows',
    make: withRoot('embedded-leaf', (root) => {
      const authority = at(root.timestampAuthorities, 0);
      root.timestampAuthorities = [-5, -4, -3, -2, -1, 0].map((end) => ({
        ...authority,
        validFor: { ...authority.validFor, end: seconds(end).toISOString() },
      }));
    }),
    rulings: ['RUL-16', 'RUL-28'],
  },
  'embedded-leaf-namesake': {
    id: 'OK-12',
    title: 'an embedded certificate, where another authority of the same name is listed first',
    make: withRoot('embedded-leaf', (root, { stranger }) => {
      const namesake = structuredClone(at(stranger.trustedRoot().timestampAuthorities, 0));
      namesake.certChain.certificates.shift();
      root.timestampAuthorities.unshift(namesake);
    }),
    rulings: ['RUL-28'],
  },
  'intermediate-authority': {
    id: 'TS-019',
    title: 'a timestamp authority below an intermediate that may issue those',
    make: async (bench) => {
      const parent = await createIntermediate(
        bench.lab,
        having(extendedKeyUsage([OID.timeStamping])),
        bench.lab.roots.tsa,
      );
      const authority = await createStampingAuthority(bench.lab, { parent });
      const attempt = await stamped((_, signature) => [authority.stamp(signature)])(bench);
      return withRoot(
        () => attempt,
        (root) => {
          root.timestampAuthorities = [authority.entry];
        },
      )(bench);
    },
  },
};
