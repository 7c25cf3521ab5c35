// SPDX-License-Identifier: Apache-2.0
// Controls about transparency logs.

import { decodeBase64, encodeUtf8 } from '@keywax/core/bytes';
import { encodeNote } from '@keywax/core/note';
import {
  type RekorV2,
  authorityStart,
  cosignNoteText,
  createNoteSigner,
  describeLog,
  generateSigningKey,
  createMemoryStore,
  createRekorV2,
  openLog,
  signNoteText,
} from '@keywax/stack/lab';
import { expect } from 'vitest';
import type { Bench, Control, Make } from './case.js';
import { forgeV2, loggedInV1, provenInV2 } from './entries.js';
import {
  ARTIFACT,
  ENTRY,
  NOW,
  MATERIAL,
  asking,
  at,
  changed,
  edited,
  made,
  memberAt,
  resolve,
  seconds,
  withRoot,
} from './forge.js';

/** Proofs of the given leaf in the given tree. */
function provenAt(index: bigint, size: bigint): Control {
  return {
    id: 'OK-18, RV2-014, RV2-015',
    title: `leaf ${index} of a tree of ${size}`,
    make: provenInV2({ index, size }),
  };
}

const PLACES: readonly (readonly [bigint, bigint])[] = [
  [0n, 1n],
  [0n, 8n],
  [7n, 8n],
  [6n, 7n],
  [8n, 9n],
  [2n ** 53n, 2n ** 53n + 1n],
  [2n ** 32n, 2n ** 62n],
  [2n ** 63n - 2n, 2n ** 63n - 1n],
];

/** An entry of a log that nobody trusts. */
export function withUnknownEntry(source: string): Make {
  return async (bench) => {
    const { bundle } = await bench.stranger.makeBundle({ content: 'message', logs: 'v2' });
    const attempt = await resolve(bench, source);
    const path = `${MATERIAL}.tlogEntries`;
    return changed(
      () => attempt,
      path,
      (own: readonly unknown[]) => [...own, at(memberAt(bundle, path) as unknown[], 0)],
    )(bench);
  };
}

/** A second Rekor v2, which the trusted root may list. */
export function openSecondLog({ lab }: Bench, origin: string = lab.rekorV2.origin): RekorV2 {
  const log = openLog(createMemoryStore(), (body) => body);
  return createRekorV2({ key: generateSigningKey('ed25519'), log, origin });
}

/** A message in Rekor v2 and, with the same body, in a second log of the kind. */
const inTwoLogs: Make = async (bench) => {
  const { lab } = bench;
  const second = openSecondLog(bench, 'rekor3.localhost');
  const attempt = await made({ content: 'message', logs: 'v2' })(bench);
  const body = memberAt(attempt.bundle, `${ENTRY}.canonicalizedBody`) as string;
  const entry = second.entry(await second.append(decodeBase64(body)));
  return withRoot(
    changed(
      () => attempt,
      `${MATERIAL}.tlogEntries`,
      (own: readonly unknown[]) => [...own, entry],
    ),
    (root) => {
      root.tlogs.push(describeLog(second.origin, second, authorityStart(lab.now())));
    },
  )(bench);
};

