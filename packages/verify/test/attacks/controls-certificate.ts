// SPDX-License-Identifier: Apache-2.0
// Controls about certificates and who they name.

import { encodeBase64, encodeUint } from '@keywax/core/bytes';
import {
  type CertificateIssuer,
  USERNAME_TYPE_ID,
  createIssuer,
  describeLog,
  authorityStart,
  generateSigningKey,
  intermediateProfile,
  personaIdentity,
} from '@keywax/stack/lab';
import { expect } from 'vitest';
import type { Bench, Control, Make } from './case.js';
import {
  createIntermediate,
  createOtherCtLog,
  describeCertificateAuthority,
  having,
  leafProfiled,
  leafWith,
  leafWithScts,
  sctsOf,
  unknownExtension,
} from './authorities.js';
import { NOW, MATERIAL, asking, at, changed, made, resolve, seconds, withRoot } from './forge.js';

/** Who the GitHub persona of the lab is. */
export const WORKFLOW = {
  issuer: 'https://oidc.localhost/github',
  subject: 'https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main',
} as const;

/** A message signed by the GitHub persona. */
export const byWorkflow: Make = async (bench) => {
  const attempt = await made({ content: 'message', logs: 'v2', identity: personaIdentity('github') })(bench);
  return { ...attempt, request: { ...attempt.request, identity: WORKFLOW } };
};

/** A bundle 0.2 whose leaf an intermediate issued that only the bundle has. */
export function withIntermediate(
  create: (bench: Bench) => Promise<CertificateIssuer>,
  { leaf = {}, extra = [] }: { leaf?: Parameters<Bench['lab']['issueCertificate']>[2]; extra?: readonly number[] } = {},
): Make {
  return async (bench) => {
    const issuer = await create(bench);
    const attempt = await made({
      content: 'message',
      logs: 'v1',
      version: '0.2',
      steps: { certificate: (spki, identity) => bench.lab.issueCertificate(spki, identity, { issuer, ...leaf }) },
    })(bench);
    const supplied = issuer.chain.slice(0, 1 + extra.length).map((der) => ({ rawBytes: encodeBase64(der) }));
    const path = `${MATERIAL}.x509CertificateChain.certificates`;
    return asking(
      changed(
        () => attempt,
        path,
        (own: readonly unknown[]) => [...own, ...supplied],
      ),
      {
        allowIntermediatesInBundle: true,
      },
    )(bench);
  };
}

/** A root of the lab under whose name another authority exists, which is listed first. */
export function withNamesake(source: string | Make): Make {
  return async (bench) => {
    const attempt = await resolve(bench, source);
    const { lab } = bench;
    const namesake = await createIssuer(
      (spki) => {
        const profile = intermediateProfile('keywax-intermediate', spki, { issuer: lab.roots.fulcio, now: NOW });
        return { ...profile, subject: lab.material.fulcio.name };
      },
      { keyKind: 'P-256', parent: lab.roots.fulcio },
    );
    return withRoot(
      () => attempt,
      (root) => {
        root.certificateAuthorities.unshift(describeCertificateAuthority(namesake, 'namesake.localhost'));
      },
    )(bench);
  };
}

/** Leaves without key identifiers, which fit every authority of the name. */
export const withoutKeyIdentifiers = leafProfiled((profile) => ({
  ...profile,
  extensions: profile.extensions.filter(({ id }) => id !== '2.5.29.35'),
}));

/** Two timestamps of two certificate logs. */
export const withTwoScts: Make = async (bench) => {
  const other = createOtherCtLog();
  const attempt = await leafWith(({ lab }) => ({ requestScts: sctsOf({ ct: lab.ct }, { ct: other.ct }) }))(bench);
  return withRoot(
    () => attempt,
    (root) => {
      root.ctlogs.push(other.entry);
    },
  )(bench);
};

