// SPDX-License-Identifier: Apache-2.0
// Key pairs in files: new ones, and those of other tools sealed under a password.

import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { type AlgorithmSuite, type KeyDetails, defaultSuite, selectSuite } from '@keywax/core/algorithms';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import type { PublicKey } from '@keywax/core/key';
import { encodePem } from '@keywax/core/pem';
import { encryptKeyFile } from './key-file.js';
import { type Password, obtainPassword } from './password.js';
import { type PrivateKeyInput, readPrivateKey } from './private-key.js';

/** A key pair as it is kept in two files. */
export interface KeyFiles {
  /** PEM `ENCRYPTED SIGSTORE PRIVATE KEY`. */
  readonly privateKey: string;
  /** PEM `PUBLIC KEY`. */
  readonly publicKey: string;
}

const DEFAULT_KEY: KeyDetails = 'PKIX_ECDSA_P256_SHA_256';
const generate = /* @__PURE__ */ promisify(generateKeyPair);

/**
 * Generates a key pair, its private key encrypted as cosign does. `algorithm` is one that a key of its kind signs with by
 * default: ECDSA over P-256 (unless given), P-384 or P-521, Ed25519, RSA PKCS#1 v1.5 with 3,072 or 4,096 bits.
 * @throws CONFIG_INVALID for another algorithm, and where the password cannot be obtained
 */
export async function generateKeyFiles({
  algorithm = DEFAULT_KEY,
  password,
}: {
  readonly algorithm?: KeyDetails;
  readonly password: Password;
}): Promise<KeyFiles> {
  const suite = selectSuite(algorithm);
  if (suite === undefined || !isKeyDefault(suite)) throw unknownAlgorithm(algorithm);
  const secret = await obtainPassword(password); // before the work
  const host = await generateHostKey(suite);
  return sealKey({ privateKey: host.export({ format: 'pem', type: 'pkcs8' }).toString() }, secret);
}

/**
 * Encrypts an existing private key as cosign does; its own password is in `source`.
 * @throws as `openKeySigner`; KEY_REJECTED for a key that may only verify, such as RSA of 2,048 bits
 */
export async function importKeyFiles({
  source,
  password,
}: {
  readonly source: PrivateKeyInput;
  readonly password: Password;
}): Promise<KeyFiles> {
  return sealKey(source, password);
}

/** The public key of a private one, as PEM `PUBLIC KEY`. @throws as `openKeySigner` */
export async function readPublicKeyPem(source: PrivateKeyInput): Promise<string> {
  const { pair, pkcs8 } = await readPrivateKey(source);
  pkcs8.fill(0);
  return encodePublicKey(pair.publicKey);
}

async function sealKey(source: PrivateKeyInput, password: Password): Promise<KeyFiles> {
  const { pair, pkcs8 } = await readPrivateKey(source);
  const { signable, keyDetails } = defaultSuite(pair.publicKey);
  if (!signable)
    throw new KeywaxError('KEY_REJECTED', `private key: expected one for new signatures, found ${keyDetails}`, {
      details: { at: 'private key', actual: keyDetails },
    });
  const privateKey = await encryptKeyFile(pkcs8, password);
  pkcs8.fill(0);
  return { privateKey, publicKey: encodePublicKey(pair.publicKey) };
}

function encodePublicKey({ spki }: PublicKey): string {
  return encodePem('PUBLIC KEY', spki);
}

/** A key file does not say how its key signs: only what follows from the kind of key can be meant. */
function isKeyDefault({ signable, scheme, keyEncoding }: AlgorithmSuite): boolean {
  return signable && keyEncoding === 'spki' && scheme !== 'rsa-pss' && scheme !== 'ed25519ph';
}

async function generateHostKey({ key }: AlgorithmSuite) {
  switch (key.kind) {
    case 'ec':
      return (await generate('ec', { namedCurve: key.curve })).privateKey;
    case 'rsa':
      return (await generate('rsa', { modulusLength: key.bits ?? 3_072, publicExponent: 65_537 })).privateKey;
    case 'ed25519':
      return (await generate('ed25519', {})).privateKey;
  }
}

function unknownAlgorithm(algorithm: string): KeywaxError {
  const expected = `an algorithm of a key pair, such as ${DEFAULT_KEY}`;
  return new KeywaxError('CONFIG_INVALID', `algorithm: expected ${expected}, found ${quoteText(algorithm)}`, {
    details: { at: 'algorithm', expected },
  });
}
