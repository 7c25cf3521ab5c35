// SPDX-License-Identifier: Apache-2.0

import { constants, sign } from 'node:crypto';
import { ed25519, ed25519ph } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SignatureScheme } from '../src/algorithms.js';
import { concatBytes, decodeHex, encodeUint, encodeUtf8 } from '../src/bytes.js';
import { type CryptoProvider, type SignatureInput, defaultCrypto, loadSyncCrypto } from '../src/crypto.js';
import { nodeCrypto } from '../src/crypto.node.js';
import { webCrypto } from '../src/crypto.web.js';
import { CURVES, ED25519_ORDER } from '../src/curve.js';
import { encodeEcdsaSignature, parseEcdsaSignature } from '../src/ecdsa-signature.js';
import { isKeywaxError } from '../src/errors.js';
import type { HashName } from '../src/hash.js';
import { type PublicKey, parsePublicKey } from '../src/key.js';
import { decodeUint, mod } from '../src/modular.js';
import { codeOf } from './fault.js';
import { type KeyPair, encodeEd25519Spki, makeEcPair, makeEd25519Pair, makeRsaPair } from './keys.js';

const MESSAGE = encodeUtf8('what was signed');
const OTHER = encodeUtf8('something else');

const p256 = makeEcPair('P-256');
const p384 = makeEcPair('P-384');
const p521 = makeEcPair('P-521');
const rsa = makeRsaPair(2_048);
const edwards = makeEd25519Pair();

