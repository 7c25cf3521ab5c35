// SPDX-License-Identifier: Apache-2.0
// What verifies a signature in a proposal: a certificate or a public key, behind the key gate.

import { decodeUtf8 } from '@keywax/core/bytes';
import { type Decoder, decodeBase64Field, transform } from '@keywax/core/decode';
import { type PublicKey, parsePublicKey } from '@keywax/core/key';
import { parsePem } from '@keywax/core/pem';
import { KeywaxError } from '@keywax/core/errors';
import { parseCertificate } from '@keywax/core/x509';
import type { BodyVerifier } from './body.js';

/** A verifier with its key, and the names of its certificate. */
export interface ProposedVerifier {
  readonly verifier: BodyVerifier;
  readonly key: PublicKey;
  /** Subject alternative names that the search index finds the entry by. */
  readonly names: readonly string[];
}

/** Reads a verifier. @throws INPUT_MALFORMED, INPUT_UNSUPPORTED, KEY_REJECTED and what the certificate reader throws */
export function readVerifier(verifier: BodyVerifier): ProposedVerifier {
  if (verifier.kind === 'publicKey') {
    return { verifier, key: parsePublicKey(verifier.spki, 'publicKey'), names: [] };
  }
  const { spki, subjectAltNames = [] } = parseCertificate(verifier.der, 'certificate');
  const names = subjectAltNames.flatMap((name) =>
    'value' in name && typeof name.value === 'string' ? [name.value] : [],
  );
  return { verifier, key: parsePublicKey(spki, 'certificate'), names };
}

/** Reads one PEM block, a certificate or a public key. @throws as `readVerifier` */
export function readPemVerifier(pem: Uint8Array): ProposedVerifier {
  const [block, ...others] = parsePem(decodeUtf8(pem, 'publicKey'), 'publicKey');
  if (block?.label === 'CERTIFICATE' && others.length === 0)
    return readVerifier({ kind: 'certificate', der: block.bytes });
  if (block?.label === 'PUBLIC KEY' && others.length === 0)
    return readVerifier({ kind: 'publicKey', spki: block.bytes });
  throw new KeywaxError('INPUT_MALFORMED', 'publicKey: expected one PEM block, a certificate or a public key');
}

/** A verifier as base64 of PEM. @throws as `readVerifier` */
export const decodePemVerifier: Decoder<ProposedVerifier> = transform(decodeBase64Field, readPemVerifier);
