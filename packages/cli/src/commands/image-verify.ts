// SPDX-License-Identifier: Apache-2.0

import { PREDICATE_TYPES, type VerifyImageOptions, parseReference, verifyImage } from '@keywax/oci';
import { createVerifier } from 'keywax';
import { type Command, defineCommand } from '../command.js';
import { CLUSTER_POLICY_FLAGS } from '../cluster-policy-flags.js';
import { EXIT, exitCodeOf, worstExit } from '../exit.js';
import { type FlagValues, type Flags, refuseTogether, usageError } from '../flags.js';
import type { Host } from '../host.js';
import { IGNORED_LOG_FLAG, TRUST_IN_NOBODY, needsTrust, readIgnoredLog } from '../ignored-log.js';
import { evaluateImages } from '../image-policy.js';
import { readAnnotations } from '../image-signing.js';
import { TRUST_FLAGS, obtainInstance } from '../instance-flags.js';
import { POLICY_FLAGS, readPolicyFlags } from '../policy-flags.js';
import { REGISTRY_FLAGS, readRegistryFlags } from '../registry-flags.js';
import { type ImageOutcome, describeImageOutcome, explainImages, summarizeImages } from '../render/image.js';
import { createStyle, encodeJsonText } from '../render/text.js';
import { encodeOrigin } from '../render/trust-origin.js';
import { THRESHOLD_FLAGS, readThresholdFlags } from '../threshold-flags.js';

const FLAGS = {
  ...POLICY_FLAGS,
  ...CLUSTER_POLICY_FLAGS,
  type: {
    value: 'TYPE',
    help: `verify an attestation: a URI, or ${Object.keys(PREDICATE_TYPES).join(', ')} (signatures, unless given)`,
  },
  annotations: { value: 'NAME=VALUE', help: 'demand that this was signed with the image', list: true, short: 'a' },
  annotation: { value: 'NAME=VALUE', help: 'the same', list: true },
  'registry-referrers-mode': { value: 'MODE', help: 'look in one place: oci-1-1 (referrers) or legacy (tags)' },
  ...TRUST_FLAGS,
  ...THRESHOLD_FLAGS,
  ...IGNORED_LOG_FLAG,
  ...REGISTRY_FLAGS,
  explain: { help: 'show what was proven, and each check' },
  json: { help: 'print the result as JSON' },
} satisfies Flags;

/** `keywax image verify`. */
export const imageVerifyCommand: Command = defineCommand({
  operands: '[FLAGS] IMAGE …',
  about: `Verifies that the signer you name signed each image or, with --type, attested something of it. Signatures are
looked for where cosign puts them, in both of its formats. One that holds is enough; the others are listed.
With --policy, cluster policies say who may have signed, in place of the flags.
Exit code 10: an image has no signature, or no attestation of the type.`,
  flags: FLAGS,
  async run({ flags, operands }, host) {
    if (operands.length === 0) throw usageError('no image to verify');
    refuseTogether(flags, ['explain', 'json']);
    if (flags.policy !== undefined) return evaluateImages(flags, operands, host);
    for (const name of ['no-match', 'policy-trust-root'] as const)
      if (flags[name] !== undefined) throw usageError(`--${name} goes with --policy`);
    const references = operands.map(parseReference);
    const options = await readOptions(flags, host);
    const { instance, ...obtained } = needsTrust(flags)
      ? await obtainInstance(flags, 'verification', host)
      : TRUST_IN_NOBODY;
    const verifier = await createVerifier({ instance });
    const outcomes: ImageOutcome[] = [];
    for (const [i, reference] of references.entries()) {
      const registry = await readRegistryFlags(flags, reference.registry, host);
      const all = { ...obtained.thresholds, ...options, registry, verifier, signal: host.signal };
      outcomes.push(await attempt(operands[i] ?? '', () => verifyImage(reference, all)));
    }
    const verified = outcomes.every(({ result }) => result.kind === 'verified');
    if (flags.json === true) {
      const origin = obtained.trust === undefined ? {} : { trust: encodeOrigin(obtained.trust) };
      await host.out.write(encodeJsonText({ verified, ...origin, results: outcomes.map(describeImageOutcome) }));
    } else if (flags.explain === true) await host.out.write(explainImages(outcomes, createStyle(host.out)));
    else await host.err.write(summarizeImages(outcomes, createStyle(host.err)));
    return worstExit(outcomes.map(({ result }) => (result.kind === 'failed' ? exitCodeOf(result.error) : EXIT.ok)));
  },
});

async function readOptions(flags: FlagValues<typeof FLAGS>, { env }: Host): Promise<VerifyImageOptions> {
  const { 'registry-referrers-mode': mode, type } = flags;
  if (mode !== undefined && mode !== 'legacy' && mode !== 'oci-1-1')
    throw usageError('--registry-referrers-mode is legacy or oci-1-1');
  const place = env['COSIGN_REPOSITORY'];
  return {
    identity: await readPolicyFlags(flags),
    annotations: readAnnotations([...(flags.annotations ?? []), ...(flags.annotation ?? [])]),
    ...readThresholdFlags(flags),
    ...readIgnoredLog(flags),
    ...(type === undefined ? {} : { predicateType: type }),
    ...(mode === undefined ? {} : { places: [mode === 'legacy' ? 'tags' : 'referrers'] }),
    ...(place === undefined || place === '' ? {} : { evidenceRepositories: [place] }),
  };
}

async function attempt(name: string, verify: () => ReturnType<typeof verifyImage>): Promise<ImageOutcome> {
  try {
    return { name, result: { kind: 'verified', image: await verify() } };
  } catch (error) {
    return { name, result: { kind: 'failed', error } };
  }
}
