// SPDX-License-Identifier: Apache-2.0

import { type AuditDemands, type AuditReport, encodeJunit, encodeSarif, selectRefused } from '@keywax/npm';
import { type Command, defineCommand } from '../command.js';
import { EXIT, type ExitCode } from '../exit.js';
import { type FlagValues, type Flags, refuseTogether } from '../flags.js';
import { NPM_FLAGS, locateIdentities, openNpmTools, readDirectory, readIdentities, runAudit } from '../npm-flags.js';
import { usageError } from '../flags.js';
import { writeOutput } from '../output-file.js';
import { renderAudit } from '../render/audit.js';
import { createStyle, encodeJsonText, escapeText } from '../render/text.js';

declare const __KEYWAX_VERSION__: string;

const FLAGS = {
  ...NPM_FLAGS,
  'fail-on-missing': { help: 'refuse packages without any signature too' },
  'require-provenance': { help: 'refuse packages without provenance too' },
  all: { help: 'list every package, and who built it' },
  json: { help: 'print the result as JSON' },
  sarif: { value: 'FILE', help: 'write the findings there as SARIF 2.1.0' },
  junit: { value: 'FILE', help: 'write the packages there as JUnit XML' },
} satisfies Flags;

/** `keywax npm audit`. */
export const npmAuditCommand: Command = defineCommand({
  operands: '[FLAGS] [DIR]',
  about: `Verifies what the registry says about every package of a project: its signatures, the provenance and the digests, which
have to be those of the lock file. Where signers were recorded (\`keywax npm trust\`), packages have to be of the same ones.
Registries and credentials are those of npm's configuration.`,
  flags: FLAGS,
  async run({ flags, operands }, host) {
    refuseTogether(flags, ['all', 'json']);
    const directory = readDirectory(flags, operands);
    const path = locateIdentities(flags, directory);
    const identities = await readIdentities(path);
    if (identities === undefined && flags.identities !== undefined)
      throw usageError(`${escapeText(path)}: no such file`);
    const tools = await openNpmTools(flags, directory, host);
    const report = await runAudit(
      flags,
      { directory, tools, ...(identities === undefined ? {} : { identities }) },
      host,
    );
    if (report.packages.length === 0)
      throw usageError('the lock file names no package of a registry: nothing was verified');
    const demands: AuditDemands = {
      failOnMissing: flags['fail-on-missing'] === true,
      requireProvenance: flags['require-provenance'] === true,
    };
    await writeReports(report, demands, flags);
    if (flags.json === true) await host.out.write(encodeJsonText(describeAudit(report, demands)));
    else await host.err.write(renderAudit(report, { demands, all: flags.all === true }, createStyle(host.err)));
    return selectExit(report, demands);
  },
});

/** Reports of an earlier run are replaced. */
async function writeReports(
  report: AuditReport,
  demands: AuditDemands,
  flags: FlagValues<typeof FLAGS>,
): Promise<void> {
  const version = typeof __KEYWAX_VERSION__ === 'string' ? { version: __KEYWAX_VERSION__ } : {};
  if (flags.sarif !== undefined)
    await writeOutput(flags.sarif, encodeJsonText(encodeSarif(report, { ...demands, ...version })), { force: true });
  if (flags.junit !== undefined) await writeOutput(flags.junit, encodeJunit(report, demands), { force: true });
}

function describeAudit(report: AuditReport, demands: AuditDemands): Readonly<Record<string, unknown>> {
  const passed = selectExit(report, demands) === EXIT.ok;
  return { passed, ...report };
}

/** Nobody knows of what could not be asked for whether it holds. */
function selectExit(report: AuditReport, demands: AuditDemands): ExitCode {
  if (selectRefused(report, demands).length > 0) return EXIT.refused;
  return report.counts.unavailable > 0 ? EXIT.unavailable : EXIT.ok;
}
