// SPDX-License-Identifier: Apache-2.0
// Every case of the client conformance suite: with the artifact and with its digest, on both crypto providers, with and
// without waiting.

import { readFileSync, readdirSync } from 'node:fs';
import { decodeBundle } from '@keywax/bundle';
import { type CryptoProvider, loadSyncCrypto } from '@keywax/core/crypto';
import type { ErrorCode } from '@keywax/core/errors';
import { isKeywaxError } from '@keywax/core/errors';
import { decodeTrustedRoot } from '@keywax/trust';
import { type ArtifactInput, type Plan, planVerification, prepareTrust, settle, settleSync } from '@keywax/verify';
import { beforeAll, describe, expect, test } from 'vitest';
import { nodeCrypto } from '../../core/src/crypto.node.js';
import { webCrypto } from '../../core/src/crypto.web.js';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import { CASES, CASES_FOLDER, findCase, identityOf } from './conformance-cases.js';

const NOW = new Date('2026-08-22T12:00:00Z');

/** The code with which something is refused; `undefined` where it is not. */
async function refusalOf(attempt: () => unknown): Promise<ErrorCode | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    if (isKeywaxError(error)) return error.code;
    throw error;
  }
}

function planCase(name: string, kind: string, crypto: CryptoProvider): Plan {
  const found = findCase(name);
  const bytes = readFileSync(found.artifactPath);
  const artifact: ArtifactInput = kind === 'file' ? bytes : { sha256: nodeCrypto.hash('sha256', bytes) };
  const trust = prepareTrust(decodeTrustedRoot(readFileSync(found.trustedRootPath)));
  return planVerification(decodeBundle(readFileSync(found.bundlePath)), {
    trust,
    artifact,
    identity: identityOf(found),
    now: NOW,
    crypto,
  });
}

describeCorpus('the conformance suite', () => {
  beforeAll(loadSyncCrypto);

  test('every case has a row', () => {
    const folders = readdirSync(corpus(CASES_FOLDER), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(Object.keys(CASES).sort()).toEqual(folders.map(({ name }) => name).sort());
  });

  test('exactly the cases that must fail are refused, and none of them by a defect', () => {
    for (const [name, code] of Object.entries(CASES)) {
      expect(code !== undefined, name).toBe(name.endsWith('fail'));
      expect(code, name).not.toBe('INTERNAL_ERROR');
    }
  });

  describe.each([nodeCrypto, webCrypto])('with the provider $name', (crypto) => {
    describe.each(['file', 'digest'])('given the artifact as %s', (kind) => {
      test.each(Object.entries(CASES))('%s: %s', async (name, code) => {
        expect(await refusalOf(() => settle(planCase(name, kind, crypto), crypto))).toBe(code);
        expect(await refusalOf(() => settleSync(planCase(name, kind, crypto), crypto))).toBe(code);
      });
    });
  });
});
