// SPDX-License-Identifier: Apache-2.0
// Who only verifies pays for nothing else: traced in a process of its own.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';

interface Trace {
  readonly loaded: readonly string[];
  readonly later: readonly string[];
  readonly touched: readonly string[];
  readonly kind: string;
}

const CASE = 'conformance/bundle-verify/happy-path-v0.3/bundle.sigstore.json';
const SIGNER = [
  'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main',
  'https://token.actions.githubusercontent.com',
];

function traceVerification(kind: 'file' | 'digest'): Trace {
  const script = fileURLToPath(new URL('trace.mjs', import.meta.url));
  const args = [
    '--conditions=source',
    '--no-warnings',
    script,
    corpus(CASE),
    kind,
    corpus('conformance/bundle-verify/a.txt'),
    corpus('trust/production/trusted_root.json'),
    ...SIGNER,
  ];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Trace;
}

describeCorpus('verifying with a trusted root that the caller has', () => {
  let trace: Trace;

  beforeAll(() => {
    trace = traceVerification('file');
  });

  test('verifies', () => {
    expect(trace.kind).toBe('certificate');
  });

  test.each([
    ['make-fetch-happen', /\/make-fetch-happen\//],
    ['@peculiar/x509', /\/@peculiar\/x509\/|reflect-metadata/],
    ['jose', /\/jose\//],
    ['noble', /\/@noble\/|\/core\/src\/noble\./],
    ['the clients', /\/packages\/(?:sign|fulcio|rekor|identity|http|stack|tuf)\//],
    ['anything that is not ours', /\/node_modules\//],
    ['modules of Node beyond its cryptography and its buffers', /^node:(?!crypto$|buffer$)/],
  ])('loads none of %s', (_, pattern) => {
    expect(trace.loaded.filter((url) => pattern.test(url))).toEqual([]);
  });

  test('loads nothing after it was imported', () => {
    expect(trace.later).toEqual([]);
  });

  test('opens no file and no connection', () => {
    expect(trace.touched).toEqual([]);
  });

  test('is seen when it loads something: a digest needs curves in JavaScript', () => {
    expect(traceVerification('digest').later.some((url) => url.includes('/@noble/curves/'))).toBe(true);
  });
});
