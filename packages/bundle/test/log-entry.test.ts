// SPDX-License-Identifier: Apache-2.0

import { readJson } from '@keywax/core/json';
import { describe, expect, test } from 'vitest';
import { type SerializedLogEntry, decodeLogEntry, encodeLogEntry, isRekorV2Entry } from '../src/index.js';
import { codeOf, sampleEntry, sampleEntryV2, withMember } from './sample.js';

const read = (entry: object) => decodeLogEntry(readJson(entry, { maxBytes: 1 << 20 }));

describe('an entry that stands alone', () => {
  test('is read as Rekor v2 answers with it', () => {
    const answer = { ...sampleEntryV2(), integratedTime: '0', inclusionPromise: null };
    const entry = read(answer);
    expect(isRekorV2Entry(entry)).toBe(true);
    expect(entry).toMatchObject({ logIndex: 12n, integratedTime: 0n, kind: 'hashedrekord', version: '0.0.2' });
    expect('promise' in entry).toBe(false);
    expect(encodeLogEntry(entry)).toEqual(sampleEntryV2());
  });

  test('is read as Rekor v1 would have it, and written again', () => {
    const entry = read(sampleEntry());
    expect(isRekorV2Entry(entry)).toBe(false);
    expect(encodeLogEntry(entry)).toEqual(sampleEntry());
  });

  test.each<readonly [string, string, unknown, string]>([
    ['without a proof', 'inclusionProof', undefined, 'BUNDLE_INVALID'],
    ['without a checkpoint', 'inclusionProof.checkpoint', undefined, 'BUNDLE_INVALID'],
    ['with a promise', 'inclusionPromise', { signedEntryTimestamp: 'AAAA' }, 'BUNDLE_INVALID'],
    ['with an unknown member', 'extra', 1, 'INPUT_MALFORMED'],
  ])('is refused %s', (_name, path, member, code) => {
    expect(codeOf(() => read(withMember<SerializedLogEntry>(sampleEntryV2(), path, member)))).toBe(code);
  });

  test('may have a body of 16 MiB only where its kind can hold an envelope', () => {
    const large = withMember(sampleEntry(), 'canonicalizedBody', 'AAAA'.repeat(1 << 19));
    const codes = [
      ['hashedrekord', '0.0.1'],
      ['dsse', '0.0.1'],
      ['intoto', '0.0.2'],
      ['dsse', '0.0.3'],
    ].map(([kind, version]) =>
      codeOf(() => decodeLogEntry(readJson({ ...large, kindVersion: { kind, version } }, { maxBytes: 1 << 24 }))),
    );
    expect(codes).toEqual(['INPUT_TOO_LARGE', 'accepted', 'accepted', 'INPUT_TOO_LARGE']);
  });
});
