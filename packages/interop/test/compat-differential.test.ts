// SPDX-License-Identifier: Apache-2.0
// Any options with any bundle, good or changed in one place, through `sigstore` and through the package in its place. Every
// verdict that differs is one of a row of `compat-differences.ts`, and the package accepts next to nothing that the
// original refuses.

import { personaIdentity } from '@keywax/stack/lab';
import fc from 'fast-check';
import type { VerifyOptions } from 'sigstore';
import { beforeAll, expect, test } from 'vitest';
import type { DifferenceName } from './compat-differences.js';
import { type Outcome, observe, summarize } from './compat-outcome.js';
import { CLIENTS, type ClientName, trustFor } from './compat-verify-clients.js';
import { ARTIFACT, EMAIL, type OpenBundle, elsewhere, flip, lab, managed, pem, stranger } from './compat-verify-kit.js';

const RUNS = 400;
const SEED = 20_260_722;

const SIGNERS = [{}, { identity: personaIdentity('github') }, { managedKey: true, key: managed }];
const REQUESTS = (['message', 'dsse'] as const).flatMap((content) =>
  (['v1', 'v2', 'both', 'none'] as const).flatMap((logs) =>
    (['0.1', '0.2', '0.3'] as const).flatMap((version) =>
      SIGNERS.map((signer) => ({ content, logs, version, ...signer })),
    ),
  ),
);

/** A good bundle, another of the same kind, and one of another instance. */
interface Trio {
  readonly good: OpenBundle;
  readonly other: OpenBundle;
  readonly foreign: OpenBundle;
}
const trios: Trio[] = [];

beforeAll(async () => {
  for (const request of REQUESTS) {
    const [good, other, foreign] = [
      await lab.makeBundle(request),
      await lab.makeBundle(request),
      await elsewhere.makeBundle(request),
    ];
    trios.push({ good: good.bundle, other: other.bundle, foreign: foreign.bundle });
  }
}, 60_000);

type Path = readonly (string | number)[];

/** The paths of all members, from the outside in. */
function listPaths(value: unknown, at: Path = []): readonly Path[] {
  const inner =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, member]) =>
          listPaths(member, [...at, Array.isArray(value) ? Number(name) : name]),
        )
      : [];
  return at.length === 0 ? inner : [at, ...inner];
}

const readAt = (bundle: OpenBundle, path: Path): OpenBundle =>
  path.reduce((value: OpenBundle, name) => value?.[name], bundle);

/** Makes of a member something else; `undefined` takes it out. */
const CHANGES: Readonly<
  Record<string, (member: OpenBundle, trio: { other: OpenBundle; foreign: OpenBundle }) => unknown>
> = {
  nothing: (member) => member,
  flipped: (member) => (typeof member === 'string' ? spoil(member) : member),
  missing: () => undefined,
  'of another': (_, { other }) => other,
  'of another instance': (_, { foreign }) => foreign,
  doubled: (member) => (Array.isArray(member) ? [...member, ...structuredClone(member)] : member),
  null: () => null,
  'a number': () => 7,
  'an empty text': () => '',
};

function spoil(text: string): string {
  const isBase64 = text.length >= 4 && text.length % 4 === 0 && /^[A-Za-z0-9+/]+=*$/.test(text);
  return isBase64 ? flip(text) : `${text}x`;
}

interface Spoiled {
  readonly bundle: OpenBundle;
  /** Where, with `*` for indexes. */
  readonly place: string;
}

function change({ good, other, foreign }: Trio, { how, at }: { readonly how: string; readonly at: number }): Spoiled {
  const bundle = structuredClone(good);
  const paths = listPaths(bundle);
  const path = paths[at % paths.length] ?? [];
  const parent = readAt(bundle, path.slice(0, -1));
  const name = path.at(-1) ?? '';
  const replace = CHANGES[how] ?? ((member) => member);
  const value = replace(parent[name], structuredClone({ other: readAt(other, path), foreign: readAt(foreign, path) }));
  if (value !== undefined) parent[name] = value;
  else if (Array.isArray(parent)) parent.splice(Number(name), 1);
  else delete parent[name];
  return { bundle, place: path.map((step) => (typeof step === 'number' ? '*' : step)).join('.') };
}

