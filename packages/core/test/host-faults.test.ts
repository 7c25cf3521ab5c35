// SPDX-License-Identifier: Apache-2.0
// Hosts that throw where others answer, and hosts that lack an algorithm.

import { sign } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { encodeUtf8 } from '../src/bytes.js';
import { loadSyncCrypto } from '../src/crypto.js';
import { nodeCrypto } from '../src/crypto.node.js';
import { webCrypto } from '../src/crypto.web.js';
import type { SignatureInput } from '../src/provider.js';
import { makeEcPair, makeEd25519Pair, makeRsaPair } from './keys.js';

const faults = vi.hoisted(() => ({ verify: false, import: false }));
vi.mock('node:crypto', async (load) => {
  const host = await load<typeof import('node:crypto')>();
  const fail = (): never => {
    throw new Error('the host failed');
  };
  return {
    ...host,
    verify: (...args: Parameters<typeof host.verify>) => (faults.verify ? fail() : host.verify(...args)),
    createPublicKey: (key: string) => (faults.import ? fail() : host.createPublicKey(key)),
  };
});

const MESSAGE = encodeUtf8('message');

/** Valid signatures by new keys, so that no host key is cached. */
function makeInputs(): readonly SignatureInput[] {
  const data = { kind: 'message', bytes: MESSAGE } as const;
  const p256 = makeEcPair('P-256');
  const p384 = makeEcPair('P-384');
  const edwards = makeEd25519Pair();
  const rsa = makeRsaPair(2_048);
  return [
    {
      data,
      key: p256.publicKey,
      scheme: { scheme: 'ecdsa', hash: 'sha256' },
      signature: sign('sha256', MESSAGE, p256.privateKey),
    },
    {
      data,
      key: p384.publicKey,
      scheme: { scheme: 'ecdsa', hash: 'sha384' },
      signature: sign('sha384', MESSAGE, p384.privateKey),
    },
    {
      data,
      key: edwards.publicKey,
      scheme: { scheme: 'ed25519', hash: 'sha512' },
      signature: sign(null, MESSAGE, edwards.privateKey),
    },
    {
      data,
      key: rsa.publicKey,
      scheme: { scheme: 'rsa-pkcs1', hash: 'sha256' },
      signature: sign('sha256', MESSAGE, rsa.privateKey),
    },
  ];
}

const failing = async (): Promise<never> => {
  throw new Error('the host failed');
};

beforeEach(loadSyncCrypto);
afterEach(() => {
  faults.verify = false;
  faults.import = false;
  vi.unstubAllGlobals();
});

describe('a host that throws on a signature (SG-029)', () => {
  test('gives false on Node', async () => {
    faults.verify = true;
    for (const input of makeInputs()) {
      expect(nodeCrypto.verifySync?.(input)).toBe(false);
      expect(await nodeCrypto.verify(input)).toBe(false);
    }
  });

  test('gives false with WebCrypto', async () => {
    const { subtle } = crypto;
    vi.stubGlobal('crypto', { subtle: { importKey: subtle.importKey.bind(subtle), verify: failing } });
    for (const input of makeInputs()) expect(await webCrypto.verify(input)).toBe(false);
  });
});

describe('a host that cannot import a key', () => {
  const tampered = (input: SignatureInput): SignatureInput => ({
    ...input,
    data: { kind: 'message', bytes: encodeUtf8('other') },
  });

  test('is done without on Node', async () => {
    faults.import = true;
    for (const input of makeInputs()) {
      expect(nodeCrypto.verifySync?.(input)).toBe(true);
      expect(await nodeCrypto.verify(input)).toBe(true);
      expect(await nodeCrypto.verify(tampered(input))).toBe(false);
    }
  });

  test.each<[what: string, replacement: unknown]>([
    ['one algorithm', { subtle: { importKey: failing } }],
    ['SubtleCrypto', {}],
    ['WebCrypto', undefined],
  ])('is done without in a browser that lacks %s', async (_what, replacement) => {
    vi.stubGlobal('crypto', replacement);
    for (const input of makeInputs()) {
      expect(await webCrypto.verify(input)).toBe(true);
      expect(await webCrypto.verify(tampered(input))).toBe(false);
    }
  });
});
