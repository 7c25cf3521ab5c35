// SPDX-License-Identifier: Apache-2.0

import { type Expectation, verifyEvidence } from '@keywax/npm';
import { KeywaxError, type Matcher, isKeywaxError } from 'keywax';
import { type Command, defineCommand } from '../command.js';
import { EXIT, type ExitCode, exitCodeOf, worstExit } from '../exit.js';
import { type FlagValues, type Flags, refuseTogether, usageError } from '../flags.js';
import { NPM_FLAGS, type NpmTools, openNpmTools } from '../npm-flags.js';
import { type PackageResult, describePackages, renderPackage } from '../render/package.js';
import { createStyle, encodeJsonText, escapeText } from '../render/text.js';

const { 'lock-file': _lock, identities: _identities, 'no-progress': _progress, ...SHARED_FLAGS } = NPM_FLAGS;

const FLAGS = {
  ...SHARED_FLAGS,
  integrity: { value: 'DIGEST', help: 'the digest that the tarball must have, as lock files write it' },
  'source-repository': {
    value: 'URL',
    help: 'the repository it must be built from, or `packument` for the one it names itself',
  },
  workflow: { value: 'FILE', help: 'the file that must define the build' },
  ref: { value: 'REF', help: 'the git ref that must be built' },
  'ref-regexp': { value: 'PATTERN', help: 'the same as a regular expression for the whole ref' },
  builder: { value: 'NAME', help: 'where it must be built' },
  trigger: { value: 'NAME', help: 'why it must be built, such as push' },
  'require-provenance': { help: 'refuse a package without provenance' },
  explain: { help: 'show each check' },
  json: { help: 'print the result as JSON' },
} satisfies Flags;
type Values = FlagValues<typeof FLAGS>;

/** `keywax npm verify`. */
export const npmVerifyCommand: Command = defineCommand({
  operands: '[FLAGS] NAME@VERSION …',
  about: `Verifies what the registry says about packages: its signatures, the provenance and the publish attestation. Without
expectations any provenance that holds is accepted, and told. A package without provenance is accepted unless some is
demanded or expected.`,
  flags: FLAGS,
  async run({ flags, operands }, host) {
    refuseTogether(flags, ['explain', 'json']);
    refuseTogether(flags, ['ref', 'ref-regexp']);
    if (operands.length === 0) throw usageError('no package to verify');
    if (flags.integrity !== undefined && operands.length > 1) throw usageError('--integrity is for one package');
    const packages = operands.map(parseOperand);
    const tools = await openNpmTools(flags, '.', host);
    const results: PackageResult[] = [];
    for (const one of packages) results.push(await verifyOne(one, { flags, tools, signal: host.signal }));
    const style = createStyle(host.err);
    if (flags.json === true) await host.out.write(encodeJsonText(describePackages(results)));
    else await host.err.write(results.map((result) => renderPackage(result, flags.explain === true, style)).join(''));
    return worstExit(results.map(exitOf));
  },
});

interface PackageOperand {
  readonly name: string;
  readonly version: string;
}

/** @throws CONFIG_INVALID */
function parseOperand(operand: string): PackageOperand {
  const at = operand.lastIndexOf('@');
  if (at < 1) throw usageError(`${escapeText(operand)}: expected NAME@VERSION`);
  return { name: operand.slice(0, at), version: operand.slice(at + 1) };
}

interface Task {
  readonly flags: Values;
  readonly tools: NpmTools;
  readonly signal: AbortSignal;
}

async function verifyOne({ name, version }: PackageOperand, { flags, tools, signal }: Task): Promise<PackageResult> {
  const { client, verifier } = tools;
  const expect = readExpectation(flags);
  try {
    const registry = client.registryOf(name);
    const keys = await tools.keysOf(registry, signal);
    // One package is asked for anew, unless that is forbidden.
    const evidence = await client.fetchEvidence({ name, version, registry, keys, refresh: true, signal });
    const verified = await verifyEvidence(evidence, {
      registry,
      keys,
      verifier,
      ...(flags.integrity === undefined ? {} : { integrity: flags.integrity }),
      ...(expect === undefined ? {} : { expect }),
    });
    if (verified.provenance === undefined && flags['require-provenance'] === true) throw withoutProvenance();
    return { name: `${name}@${version}`, verified };
  } catch (error) {
    if (isKeywaxError(error, 'OPERATION_ABORTED')) throw error;
    return { name: `${name}@${version}`, error };
  }
}

function withoutProvenance(): KeywaxError {
  return new KeywaxError('PACKAGE_PROVENANCE_MISSING', 'the registry has no provenance of this version');
}

function readExpectation(flags: Values): Expectation | undefined {
  const repository = flags['source-repository'];
  const ref: Matcher | undefined = flags['ref-regexp'] === undefined ? flags.ref : { pattern: flags['ref-regexp'] };
  const expectation: Expectation = {
    ...(repository === undefined
      ? {}
      : { sourceRepository: repository === 'packument' ? { from: 'packument' as const } : repository }),
    ...(flags.workflow === undefined ? {} : { workflow: flags.workflow }),
    ...(ref === undefined ? {} : { ref }),
    ...(flags.builder === undefined ? {} : { builder: flags.builder }),
    ...(flags.trigger === undefined ? {} : { trigger: flags.trigger }),
  };
  return Object.keys(expectation).length === 0 ? undefined : expectation;
}

function exitOf({ error }: PackageResult): ExitCode {
  return error === undefined ? EXIT.ok : exitCodeOf(error);
}
