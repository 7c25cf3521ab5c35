// SPDX-License-Identifier: Apache-2.0
// Where the images of a workload are written: every container and image volume of its pod template, with the JSON pointer
// to each.
// Refused: resources that run images in a way which is not listed here, because nothing unknown is admitted.

import { KeywaxError, quoteText } from '@keywax/core/errors';
import { type JsonObject, type JsonValue, isJsonArray, isJsonObject } from '@keywax/core/json';
import { malformed } from '../fault.js';

/** An image that a workload asks for. */
export interface PodImage {
  /** JSON pointer to the text of the reference. */
  readonly path: string;
  readonly reference: string;
}

const TEMPLATE = ['spec', 'template', 'spec'];
/** Path to the pod's spec in each resource that has one, by group and plural name. */
const POD_SPECS: Readonly<Record<string, readonly string[]>> = {
  '/pods': ['spec'],
  '/podtemplates': ['template', 'spec'],
  '/replicationcontrollers': TEMPLATE,
  'apps/deployments': TEMPLATE,
  'apps/replicasets': TEMPLATE,
  'apps/statefulsets': TEMPLATE,
  'apps/daemonsets': TEMPLATE,
  'batch/jobs': TEMPLATE,
  'batch/cronjobs': ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};
const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const;
const MAX_ITEMS = 256; // in one list; a bound of this webhook

/** True for a resource whose images are known to this webhook. */
export function isWorkload(group: string, resource: string): boolean {
  return Object.hasOwn(POD_SPECS, `${group}/${resource}`);
}

/**
 * Every image of a workload, in the order in which they are written.
 * @throws INPUT_UNSUPPORTED for a resource that is not listed, INPUT_MALFORMED for a container without an image,
 *   INPUT_TOO_LARGE
 */
export function listPodImages(
  { group, resource }: { readonly group: string; readonly resource: string },
  object: JsonObject,
): readonly PodImage[] {
  const steps = isWorkload(group, resource) ? POD_SPECS[`${group}/${resource}`] : undefined;
  if (steps === undefined)
    throw new KeywaxError('INPUT_UNSUPPORTED', `no images are known of ${quoteText(`${group}/${resource}`)}`);
  let spec: JsonValue | undefined = object;
  for (const step of steps) spec = isJsonObject(spec) ? spec.get(step) : undefined;
  const at = `/${steps.join('/')}`;
  if (!isJsonObject(spec)) {
    if (resource === 'replicationcontrollers' && spec === undefined) return []; // the one whose template may be absent
    throw malformed(at, 'the spec of a pod');
  }
  const containers = CONTAINER_LISTS.flatMap((name) =>
    readList(spec.get(name), `${at}/${name}`).map((container, i) =>
      readImage(container, 'image', `${at}/${name}/${i}`),
    ),
  );
  const volumes = readList(spec.get('volumes'), `${at}/volumes`).flatMap((volume, i) => {
    const image = volume.get('image');
    if (image === undefined || image === null) return [];
    const path = `${at}/volumes/${i}/image`;
    if (!isJsonObject(image)) throw malformed(path, 'an image');
    return image.get('reference') === undefined ? [] : [readImage(image, 'reference', path)];
  });
  return [...containers, ...volumes];
}

function readList(list: JsonValue | undefined, at: string): readonly JsonObject[] {
  if (list === undefined || list === null) return [];
  if (!isJsonArray(list)) throw malformed(at, 'a list');
  if (list.length > MAX_ITEMS)
    throw new KeywaxError('INPUT_TOO_LARGE', `${at}: expected at most ${MAX_ITEMS} items`, {
      details: { at, limit: MAX_ITEMS },
    });
  return list.map((item, i) => {
    if (isJsonObject(item)) return item;
    throw malformed(`${at}/${i}`, 'an object');
  });
}

function readImage(holder: JsonObject, member: string, at: string): PodImage {
  const path = `${at}/${member}`;
  const reference = holder.get(member);
  if (typeof reference !== 'string' || reference === '') throw malformed(path, 'an image');
  return { path, reference };
}
