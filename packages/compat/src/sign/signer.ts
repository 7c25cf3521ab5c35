// SPDX-License-Identifier: Apache-2.0
// Who signs. Callers bring signers of their own.

import { Buffer } from 'node:buffer';
import { defaultSuite } from '@keywax/core/algorithms';
import { encodePem } from '@keywax/core/pem';
import { createEphemeralSigner } from '@keywax/sign';

/** What a signature is verified with, as PEM. */
export type KeyMaterial =
  | { $case: 'x509Certificate'; certificate: string }
  | { $case: 'publicKey'; publicKey: string; hint?: string };

/** A signature and its key. */
export type Signature = { signature: Buffer; key: KeyMaterial };

/** Signs bytes. */
export interface Signer {
  sign: (data: Buffer) => Promise<Signature>;
}

/** A signer with a key of its own, made when it is first used, which lives as long as the signer. */
export function createEphemeralKeyHolder(): Signer {
  let made: ReturnType<typeof createEphemeralSigner> | undefined;
  return {
    async sign(data) {
      made ??= createEphemeralSigner();
      const pair = await made;
      const signature = await pair.sign(data, defaultSuite(pair.publicKey));
      const publicKey = encodePem('PUBLIC KEY', pair.publicKey.spki);
      return { signature: Buffer.from(signature), key: { $case: 'publicKey', publicKey } };
    },
  };
}
