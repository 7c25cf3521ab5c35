// SPDX-License-Identifier: Apache-2.0
// The manifest that installs the webhook says what the webhook understands, and fails closed.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { isWorkload } from '../../src/admission/pod-images.js';
import { parseClusterImagePolicies } from '../../src/index.js';

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly webhooks?: readonly Webhook[];
}

interface Webhook {
  readonly failurePolicy: string;
  readonly sideEffects: string;
  readonly timeoutSeconds: number;
  readonly admissionReviewVersions: readonly string[];
  readonly clientConfig: { readonly service: { readonly path: string } };
  readonly rules: readonly { readonly apiGroups: readonly string[]; readonly resources: readonly string[] }[];
}

const file = fileURLToPath(new URL('../../deploy/admission.yaml', import.meta.url));
const resources = parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as Resource);

function select(kind: string): Resource {
  const [found, ...others] = resources.filter((resource) => resource.kind === kind);
  if (found === undefined || others.length > 0) throw new Error(`expected one ${kind}`);
  return found;
}

describe('the manifest', () => {
  test.each([
    ['MutatingWebhookConfiguration', '/mutate'],
    ['ValidatingWebhookConfiguration', '/validate'],
  ])('installs a %s that fails closed', (kind, path) => {
    const [webhook, ...others] = select(kind).webhooks ?? [];
    expect(others).toEqual([]);
    expect(webhook).toMatchObject({
      failurePolicy: 'Fail',
      sideEffects: 'None',
      timeoutSeconds: 10,
      admissionReviewVersions: ['v1'],
      clientConfig: { service: { path } },
    });
    for (const { apiGroups, resources: names } of webhook?.rules ?? [])
      for (const name of names) expect(isWorkload(apiGroups[0] ?? '', name.split('/')[0] ?? '')).toBe(true);
    const covered = webhook?.rules.flatMap((rule) => rule.resources);
    const core = ['pods', 'pods/ephemeralcontainers', 'replicationcontrollers', 'podtemplates'];
    expect(covered).toEqual([...core, 'deployments', 'replicasets', 'statefulsets', 'daemonsets', 'jobs', 'cronjobs']);
  });

  test('has a policy that is read', async () => {
    const text = select('ConfigMap').data?.['policy.yaml'] ?? '';
    expect(await parseClusterImagePolicies(text)).toMatchObject([{ name: 'release-workflow', mode: 'enforce' }]);
  });

  test('has no anchors, which kubectl would keep', () => {
    expect(stringify(resources)).not.toMatch(/[&*]id\d/);
    expect(readFileSync(file, 'utf8')).not.toMatch(/: [&*]\w/);
  });
});
