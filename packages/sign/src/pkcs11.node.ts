// SPDX-License-Identifier: Apache-2.0
// Signing with a key that never leaves its token, by PKCS#11: ECDSA over the NIST curves, and RSA PKCS#1 v1.5.
// Refused: keys of other kinds, several keys for one name, keys whose public half the token does not hold.

import type { SignatureScheme } from '@keywax/core/algorithms';
import { TAG, encodeBitString, encodeDer, encodeInteger, parseDer, readOctetString } from '@keywax/core/der';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { type HashName, hash } from '@keywax/core/hash';
import { type PublicKey, parsePublicKey } from '@keywax/core/key';
import { OID, encodeOid } from '@keywax/core/oid';
import {
  type Attribute,
  type Handle,
  type Pkcs11Token,
  type TokenSession,
  callToken,
  configError,
  failed,
  openToken,
} from './pkcs11-token.node.js';
import type { Signer } from './signer.js';

export type { Cryptoki, Pkcs11Binding, Pkcs11Token } from './pkcs11-token.node.js';

/** A key of a token: by its label, its id, or both. */
export interface Pkcs11Key extends Pkcs11Token {
  readonly keyLabel?: string;
  readonly keyId?: Uint8Array;
}

/** A signer whose session has to be closed. */
export interface Pkcs11Signer extends Signer {
  /** Closes the session; whatever is signed afterwards fails. */
  close(): void;
}

const CLASS = 0; // CKA_CLASS
const LABEL = 3; // CKA_LABEL
const KEY_TYPE = 0x100; // CKA_KEY_TYPE
const ID = 0x102; // CKA_ID
const MODULUS = 0x120; // CKA_MODULUS
const PUBLIC_EXPONENT = 0x122; // CKA_PUBLIC_EXPONENT
const EC_PARAMS = 0x180; // CKA_EC_PARAMS
const EC_POINT = 0x181; // CKA_EC_POINT
const PUBLIC_KEY = 2; // CKO_PUBLIC_KEY
const PRIVATE_KEY = 3; // CKO_PRIVATE_KEY
const RSA = 0; // CKK_RSA
const EC = 3; // CKK_EC
const RSA_PKCS = 1; // CKM_RSA_PKCS
const ECDSA = 0x1041; // CKM_ECDSA

const AT = 'PKCS#11 key';
const MAX_SIGNATURE_BYTES = 1_024; // twice that of RSA with 4,096 bits
const HASH_OIDS: Readonly<Record<HashName, string>> = { sha256: OID.sha256, sha384: OID.sha384, sha512: OID.sha512 };

/**
 * Opens a key of a token for signing. Signatures are made one after the other.
 * @throws CONFIG_INVALID, KEY_NOT_FOUND, KEY_REJECTED, INPUT_UNSUPPORTED for a kind of key, PASSWORD_WRONG for the PIN,
 *   SERVICE_INVALID where the token fails
 * @example
 * import * as binding from 'pkcs11js';
 * const library = '/usr/lib/softhsm/libsofthsm2.so';
 * const signer = await openPkcs11Signer({ binding, library, token: 'release', keyLabel: 'v1', pin });
 */
export async function openPkcs11Signer(options: Pkcs11Key): Promise<Pkcs11Signer> {
  if (options.keyLabel === undefined && options.keyId === undefined)
    throw configError('keyLabel', 'the label or the id of a key');
  const token = await openToken(options);
  try {
    const key = findObject(token, [
      { type: CLASS, value: PRIVATE_KEY },
      ...(options.keyLabel === undefined ? [] : [{ type: LABEL, value: options.keyLabel }]),
      ...(options.keyId === undefined ? [] : [{ type: ID, value: Buffer.from(options.keyId) }]),
    ]);
    return makeSigner(token, key, readPublicKey(token, key));
  } catch (error) {
    token.close();
    throw failed('to show its keys', error);
  }
}

function makeSigner(token: TokenSession, key: Handle, publicKey: PublicKey): Pkcs11Signer {
  let last: Promise<unknown> = Promise.resolve();
  let isOpen = true;
  return Object.freeze({
    publicKey,
    async sign(message: Uint8Array, scheme: SignatureScheme): Promise<Uint8Array> {
      const { mechanism, data } = describeSigning(publicKey, message, scheme);
      const sign = async (): Promise<Uint8Array> => {
        if (!isOpen) throw configError('signer', 'one that is not closed');
        return signData(token, key, { mechanism, data, publicKey });
      };
      // A session signs one thing at a time.
      const result = last.then(sign, sign);
      last = result;
      return result;
    },
    close() {
      isOpen = false;
      token.close();
    },
  });
}

interface Signing {
  readonly mechanism: number;
  readonly data: Uint8Array;
}

