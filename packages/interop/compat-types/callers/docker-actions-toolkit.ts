// SPDX-License-Identifier: Apache-2.0
// As a toolkit for actions verifies attestations of images.

import {
  type Bundle,
  type SerializedBundle,
  bundleFromJSON,
  bundleToJSON,
  isBundleWithDsseEnvelope,
} from '@sigstore/bundle';
import * as tuf from '@sigstore/tuf';
import {
  type KeyFinderFunc,
  PolicyError,
  type SignedEntity,
  type Signer,
  type TrustMaterial,
  type VerificationPolicy,
  Verifier,
  type VerifierOptions,
  toSignedEntity,
  toTrustMaterial,
} from '@sigstore/verify';

export async function verifyBundle(json: unknown, workflow: RegExp, artifact?: Buffer): Promise<Signer> {
  const bundle: Bundle = bundleFromJSON(json);
  const material: TrustMaterial = toTrustMaterial(await tuf.getTrustedRoot({ forceCache: true }));
  const options: VerifierOptions = { tlogThreshold: 1, ctlogThreshold: 1, tsaThreshold: 0, timestampThreshold: 1 };
  const policy: VerificationPolicy = {
    subjectAlternativeName: workflow,
    extensions: { issuer: 'https://token.actions.githubusercontent.com' },
  };
  const entity: SignedEntity = toSignedEntity(bundle, artifact);
  try {
    return new Verifier(material, options).verify(entity, policy);
  } catch (error) {
    if (error instanceof PolicyError)
      throw new Error(`not signed by ${workflow.source}: ${error.code}`, { cause: error });
    throw error;
  }
}

export async function describeRoot() {
  const root = await tuf.getTrustedRoot({ mirrorURL: tuf.DEFAULT_MIRROR_URL, rootPath: '/root.json', forceInit: true });
  const [log] = root.tlogs;
  const start: Date | undefined = log?.publicKey?.validFor?.start;
  const bytes: Buffer | undefined = log?.publicKey?.rawBytes;
  const certificate: Buffer | undefined = root.certificateAuthorities[0]?.certChain?.certificates[0]?.rawBytes;
  return { start, bytes, certificate, details: log?.publicKey?.keyDetails };
}

export function readBundle(json: unknown) {
  const bundle = bundleFromJSON(json);
  const { content, tlogEntries } = bundle.verificationMaterial;
  const index: string | undefined = tlogEntries[0]?.logIndex;
  const id: Buffer | undefined = tlogEntries[0]?.logId.keyId;
  const payload = isBundleWithDsseEnvelope(bundle) ? bundle.content.dsseEnvelope.payload.toString('utf8') : '';
  // @ts-expect-error the payload is not there before it is known that there is an envelope
  const unknown = bundle.content.dsseEnvelope;
  const serialized: SerializedBundle = bundleToJSON(bundle);
  const text: string | undefined = serialized.dsseEnvelope?.payload;
  switch (content.$case) {
    case 'certificate':
      return { index, id, payload, text, unknown, certificate: content.certificate.rawBytes.toString('base64') };
    case 'x509CertificateChain':
      return { index, certificate: content.x509CertificateChain.certificates[0]?.rawBytes.toString('base64') };
    case 'publicKey':
      return { index, hint: content.publicKey.hint };
  }
}

export const withKey = (finder: KeyFinderFunc, root: Parameters<typeof toTrustMaterial>[0]): TrustMaterial =>
  toTrustMaterial(root, finder);
