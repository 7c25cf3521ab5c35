// SPDX-License-Identifier: Apache-2.0
// Sweeps over good bundles (ATTACKS 4.1): every byte flipped, every member spoilt, every member spliced in from another
// bundle of the kind. Everything is refused but what is listed here with its reason.

import { decodeBundle } from '@keywax/bundle';
import { decodeBase64, encodeBase64 } from '@keywax/core/bytes';
import { loadSyncCrypto } from '@keywax/core/crypto';
import { isKeywaxError } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import { decodeTrustedRoot } from '@keywax/trust';
import { beforeAll, describe, expect, test } from 'vitest';
import { sweepMembers } from '../../../bundle/test/sweep.js';
import {
  type PreparedTrust,
  type VerificationRequest,
  planVerification,
  prepareTrust,
  settleSync,
} from '../../src/index.js';
import { createBench } from './bench.js';
import type { Attempt, Bench } from './case.js';
import { CONTROLS } from './controls.js';
import { ALICE, ARTIFACT, NOW, at, flipBit, memberAt, replaceMember } from './forge.js';

const SWEPT = [
  'v1-message',
  'v1-dsse',
  'v1-intoto',
  'v2-message',
  'v2-dsse',
  'bundle-0.1',
  'managed-v1',
  'embedded-certificate',
];
const SHORT_BYTES = 100; // below, every byte is flipped
const STRIDE = SWEPT.length; // above, one in as many; the sweeps together flip every byte

const STAMP_DATA = 'verificationMaterial.timestampVerificationData';
const ENTRY = 'verificationMaterial.tlogEntries[]';
/** Bundles in which both a timestamp and a promise prove a time. */
const TIMED_TWICE: readonly string[] = ['v1-message', 'v1-dsse', 'v1-intoto', 'managed-v1'];

/** Bits that may be the other way round. */
const UNNOTICED_BITS: readonly {
  readonly why: string;
  isThere(context: {
    readonly name: string;
    readonly path: string;
    readonly bytes: Uint8Array;
    readonly at: number;
  }): boolean;
}[] = [
  {
    why: 'the status: what is granted with modifications is granted (RFC 3161 section 2.4.2)',
    isThere: ({ path, at }) => path.endsWith('signedTimestamp') && at === 8,
  },
  {
    why: 'the hash of the signing certificate: the authority is then unknown (RUL-1), and the promise proves the time',
    isThere({ name, path, bytes, at: position }) {
      if (!TIMED_TWICE.includes(name) || !path.endsWith('signedTimestamp')) return false;
      const start = Buffer.from(bytes).indexOf(hash('sha256', at(bench.lab.material.tsa.chain, 0)));
      return position >= start && position < start + 32;
    },
  },
];

/** Members that may be spoilt, by the bundles in which they may. */
const UNNOTICED_MEMBERS: readonly {
  readonly why: string;
  readonly names: readonly string[];
  readonly members: readonly string[];
}[] = [
  {
    why: 'the timestamp proves the time, and the proof the entry',
    names: TIMED_TWICE,
    members: ['delete', 'null'].map((how) => `${how} ${ENTRY}.inclusionPromise`),
  },
  {
    why: 'the promise proves the time',
    names: TIMED_TWICE,
    members: ['delete', 'null', 'empty'].flatMap((how) => [
      `${how} ${STAMP_DATA}`,
      `${how} ${STAMP_DATA}.rfc3161Timestamps`,
    ]),
  },
  {
    why: 'a bundle 0.1 may lack a proof or its checkpoint (RUL-8)',
    names: ['bundle-0.1'],
    members: ['delete', 'null'].flatMap((how) => [
      `${how} ${ENTRY}.inclusionProof`,
      `${how} ${ENTRY}.inclusionProof.checkpoint`,
    ]),
  },
  {
    why: 'this bundle has no timestamps to lose',
    names: ['bundle-0.1'],
    members: [
      ...['delete', 'null', 'empty'].map((how) => `${how} ${STAMP_DATA}`),
      ...['delete', 'null'].map((how) => `${how} ${STAMP_DATA}.rfc3161Timestamps`),
    ],
  },
];

/** Members that may be those of another bundle. */
const UNNOTICED_SPLICES: readonly {
  readonly why: string;
  readonly names: readonly string[];
  readonly members: readonly string[];
}[] = [
  {
    why: 'a hint looks a key up, and this caller has only one',
    names: ['managed-v1'],
    members: ['verificationMaterial.publicKey', 'verificationMaterial.publicKey.hint'],
  },
];

function listedFor(name: string, list: typeof UNNOTICED_MEMBERS): readonly string[] {
  return list.filter(({ names }) => names.includes(name)).flatMap(({ members }) => members);
}

let bench: Bench;
let trust: PreparedTrust;
beforeAll(async () => {
  [bench] = await Promise.all([createBench(), loadSyncCrypto()]);
  trust = prepareTrust(decodeTrustedRoot(bench.lab.trustedRoot()));
});

