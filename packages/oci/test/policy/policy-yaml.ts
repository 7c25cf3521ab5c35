// SPDX-License-Identifier: Apache-2.0
// Policies as files. JSON is YAML.

import { generateKeyPairSync } from 'node:crypto';

/** A public key in PEM. */
export const PUBLIC_KEY: string = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString()
  .trim();

/** Members of a policy and its spec. */
export interface PolicyMembers {
  readonly apiVersion?: string;
  readonly name?: string;
  readonly [member: string]: unknown;
}

/** A policy about all images that a static answer admits, with the given members of its spec, or another version. */
export function policyYaml({ apiVersion, name, ...spec }: PolicyMembers): string {
  return JSON.stringify({
    apiVersion: apiVersion ?? 'policy.sigstore.dev/v1beta1',
    kind: 'ClusterImagePolicy',
    metadata: { name: name ?? 'policy' },
    spec: { images: [{ glob: '**' }], authorities: [{ static: { action: 'pass' } }], ...spec },
  });
}
