// SPDX-License-Identifier: Apache-2.0
// The signatures of a certificate path. Those between certificates of the trust root are the same for every bundle.

import { type PublicKey, parsePublicKey } from '@keywax/core/key';
import type { Certificate } from '@keywax/core/x509';
import { pathSignatures } from '@keywax/core/x509-path';
import type { CheckId, Ledger } from './checks.js';

const keys = new WeakMap<Certificate, PublicKey>();

/** The key of a certificate of an authority, parsed once for each record. @throws as `parseCertificateKey` */
export function selectAuthorityKey(certificate: Certificate): PublicKey {
  const known = keys.get(certificate);
  if (known !== undefined) return known;
  const key = parseCertificateKey(certificate);
  keys.set(certificate, key);
  return key;
}

/** The key of a certificate. @throws KEY_REJECTED, INPUT_UNSUPPORTED, INPUT_MALFORMED */
export function parseCertificateKey(certificate: Certificate): PublicKey {
  return parsePublicKey(certificate.spki, 'certificate key');
}

/** A path whose signatures have to hold. */
export interface SignedPath {
  /** The check for signatures; `leafId` for that of the leaf, where it has a name of its own. */
  readonly id: CheckId;
  readonly leafId?: CheckId;
  readonly subject: string;
  /** Leaf first, anchor last. The anchor is trusted as it is. */
  readonly path: readonly Certificate[];
  /** The chain as the trust root lists it. */
  readonly trusted: readonly Certificate[];
}

/** Lists each signature of the path. */
export function signChain(ledger: Ledger, { id, leafId, subject, path, trusted }: SignedPath): void {
  for (const [i, { certificate, issuer }] of pathSignatures(path).entries()) {
    const isTrusted = trusted.includes(certificate) && trusted[trusted.indexOf(certificate) + 1] === issuer;
    ledger.sign({
      id: i === 0 ? (leafId ?? id) : id,
      subject,
      input: {
        key: selectAuthorityKey(issuer),
        scheme: certificate.signatureScheme,
        signature: certificate.signature,
        data: { kind: 'message', bytes: certificate.tbs },
      },
      ...(isTrusted ? { constant: certificate } : {}),
    });
  }
}
