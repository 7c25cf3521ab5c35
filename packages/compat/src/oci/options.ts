// SPDX-License-Identifier: Apache-2.0
// What the functions of the subpath `@keywax/compat/oci` take and give.

import type { FetchOptions } from '../sign/fetch-options.js';

/** What a registry is told by whoever signs in. */
export interface Credentials {
  /** `<token>` where the password is an identity token. */
  readonly username: string;
  readonly password: string;
  /** Sent with every request to the registry itself, and to no other host. */
  readonly headers?: { [key: string]: string } | undefined;
}

/** How a registry is reached. */
export interface RegistryFetchOptions extends FetchOptions {
  /** Refused where it is given: the environment names proxies, or `fetch` knows one. */
  readonly proxy?: unknown;
  /** As `proxy`. */
  readonly noProxy?: unknown;
  /** Hosts, with port where they have one, that may be told the credentials as token services (an addition). */
  readonly tokenHosts?: readonly string[] | undefined;
}

/** Which repository, and as whom. */
export interface RegistryOptions {
  /** Registry and path, such as `ghcr.io/owner/image`, without tag and digest. */
  readonly imageName: string;
  readonly credentials: Credentials;
  readonly fetchOpts?: RegistryFetchOptions | undefined;
}

/** What is attached to which image. */
export interface AttachArtifactOptions extends RegistryOptions {
  /** `sha256:…` of the image. */
  readonly imageDigest: string;
  readonly artifact: Uint8Array;
  /** Of the artifact: media type of its layer, and artifact type of its manifest. */
  readonly mediaType: string;
  /** Of the manifest, beside the time of creation. */
  readonly annotations?: Record<string, string> | undefined;
}

/** Which tag is asked for. */
export interface GetImageDigestOptions extends RegistryOptions {
  readonly imageTag: string;
}

/** What a registry keeps under a digest (OCI image spec, descriptor.md). */
export interface Descriptor {
  mediaType: string;
  digest: string;
  /** In bytes. */
  size: number;
  artifactType?: string;
  urls?: string[];
  annotations?: Record<string, string>;
  data?: string;
}
