// SPDX-License-Identifier: Apache-2.0
// Certification requests (PKCS#10, RFC 2986) with an empty subject and no attributes: the authority takes the subject
// from the identity token, and of the request only the key and its signature.

import { type SignatureScheme, defaultSuite } from '@keywax/core/algorithms';
import { TAG, contextTag, encodeBitString, encodeDer, encodeInteger } from '@keywax/core/der';
import { KeywaxError } from '@keywax/core/errors';
import type { PublicKey } from '@keywax/core/key';
import { OID, encodeOid } from '@keywax/core/oid';

/** A key that signs; every signer and key pair of the siblings has this shape. */
export interface CertificateKey {
  readonly publicKey: PublicKey;
  /** The signature over a message: DER for ECDSA, 64 bytes for Ed25519. */
  sign(message: Uint8Array, scheme: SignatureScheme): Promise<Uint8Array>;
}

/** A certification request for the key, signed with the algorithm that its kind stands for, as DER. */
export async function encodeSigningRequest(key: CertificateKey): Promise<Uint8Array> {
  const suite = defaultSuite(key.publicKey);
  const info = encodeDer(
    TAG.sequence,
    encodeInteger(0),
    encodeDer(TAG.sequence), // subject
    key.publicKey.spki,
    encodeDer(contextTag(0)), // attributes
  );
  const signature = await key.sign(info, suite);
  return encodeDer(TAG.sequence, info, encodeAlgorithm(suite), encodeBitString(signature));
}

/** AlgorithmIdentifier of a signature (RFC 5758 §3.2, RFC 8017 §A.2.4, RFC 8410 §3). */
function encodeAlgorithm({ scheme, hash }: SignatureScheme): Uint8Array {
  switch (scheme) {
    case 'ecdsa':
      return encodeDer(TAG.sequence, encodeOid(ECDSA_OIDS[hash]));
    case 'rsa-pkcs1':
      return encodeDer(TAG.sequence, encodeOid(RSA_OIDS[hash]), encodeDer(TAG.null));
    case 'ed25519':
      return encodeDer(TAG.sequence, encodeOid(OID.ed25519));
    case 'rsa-pss':
    case 'ed25519ph':
      throw new KeywaxError('INPUT_UNSUPPORTED', `no certification request is signed with ${scheme}`);
  }
}

const ECDSA_OIDS = { sha256: OID.ecdsaWithSha256, sha384: OID.ecdsaWithSha384, sha512: OID.ecdsaWithSha512 } as const;
const RSA_OIDS = { sha256: OID.sha256WithRsa, sha384: OID.sha384WithRsa, sha512: OID.sha512WithRsa } as const;
