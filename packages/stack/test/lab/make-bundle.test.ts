// SPDX-License-Identifier: Apache-2.0

import { createPublicKey, verify } from 'node:crypto';
import { decodeBundle, decodeEntryBody } from '@keywax/bundle';
import { encodeUtf8 } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { hashLeaf, verifyInclusion } from '@keywax/core/merkle';
import { parseCheckpoint } from '@keywax/core/note';
import {
  type BundleRequest,
  type Lab,
  type SigningKey,
  createLab,
  encodeBody,
  encodePromise,
  generateSigningKey,
} from '@keywax/stack/lab';
import { beforeAll, describe, expect, test } from 'vitest';

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});

const sha256 = (...pieces: Uint8Array[]) => hash('sha256', ...pieces);
const isSigned = (key: SigningKey, data: Uint8Array, signature: Uint8Array) =>
  verify(key.kind === 'ed25519' ? null : 'sha256', data, createPublicKey(key.privateKey), signature);

const REQUESTS: readonly BundleRequest[] = (['message', 'dsse'] as const).flatMap((content) =>
  (['v1', 'v2', 'both', 'none'] as const).map((logs) => ({ content, logs })),
);

describe.each(REQUESTS)('a good bundle with a $content in logs $logs', (request) => {
  test('is decoded, and every entry says what was signed', async () => {
    const made = await lab.makeBundle(request);
    const bundle = decodeBundle(made.bundle);
    expect(bundle.version).toBe('0.3');
    expect(bundle.timestamps).toHaveLength(1);
    for (const entry of bundle.entries) {
      const body = decodeEntryBody(entry);
      expect(body.signatures[0]?.signature).toEqual(made.signature);
      expect(body.signatures[0]?.verifier).toEqual(made.verifier);
    }
  });

  test('has entries whose promise, proof and checkpoint hold', async () => {
    const { entries } = decodeBundle((await lab.makeBundle(request)).bundle);
    for (const entry of entries) {
      const log = entry.promise === undefined ? lab.rekorV2 : lab.rekorV1;
      if (entry.promise !== undefined) {
        const logIndex = Number(entry.logIndex);
        const promised = encodePromise({
          body: entry.body,
          integratedTime: Number(entry.integratedTime),
          logId: entry.logId,
          logIndex,
        });
        expect(isSigned(log.key, promised, entry.promise)).toBe(true);
        expect(entry.proof?.logIndex).toBe(entry.logIndex - 1000n);
      }
      const { proof } = entry;
      const checkpoint = parseCheckpoint(proof?.checkpoint ?? '', 'checkpoint');
      expect(checkpoint.origin).toBe(
        entry.promise === undefined ? 'rekor2.localhost' : `rekor.localhost - ${lab.material.treeId}`,
      );
      expect(checkpoint.size).toBe(proof?.treeSize);
      expect(isSigned(log.key, checkpoint.signedText, checkpoint.signatures[0]?.signature ?? new Uint8Array())).toBe(
        true,
      );
      const leafHash = hashLeaf(sha256, entry.body);
      const inclusion = { index: proof?.logIndex ?? 0n, size: checkpoint.size, leafHash, hashes: proof?.hashes ?? [] };
      expect(() => verifyInclusion(sha256, { ...inclusion, rootHash: checkpoint.rootHash })).not.toThrow();
    }
  });
});

describe('steps', () => {
  test('what follows a replaced step is made over its result', async () => {
    const body = encodeBody({ apiVersion: '0.0.2', kind: 'hashedrekord', spec: {} });
    const made = await lab.makeBundle({ content: 'message', logs: 'v2', steps: { bodyV2: () => body } });
    const [entry] = decodeBundle(made.bundle).entries;
    expect(entry?.body).toEqual(body);
    expect(lab.rekorV2.log.record(Number(entry?.logIndex))).toEqual(body);
  });

  test.each(['P-256', 'P-384', 'P-521', 'ed25519', 'rsa-2048'] as const)('a %s key signs', async (kind) => {
    const key = generateSigningKey(kind);
    const made = await lab.makeBundle({ content: 'dsse', logs: 'v1', key, managedKey: true });
    expect(decodeBundle(made.bundle).material.kind).toBe('publicKey');
  });

  test.each([
    ['0.1', 'application/vnd.dev.sigstore.bundle+json;version=0.1'],
    ['0.2', 'application/vnd.dev.sigstore.bundle+json;version=0.2'],
  ] as const)('version %s is %s with a chain', async (version, mediaType) => {
    const made = await lab.makeBundle({ content: 'message', logs: 'v1', version, artifact: encodeUtf8('old') });
    expect(decodeBundle(made.bundle)).toMatchObject({ version, mediaType });
  });
});
