// SPDX-License-Identifier: Apache-2.0
// Reviews as an API server sends them.

import { encodeUtf8 } from '@keywax/core/bytes';

/** A pod spec with one container for each image. */
export function podSpec(...images: readonly string[]): Record<string, unknown> {
  return {
    containers: images.map((image, i) => ({
      name: `c${i}`,
      image,
      imagePullPolicy: 'IfNotPresent',
      resources: { limits: { cpu: 0.5, memory: '64Mi' } },
      terminationMessagePath: '/dev/termination-log',
    })),
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    tolerations: [
      { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
    ],
  };
}

const WORKLOADS = {
  pods: { group: '', kind: 'Pod', wrap: (spec: object) => spec },
  deployments: { group: 'apps', kind: 'Deployment', wrap: withTemplate },
  replicasets: { group: 'apps', kind: 'ReplicaSet', wrap: withTemplate },
  statefulsets: { group: 'apps', kind: 'StatefulSet', wrap: withTemplate },
  daemonsets: { group: 'apps', kind: 'DaemonSet', wrap: withTemplate },
  jobs: { group: 'batch', kind: 'Job', wrap: withTemplate },
  cronjobs: {
    group: 'batch',
    kind: 'CronJob',
    wrap: (spec: object) => ({ schedule: '* * * * *', jobTemplate: { spec: withTemplate(spec) } }),
  },
} as const;

/** A workload that is known to this module. */
export type WorkloadName = keyof typeof WORKLOADS;
/** All of them. */
export const WORKLOAD_NAMES = Object.keys(WORKLOADS) as readonly WorkloadName[];

function withTemplate(spec: object): object {
  return { replicas: 2, template: { metadata: { labels: { app: 'demo' } }, spec } };
}

/** The object of a workload. */
export function workload(resource: WorkloadName, spec: object, metadata: object = {}): Record<string, unknown> {
  const { group, kind, wrap } = WORKLOADS[resource];
  return {
    apiVersion: group === '' ? 'v1' : `${group}/v1`,
    kind,
    metadata: { name: 'demo', namespace: 'default', labels: { app: 'demo' }, ...metadata },
    spec: wrap(spec),
  };
}

/** The bytes of a review that asks to create a workload, with members of the request replaced. */
export function review(resource: WorkloadName, object: unknown, request: object = {}): Uint8Array {
  const { group, kind } = WORKLOADS[resource];
  const json = {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: { group, version: 'v1', kind },
      resource: { group, version: 'v1', resource },
      requestKind: { group, version: 'v1', kind },
      requestResource: { group, version: 'v1', resource },
      name: 'demo',
      namespace: 'default',
      operation: 'CREATE',
      userInfo: {
        username: 'system:serviceaccount:kube-system:replicaset-controller',
        groups: ['system:authenticated'],
      },
      object,
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
      ...request,
    },
  };
  return encodeUtf8(JSON.stringify(json));
}

/** The response within the answer to a review. */
export interface ReviewResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: { readonly code: number; readonly reason: string; readonly message: string };
  readonly warnings?: readonly string[];
  readonly patchType?: string;
  readonly patch?: string;
}

/** Reads an answer. */
export function readResponse(answer: string): ReviewResponse {
  const { apiVersion, kind, response } = JSON.parse(answer) as Record<string, unknown>;
  if (apiVersion !== 'admission.k8s.io/v1' || kind !== 'AdmissionReview') throw new Error('no AdmissionReview');
  return response as ReviewResponse;
}

/** The operations of the patch within a response. */
export function readPatch({ patch, patchType }: ReviewResponse): unknown {
  if (patch === undefined) return undefined;
  if (patchType !== 'JSONPatch') throw new Error('no JSONPatch');
  return JSON.parse(Buffer.from(patch, 'base64').toString());
}