const maybe = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 3 });
const ISSUER = 'https://oidc.localhost';
const OPTIONS = fc.record({
  certificateIssuer: maybe(ISSUER, `${ISSUER}/github`, 'https://other', ''),
  certificateIdentityEmail: maybe(EMAIL, '^alice', 'mallory', '', '.*', '^$'),
  certificateIdentityURI: maybe('octo-org', '^https://github\\.com/', 'mallory'),
  certificateOIDs: maybe<Record<string, string>>(
    {},
    { '1.3.6.1.4.1.57264.1.5': 'octo-org/octo-repo' },
    { '1.3.6.1.4.1.57264.1.1': ISSUER },
    { '1.2.3': 'x' },
  ),
  keySelector: maybe<() => string | undefined>(
    () => pem(managed),
    () => pem(stranger),
    () => undefined,
  ),
  tlogThreshold: maybe(0, 1, 2, 3, -1, 0.5),
  ctLogThreshold: maybe(0, 1, 2, -1, 0.5),
});
const DATA = { right: ARTIFACT, other: Buffer.from('other'), empty: Buffer.alloc(0), none: undefined };
const CALL = fc.record({
  request: fc.nat(REQUESTS.length - 1),
  options: OPTIONS,
  data: fc.constantFrom<keyof typeof DATA>('right', 'right', 'right', 'other', 'empty', 'none'),
  how: fc.constantFrom('nothing', ...Object.keys(CHANGES)),
  at: fc.nat(),
});

/** What this package refuses in a place that the original does not look at, or reads more freely. */
const STRICTER: readonly (readonly [row: DifferenceName, place: RegExp])[] = [
  ['proof-claims', /inclusionProof\.(?:rootHash|treeSize)$|tlogEntries\.\*\.logIndex$/],
  ['media-type', /^mediaType$/],
  ['checkpoint-form', /\.checkpoint\.envelope$/],
  ['hash-algorithm', /messageDigest\.algorithm$/],
  ['strict-members', /(?:tlogEntries|timestampVerificationData|rfc3161Timestamps)$/],
];
/** What it accepts all the same: evidence twice, and a promise whose proof says nothing. */
const MILDER: readonly (readonly [row: DifferenceName, how: string, place: RegExp])[] = [
  ['duplicates', 'doubled', /(?:tlogEntries|rfc3161Timestamps)$/],
  ['proof-without-checkpoint', 'missing', /\.checkpoint(?:\.envelope)?$/],
  ['proof-without-checkpoint', 'null', /\.checkpoint(?:\.envelope)?$/],
];

const REFUSALS = /^(?:[A-Z_]+_ERROR|ValidationError)$/;

/** Demands of two outcomes that they are the same, or differ as a row says. */
function compare({ theirs, ours }: Readonly<Record<ClientName, Outcome>>, how: string, place: string): void {
  if ('value' in theirs && 'value' in ours) {
    expect(ours).toEqual(theirs);
  } else if ('value' in theirs) {
    expect(how, summarize(ours)).not.toBe('nothing'); // what is good is refused by nobody alone
    expect(
      STRICTER.filter(([, where]) => where.test(place)),
      `${place}: ${summarize(ours)}`,
    ).toHaveLength(1);
  } else if ('value' in ours) {
    const rows = MILDER.filter(([, by, where]) => by === how && where.test(place));
    expect(rows, `${place} ${how}: ${summarize(theirs)}`).toHaveLength(1);
  } else {
    // Which of several faults is found first may differ; what kind of error says so may not.
    expect(summarize(ours)).toMatch(REFUSALS);
  }
}

test('two implementations come to the same verdict, but for the differences that are listed', async () => {
  await fc.assert(
    fc.asyncProperty(CALL, async ({ request, options, data, how, at }) => {
      const { bundle, place } = change(trios[request] as Trio, { how, at });
      const run = (client: ClientName): Promise<Outcome> =>
        observe(async () => {
          const given = { ...trustFor(client), ...options } as VerifyOptions;
          return (await CLIENTS[client].createVerifier(given)).verify(bundle, DATA[data]);
        });
      compare({ theirs: await run('theirs'), ours: await run('ours') }, how, place);
    }),
    { numRuns: RUNS, seed: SEED },
  );
}, 120_000);
