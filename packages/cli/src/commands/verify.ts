// SPDX-License-Identifier: Apache-2.0

import { realpath } from 'node:fs/promises';
import { type IdentityPolicy, type Verifier, type VerifyOptions, createVerifier, isKeywaxError } from 'keywax';
import { type Operand, readArtifactOperand, withArtifactFile } from '../artifact-file.js';
import { findBundle } from '../bundle-file.js';
import { type Command, defineCommand } from '../command.js';
import { DETACHED_FLAGS, checkDetachedFlags, readDetached, readEvidence } from '../detached-evidence.js';
import { EXIT, type ExitCode, exitCodeOf, worstExit } from '../exit.js';
import { type FlagValues, type Flags, refuseTogether, usageError } from '../flags.js';
import type { Host } from '../host.js';
import { IGNORED_LOG_FLAG, TRUST_IN_NOBODY, needsTrust, readIgnoredLog } from '../ignored-log.js';
import { type ObtainedInstance, TRUST_FLAGS, obtainInstance } from '../instance-flags.js';
import type { Outcome } from '../outcome.js';
import { POLICY_FLAGS, readPolicyFlags } from '../policy-flags.js';
import { explainOutcome } from '../render/explain.js';
import { describeOutcome } from '../render/outcome-json.js';
import { summarizeOutcomes } from '../render/summary.js';
import { encodeOrigin } from '../render/trust-origin.js';
import { createStyle, encodeJsonText } from '../render/text.js';
import { THRESHOLD_FLAGS, type Thresholds, readThresholdFlags } from '../threshold-flags.js';

const FLAGS = {
  ...POLICY_FLAGS,
  bundle: { value: 'FILE', help: 'the bundle (FILE.sigstore.json or FILE.sigstore, unless given)' },
  ...TRUST_FLAGS,
  ...THRESHOLD_FLAGS,
  ...DETACHED_FLAGS,
  ...IGNORED_LOG_FLAG,
  'predicate-type': { value: 'URI', help: 'the predicate type that a statement must have' },
  explain: { help: 'show what was proven, and each check' },
  json: { help: 'print the result as JSON' },
} satisfies Flags;

/** `keywax verify`. */
export const verifyCommand: Command = defineCommand({
  operands: '[FLAGS] FILE|sha256:HEX …',
  about: `Verifies that the signer you name signed each file, and that the logs have it. A digest stands in for a file
together with --bundle. Everything is listed, and one failure fails the whole.`,
  flags: FLAGS,
  async run({ flags, operands }, host) {
    if (operands.length === 0) throw usageError('no file to verify');
    for (const name of ['bundle', 'signature'] as const)
      if (flags[name] !== undefined && operands.length > 1) throw usageError(`--${name} is for one file`);
    refuseTogether(flags, ['explain', 'json']);
    const targets = await Promise.all(operands.map(readArtifactOperand));
    if (flags.bundle === undefined && flags.signature === undefined && targets.some(({ kind }) => kind === 'digest'))
      throw usageError('a digest needs --bundle or --signature');
    checkDetachedFlags(flags);
    const identity = await readPolicyFlags(flags);
    const given = { ...readThresholdFlags(flags), ...readIgnoredLog(flags) };
    const { instance, ...obtained } = needsTrust(flags)
      ? await obtainInstance(flags, 'verification', host)
      : TRUST_IN_NOBODY;
    const verifier = await createVerifier({ instance });
    const thresholds = { ...obtained.thresholds, ...given };
    const outcomes: Outcome[] = [];
    for (const target of targets)
      outcomes.push(await verifyOperand(target, { verifier, identity, thresholds, flags, host }));
    await printOutcomes(outcomes, { flags, trust: obtained.trust }, host);
    return worstExit(outcomes.map(exitOf));
  },
});

interface Task {
  readonly verifier: Verifier;
  readonly identity: IdentityPolicy;
  readonly thresholds: Omit<Thresholds, 'logThreshold'> & Pick<VerifyOptions, 'logThreshold'>;
  readonly flags: FlagValues<typeof FLAGS>;
  readonly host: Host;
}

async function verifyOperand(target: Operand, { verifier, identity, thresholds, flags, host }: Task): Promise<Outcome> {
  let path = flags.bundle ?? flags.signature;
  try {
    path ??= await findBundle(target.name);
    if (target.kind === 'file') await refuseSame(target.name, path);
    const bundle =
      flags.signature === undefined
        ? await readEvidence(path, { key: flags.key, target })
        : await readDetached(flags, flags.signature, target);
    const options: Omit<VerifyOptions, 'artifact'> = {
      ...thresholds,
      identity,
      signal: host.signal,
      ...(flags['predicate-type'] === undefined ? {} : { predicateType: flags['predicate-type'] }),
    };
    const verified =
      target.kind === 'digest'
        ? await verifier.verify(bundle, { ...options, artifact: target.digests })
        : await withArtifactFile(target.name, (artifact) => verifier.verify(bundle, { ...options, artifact }));
    return { name: target.name, bundle: path, result: { kind: 'verified', verified } };
  } catch (error) {
    return { name: target.name, ...(path === undefined ? {} : { bundle: path }), result: { kind: 'failed', error } };
  }
}

/** A bundle is not its own artifact (ATTACKS FS-008). */
async function refuseSame(file: string, bundle: string): Promise<void> {
  const [a, b] = await Promise.all([file, bundle].map((path) => realpath(path).catch(() => undefined)));
  if (a !== undefined && a === b) throw usageError('the bundle and the file are the same');
}

/** A file that cannot be read is a file that is not verified. */
function exitOf({ result }: Outcome): ExitCode {
  if (result.kind === 'verified') return EXIT.ok;
  return isKeywaxError(result.error, 'FILE_FAILED') ? EXIT.refused : exitCodeOf(result.error);
}

async function printOutcomes(
  outcomes: readonly Outcome[],
  { flags, trust }: { readonly flags: FlagValues<typeof FLAGS>; readonly trust: ObtainedInstance['trust'] },
  { out, err }: Host,
): Promise<void> {
  if (flags.json === true) {
    const verified = outcomes.every(({ result }) => result.kind === 'verified');
    const origin = trust === undefined ? {} : { trust: encodeOrigin(trust) };
    await out.write(encodeJsonText({ verified, ...origin, results: outcomes.map(describeOutcome) }));
  } else if (flags.explain === true) {
    const style = createStyle(out);
    await out.write(outcomes.map((outcome) => explainOutcome(outcome, style)).join('\n'));
  } else {
    await err.write(summarizeOutcomes(outcomes, createStyle(err)));
  }
}
