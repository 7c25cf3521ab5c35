// SPDX-License-Identifier: Apache-2.0
// As yarn publishes with provenance.

import * as sigstore from 'sigstore';

const INTOTO_PAYLOAD_TYPE = 'application/vnd.in-toto+json';

export async function attest(payload: object, options?: sigstore.SignOptions): Promise<sigstore.Bundle> {
  const provider: sigstore.IdentityProvider = { getToken: async () => 'token' };
  const given = options ?? { identityProvider: provider, fulcioURL: sigstore.DEFAULT_FULCIO_URL };
  return sigstore.attest(Buffer.from(JSON.stringify(payload)), INTOTO_PAYLOAD_TYPE, given);
}

export async function sign(data: Buffer): Promise<string> {
  const bundle = await sigstore.sign(data, { rekorURL: sigstore.DEFAULT_REKOR_URL, tlogUpload: true, retry: true });
  // @ts-expect-error text is no data
  await sigstore.sign('data');
  return bundle.verificationMaterial.certificate?.rawBytes ?? '';
}

export async function check(bundle: sigstore.Bundle, data: Buffer): Promise<string | undefined> {
  const verifier: sigstore.BundleVerifier = await sigstore.createVerifier({ tlogThreshold: 1 });
  return verifier.verify(bundle, data).identity?.subjectAlternativeName;
}
