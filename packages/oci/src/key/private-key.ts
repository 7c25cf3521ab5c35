// SPDX-License-Identifier: Apache-2.0
// Private keys as files hold them: PKCS#8 (RFC 5958), PKCS#1 (RFC 8017) and SEC 1 (RFC 5915), all made into PKCS#8 with
// its public key, and encrypted ones by way of key-file.ts.
// Refused: encrypted PEM of other kinds, by name; what core's gate of public keys refuses, such as RSA below 2,048 bits;
// pairs whose private key does not sign what their public key verifies. No message repeats anything of a key.

import { createPrivateKey } from 'node:crypto';
import { defaultSuite } from '@keywax/core/algorithms';
import { encodeUtf8 } from '@keywax/core/bytes';
import { defaultCrypto } from '@keywax/core/crypto';
import { TAG, contextTag, elementBytes, encodeDer, encodeInteger, openElement, parseDer } from '@keywax/core/der';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { type KeyPair, importKeyPair } from '@keywax/core/key-pair';
import { OID, encodeOid } from '@keywax/core/oid';
import { encodePem, parsePem } from '@keywax/core/pem';
import { decryptKeyFile, isKeyFile } from './key-file.js';
import type { Password } from './password.js';

const AT = 'private key';
/** What a pair signs before it is taken for one. */
const PROBE = 'keywax: do private and public key belong together?';

/** A private key in PEM, with its password where it is encrypted. */
export interface PrivateKeyInput {
  /** One PEM block: `ENCRYPTED SIGSTORE PRIVATE KEY` or its older name, `PRIVATE KEY`, `RSA PRIVATE KEY`, `EC PRIVATE KEY`. */
  readonly privateKey: string;
  /** Obtained only for an encrypted key. */
  readonly password?: Password;
}

/** A private key that has been read. */
export interface ReadPrivateKey {
  readonly pair: KeyPair;
  /** PKCS#8 in DER. Secret. */
  readonly pkcs8: Uint8Array;
}

/**
 * Reads a private key, and checks that it signs.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED, KEY_REJECTED, CONFIG_INVALID, PASSWORD_WRONG
 */
export async function readPrivateKey({ privateKey, password }: PrivateKeyInput): Promise<ReadPrivateKey> {
  if (typeof privateKey !== 'string')
    throw new KeywaxError('CONFIG_INVALID', `${AT}: expected PEM text`, { details: { at: AT } });
  const found = isKeyFile(privateKey) ? await decryptKeyFile(privateKey, password) : readPlainKey(privateKey);
  const pkcs8 = completeKey(found);
  found.fill(0);
  const pair = await importKeyPair(encodePem('PRIVATE KEY', pkcs8));
  await checkPair(pair);
  return { pair, pkcs8 };
}

function readPlainKey(text: string): Uint8Array {
  // Asked first, because headers are nothing that the PEM reader takes.
  if (/^Proc-Type: *4,ENCRYPTED/m.test(text)) throw unsupported('a key without the encryption of old PEM');
  const [block, second] = parsePem(text, AT);
  if (block === undefined || second !== undefined) throw malformed('exactly one PEM block');
  switch (block.label) {
    case 'PRIVATE KEY':
      return block.bytes;
    case 'RSA PRIVATE KEY':
      return wrapKey([encodeOid(OID.rsaEncryption), encodeDer(TAG.null)], block.bytes);
    case 'EC PRIVATE KEY':
      return wrapSec1(block.bytes);
    case 'ENCRYPTED PRIVATE KEY':
      throw unsupported('a key without the encryption of PKCS#8');
    case 'PUBLIC KEY':
    case 'CERTIFICATE':
      throw new KeywaxError('KEY_REJECTED', `${AT}: expected a private key, found ${block.label}`, {
        details: { at: AT, actual: block.label },
      });
    default:
      throw unsupported('a PEM block PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY');
  }
}

/** A PrivateKeyInfo (RFC 5958 §2) around a key of another form. */
function wrapKey(algorithm: readonly Uint8Array[], key: Uint8Array): Uint8Array {
  return encodeDer(
    TAG.sequence,
    encodeInteger(0),
    encodeDer(TAG.sequence, ...algorithm),
    encodeDer(TAG.octetString, key),
  );
}

/** RFC 5915 §3: version, key, the curve in `[0]`, the public key in `[1]`, which the host derives anew. */
function wrapSec1(sec1: Uint8Array): Uint8Array {
  const members = openElement(parseDer(sec1, AT), AT);
  const version = members.next(TAG.integer);
  const key = members.next(TAG.octetString);
  const parameters = members.optional(contextTag(0));
  if (parameters === undefined) throw malformed('an EC key that names its curve');
  members.optional(contextTag(1));
  members.end();
  const named = openElement(parameters, AT, contextTag(0));
  const curve = named.next();
  named.end();
  if (curve.tag !== TAG.oid)
    throw new KeywaxError('KEY_REJECTED', `${AT}: expected a named curve`, { details: { at: AT } });
  const bare = encodeDer(TAG.sequence, elementBytes(version), elementBytes(key));
  return wrapKey([encodeOid(OID.ecPublicKey), elementBytes(curve)], bare);
}

/** The same key as the host writes it: with the public key of an EC key, and nothing beside it. */
function completeKey(pkcs8: Uint8Array): Uint8Array {
  parseDer(pkcs8, AT); // strict framing before a host that is lax
  try {
    const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
    return new Uint8Array(key.export({ format: 'der', type: 'pkcs8' }));
  } catch {
    // What the host says of a private key is not passed on.
    throw new KeywaxError('KEY_REJECTED', `${AT}: the host does not accept it`, { details: { at: AT } });
  }
}

/** A private key that came with another's public key would make signatures that nobody can verify. */
async function checkPair(pair: KeyPair): Promise<void> {
  const key = pair.publicKey;
  const scheme = defaultSuite(key);
  const bytes = encodeUtf8(PROBE);
  const signature = await pair.sign(bytes, scheme).catch((error: unknown) => {
    if (isKeywaxError(error)) throw error;
    return undefined; // the host refuses to sign
  });
  const holds =
    signature !== undefined &&
    (await defaultCrypto.verify({ key, scheme, signature, data: { kind: 'message', bytes } }));
  if (!holds)
    throw new KeywaxError('KEY_REJECTED', `${AT}: its public key does not verify what it signs`, {
      details: { at: AT },
    });
}

function malformed(expected: string): KeywaxError {
  return new KeywaxError('INPUT_MALFORMED', `${AT}: expected ${expected}`, { details: { at: AT, expected } });
}

function unsupported(expected: string): KeywaxError {
  return new KeywaxError('INPUT_UNSUPPORTED', `${AT}: expected ${expected}`, { details: { at: AT, expected } });
}
