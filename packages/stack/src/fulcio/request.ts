// SPDX-License-Identifier: Apache-2.0
// What a client asks of Fulcio: a certificate for a key that it proves to hold, by a signature over its subject or by a
// certificate signing request.
// Refused: both forms or none, keys that the key gate refuses, proofs that do not verify. Members that are not known are
// passed over, as Fulcio does: clients send algorithm names that its schema does not have.

import { decodeUtf8, encodeUtf8 } from '@keywax/core/bytes';
import { defaultSuite } from '@keywax/core/algorithms';
import { defaultCrypto } from '@keywax/core/crypto';
import { type Decoder, decodeBase64Field, decodeOpenObject, decodeString, optional } from '@keywax/core/decode';
import { isKeywaxError } from '@keywax/core/errors';
import { type PublicKey, parsePublicKey, parsePublicKeyPem } from '@keywax/core/key';
import { parseSinglePem } from '@keywax/core/pem';
import { type Outcome, attempt, done, refused } from '../service.js';
import { loadX509 } from '../x509/certificate.js';

/** The body of a request for a certificate. */
export interface CertificateRequest {
  readonly credentials?: { readonly oidcIdentityToken?: string };
  readonly publicKeyRequest?: PublicKeyRequest;
  /** The PEM text of a PKCS #10 request. */
  readonly certificateSigningRequest?: Uint8Array;
}

/** A key as PEM, and a signature by it over the subject of the token. */
export interface PublicKeyRequest {
  readonly publicKey: { readonly content: string };
  readonly proofOfPossession: Uint8Array;
}

/** Decodes a request. @throws INPUT_MALFORMED */
export const decodeCertificateRequest: Decoder<CertificateRequest> = decodeOpenObject<CertificateRequest>({
  credentials: optional(
    decodeOpenObject<{ readonly oidcIdentityToken?: string }>({ oidcIdentityToken: optional(decodeString) }),
  ),
  publicKeyRequest: optional(
    decodeOpenObject<PublicKeyRequest>({
      publicKey: decodeOpenObject({ content: decodeString }),
      proofOfPossession: decodeBase64Field,
    }),
  ),
  certificateSigningRequest: optional(decodeBase64Field),
});

/** The key to certify, once its holder has proven to hold it. `challenge` is what the proof signs. */
export async function verifyRequestedKey(request: CertificateRequest, challenge: string): Promise<Outcome<PublicKey>> {
  const { publicKeyRequest, certificateSigningRequest } = request;
  if (publicKeyRequest !== undefined && certificateSigningRequest === undefined) {
    return verifyProof(publicKeyRequest, challenge);
  }
  if (certificateSigningRequest !== undefined && publicKeyRequest === undefined) {
    return verifySigningRequest(certificateSigningRequest);
  }
  return refused(400, 'The public key supplied in the request could not be parsed');
}

async function verifyProof(request: PublicKeyRequest, challenge: string): Promise<Outcome<PublicKey>> {
  const outcome = readKey(() => parsePublicKeyPem(request.publicKey.content, 'publicKey'));
  if (outcome.kind === 'refused') return outcome;
  const key = outcome.value;
  const input = { key, scheme: defaultSuite(key), signature: request.proofOfPossession };
  const isProven = await defaultCrypto.verify({ ...input, data: { kind: 'message', bytes: encodeUtf8(challenge) } });
  return isProven ? done(key) : refused(400, 'The signature supplied in the request could not be verified');
}

/** The subject and the extensions that a signing request asks for are passed over: the token says who it is. */
async function verifySigningRequest(pem: Uint8Array): Promise<Outcome<PublicKey>> {
  const malformed = refused(400, 'The certificate signing request could not be parsed');
  const der = attempt(() => parseSinglePem(decodeUtf8(pem, 'request'), 'CERTIFICATE REQUEST', 'request'));
  if (der === undefined) return malformed;
  const { Pkcs10CertificateRequest } = await loadX509();
  try {
    const request = new Pkcs10CertificateRequest(Uint8Array.from(der));
    const outcome = readKey(() => parsePublicKey(new Uint8Array(request.publicKey.rawData), 'request'));
    if (outcome.kind === 'refused') return outcome;
    const hash = (request.signatureAlgorithm as { hash?: { name?: string } }).hash?.name;
    const isProven = hash !== 'SHA-1' && (await request.verify(crypto));
    return isProven ? outcome : refused(400, 'The signature supplied in the request could not be verified');
  } catch {
    return malformed;
  }
}

/** Weak keys and keys of unknown kinds are told apart from what is no key. */
function readKey(read: () => PublicKey): Outcome<PublicKey> {
  try {
    const key = read();
    defaultSuite(key);
    return done(key);
  } catch (error) {
    if (isKeywaxError(error, 'KEY_REJECTED') || isKeywaxError(error, 'INPUT_UNSUPPORTED')) {
      return refused(400, 'The public key supplied in the request is insecure');
    }
    if (isKeywaxError(error)) return refused(400, 'The public key supplied in the request could not be parsed');
    throw error;
  }
}