export const LOG_CONTROLS: Readonly<Record<string, Control>> = {
  ...Object.fromEntries(PLACES.map(([index, size]) => [`leaf-${index}-of-${size}`, provenAt(index, size)])),
  'proven-v2': { id: 'OK-04', title: 'a proof written by hand', make: provenInV2() },
  'logged-v1': {
    id: 'OK-03',
    title: 'an entry of Rekor v1 written by hand',
    make: loggedInV1(),
    proves: ({ times }) => expect(times).toEqual([expect.objectContaining({ at: NOW, source: 'log' })]),
  },
  'large-index': {
    id: 'RV1-021',
    title: 'a promise over an index that no double holds',
    make: loggedInV1({ logIndex: 2n ** 53n + 1n }),
    proves: ({ entries }) => expect(entries[0]?.index).toBe(2n ** 53n + 1n),
  },
  'index-0': { id: 'OK-25', title: 'the first entry of a log', make: loggedInV1({ logIndex: 0n }) },
  'time-without-promise': {
    id: 'RV1-006',
    title: 'an integrated time without a promise, which is not among the proven times',
    make: edited(made({ content: 'message', logs: 'v1' }), (bundle) => {
      const entry = at(memberAt(bundle, `${MATERIAL}.tlogEntries`) as Record<string, unknown>[], 0);
      delete entry['inclusionPromise'];
      entry['integratedTime'] = '1700000000';
      return bundle;
    }),
    proves: ({ times }) => expect(times.map(({ at }) => at)).toEqual([NOW]),
  },
  'integrated-first-second': {
    id: 'TR-019, OK-15',
    title: 'an entry in the first second of the window of its log',
    make: withRoot('logged-v1', (root) => {
      at(root.tlogs, 0).publicKey.validFor = { start: NOW.toISOString() };
    }),
    rulings: ['RUL-12'],
  },
  'integrated-last-second': {
    id: 'TR-019, OK-15',
    title: 'an entry in the last second of the window of its log',
    make: withRoot('logged-v1', (root) => {
      at(root.tlogs, 0).publicKey.validFor.end = NOW.toISOString();
    }),
    rulings: ['RUL-12'],
  },
  'stamped-last-second': {
    id: 'TR-018, OK-15',
    title: 'a timestamp in the last second of the window of the log that holds the entry',
    make: withRoot('v2-message', (root) => {
      at(root.tlogs, 1).publicKey.validFor.end = NOW.toISOString();
    }),
    rulings: ['RUL-12'],
  },
  'integrated-soon': {
    id: 'CK-003',
    title: 'an integrated time five minutes ahead',
    make: asking('logged-v1', { now: seconds(-300) }),
    rulings: ['RUL-13'],
  },
  cosigned: {
    id: 'OK-16, RV2-023, RV2-030',
    title:
      'a checkpoint with an extension line, a broken cosignature and a line by an unknown key in the name of the log',
    make: provenInV2(({ lab }) => {
      const key = generateSigningKey('ed25519');
      const stranger = createNoteSigner(lab.rekorV2.origin, key);
      return {
        extensions: ['an extension', 'another'],
        envelope: (text) =>
          encodeNote({
            text,
            signatures: [
              { ...cosignNoteText(text, { name: 'witness', key }, 1), signature: new Uint8Array(72) },
              signNoteText(text, stranger),
              signNoteText(text, lab.rekorV2.signer),
            ],
          }),
      };
    }),
    rulings: ['RUL-4', 'RUL-5'],
  },
  'cosigned-v1': {
    id: 'OK-16',
    title: 'a checkpoint of Rekor v1 with a second line by an unknown key in the name of the log',
    make: loggedInV1(({ lab }) => ({
      proof: { signers: [lab.rekorV1.signer, createNoteSigner(lab.rekorV1.hostname, generateSigningKey('P-256'))] },
    })),
    rulings: ['RUL-4', 'RUL-19'],
  },
  'two-keys': {
    id: 'OK-16, RV2-025',
    title: 'a checkpoint that the old and the new key of a log both sign',
    make: async (bench) => {
      const { lab } = bench;
      const old = openSecondLog(bench);
      const attempt = await provenInV2({ signers: [old.signer, lab.rekorV2.signer] })(bench);
      return withRoot(
        () => attempt,
        (root) => {
          root.tlogs.push(describeLog(lab.rekorV2.origin, old, authorityStart(NOW)));
        },
      )(bench);
    },
  },
  'shared-key': {
    id: 'OK-17, TR-007',
    title: 'two logs of one key, of which the entry names one',
    make: withRoot('v1-message', (root) => {
      root.tlogs.unshift({ ...structuredClone(at(root.tlogs, 0)), baseUrl: 'https://shard.localhost' });
    }),
  },
  'shared-key-v2': {
    id: 'OK-17',
    title: 'two windows of one log, of which the second covers the time',
    make: withRoot('v1-message', (root) => {
      const earlier = structuredClone(at(root.tlogs, 0));
      earlier.publicKey.validFor.end = seconds(-3_600).toISOString();
      root.tlogs.unshift(earlier);
    }),
    rulings: ['RUL-16'],
  },
  'shared-key-v2-window': {
    id: 'OK-17',
    title: 'two windows of one log of Rekor v2, of which the second covers the time',
    make: withRoot('v2-message', (root) => {
      const earlier = structuredClone(at(root.tlogs, 1));
      earlier.publicKey.validFor.end = seconds(-3_600).toISOString();
      root.tlogs.unshift(earlier);
    }),
    rulings: ['RUL-12', 'RUL-16'],
  },
  'origin-with-port': {
    id: 'OK-04',
    title: 'a log whose origin has a port',
    make: async (bench) => {
      const origin = 'rekor2.localhost:8443';
      const signer = createNoteSigner(origin, bench.lab.rekorV2.key);
      const attempt = await made(({ lab }) => ({
        content: 'message',
        logs: 'v2',
        steps: {
          entryV2: async (body) =>
            forgeV2({ ...lab, rekorV2: { ...lab.rekorV2, origin, signer, logId: signer.keyId } }, body),
        },
      }))(bench);
      return withRoot(
        () => attempt,
        (root) => {
          root.tlogs[1] = {
            ...describeLog(origin, { key: bench.lab.rekorV2.key, logId: signer.keyId }, authorityStart(NOW)),
          };
        },
      )(bench);
    },
    rulings: ['RUL-15', 'RUL-18'],
  },
  'two-logs': {
    id: 'TH-007',
    title: 'entries of two logs, two demanded',
    make: asking(inTwoLogs, { logThreshold: 2 }),
    rulings: ['RUL-16'],
  },
  'unknown-entry': {
    id: 'OK-19, TH-008',
    title: 'an entry of an unknown log beside a good one',
    make: withUnknownEntry('v2-message'),
    proves: ({ entries }) => expect(entries).toHaveLength(1),
    rulings: ['RUL-2'],
  },
  'unknown-entry-checkpoint': {
    id: 'OK-19',
    title: 'an entry of an unknown log whose checkpoint nobody can read',
    make: changed(withUnknownEntry('v2-message'), `${MATERIAL}.tlogEntries.1.inclusionProof.checkpoint.envelope`, 'x'),
    rulings: ['RUL-2'],
  },
  'unknown-entry-kind': {
    id: 'OK-19',
    title: 'an entry of an unknown log, which has no say in how an Ed25519 key signed',
    make: withUnknownEntry('ed25519'),
    rulings: ['RUL-2'],
  },
  'unused-log': {
    id: 'TR-011',
    title: 'a log with a key of an unknown kind that nothing needs',
    make: withRoot('v2-message', (root) => {
      at(root.tlogs, 0).publicKey.keyDetails = 'PKIX_ML_DSA_65';
    }),
    rulings: ['RUL-24'],
  },
  'no-log-demanded': {
    id: 'OK-26',
    title: 'a bundle with timestamps alone, where the caller demands no log',
    make: asking(made({ content: 'message', logs: 'none' }), { logThreshold: 'none', timestampThreshold: 1 }),
  },
  'artifact-twice': {
    id: 'AP-010',
    title: 'a bundle given as text, and an artifact of another realm',
    make: async (bench) => {
      const { bundle } = await bench.control('v2-message');
      return { bundle: encodeUtf8(JSON.stringify(bundle)), request: { artifact: Buffer.from(ARTIFACT) } };
    },
  },
};
