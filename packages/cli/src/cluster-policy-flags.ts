// SPDX-License-Identifier: Apache-2.0
// Cluster policies, the trust roots that they name, and what becomes of images that none is about.

import { type ClusterImagePolicy, type EvaluateImageOptions, parseClusterImagePolicies } from '@keywax/oci';
import { encodeTrustedRoot } from '@keywax/trust';
import { type Verifier, createVerifier } from 'keywax';
import { decodeDocument, readDocument } from './document-file.js';
import { type ListFlag, type ValueFlag, usageError } from './flags.js';
import type { Host } from './host.js';
import {
  type InstanceFlags,
  obtainInstance,
  readInstanceChoice,
  readOffline,
  selectCacheDirectory,
} from './instance-flags.js';
import { escapeText } from './render/text.js';
import { readTrustedRoots } from './trust-file.js';

/** The values of the flags that say which cluster policies hold, and for what. */
export interface ClusterPolicyFlags {
  readonly policy?: readonly string[];
  readonly 'policy-trust-root'?: readonly string[];
  readonly 'no-match'?: string;
}

/** The flags that say which cluster policies hold, and for what. */
export const CLUSTER_POLICY_FLAGS: {
  readonly policy: ListFlag;
  readonly 'policy-trust-root': ListFlag;
  readonly 'no-match': ValueFlag;
} = {
  policy: {
    value: 'FILE',
    list: true,
    help: 'ClusterImagePolicy documents in YAML; each that is about an image has to admit it',
  },
  'policy-trust-root': { value: 'NAME=FILE', list: true, help: 'the trusted root that policies call by this name' },
  'no-match': { value: 'ANSWER', help: 'what becomes of images that no policy is about: deny, warn or allow (deny)' },
};

const MAX_POLICY_BYTES = 1_048_576; // what a cluster stores in one resource
const NO_MATCH = ['deny', 'warn', 'allow'] as const;

/**
 * Reads the policies, and makes what verifies for them. A named instance or a mirror is kept up to date for as long as the
 * process runs.
 * @throws CONFIG_INVALID, FILE_FAILED, INPUT_…, KEY_REJECTED, TRUST_INVALID, TUF_…, NETWORK_…
 */
export async function readClusterPolicies(
  flags: ClusterPolicyFlags & InstanceFlags,
  host: Host,
): Promise<Pick<EvaluateImageOptions, 'policies' | 'verifier' | 'trustRoots' | 'noMatch'>> {
  const noMatch = NO_MATCH.find((answer) => answer === (flags['no-match'] ?? 'deny'));
  if (noMatch === undefined) throw usageError(`--no-match is one of ${NO_MATCH.join(', ')}`);
  const policies: ClusterImagePolicy[] = [];
  for (const path of flags.policy ?? []) {
    const bytes = await readDocument(path, MAX_POLICY_BYTES);
    policies.push(...(await decodeDocument(path, () => parseClusterImagePolicies(bytes))));
  }
  const names = policies.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw usageError(`two policies are called ${escapeText(twice)}`);
  const trustRoots = await readTrustRoots(flags['policy-trust-root'] ?? []);
  return { policies, verifier: await openVerifier(flags, host), trustRoots, noMatch };
}

async function readTrustRoots(entries: readonly string[]): Promise<Readonly<Record<string, Verifier>>> {
  const verifiers = new Map<string, Verifier>();
  for (const entry of entries) {
    // The last, because a name may be a URL with a query.
    const at = entry.lastIndexOf('=');
    const name = entry.slice(0, at);
    if (at < 1 || verifiers.has(name)) throw usageError('--policy-trust-root is NAME=FILE, each name once');
    const trustedRoot = encodeTrustedRoot(await readTrustedRoots([entry.slice(at + 1)]));
    verifiers.set(name, await createVerifier({ instance: { trustedRoot } }));
  }
  return Object.fromEntries(verifiers);
}

async function openVerifier(flags: InstanceFlags, host: Host): Promise<Verifier> {
  if (flags['trusted-root'] !== undefined || flags['trust-config'] !== undefined) {
    const { instance } = await obtainInstance(flags, 'verification', host);
    return createVerifier({ instance });
  }
  const cacheDirectory = await selectCacheDirectory(flags, host);
  return createVerifier({
    instance: await readInstanceChoice(flags),
    offline: readOffline(flags),
    signal: host.signal,
    ...(cacheDirectory === undefined ? {} : { cacheDirectory }),
  });
}
