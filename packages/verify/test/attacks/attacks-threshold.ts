// SPDX-License-Identifier: Apache-2.0
// Table TH: one authority never counts twice.

import { encodeBase64, decodeBase64 } from '@keywax/core/bytes';
import { createStampingAuthority, stamp, stamped } from './authorities.js';
import { type AttackCase, type Bench, type Make, type Source, attacks } from './case.js';
import { withUnknownEntry } from './controls-log.js';
import { forgeV2, loggedInV1 } from './entries.js';
import { ENTRY, MATERIAL, asking, at, changed, made, memberAt, resolve, seconds, withRoot } from './forge.js';

type Row = Omit<AttackCase, 'twin'> & { readonly twin?: Source };

const ENTRIES = `${MATERIAL}.tlogEntries`;

/** Two logs demanded of an attempt whose first entry stands there again, changed. */
function twice(source: Source, change: (entry: object, bench: Bench) => object = (entry) => entry): Make {
  return async (bench) => {
    const attempt = await resolve(bench, source);
    const again = (own: readonly object[]): object[] => [...own, change(at(own, 0), bench)];
    return asking(
      changed(() => attempt, ENTRIES, again),
      { logThreshold: 2 },
    )(bench);
  };
}

const log = (id: string, title: string, make: Make, more: Partial<Row> = {}): Row => ({
  id,
  title,
  code: 'LOG_THRESHOLD',
  at: 'log.threshold',
  make,
  rulings: ['RUL-16'],
  ...more,
});

/** The first entry under another proof of the lab's Rekor v2. */
function provenAgain(entry: object, { lab }: Bench): object {
  const body = decodeBase64((entry as { canonicalizedBody: string }).canonicalizedBody);
  return forgeV2(lab, body, { index: 6n, size: 7n });
}

/** Timestamps of two authorities that the trusted root lists with something in common. */
function fromTwo(
  edit: (authorities: { uri: string; operator?: string }[]) => void,
  options: { readonly sameRoot?: boolean } = {},
): Make {
  return async (bench) => {
    const second = await createStampingAuthority(options.sameRoot === true ? bench.lab : bench.stranger);
    const attempt = await stamped(({ lab }, signature) => [stamp(lab, signature), second.stamp(signature)])(bench);
    return withRoot(
      asking(() => attempt, { timestampThreshold: 2 }),
      (root) => {
        root.timestampAuthorities.push(second.entry);
        edit(root.timestampAuthorities);
      },
    )(bench);
  };
}

const stamps = (id: string, title: string, make: Make): Row => ({
  id,
  title,
  code: 'TIMESTAMP_THRESHOLD',
  at: 'time.threshold',
  twin: 'two-authorities',
  make,
  rulings: ['RUL-16'],
});

const unread = (title: string, request: object): Row => ({
  id: 'TH-014',
  title,
  code: 'CONFIG_INVALID',
  make: asking('v2-message', request),
  rulings: ['RUL-25'],
});

export const THRESHOLD_ATTACKS: readonly AttackCase[] = attacks('v2-message', [
  log('TH-001', 'an entry twice', twice('v2-message')),
  {
    ...log(
      'TH-002',
      'an entry twice with another index',
      twice('v2-message', (entry) => ({ ...entry, logIndex: '0' })),
    ),
    code: 'PROOF_INVALID',
    at: 'entry.index',
  },
  {
    ...log(
      'TH-003',
      'an entry twice under the id of another log',
      twice('v2-message', (entry, { lab }) => ({ ...entry, logId: { keyId: encodeBase64(lab.rekorV1.logId) } })),
    ),
    code: 'CHECKPOINT_INVALID',
    at: 'checkpoint.origin',
  },
  log(
    'TH-003',
    'an entry twice under the id of a log that nobody knows',
    twice('v2-message', (entry) => ({ ...entry, logId: { keyId: encodeBase64(new Uint8Array(32)) } })),
  ),
  log('TH-004', 'an entry twice with another checkpoint', twice('v2-message', provenAgain)),
  {
    ...log('TH-005', 'the entry of another bundle for the same artifact', async (bench) => {
      const { bundle } = await made({ content: 'message', logs: 'v2' })(bench);
      return twice('v2-message', () => memberAt(bundle, ENTRY) as object)(bench);
    }),
    code: 'ENTRY_MISMATCH',
    at: 'entry.signature',
  },
  log(
    'TH-006',
    'entries of two logs of one key',
    async (bench) => {
      const attempt = await twice('v1-message')(bench);
      return withRoot(
        () => attempt,
        (root) => {
          root.tlogs.push({ ...structuredClone(at(root.tlogs, 0)), baseUrl: 'https://shard.localhost' });
        },
      )(bench);
    },
    { twin: 'shared-key' },
  ),
  log(
    'TH-006',
    'entries of two logs of one operator, where that matters',
    async (bench) => {
      const attempt = await bench.control('v1-v2-message');
      return withRoot(
        asking(() => attempt, { distinctOperators: true }),
        (root) => {
          for (const log of root.tlogs) Object.assign(log, { operator: 'one' });
        },
      )(bench);
    },
    {
      twin: async (bench) => {
        const attempt = await bench.control('v1-v2-message');
        return withRoot(
          () => attempt,
          (root) => {
            for (const log of root.tlogs) Object.assign(log, { operator: 'one' });
          },
        )(bench);
      },
    },
  ),
  log(
    'TH-008',
    'a log that is known and one that is not',
    asking(withUnknownEntry('v2-message'), { logThreshold: 2 }),
    {
      twin: 'two-logs',
      rulings: ['RUL-2', 'RUL-16'],
    },
  ),
  stamps(
    'TH-010',
    'two timestamps of one authority',
    asking(
      stamped(({ lab }, signature) => [stamp(lab, signature), stamp(lab, signature, { genTime: seconds(1) })]),
      { timestampThreshold: 2 },
    ),
  ),
  stamps(
    'TS-031',
    'a timestamp twice',
    asking(
      stamped(({ lab }, signature) => {
        const der = stamp(lab, signature);
        return [der, der];
      }),
      { timestampThreshold: 2 },
    ),
  ),
  stamps('TH-011', 'a timestamp and a promise', asking('v1-message', { timestampThreshold: 2 })),
  stamps('TH-011', 'a promise and no timestamp', asking(loggedInV1(), { timestampThreshold: 1 })),
  stamps(
    'TH-012',
    'two authorities of one root under other URIs',
    fromTwo(() => {}, { sameRoot: true }),
  ),
  stamps(
    'TH-013',
    'two authorities of one URI',
    fromTwo((authorities) => {
      for (const authority of authorities) authority.uri = 'https://tsa.example';
    }),
  ),
  stamps(
    'TH-013',
    'two authorities of one operator',
    fromTwo((authorities) => {
      for (const authority of authorities) authority.operator = 'one';
    }),
  ),
  stamps(
    'TS-033',
    'an authority that is known and one that is not',
    asking('unknown-timestamp', { timestampThreshold: 2 }),
  ),
  ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '2', null, 2 ** 32, true, 33].flatMap((value) =>
    (['logThreshold', 'timestampThreshold', 'sctThreshold'] as const).map((name) =>
      unread(`a ${name} of ${typeof value === 'string' ? `'${value}'` : value}`, { [name]: value }),
    ),
  ),
  {
    ...unread('neither a log nor a timestamp demanded', { logThreshold: 'none' }),
    id: 'TH-016',
    twin: 'no-log-demanded',
  },
]);