/** The token gets a digest, whatever the size of the message. */
function describeSigning(key: PublicKey, message: Uint8Array, { scheme, hash: name }: SignatureScheme): Signing {
  const digest = hash(name, message);
  if (key.kind === 'ec' && scheme === 'ecdsa') return { mechanism: ECDSA, data: digest };
  if (key.kind === 'rsa' && scheme === 'rsa-pkcs1') {
    const algorithm = encodeDer(TAG.sequence, encodeOid(HASH_OIDS[name]), encodeDer(TAG.null));
    // RFC 8017 §9.2: the DigestInfo, which the token pads
    return { mechanism: RSA_PKCS, data: encodeDer(TAG.sequence, algorithm, encodeDer(TAG.octetString, digest)) };
  }
  throw configError('scheme', `one that a token makes with a key of kind ${key.kind}`);
}

async function signData(
  { cryptoki, session }: TokenSession,
  key: Handle,
  { mechanism, data, publicKey }: Signing & { readonly publicKey: PublicKey },
): Promise<Uint8Array> {
  try {
    cryptoki.C_SignInit(session, { mechanism }, key);
    const made = await cryptoki.C_SignAsync(session, Buffer.from(data), Buffer.alloc(MAX_SIGNATURE_BYTES));
    const signature = new Uint8Array(made);
    return publicKey.kind === 'ec' ? encodeScalars(signature) : signature;
  } catch (cause) {
    throw failed('to sign', cause);
  }
}

/** A token answers with `r ‖ s`. */
function encodeScalars(fixed: Uint8Array): Uint8Array {
  const width = fixed.length / 2;
  if (width < 1 || !Number.isInteger(width))
    throw new KeywaxError('SERVICE_INVALID', 'PKCS#11: the token answers with what is no ECDSA signature');
  return encodeDer(TAG.sequence, encodeInteger(fixed.subarray(0, width)), encodeInteger(fixed.subarray(width)));
}

/** The one object that fits. @throws KEY_NOT_FOUND, CONFIG_INVALID where several do, SERVICE_INVALID */
function findObject({ cryptoki, session }: TokenSession, template: readonly Attribute[]): Handle {
  const [found, second] = callToken('to find a key', () => {
    cryptoki.C_FindObjectsInit(session, [...template]);
    const handles = cryptoki.C_FindObjects(session, 2);
    cryptoki.C_FindObjectsFinal(session);
    return handles;
  });
  if (second !== undefined) throw configError('keyLabel', 'a label or an id that one key alone has');
  if (found !== undefined) return found;
  const { value } = template.find(({ type }) => type === LABEL) ?? {};
  const name = typeof value === 'string' ? quoteText(value) : 'with this id';
  throw new KeywaxError('KEY_NOT_FOUND', `PKCS#11: the token holds no key ${name}, or shows it to those who log in`);
}

/** The public key: of the private object where that says enough, else of the public one with the same id. */
function readPublicKey(token: TokenSession, key: Handle): PublicKey {
  const [type, id] = [readAttribute(token, key, KEY_TYPE), readAttribute(token, key, ID)];
  const kind = [...type].reduceRight((sum, byte) => sum * 256 + byte, 0);
  if (kind !== EC && kind !== RSA)
    throw new KeywaxError('INPUT_UNSUPPORTED', `${AT}: expected one for ECDSA or RSA, found type ${kind}`);
  const holder =
    kind === RSA
      ? key
      : findObject(token, [
          { type: CLASS, value: PUBLIC_KEY },
          { type: ID, value: id },
        ]);
  return parsePublicKey(kind === RSA ? encodeRsaKey(token, holder) : encodeEcKey(token, holder), AT);
}

function readAttribute({ cryptoki, session }: TokenSession, object: Handle, type: number): Buffer {
  const [attribute] = callToken('to describe a key', () => cryptoki.C_GetAttributeValue(session, object, [{ type }]));
  if (Buffer.isBuffer(attribute?.value)) return attribute.value;
  throw new KeywaxError('SERVICE_INVALID', 'PKCS#11: the token does not describe its key');
}

function encodeRsaKey(token: TokenSession, key: Handle): Uint8Array {
  const [n, e] = [readAttribute(token, key, MODULUS), readAttribute(token, key, PUBLIC_EXPONENT)];
  const algorithm = encodeDer(TAG.sequence, encodeOid(OID.rsaEncryption), encodeDer(TAG.null));
  const numbers = encodeDer(TAG.sequence, encodeInteger(new Uint8Array(n)), encodeInteger(new Uint8Array(e)));
  return encodeDer(TAG.sequence, algorithm, encodeBitString(numbers));
}

function encodeEcKey(token: TokenSession, key: Handle): Uint8Array {
  const parameters = new Uint8Array(readAttribute(token, key, EC_PARAMS));
  const point = readOctetString(parseDer(new Uint8Array(readAttribute(token, key, EC_POINT)), AT), AT);
  const algorithm = encodeDer(TAG.sequence, encodeOid(OID.ecPublicKey), parameters);
  return encodeDer(TAG.sequence, algorithm, encodeBitString(point));
}
