// SPDX-License-Identifier: Apache-2.0
// Images held against cluster policies on the command line.

import { evaluateImage, parseReference } from '@keywax/oci';
import { type ClusterPolicyFlags, readClusterPolicies } from './cluster-policy-flags.js';
import { EXIT, type ExitCode, exitCodeOf, worstExit } from './exit.js';
import { refuseTogether } from './flags.js';
import type { Host } from './host.js';
import type { InstanceFlags } from './instance-flags.js';
import { POLICY_FLAGS, type PolicyFlags } from './policy-flags.js';
import { type RegistryFlags, readRegistryFlags } from './registry-flags.js';
import { type DecisionOutcome, describeDecision, summarizeDecision } from './render/decision.js';
import { createStyle, encodeJsonText } from './render/text.js';
import { THRESHOLD_FLAGS, type ThresholdFlags } from './threshold-flags.js';

const OTHERS = [
  'type',
  'annotations',
  'annotation',
  'registry-referrers-mode',
  'insecure-ignore-tlog',
  'explain',
] as const;
type OtherDemand = keyof PolicyFlags | keyof ThresholdFlags | (typeof OTHERS)[number];
/** Flags that demand something, or do without, where no policy decides. */
const OTHER_DEMANDS: readonly OtherDemand[] = [
  ...(Object.keys(POLICY_FLAGS) as (keyof PolicyFlags)[]),
  ...(Object.keys(THRESHOLD_FLAGS) as (keyof ThresholdFlags)[]),
  ...OTHERS,
];

/** The values of the flags that matter where policies decide, and of those that do not go with them. */
export type ImagePolicyFlags = ClusterPolicyFlags &
  InstanceFlags &
  RegistryFlags & { readonly [K in OtherDemand]?: unknown } & { readonly json?: true };

/** Holds each image against the policies that the flags name, and says what they say. @throws as `readClusterPolicies` */
export async function evaluateImages(flags: ImagePolicyFlags, names: readonly string[], host: Host): Promise<ExitCode> {
  for (const other of OTHER_DEMANDS) refuseTogether(flags, ['policy', other]);
  const policies = await readClusterPolicies(flags, host);
  const outcomes: DecisionOutcome[] = [];
  for (const name of names) {
    const registry = await readRegistryFlags(flags, parseReference(name).registry, host);
    try {
      const decision = await evaluateImage(name, { ...policies, registry, signal: host.signal });
      outcomes.push({ name, decision });
    } catch (error) {
      outcomes.push({ name, error });
    }
  }
  const admitted = outcomes.every(({ decision }) => decision?.admitted === true);
  if (flags.json === true) await host.out.write(encodeJsonText({ admitted, results: outcomes.map(describeDecision) }));
  else await host.err.write(outcomes.map((outcome) => summarizeDecision(outcome, createStyle(host.err))).join(''));
  return worstExit(
    outcomes.map(({ decision, error }) => {
      if (decision === undefined) return exitCodeOf(error);
      return decision.admitted ? EXIT.ok : EXIT.refused;
    }),
  );
}
