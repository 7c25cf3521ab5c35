// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeCorpus } from '../../../test/corpus.js';
import {
  type Bundle,
  type LogEntry,
  decodeBundle,
  decodeEntryBody,
  decodeStatement,
  encodeBundle,
} from '../src/index.js';
import { DECODABLE_BUNDLES, readCorpus } from './corpus-bundles.js';
import { MEDIA_TYPES, codeOf } from './sample.js';

const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: 1, maxLength });
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const int64 = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const text = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });

/** A record without the members that are `undefined`. */
function compact<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, member]) => member !== undefined)) as T;
}

const proof = fc.record({
  logIndex: int64,
  rootHash: hash,
  treeSize: int64,
  hashes: fc.array(hash, { maxLength: 63 }),
  checkpoint: text,
});

function entryOf(version: Bundle['version']): fc.Arbitrary<LogEntry> {
  const v1 = fc
    .record({
      logIndex: int64,
      logId: hash,
      kind: text,
      version: text,
      integratedTime: int64,
      promise: version === '0.1' ? bytes(80) : fc.option(bytes(80), { nil: undefined }),
      proof:
        version === '0.1'
          ? fc.option(
              fc.oneof(
                proof,
                proof.map(({ checkpoint: _checkpoint, ...rest }) => rest),
              ),
              { nil: undefined },
            )
          : proof,
      body: bytes(200),
    })
    .map((entry) => compact(entry) as LogEntry)
    .filter(({ kind, version }) => !['hashedrekord', 'dsse'].includes(kind) || version !== '0.0.2');
  const v2 = fc.record({
    logIndex: int64,
    logId: hash,
    kind: fc.constantFrom('hashedrekord', 'dsse'),
    version: fc.constant('0.0.2'),
    integratedTime: fc.constant(0n),
    proof,
    body: bytes(200),
  });
  return version === '0.1' ? v1 : fc.oneof(v1, v2);
}

const message = fc
  .constantFrom(['sha256', 32] as const, ['sha384', 48] as const, ['sha512', 64] as const)
  .chain(([algorithm, length]) =>
    fc.record({
      kind: fc.constant('message' as const),
      digest: fc.record({
        algorithm: fc.constant(algorithm),
        value: fc.uint8Array({ minLength: length, maxLength: length }),
      }),
      signature: bytes(80),
    }),
  );

const envelope = fc.record({
  kind: fc.constant('dsse' as const),
  payload: fc.uint8Array({ maxLength: 300 }),
  payloadType: fc.string({ minLength: 1, maxLength: 256, unit: 'grapheme-ascii' }),
  signature: bytes(80),
  keyId: fc.string(),
});

const bundle: fc.Arbitrary<Bundle> = fc.constantFrom('0.1' as const, '0.2' as const, '0.3' as const).chain((version) =>
  fc.record({
    version: fc.constant(version),
    mediaType: fc.constantFrom(MEDIA_TYPES[version], `application/vnd.dev.sigstore.bundle+json;version=${version}`),
    material: fc.oneof(
      fc.record({ kind: fc.constant('publicKey' as const), hint: text }),
      fc.record({
        kind: fc.constant('certificate' as const),
        certificates: fc.array(bytes(300), { minLength: 1, maxLength: version === '0.3' ? 1 : 10 }),
      }),
    ),
    entries: fc.array(entryOf(version), { maxLength: 4 }),
    timestamps: fc.array(bytes(100), { maxLength: 4 }),
    content: fc.oneof(message, envelope),
  }),
);

test('a bundle is the same after encoding and decoding, as an object and as text', () => {
  fc.assert(
    fc.property(bundle, (value) => {
      const encoded = encodeBundle(value);
      expect(decodeBundle(encoded)).toEqual(value);
      expect(decodeBundle(JSON.stringify(encoded))).toEqual(value);
    }),
  );
});

test('any bytes, text and objects give a bundle or an error of ours', () => {
  fc.assert(fc.property(fc.uint8Array(), (input) => typeof codeOf(() => decodeBundle(input)) === 'string'));
  fc.assert(fc.property(fc.json(), (input) => typeof codeOf(() => decodeBundle(input)) === 'string'));
  fc.assert(
    fc.property(
      fc.object({ withDate: true, withMap: true, withTypedArray: true, withBigInt: true, withSparseArray: true }),
      (input) => typeof codeOf(() => decodeBundle(input)) === 'string',
    ),
  );
});

test('any body and any payload give a value or an error of ours', () => {
  const kinds = fc.constantFrom(
    ['hashedrekord', '0.0.1'],
    ['hashedrekord', '0.0.2'],
    ['dsse', '0.0.1'],
    ['dsse', '0.0.2'],
    ['intoto', '0.0.2'],
    ['rpm', '0.0.1'],
  );
  const input = fc.oneof(
    fc.uint8Array(),
    fc.json().map((json) => new TextEncoder().encode(json)),
  );
  fc.assert(
    fc.property(kinds, input, ([kind = '', version = ''], body) => {
      codeOf(() => decodeEntryBody({ kind, version, body }));
      codeOf(() => decodeStatement(body));
    }),
  );
});

describeCorpus('a bundle of the corpus with bytes changed anywhere', () => {
  const edit = fc.record({
    place: fc.double({ min: 0, max: 1, noNaN: true }),
    insert: fc.uint8Array({ maxLength: 4 }),
    remove: fc.nat(4),
  });
  const inputs = DECODABLE_BUNDLES.map((path) => readCorpus(path));
  test('gives a bundle or an error of ours', () => {
    fc.assert(
      fc.property(fc.constantFrom(...inputs), fc.array(edit, { minLength: 1, maxLength: 3 }), (input, edits) => {
        const changed = edits.reduce((text, { place, insert, remove }) => {
          const at = Math.floor(place * text.length);
          return Buffer.concat([text.subarray(0, at), insert, text.subarray(at + remove)]);
        }, Buffer.from(input));
        codeOf(() => decodeBundle(changed).entries.map(decodeEntryBody));
      }),
      { numRuns: 500 },
    );
  });
});
