// SPDX-License-Identifier: Apache-2.0
// Every Wycheproof vector of the supported algorithms, with both providers, through the host and without it.

import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import type { SignatureScheme } from '../src/algorithms.js';
import { decodeHex } from '../src/bytes.js';
import { loadSyncCrypto } from '../src/crypto.js';
import { nodeCrypto } from '../src/crypto.node.js';
import { webCrypto } from '../src/crypto.web.js';
import { isKeywaxError } from '../src/errors.js';
import { type PublicKey, parsePublicKey } from '../src/key.js';
import type { SignatureInput } from '../src/provider.js';

interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly msg: string;
  readonly sig: string;
  readonly result: 'valid' | 'invalid' | 'acceptable';
}

interface Group {
  readonly publicKeyDer: string;
  readonly tests: readonly Vector[];
}

// Verdicts of ours that differ from those of the vectors, each with its reason. `acceptable` vectors are refused.
const SMALL_EXPONENT = 'KEY_REJECTED'; // RUL-21: RSA exponents below 65537 are refused as keys
const SHORT_SALT = 'verified'; // RUL-22: RSA-PSS is verified with any salt up to the digest's length
const SHORT_SALTS = { 67: SHORT_SALT, 68: SHORT_SALT, 69: SHORT_SALT, 70: SHORT_SALT }; // salts of 0, 1, 20, 31 bytes
const NONE = {};

const ECDSA_SHA256 = { scheme: 'ecdsa', hash: 'sha256' } as const;
const PKCS1_SHA256 = { scheme: 'rsa-pkcs1', hash: 'sha256' } as const;
const PSS_SHA256 = { scheme: 'rsa-pss', hash: 'sha256' } as const;

const FILES: readonly [file: string, scheme: SignatureScheme, exceptions: Readonly<Record<number, string>>][] = [
  ['ecdsa_secp256r1_sha256', ECDSA_SHA256, NONE],
  ['ecdsa_secp384r1_sha256', ECDSA_SHA256, NONE],
  ['ecdsa_secp384r1_sha384', { scheme: 'ecdsa', hash: 'sha384' }, NONE],
  ['ecdsa_secp521r1_sha512', { scheme: 'ecdsa', hash: 'sha512' }, NONE],
  ['ed25519', { scheme: 'ed25519', hash: 'sha512' }, NONE],
  ['rsa_signature_2048_sha256', PKCS1_SHA256, { 258: SMALL_EXPONENT, 259: SMALL_EXPONENT }],
  ['rsa_signature_3072_sha256', PKCS1_SHA256, { 259: SMALL_EXPONENT }],
  ['rsa_signature_4096_sha256', PKCS1_SHA256, NONE],
  ['rsa_pss_2048_sha256_mgf1_32', PSS_SHA256, SHORT_SALTS],
  ['rsa_pss_3072_sha256_mgf1_32', PSS_SHA256, SHORT_SALTS],
  ['rsa_pss_4096_sha256_mgf1_32', PSS_SHA256, SHORT_SALTS],
];

/** All ways to check one signature; each is `true` or `false`. */
async function checkEveryWay(input: SignatureInput): Promise<readonly unknown[]> {
  const { bytes } = input.data;
  const { scheme, hash } = input.scheme;
  // Pure Ed25519 has no digest form; without a host it takes the message.
  const data = scheme === 'ed25519' ? input.data : ({ kind: 'digest', bytes: nodeCrypto.hash(hash, bytes) } as const);
  return [
    await nodeCrypto.verify(input),
    nodeCrypto.verifySync?.(input),
    await webCrypto.verify(input),
    webCrypto.verifySync?.({ ...input, data }),
  ];
}

function readKey(group: Group): PublicKey | string {
  try {
    return parsePublicKey(decodeHex(group.publicKeyDer), '$');
  } catch (error) {
    return isKeywaxError(error) ? error.code : String(error);
  }
}

async function settleVector(vector: Vector, scheme: SignatureScheme, key: PublicKey | string): Promise<string> {
  if (typeof key === 'string') return key;
  const data = { kind: 'message', bytes: decodeHex(vector.msg) } as const;
  const verdicts = await checkEveryWay({ key, scheme, signature: decodeHex(vector.sig), data });
  if (verdicts.every((verdict) => verdict === true)) return 'verified';
  if (verdicts.every((verdict) => verdict === false)) return 'refused';
  return `in disagreement: ${verdicts.join()}`;
}

describeCorpus('Wycheproof', () => {
  beforeAll(loadSyncCrypto);

  test.each(FILES)('gives the expected verdicts for %s', async (file, scheme, exceptions) => {
    const text = readFileSync(corpus(`wycheproof/${file}_test.json`), 'utf8');
    const { testGroups } = JSON.parse(text) as { readonly testGroups: readonly Group[] };
    const differences: Record<number, string> = {};
    for (const group of testGroups) {
      const key = readKey(group);
      for (const vector of group.tests) {
        const verdict = await settleVector(vector, scheme, key);
        if (verdict !== (vector.result === 'valid' ? 'verified' : 'refused')) differences[vector.tcId] = verdict;
      }
    }
    expect(testGroups.flatMap((group) => group.tests).length).toBeGreaterThan(100);
    expect(differences).toEqual(exceptions);
  });
});
