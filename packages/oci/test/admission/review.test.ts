// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { encodeUtf8 } from '@keywax/core/bytes';
import { decodeAdmissionReview, encodeAdmissionReview } from '../../src/admission/review.js';
import { podSpec, readPatch, readResponse, review, workload } from './reviews.js';

const UID = '705ab4f5-6393-11e8-b7cc-42010a800002';

describe('a review', () => {
  test('is read', () => {
    const object = workload('deployments', podSpec('a'));
    expect(decodeAdmissionReview(review('deployments', object))).toMatchObject({
      uid: UID,
      operation: 'CREATE',
      resource: { group: 'apps', version: 'v1', resource: 'deployments' },
      subResource: '',
    });
  });

  test.each<[string, Uint8Array | string, string]>([
    ['nothing', '', 'INPUT_MALFORMED'],
    ['no JSON', '{', 'INPUT_MALFORMED'],
    ['a member twice', '{"kind":"AdmissionReview","kind":"AdmissionReview"}', 'INPUT_MALFORMED'],
    ['the old version', '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1beta1"}', 'INPUT_UNSUPPORTED'],
    ['another kind', '{"kind":"Pod","apiVersion":"admission.k8s.io/v1"}', 'INPUT_UNSUPPORTED'],
    ['no request', '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}', 'INPUT_MALFORMED'],
    ['no uid', review('pods', {}, { uid: undefined }), 'INPUT_MALFORMED'],
    ['another operation', review('pods', {}, { operation: 'PATCH' }), 'INPUT_UNSUPPORTED'],
    ['an object that is none', review('pods', []), 'INPUT_MALFORMED'],
    ['nesting without end', '['.repeat(100), 'INPUT_TOO_LARGE'],
    ['too much', new Uint8Array(9 << 20).fill(0x20), 'INPUT_TOO_LARGE'],
  ])('is refused with %s', (_, bytes, code) => {
    const input = typeof bytes === 'string' ? encodeUtf8(bytes) : bytes;
    expect(() => decodeAdmissionReview(input)).toThrow(expect.objectContaining({ code }));
  });
});

describe('an answer', () => {
  test('allows', () => {
    expect(readResponse(encodeAdmissionReview(UID, { allowed: true }))).toEqual({ uid: UID, allowed: true });
  });

  test('allows with a patch', () => {
    const patch = [{ op: 'replace', path: '/spec/containers/0/image', value: 'b' }] as const;
    const response = readResponse(encodeAdmissionReview(UID, { allowed: true, patch }));
    expect(readPatch(response)).toEqual(patch);
  });

  test('denies with a reason and cut warnings', () => {
    const answer = { allowed: false, message: 'm'.repeat(5_000), warnings: Array(40).fill('w'.repeat(300)) } as const;
    const response = readResponse(encodeAdmissionReview(UID, answer));
    expect(response).toMatchObject({ uid: UID, allowed: false, status: { code: 403, reason: 'Forbidden' } });
    expect(response.status?.message).toHaveLength(4_096);
    expect(response.warnings).toHaveLength(32);
    expect(response.warnings?.every((warning) => warning.length === 256)).toBe(true);
  });
});
