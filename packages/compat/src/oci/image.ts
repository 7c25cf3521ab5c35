// SPDX-License-Identifier: Apache-2.0
// Images in registries, over the client of `@keywax/oci`.

import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import {
  type CredentialSource,
  type RegistryCredential,
  type Repository,
  fixedCredentials,
  openRepository,
  parseDigest,
  parseRepositoryName,
} from '@keywax/oci';
import { OCIError } from '../errors.js';
import { copyOwn } from '../own-options.js';
import { toTransport } from '../sign/fetch-options.js';
import { parseImageName } from './image-name.js';
import type {
  AttachArtifactOptions,
  Credentials,
  Descriptor,
  GetImageDigestOptions,
  RegistryFetchOptions,
  RegistryOptions,
} from './options.js';

const CREATED = 'org.opencontainers.image.created';
const IDENTITY_TOKEN_USER = '<token>';

/** Attaches an artifact to an image that is there. @throws OCIError; Error for a name that is none */
export async function attachArtifact(given: AttachArtifactOptions): Promise<Descriptor> {
  const options = copyOwn(given);
  const { mediaType, artifact: bytes } = options;
  const annotations = { [CREATED]: new Date().toISOString(), ...options.annotations };
  return useRepository(options, 'Error uploading artifact to container registry', async (repository) => {
    const subject = await repository.resolve(parseDigest(options.imageDigest, 'imageDigest'));
    if (!(bytes instanceof Uint8Array)) throw new KeywaxError('CONFIG_INVALID', 'artifact: expected a Uint8Array');
    const layers = [{ mediaType, bytes }];
    const attached = await repository.attachReferrer({ subject, artifactType: mediaType, layers, annotations });
    return { mediaType: attached.mediaType, digest: attached.digest, size: attached.size };
  });
}

/** The digest of what a tag names, computed from it. @throws OCIError; Error for a name that is none */
export async function fetchImageDigest(given: GetImageDigestOptions): Promise<string> {
  const options = copyOwn(given);
  return useRepository(options, 'Error retrieving image digest from container registry', async (repository) => {
    const { digest } = await repository.resolve(options.imageTag);
    return digest;
  });
}

/** Uses a repository with each form of the credentials, until the registry lets one in. */
async function useRepository<T>(
  { imageName, credentials, fetchOpts }: RegistryOptions,
  message: string,
  use: (repository: Repository) => Promise<T>,
): Promise<T> {
  const { registry } = parseImageName(imageName);
  try {
    const forms = listForms(credentials);
    for (const [i, form] of forms.entries()) {
      const source = form === undefined ? undefined : fixedCredentials(registry, form);
      try {
        return await use(open(imageName, { source, headers: credentials?.headers, fetchOpts }));
      } catch (error) {
        if (!isKeywaxError(error, 'REGISTRY_UNAUTHORIZED') || i === forms.length - 1) throw error;
      }
    }
    throw new KeywaxError('INTERNAL_ERROR', 'credentials without a form');
  } catch (cause) {
    // What the caller's signal ends is no fault of the registry.
    throw isKeywaxError(cause, 'OPERATION_ABORTED') ? cause : new OCIError({ message, cause });
  }
}

/** Some registries take an identity token as the refresh token that it is, others as a password. */
function listForms(credentials: Credentials | undefined): readonly (RegistryCredential | undefined)[] {
  if (credentials === undefined || credentials === null) return [undefined];
  const { username, password } = credentials;
  const basic = { kind: 'basic', username, password } as const;
  return username === IDENTITY_TOKEN_USER ? [{ kind: 'identityToken', token: password }, basic] : [basic];
}

function open(
  imageName: string,
  {
    source,
    headers,
    fetchOpts = {},
  }: {
    readonly source: CredentialSource | undefined;
    readonly headers: Credentials['headers'];
    readonly fetchOpts: RegistryFetchOptions | undefined;
  },
): Repository {
  const options = copyOwn(fetchOpts);
  refuseProxy(options);
  // Which registry is spoken to in the clear is for the client to say.
  const { allowHttp: _, ...transport } = toTransport(options);
  const { tokenHosts } = options;
  return openRepository(parseRepositoryName(imageName), {
    transport,
    ...(source === undefined ? {} : { credentials: source }),
    ...(headers === undefined ? {} : { headers: copyOwn(headers) }),
    ...(tokenHosts === undefined ? {} : { tokenHosts }),
  });
}

/** Going without the proxy that a caller asks for would be worse than not going. */
function refuseProxy({ proxy, noProxy }: RegistryFetchOptions): void {
  const isGiven = [proxy, noProxy].some((value) => value !== undefined && value !== null && value !== '');
  if (!isGiven) return;
  const expected = 'HTTPS_PROXY and NO_PROXY in the environment, or fetch, in place of proxy and noProxy';
  throw new KeywaxError('CONFIG_INVALID', `fetchOpts: expected ${expected}`, { details: { expected } });
}