/** `accepted`, or the code of the refusal. */
function judge(bundle: object | string, request: Attempt['request']): string {
  const asked: VerificationRequest = { trust, artifact: ARTIFACT, identity: ALICE, now: NOW, ...request };
  try {
    settleSync(planVerification(decodeBundle(bundle), asked));
  } catch (error) {
    if (isKeywaxError(error) && error.code !== 'INTERNAL_ERROR') return error.code;
    throw error;
  }
  return 'accepted';
}

/** The dotted path of every member. */
function* paths(value: unknown, path = ''): Generator<string> {
  if (path !== '') yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) yield* paths(member, path === '' ? name : `${path}.${name}`);
}

/** Paths without positions in lists. */
const place = (path: string): string => path.replace(/\.\d+/g, '[]');

const BINARY =
  /(rawBytes|keyId|signedEntryTimestamp|rootHash|hashes\.\d+|canonicalizedBody|signedTimestamp|digest|signature|payload|sig)$/;

describe('with one bit of a binary member the other way round', () => {
  test.each(SWEPT)('%s is refused', async (name) => {
    const { bundle, request } = await bench.control(name);
    const unnoticed: string[] = [];
    for (const path of paths(bundle)) {
      const text = memberAt(bundle, path);
      if (!BINARY.test(path) || typeof text !== 'string') continue;
      const bytes = decodeBase64(text);
      const [start, stride] = bytes.length <= SHORT_BYTES ? [0, 1] : [SWEPT.indexOf(name), STRIDE];
      for (let at = start; at < bytes.length; at += stride) {
        if (UNNOTICED_BITS.some(({ isThere }) => isThere({ name, path, bytes, at }))) continue;
        const mutant = replaceMember(bundle, path, encodeBase64(flipBit(bytes, at, 1 << (at % 8))));
        if (judge(mutant, request) === 'accepted') unnoticed.push(`${place(path)} at ${at}`);
      }
    }
    expect(unnoticed).toEqual([]);
  });

  test.each(['v1-message', 'v2-message'])('%s is refused with one letter of its checkpoint changed', async (name) => {
    const { bundle, request } = await bench.control(name);
    const path = 'verificationMaterial.tlogEntries.0.inclusionProof.checkpoint.envelope';
    const note = memberAt(bundle, path) as string;
    for (const [position, letter] of [...note].entries()) {
      const other = String.fromCharCode(letter.charCodeAt(0) ^ 1);
      const mutant = replaceMember(bundle, path, note.slice(0, position) + other + note.slice(position + 1));
      expect([position, judge(mutant, request)]).not.toEqual([position, 'accepted']);
    }
  });

  test('what is left out is unnoticed indeed', async () => {
    const name = 'v1-message';
    const { bundle, request } = await bench.control(name);
    const path = 'verificationMaterial.timestampVerificationData.rfc3161Timestamps.0.signedTimestamp';
    const bytes = decodeBase64(memberAt(bundle, path) as string);
    for (const { why, isThere } of UNNOTICED_BITS) {
      const position = bytes.findIndex((_, at) => isThere({ name, path, bytes, at }));
      const mutant = replaceMember(bundle, path, encodeBase64(flipBit(bytes, position)));
      expect([why, judge(mutant, request)]).toEqual([why, 'accepted']);
    }
  });
});

describe('with one member spoilt', () => {
  test.each(SWEPT)('%s is refused, but for a short list', async (name) => {
    const { bundle, request } = await bench.control(name);
    const unnoticed = new Set<string>();
    for (const mutant of sweepMembers(bundle))
      if (judge(mutant.text, request) === 'accepted') unnoticed.add(mutant.name);
    expect([...unnoticed].sort()).toEqual([...listedFor(name, UNNOTICED_MEMBERS)].sort());
  });
});

describe('with one member of another bundle of the kind', () => {
  test.each(SWEPT)('%s is refused, but for a short list', async (name) => {
    const { bundle, request } = await bench.control(name);
    const other = await CONTROLS[name]?.make(bench);
    const unnoticed: string[] = [];
    for (const path of paths(bundle)) {
      const [own, foreign] = [memberAt(bundle, path), memberAt(other?.bundle, path)];
      if (foreign === undefined || JSON.stringify(own) === JSON.stringify(foreign)) continue;
      if (
        judge(
          replaceMember(bundle, path, () => foreign),
          request,
        ) === 'accepted'
      )
        unnoticed.push(place(path));
    }
    expect(unnoticed).toEqual(listedFor(name, UNNOTICED_SPLICES));
  });
});

test('cut short anywhere, a bundle is refused', async () => {
  const { bundle, request } = await bench.control('v2-message');
  const text = JSON.stringify(bundle);
  for (let length = 0; length < text.length; length += 64)
    expect(judge(text.slice(0, length), request)).toBe('INPUT_MALFORMED');
});