export const CERTIFICATE_CONTROLS: Readonly<Record<string, Control>> = {
  workflow: {
    id: 'OK-09, ID-019',
    title: 'a workflow by its URI and extensions',
    make: asking(byWorkflow, {
      identity: {
        ...WORKFLOW,
        sourceRepositoryUri: 'https://github.com/octo-org/octo-repo',
        sourceRepositoryOwnerUri: { pattern: 'https://github\\.com/octo-(org|inc)' },
        sourceRepositoryRef: 'refs/heads/main',
        buildTrigger: 'push',
        subjectKind: 'uri',
      },
    }),
  },
  username: {
    id: 'OK-09',
    title: 'a user name in an otherName',
    make: async (bench) => {
      const identity = {
        ...personaIdentity('email'),
        name: { kind: 'otherName', typeId: USERNAME_TYPE_ID, value: 'alice!example.com' } as const,
      };
      const attempt = await made({ content: 'message', logs: 'v2', identity })(bench);
      const asked = {
        issuer: 'https://oidc.localhost',
        subject: 'alice!example.com',
        subjectKind: 'username',
      } as const;
      return { ...attempt, request: { ...attempt.request, identity: asked } };
    },
  },
  'any-of-records': {
    id: 'ID-022',
    title: 'the second of two records',
    make: asking('v2-message', {
      identity: [WORKFLOW, { issuer: 'https://oidc.localhost', subject: { pattern: '[a-z]+@example\\.com' } }],
    }),
  },
  'leaf-first-second': {
    id: 'OK-15, CP-004',
    title: 'a timestamp in the first second of the leaf',
    make: leafProfiled((profile) => ({ ...profile, notBefore: NOW })),
  },
  'leaf-last-second': {
    id: 'OK-15, CP-004',
    title: 'a timestamp in the last second of the leaf',
    make: leafProfiled((profile) => ({ ...profile, notAfter: NOW })),
  },
  'authority-ended': {
    id: 'OK-14, OK-15, TR-021',
    title: 'an authority whose window ended in the second of the signature',
    make: withRoot('v2-message', (root) => {
      at(root.certificateAuthorities, 0).validFor.end = NOW.toISOString();
    }),
  },
  'certificate-log-ended': {
    id: 'OK-15, TR-020',
    title: 'a certificate log whose window ended in the second of the timestamp',
    make: withRoot('v2-message', (root) => {
      at(root.ctlogs, 0).publicKey.validFor.end = NOW.toISOString();
    }),
  },
  'unknown-extension': {
    id: 'CP-019',
    title: 'a leaf with an extension that nobody knows and nobody has to',
    make: leafProfiled(having(unknownExtension(false))),
  },
  'sct-extensions': {
    id: 'OK-10, CT-007',
    title: 'a certificate timestamp with extensions',
    make: leafWithScts(({ lab }) => [{ ct: lab.ct, extensions: encodeUint(7, 8) }]),
  },
  'two-scts': {
    id: 'OK-11, CT-012',
    title: 'timestamps of two certificate logs, two demanded',
    make: asking(withTwoScts, { sctThreshold: 2 }),
    rulings: ['RUL-16'],
  },
  'unknown-sct': {
    id: 'OK-19, CT-014',
    title: 'a certificate timestamp of an unknown log beside a good one',
    make: leafWithScts(({ lab, stranger }) => [{ ct: stranger.ct }, { ct: lab.ct }]),
    rulings: ['RUL-3'],
  },
  'sct-first': {
    id: 'CT-017',
    title: 'a certificate timestamp in the first extension',
    make: leafWith({
      changeCertificate: (members) => ({
        ...members,
        extensions: [at(members.extensions, members.extensions.length - 1), ...members.extensions.slice(0, -1)],
      }),
    }),
  },
  'sct-p-384': {
    id: 'CT-019',
    title: 'a certificate log with a P-384 key',
    make: async (bench) => {
      const { ct } = createOtherCtLog(generateSigningKey('P-384'));
      const attempt = await leafWithScts(() => [{ ct }])(bench);
      return withRoot(
        () => attempt,
        (root) => {
          root.ctlogs = [describeLog('ct2.localhost', ct, authorityStart(NOW))];
        },
      )(bench);
    },
  },
  'sct-rsa': {
    id: 'CT-019',
    title: 'a certificate log with an RSA key',
    make: async (bench) => {
      const { ct, entry } = createOtherCtLog(bench.rsa);
      const attempt = await leafWithScts(() => [{ ct }])(bench);
      return withRoot(
        () => attempt,
        (root) => {
          root.ctlogs = [entry];
        },
      )(bench);
    },
  },
  'sct-five-minutes-early': {
    id: 'CT-010',
    title: 'a certificate timestamp five minutes before its certificate begins',
    make: leafWithScts(({ lab }) => [{ ct: lab.ct, timestampMs: BigInt(seconds(-305).getTime()) }]),
  },
  'no-sct-demanded': {
    id: 'OK-26',
    title: 'a certificate without certificate timestamps, where the caller demands none',
    make: asking(leafWith({ requestScts: async () => [] }), { sctThreshold: 'none' }),
  },
  'root-in-chain': {
    id: 'BP-045',
    title: 'an old bundle that carries a root, where the caller allows it',
    make: asking(withRootInChain, { allowRootInChain: true }),
    rulings: ['RUL-11'],
  },
  'private-intermediate': {
    id: 'OK-21, CP-039',
    title: 'an intermediate that only the bundle has, where the caller allows it',
    make: withIntermediate(async ({ lab }) => createIntermediate(lab)),
  },
  'many-namesakes': {
    id: 'DO-003',
    title: '64 authorities of one name, of which the last issued the leaf',
    make: withRoot(withNamesake(withoutKeyIdentifiers), (root) => {
      const own = root.certificateAuthorities;
      root.certificateAuthorities = [...Array.from({ length: 63 }, () => at(own, 0)), at(own, 1)];
    }),
  },
  'same-name': {
    id: 'CP-006',
    title: 'two authorities of one name, of which the second issued the leaf',
    make: withNamesake(withoutKeyIdentifiers),
    proves: ({ signer }) =>
      expect(signer.kind === 'certificate' && signer.authority.uri).toBe('http://fulcio.localhost'),
  },
};

/** A bundle 0.2 that carries the root beside the leaf. */
export async function withRootInChain(bench: Bench) {
  const der = at(bench.lab.roots.fulcio.chain, 0);
  const path = `${MATERIAL}.x509CertificateChain.certificates`;
  return changed('bundle-0.2', path, (own: readonly unknown[]) => [...own, { rawBytes: encodeBase64(der) }])(bench);
}
