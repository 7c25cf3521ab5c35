// SPDX-License-Identifier: Apache-2.0
// A registry with one image, and a client that attaches to it: `@sigstore/oci`, or the subpath in its place.

import * as ours from '@keywax/compat/oci';
import {
  type Descriptor,
  MEDIA_TYPES,
  type Repository,
  encodeManifest,
  fixedCredentials,
  openRepository,
  parseReference,
} from '@keywax/oci';
import type { Interceptor } from '@keywax/stack';
import { type OciRegistryOptions, type OciRegistryRequest, startOciRegistry } from '@keywax/stack/oci-registry';
import * as theirs from '@sigstore/oci';
import { onTestFinished } from 'vitest';
import { startDockerRegistry } from '../../oci/test/docker-registry.js';

/** The part of both packages that is compared. Theirs refers to types of a package that it does not install. */
export interface OciClient {
  attachArtifactToImage(options: ours.AttachArtifactOptions): Promise<ours.Descriptor>;
  getImageDigest(options: ours.GetImageDigestOptions): Promise<string>;
  getRegistryCredentials(imageName: string): ours.Credentials;
}

/** Both packages by name. */
export const CLIENTS: Readonly<Record<'theirs' | 'ours', OciClient>> = { theirs, ours };
export const USER = { username: 'user', password: 'CANARY-s3cr3t' } as const;
/** What `docker login` may keep in place of the password of the user. */
export const IDENTITY_TOKEN = 'CANARY-1dentity';
/** The media type of what is attached. */
export const TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
export const ARTIFACT: Buffer = Buffer.from('{"mediaType":"x"}');
/** A time of creation, so that what is attached is the same whenever it is. */
export const CREATED: Readonly<Record<string, string>> = {
  'org.opencontainers.image.created': '2026-01-02T03:04:05.678Z',
};

/** A registry with one image at the tag `v1`, and what one of the clients is told about it. */
export interface Scene {
  readonly oci: OciClient;
  /** The image as our own client reads it, with all rights. */
  readonly repository: Repository;
  readonly image: Descriptor;
  readonly host: string;
  readonly imageName: string;
  readonly credentials: ours.Credentials;
  readonly requests: readonly OciRegistryRequest[];
  /** Attaches the artifact with other options. */
  attach(changes?: Partial<ours.AttachArtifactOptions>): Promise<ours.Descriptor>;
  /** Asks for the digest of a tag. */
  ask(changes?: Partial<ours.GetImageDigestOptions>): Promise<string>;
}

/** How the registry of a scene is. */
export interface SceneOptions extends Omit<OciRegistryOptions, 'auth'> {
  readonly auth?: 'basic' | 'bearer';
  /** Debian's docker-registry, which is open. */
  readonly docker?: boolean;
  /** Made anew for each scene; the image is there before. */
  readonly intercept?: () => Interceptor;
}

/** Opens a scene until the end of the test. */
export async function openScene(name: 'theirs' | 'ours', options: SceneOptions = {}): Promise<Scene> {
  const { auth, docker, intercept, ...rest } = options;
  const faults: { intercept?: Interceptor } = {};
  const access =
    auth === undefined
      ? {}
      : { auth: { kind: auth, ...USER, ...(auth === 'bearer' ? { identityToken: IDENTITY_TOKEN } : {}) } };
  const registry =
    docker === true
      ? { ...(await startDockerRegistry()), requests: [] }
      : await startOciRegistry({ ...rest, faults, ...access });
  onTestFinished(() => registry.close());
  const { host } = registry;
  const imageName = `${host}/owner/app`;
  const repository = openRepository(parseReference(imageName), {
    credentials: fixedCredentials(host, { kind: 'basic', ...USER }),
  });
  const image = await pushImage(repository);
  const begun = registry.requests.length;
  if (intercept !== undefined) faults.intercept = intercept();
  const oci = CLIENTS[name];
  // Theirs goes to an open registry only without credentials, which its types do not know.
  const credentials = (auth === undefined ? undefined : USER) as ours.Credentials;
  const to = { imageName, credentials };
  return {
    oci,
    repository,
    image,
    host,
    imageName,
    credentials,
    get requests() {
      return registry.requests.slice(begun);
    },
    attach: (changes) =>
      oci.attachArtifactToImage({
        ...to,
        imageDigest: image.digest,
        artifact: ARTIFACT,
        mediaType: TYPE,
        annotations: CREATED,
        ...changes,
      }),
    ask: (changes) => oci.getImageDigest({ ...to, imageTag: 'v1', ...changes }),
  };
}

/** Always the same image, so that what refers to it is comparable. */
async function pushImage(repository: Repository): Promise<Descriptor> {
  const config = await repository.uploadBlob(Buffer.from('{"os":"linux"}'), MEDIA_TYPES.ociConfig);
  const layer = await repository.uploadBlob(Buffer.from('layer'), 'application/vnd.oci.image.layer.v1.tar');
  const { ociManifest: mediaType } = MEDIA_TYPES;
  const bytes = encodeManifest({ kind: 'manifest', mediaType, config, layers: [layer], annotations: {} });
  return (await repository.putManifest(bytes, mediaType, 'v1')).descriptor;
}

/** What the registry keeps after an attachment: the manifest as it is, and the list in which it is. */
export async function readAttached(
  { repository, image }: Scene,
  { digest }: { readonly digest: string },
): Promise<unknown> {
  const { bytes, descriptor } = await repository.fetchManifest(digest);
  const layer = (JSON.parse(Buffer.from(bytes).toString()) as { readonly layers: readonly [Descriptor] }).layers[0];
  return {
    manifest: Buffer.from(bytes).toString(),
    mediaType: descriptor.mediaType,
    artifact: Buffer.from(await repository.fetchBlob(layer)).toString(),
    referrers: await repository.listReferrers(image.digest),
    tags: (await repository.listTags()).toSorted(),
    list: await readList(repository, image),
  };
}

/** The index at the fallback tag. */
async function readList(repository: Repository, { digest }: Descriptor): Promise<unknown> {
  const tag = digest.replace(':', '-');
  if (!(await repository.listTags()).includes(tag)) return undefined;
  const { bytes } = await repository.fetchManifest(tag);
  return JSON.parse(Buffer.from(bytes).toString());
}
