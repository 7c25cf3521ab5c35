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
import { copyOptions } from '../copy-options.js';
import { OCIError } from '../errors.js';
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
export async function attachArtifact(options: AttachArtifactOptions): Promise<Descriptor> {
  const { imageDigest, artifact: bytes, mediaType } = options;
  const annotations = { [CREATED]: new Date().toISOString(), ...options.annotations };
  return useRepository(options, 'Error uploading artifact to container registry', async (repository) => {
    if (!(bytes instanceof Uint8Array)) throw refuse('artifact', 'bytes');
    const subject = await repository.resolve(parseDigest(demandText('imageDigest', imageDigest), 'imageDigest'));
    const layers = [{ mediaType: demandText('mediaType', mediaType), bytes }];
    const attached = await repository.attachReferrer({ subject, artifactType: mediaType, layers, annotations });
    return { mediaType: attached.mediaType, digest: attached.digest, size: attached.size };
  });
}

/** The digest of what a tag names, computed from it. @throws OCIError; Error for a name that is none */
export async function fetchImageDigest(options: GetImageDigestOptions): Promise<string> {
  return useRepository(options, 'Error retrieving image digest from container registry', async (repository) => {
    const { digest } = await repository.resolve(demandText('imageTag', options.imageTag));
    return digest;
  });
}

function demandText(at: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw refuse(at, 'text');
}

function refuse(at: string, expected: string): KeywaxError<'CONFIG_INVALID'> {
  return new KeywaxError('CONFIG_INVALID', `${at}: expected ${expected}`, { details: { at, expected } });
}

async function useRepository<T>(
  { imageName, credentials: given, fetchOpts }: RegistryOptions,
  message: string,
  use: (repository: Repository) => Promise<T>,
): Promise<T> {
  const { registry } = parseImageName(imageName);
  try {
    const credentials = copyOptions<Partial<Credentials>>(given ?? {}, 'credentials');
    return await tryForms(given === undefined || given === null ? [undefined] : listForms(credentials), (form) => {
      const source = form === undefined ? undefined : fixedCredentials(registry, form);
      return use(open(imageName, { source, headers: credentials.headers ?? undefined, fetchOpts }));
    });
  } catch (cause) {
    // What the caller's signal ends is no fault of the registry.
    throw isKeywaxError(cause, 'OPERATION_ABORTED') ? cause : new OCIError({ message, cause });
  }
}

/** Uses one form of the credentials after the other, until the registry lets one in. */
async function tryForms<T>(
  [form, ...others]: readonly (RegistryCredential | undefined)[],
  use: (form: RegistryCredential | undefined) => Promise<T>,
): Promise<T> {
  try {
    return await use(form);
  } catch (error) {
    if (others.length === 0 || !isKeywaxError(error, 'REGISTRY_UNAUTHORIZED')) throw error;
    return tryForms(others, use);
  }
}

/** Some registries take an identity token as the refresh token that it is, others as a password. */
function listForms(credentials: Partial<Credentials>): readonly RegistryCredential[] {
  const username = demandText('username', credentials.username);
  const password = demandText('password', credentials.password);
  const basic = { kind: 'basic', username, password } as const;
  return username === IDENTITY_TOKEN_USER ? [{ kind: 'identityToken', token: password }, basic] : [basic];
}

function open(
  imageName: string,
  {
    source,
    headers,
    fetchOpts,
  }: {
    readonly source: CredentialSource | undefined;
    readonly headers: Credentials['headers'];
    readonly fetchOpts: RegistryFetchOptions | undefined;
  },
): Repository {
  const options = copyOptions<RegistryFetchOptions>(fetchOpts ?? {}, 'fetchOpts');
  refuseProxy(options);
  // Which registry is spoken to in the clear is for the client to say.
  const { allowHttp: _, ...transport } = toTransport(options);
  const { tokenHosts } = options;
  const settings = {
    transport,
    ...(source === undefined ? {} : { credentials: source }),
    ...(headers === undefined ? {} : { headers: copyOptions(headers, 'headers') }),
    ...(tokenHosts === undefined ? {} : { tokenHosts }),
  };
  return openRepository(parseRepositoryName(imageName), copyOptions(settings));
}

/** Going without the proxy that a caller asks for would be worse than not going. */
function refuseProxy({ proxy, noProxy }: RegistryFetchOptions): void {
  const isGiven = [proxy, noProxy].some((value) => value !== undefined && value !== null && value !== '');
  if (!isGiven) return;
  const expected = 'HTTPS_PROXY and NO_PROXY in the environment, or fetch, in place of proxy and noProxy';
  throw new KeywaxError('CONFIG_INVALID', `fetchOpts: expected ${expected}`, { details: { expected } });
}
