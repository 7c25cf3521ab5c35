// SPDX-License-Identifier: Apache-2.0
// As an action signs attestations, with parts of its own choice.

import { type Bundle, bundleToJSON } from '@sigstore/bundle';
import {
  type BundleBuilder,
  CIContextProvider,
  DSSEBundleBuilder,
  FulcioSigner,
  type IdentityProvider,
  RekorWitness,
  type Signature,
  type Signer,
  TSAWitness,
  type Witness,
} from '@sigstore/sign';

export interface Endpoints {
  readonly fulcioURL: string;
  readonly rekorURL?: string;
  readonly tsaServerURL?: string;
}

export async function signPayload(data: Buffer, type: string, endpoints: Endpoints): Promise<Bundle> {
  return initBundleBuilder(endpoints).create({ data, type });
}

function initBundleBuilder({ fulcioURL, rekorURL, tsaServerURL }: Endpoints): BundleBuilder {
  const identityProvider: IdentityProvider = new CIContextProvider('sigstore');
  const timeout = 10_000;
  const retry = 3;
  const witnesses: Witness[] = [];
  const signer: Signer = new FulcioSigner({ identityProvider, fulcioBaseURL: fulcioURL, timeout, retry });
  if (rekorURL !== undefined)
    witnesses.push(new RekorWitness({ rekorBaseURL: rekorURL, fetchOnConflict: true, timeout, retry }));
  if (tsaServerURL !== undefined) witnesses.push(new TSAWitness({ tsaBaseURL: tsaServerURL, timeout, retry }));
  return new DSSEBundleBuilder({ signer, witnesses });
}

export class KeySigner implements Signer {
  async sign(data: Buffer): Promise<Signature> {
    return { signature: data, key: { $case: 'publicKey', publicKey: 'PEM', hint: 'hint' } };
  }
}

export function selectCertificate(bundle: Bundle): string {
  const { content } = bundle.verificationMaterial;
  switch (content.$case) {
    case 'x509CertificateChain':
      return content.x509CertificateChain.certificates[0]?.rawBytes.toString('base64') ?? '';
    case 'certificate':
      return content.certificate.rawBytes.toString('base64');
    default:
      return JSON.stringify(bundleToJSON(bundle));
  }
}
