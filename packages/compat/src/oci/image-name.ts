// SPDX-License-Identifier: Apache-2.0
// Names of images as callers write them: registry and path. Read here, and not by `@keywax/oci`, since it has to be done
// without waiting and before anything is loaded; a test holds the two against each other.
// Refused: names without a registry, tags and digests, upper case, hosts and addresses in another form than their
// canonical one, more than 255 characters.

/** The registry and repository of an image. */
export interface ImageName {
  /** Host, with port where it has one; `docker.io` for Docker Hub. */
  readonly registry: string;
}

/** The name of Docker Hub. */
export const DOCKER_HUB = 'docker.io';
const DOCKER_HUB_ALIASES: ReadonlySet<string> = new Set([DOCKER_HUB, 'index.docker.io', 'registry-1.docker.io']);
const MAX_NAME_CHARS = 255;
const HOST = /^((?:[a-z0-9]+(?:-+[a-z0-9]+)*\.)*[a-z0-9]+(?:-+[a-z0-9]+)*|\[[0-9a-f:]+\])(?::[1-9]\d{0,4})?$/;
const PATH = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

/** Parses the name of an image. @throws Error */
export function parseImageName(text: string): ImageName {
  const name = typeof text === 'string' ? text.slice(0, MAX_NAME_CHARS + 1) : '';
  const slash = name.indexOf('/');
  const host = name.slice(0, Math.max(slash, 0));
  if (name.length > MAX_NAME_CHARS || !isHost(host) || !PATH.test(name.slice(slash + 1)))
    throw new Error(`Invalid image name: ${JSON.stringify(name)}`);
  return { registry: DOCKER_HUB_ALIASES.has(host) ? DOCKER_HUB : host };
}

/** True for what Docker, too, takes for a host, in the form in which it is connected to. */
function isHost(host: string): boolean {
  const [, name] = HOST.exec(host) ?? [];
  if (name === undefined || !(/[.:]/.test(host) || name === 'localhost')) return false;
  return URL.canParse(`https://${host}`) && new URL(`https://${host}`).hostname === name;
}