/** One key with the scheme that it is used with, and how the host makes such a signature. */
interface Case {
  readonly name: string;
  readonly pair: KeyPair;
  readonly scheme: SignatureScheme;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

function ecdsaCase(name: string, pair: KeyPair, hash: HashName): Case {
  return {
    name: `ECDSA ${name} ${hash}`,
    pair,
    scheme: { scheme: 'ecdsa', hash },
    sign: (message) => Uint8Array.from(sign(hash, message, pair.privateKey)),
  };
}

function pkcs1Case(hash: HashName): Case {
  const make = (message: Uint8Array): Uint8Array => Uint8Array.from(sign(hash, message, rsa.privateKey));
  return { name: `RSA PKCS#1 ${hash}`, pair: rsa, scheme: { scheme: 'rsa-pkcs1', hash }, sign: make };
}

function signPss(message: Uint8Array, hash: HashName, saltLength: number): Uint8Array {
  return Uint8Array.from(
    sign(hash, message, { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }),
  );
}

function pssCase(hash: HashName, saltLength: number): Case {
  const scheme = { scheme: 'rsa-pss', hash } as const;
  return {
    name: `RSA-PSS ${hash} salt ${saltLength}`,
    pair: rsa,
    scheme,
    sign: (message) => signPss(message, hash, saltLength),
  };
}

function secretOf(pair: KeyPair): Uint8Array {
  return Uint8Array.from(Buffer.from(pair.privateKey.export({ format: 'jwk' }).d ?? '', 'base64url'));
}

const CASES: readonly Case[] = [
  ecdsaCase('P-256', p256, 'sha256'),
  ecdsaCase('P-256', p256, 'sha512'), // a digest longer than the order
  ecdsaCase('P-384', p384, 'sha384'),
  ecdsaCase('P-384', p384, 'sha256'), // RUL-9
  ecdsaCase('P-521', p521, 'sha512'),
  ecdsaCase('P-521', p521, 'sha256'), // RUL-9
  pkcs1Case('sha256'),
  pkcs1Case('sha384'),
  pkcs1Case('sha512'),
  pssCase('sha256', 32),
  pssCase('sha384', 48),
  pssCase('sha512', 64),
  pssCase('sha256', 0), // RUL-22, SG-007
  pssCase('sha256', 20),
  {
    name: 'Ed25519',
    pair: edwards,
    scheme: { scheme: 'ed25519', hash: 'sha512' },
    sign: (message) => Uint8Array.from(sign(null, message, edwards.privateKey)),
  },
  {
    name: 'Ed25519ph',
    pair: edwards,
    scheme: { scheme: 'ed25519ph', hash: 'sha512' },
    sign: (message) => ed25519ph.sign(message, secretOf(edwards)),
  },
];
const [ECDSA, , , , , , PKCS1] = CASES as unknown as readonly [Case, Case, Case, Case, Case, Case, Case];

type Provider = CryptoProvider & Required<Pick<CryptoProvider, 'verifySync'>>;
const PROVIDERS = [nodeCrypto, webCrypto] as readonly Provider[];

function withMessage(
  key: PublicKey,
  scheme: SignatureScheme,
  signature: Uint8Array,
  message: Uint8Array = MESSAGE,
): SignatureInput {
  return { key, scheme, signature, data: { kind: 'message', bytes: message } };
}

function withDigest(input: SignatureInput): SignatureInput {
  return { ...input, data: { kind: 'digest', bytes: nodeCrypto.hash(input.scheme.hash, input.data.bytes) } };
}

/** The one verdict of both providers, asynchronous and not, from the message and, where that exists, from the digest. */
async function settle(input: SignatureInput): Promise<boolean> {
  const forms = input.scheme.scheme === 'ed25519' ? [input] : [input, withDigest(input)];
  const verdicts: boolean[] = [];
  for (const provider of PROVIDERS) {
    for (const form of forms) verdicts.push(await provider.verify(form), provider.verifySync(form));
  }
  expect(new Set(verdicts).size, `agreement of ${verdicts.join()}`).toBe(1);
  return verdicts.every((verdict) => verdict);
}

beforeAll(loadSyncCrypto);

describe.each(CASES)('$name', ({ pair, scheme, sign }) => {
  const signature = sign(MESSAGE);
  const input = withMessage(pair.publicKey, scheme, signature);

  test('verifies every way', async () => {
    expect(await settle(input)).toBe(true);
  });

  test('does not verify for another message (SG-001)', async () => {
    expect(await settle(withMessage(pair.publicKey, scheme, signature, OTHER))).toBe(false);
  });

  test('does not verify with any bit flipped (SG-001)', async () => {
    const step = Math.ceil(signature.length / 12);
    for (let i = 0; i < signature.length; i += step) {
      const flipped = Uint8Array.from(signature, (byte, k) => (k === i ? byte ^ (1 << (i % 8)) : byte));
      expect(await settle(withMessage(pair.publicKey, scheme, flipped)), `byte ${i}`).toBe(false);
    }
  });

  test('does not verify cut, extended or empty (SG-030)', async () => {
    const forms = [
      signature.slice(1),
      signature.slice(0, -1),
      concatBytes(signature, Uint8Array.of(0)),
      concatBytes(Uint8Array.of(0), signature),
      new Uint8Array(0),
      new Uint8Array(signature.length),
    ];
    for (const form of forms) expect(await settle(withMessage(pair.publicKey, scheme, form))).toBe(false);
  });

  test('does not verify under any other scheme or key (SG-004, SG-006, SG-020)', async () => {
    for (const other of CASES) {
      if (other.pair !== pair)
        expect(await settle(withMessage(other.pair.publicKey, scheme, signature)), other.name).toBe(false);
      // A salt of another length is the same scheme (RUL-22).
      if (other.scheme.scheme === scheme.scheme && other.scheme.hash === scheme.hash) continue;
      expect(await settle(withMessage(pair.publicKey, other.scheme, signature)), other.name).toBe(false);
    }
  });
});

describe('ECDSA', () => {
  const signature = ECDSA.sign(MESSAGE);
  const fixed = parseEcdsaSignature(signature, 'P-256');

  test('verifies with the other s, which is why a signature identifies nothing (SG-018)', async () => {
    const { n } = CURVES['P-256'];
    const s = encodeUint(n - decodeUint(fixed.subarray(32)), 32);
    const other = encodeEcdsaSignature(concatBytes(fixed.subarray(0, 32), s));
    expect(other).not.toEqual(signature);
    expect(await settle(withMessage(p256.publicKey, ECDSA.scheme, other))).toBe(true);
  });

  test('does not verify in fixed width (SG-017)', async () => {
    expect(await settle(withMessage(p256.publicKey, ECDSA.scheme, fixed))).toBe(false);
  });

  test('does not verify in a longer DER (SG-016)', async () => {
    const long = concatBytes(Uint8Array.of(0x30, 0x81), signature.subarray(1));
    expect(await settle(withMessage(p256.publicKey, ECDSA.scheme, long))).toBe(false);
  });
});

describe('RSA-PSS', () => {
  test('verifies with every salt up to the length of the digest and with no longer one (SG-007)', async () => {
    for (const saltLength of [0, 1, 31, 32, 33, 64, 222]) {
      const input = withMessage(
        rsa.publicKey,
        { scheme: 'rsa-pss', hash: 'sha256' },
        signPss(MESSAGE, 'sha256', saltLength),
      );
      expect(await settle(input), `salt of ${saltLength}`).toBe(saltLength <= 32);
    }
  });

  test.each([2_049, 2_050, 2_055])('verifies for a modulus of %i bits', async (bits) => {
    const pair = makeRsaPair(bits);
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const signature = Uint8Array.from(sign('sha256', MESSAGE, { key: pair.privateKey, padding, saltLength: 32 }));
    expect(await settle(withMessage(pair.publicKey, { scheme: 'rsa-pss', hash: 'sha256' }, signature))).toBe(true);
    const pkcs1 = Uint8Array.from(sign('sha256', MESSAGE, pair.privateKey));
    expect(await settle(withMessage(pair.publicKey, PKCS1.scheme, pkcs1))).toBe(true);
  });
});

describe('RSA', () => {
  test('does not verify for a number that is not below the modulus', async () => {
    const { privateKey, publicKey } = makeRsaPair(2_049); // leaves room for it in the signature's length
    if (publicKey.kind !== 'rsa') throw new Error('a key of another kind');
    const options = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    for (const [scheme, key] of [
      ['rsa-pkcs1', privateKey],
      ['rsa-pss', options],
    ] as const) {
      const signature = Uint8Array.from(sign('sha256', MESSAGE, key));
      const raised = encodeUint(decodeUint(signature) + decodeUint(publicKey.modulus), signature.length);
      expect(await settle(withMessage(publicKey, { scheme, hash: 'sha256' }, signature))).toBe(true);
      expect(await settle(withMessage(publicKey, { scheme, hash: 'sha256' }, raised))).toBe(false);
    }
  });
});

describe('Ed25519ph', () => {
  test('verifies the vector of RFC 8032 §7.3', async () => {
    const key = parsePublicKey(
      encodeEd25519Spki(decodeHex('ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf')),
      '$',
    );
    const signature = decodeHex(
      '98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406',
    );
    const message = encodeUtf8('abc');
    expect(await settle(withMessage(key, { scheme: 'ed25519ph', hash: 'sha512' }, signature, message))).toBe(true);
    expect(await settle(withMessage(key, { scheme: 'ed25519', hash: 'sha512' }, signature, message))).toBe(false);
  });
});

describe('Ed25519', () => {
  const raise = (signature: Uint8Array): Uint8Array => {
    const s = decodeUint(signature.slice(32).reverse()) + ED25519_ORDER;
    return concatBytes(signature.subarray(0, 32), encodeUint(s, 32).reverse());
  };

  test.each(['ed25519', 'ed25519ph'] as const)(
    'does not verify as %s with S raised by the order (SG-019)',
    async (scheme) => {
      const signature =
        scheme === 'ed25519' ? ed25519.sign(MESSAGE, secretOf(edwards)) : ed25519ph.sign(MESSAGE, secretOf(edwards));
      expect(await settle(withMessage(edwards.publicKey, { scheme, hash: 'sha512' }, raise(signature)))).toBe(false);
    },
  );

  test('does not verify with an R of small order, canonical or not, on which hosts differ (SG-019)', async () => {
    // R = 0 and S = k·a meet the equation, and with the cofactor so do all other R of small order.
    const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(secretOf(edwards));
    const torsion = ed25519.Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
    const canonical = Array.from({ length: 8 }, (_, k) => torsion.multiplyUnsafe(BigInt(k)).toBytes());
    for (const r of [...canonical, decodeHex(`ee${'ff'.repeat(30)}7f`)]) {
      const k = decodeUint(sha512(concatBytes(r, pointBytes, MESSAGE)).reverse());
      const s = mod(k * scalar, ED25519_ORDER);
      const signature = concatBytes(r, encodeUint(s, 32).reverse());
      expect(ed25519.verify(signature, MESSAGE, pointBytes, { zip215: true })).toBe(true);
      expect(await settle(withMessage(edwards.publicKey, { scheme: 'ed25519', hash: 'sha512' }, signature))).toBe(
        false,
      );
    }
  });

  test('has one verdict of all providers for a key with a part of small order', async () => {
    // Such a key's owner can make signatures that verifiers with and without the cofactor judge differently.
    const torsion = ed25519.Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
    const { scalar } = ed25519.utils.getExtendedPublicKey(secretOf(edwards));
    const raw = ed25519.Point.BASE.multiply(scalar).add(torsion).toBytes();
    const key = parsePublicKey(encodeEd25519Spki(raw), '$');
    const r = ed25519.Point.BASE.multiply(7n).toBytes();
    const verdicts: boolean[] = [];
    for (let i = 0; i < 40; i++) {
      const message = Uint8Array.of(i);
      const k = mod(decodeUint(sha512(concatBytes(r, raw, message)).reverse()), ED25519_ORDER);
      const s = mod(7n + k * scalar, ED25519_ORDER);
      const signature = concatBytes(r, encodeUint(s, 32).reverse());
      verdicts.push(await settle(withMessage(key, { scheme: 'ed25519', hash: 'sha512' }, signature, message)));
      expect(verdicts[i]).toBe(k % 8n === 0n);
    }
    expect(verdicts).toContain(false);
  });
});

describe.each(PROVIDERS)('the $name provider', (provider) => {
  const digest = nodeCrypto.hash('sha256', MESSAGE);
  const codeOfPromise = async (run: () => Promise<unknown>): Promise<string> => {
    try {
      await run();
      return 'accepted';
    } catch (error) {
      return isKeywaxError(error) ? error.code : `foreign: ${String(error)}`;
    }
  };

  test.each<[what: string, input: SignatureInput, code: string]>([
    [
      'pure Ed25519 over a digest (SG-021)',
      withDigest(withMessage(edwards.publicKey, { scheme: 'ed25519', hash: 'sha512' }, new Uint8Array(64))),
      'INPUT_UNSUPPORTED',
    ],
    [
      'a SHA-256 digest as SHA-512 (SG-003)',
      {
        key: p256.publicKey,
        scheme: { scheme: 'ecdsa', hash: 'sha512' },
        signature: ECDSA.sign(MESSAGE),
        data: { kind: 'digest', bytes: digest },
      },
      'CONFIG_INVALID',
    ],
    [
      'an empty digest',
      {
        key: rsa.publicKey,
        scheme: PKCS1.scheme,
        signature: PKCS1.sign(MESSAGE),
        data: { kind: 'digest', bytes: new Uint8Array(0) },
      },
      'CONFIG_INVALID',
    ],
    [
      'Ed25519ph with SHA-256',
      {
        key: edwards.publicKey,
        scheme: { scheme: 'ed25519ph', hash: 'sha256' },
        signature: new Uint8Array(64),
        data: { kind: 'digest', bytes: digest },
      },
      'CONFIG_INVALID',
    ],
  ])('refuses %s', async (_what, input, code) => {
    expect(codeOf(() => provider.verifySync(input))).toBe(code);
    expect(await codeOfPromise(() => provider.verify(input))).toBe(code);
  });

  test('gives false for any bytes as a signature', async () => {
    const keys = fc.constantFrom(...CASES.filter((row) => row.pair !== p521 && row.pair !== p384));
    const lengths = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
      fc.uint8Array({ minLength: 256, maxLength: 256 }),
    );
    const check = async ({ pair, scheme }: Case, signature: Uint8Array): Promise<void> => {
      const input = withMessage(pair.publicKey, scheme, signature);
      expect(provider.verifySync(input)).toBe(false);
      expect(await provider.verify(input)).toBe(false);
    };
    await fc.assert(fc.asyncProperty(keys, lengths, check));
  });

  test('checks many signatures at once, each by its own key and message', async () => {
    const rows = [...CASES, ...CASES].map((row, i) => ({ row, message: Uint8Array.of(i), valid: i % 3 !== 0 }));
    const verdicts = await Promise.all(
      rows.map(({ row, message, valid }) =>
        provider.verify(withMessage(row.pair.publicKey, row.scheme, row.sign(message), valid ? message : OTHER)),
      ),
    );
    expect(verdicts).toEqual(rows.map(({ valid }) => valid));
  });
});

test('the default provider is that of the host', () => {
  expect(defaultCrypto.name).toBe('node');
});
