// SPDX-License-Identifier: Apache-2.0
// As an action pushes an attestation to the registry of its subject.

import {
  type AttachArtifactOptions,
  type Credentials,
  type Descriptor,
  type GetImageDigestOptions,
  OCIError,
  attachArtifactToImage,
  getImageDigest,
  getRegistryCredentials,
} from '@sigstore/oci';

/** What is attested, and to what. */
export interface Attestation {
  readonly name: string;
  readonly digest: Readonly<Record<string, string>>;
  readonly predicateType: string;
  readonly bundle: { readonly mediaType: string };
}

const OCI_TIMEOUT = 30_000;
const OCI_RETRY = 3;

export async function pushAttestation({ name, digest, predicateType, bundle }: Attestation): Promise<string> {
  const credentials = getRegistryCredentials(name);
  const artifact = await attachArtifactToImage({
    credentials,
    imageName: name,
    imageDigest: `sha256:${digest['sha256']}`,
    artifact: Buffer.from(JSON.stringify(bundle)),
    mediaType: bundle.mediaType,
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': predicateType,
    },
    fetchOpts: { timeout: OCI_TIMEOUT, retry: OCI_RETRY },
  });
  return artifact.digest;
}

export async function pushOrExplain(options: AttachArtifactOptions): Promise<Descriptor | string> {
  try {
    return await attachArtifactToImage(options);
  } catch (error) {
    if (!(error instanceof OCIError)) throw error;
    return `${error.name}: ${error.message} (${error.cause instanceof Error ? error.cause.toString() : error.cause})`;
  }
}

export function resolveTag(options: Omit<GetImageDigestOptions, 'credentials'>): Promise<string> {
  const credentials: Credentials = { username: 'user', password: 'word', headers: { 'X-Team': 'blue' } };
  return getImageDigest({ ...options, credentials, fetchOpts: { retry: { retries: 2 } } });
}

export const describe = ({ mediaType, digest, size, annotations }: Descriptor): string =>
  [mediaType, digest, size.toFixed(0), annotations?.['x'] ?? ''].join(' ');

export const failed: Error = new OCIError({ message: 'no', cause: new Error('why') });

// @ts-expect-error -- an artifact is bytes
export const wrongArtifact = (given: AttachArtifactOptions): AttachArtifactOptions => ({ ...given, artifact: '{}' });
// @ts-expect-error -- a registry wants to know who asks
export const anonymous: Promise<string> = getImageDigest({ imageName: 'ghcr.io/owner/app', imageTag: 'v1' });
// @ts-expect-error -- credentials are read at once
export const credentials: Promise<Credentials> = getRegistryCredentials('ghcr.io/owner/app');
// @ts-expect-error -- an OCIError has no code
export const code: string = new OCIError({ message: 'no' }).code;
