// SPDX-License-Identifier: Apache-2.0

import {
  type AuditReport,
  type LockUpdate,
  encodeIdentityLock,
  observeIdentities,
  selectRefused,
  updateIdentityLock,
} from '@keywax/npm';
import { type Command, defineCommand } from '../command.js';
import { EXIT, type ExitCode } from '../exit.js';
import { NPM_FLAGS, locateIdentities, openNpmTools, readDirectory, readIdentities, runAudit } from '../npm-flags.js';
import { writeOutput } from '../output-file.js';
import { renderAudit, renderChanges } from '../render/audit.js';
import { type Style, countOf, createStyle, encodeJsonText, escapeText } from '../render/text.js';

/** `keywax npm trust`. */
export const npmTrustCommand: Command = defineCommand({
  operands: '[FLAGS] [DIR]',
  about: `Records who built each package of a project that has provenance, in a file to be reviewed and kept with the lock file. Later
audits refuse a package whose signer has changed or whose provenance is gone. To run it again accepts the signers of today
and shows what that changes. Nothing is recorded while a package is refused.`,
  flags: {
    ...NPM_FLAGS,
    check: { help: 'write nothing, and fail where the file would change' },
    json: { help: 'print what changes as JSON' },
  },
  async run({ flags, operands }, host) {
    const directory = readDirectory(flags, operands);
    const path = locateIdentities(flags, directory);
    const previous = (await readIdentities(path)) ?? new Map<string, never>();
    const tools = await openNpmTools(flags, directory, host);
    const report = await runAudit(flags, { directory, tools }, host);
    const style = createStyle(host.err);
    const isRefusing = selectRefused(report).length > 0;
    if (isRefusing || report.counts.unavailable > 0)
      await host.err.write(renderAudit(report, { demands: {}, all: false }, style));
    if (isRefusing) return EXIT.refused;
    const { lock, updates } = updateIdentityLock(previous, observeIdentities(report));
    const isChecked = flags.check === true;
    if (!isChecked) await writeOutput(path, encodeIdentityLock(lock), { force: true });
    if (flags.json === true) await host.out.write(encodeJsonText({ file: path, written: !isChecked, updates }));
    else {
      const recorded = `${countOf(lock.size, 'package')} with provenance ${isChecked ? 'for' : 'in'} ${escapeText(path)}`;
      await host.err.write(`${updates.map((update) => renderUpdate(update, style)).join('')}${recorded}\n`);
    }
    return selectExit(report, isChecked && updates.length > 0);
  },
});

function renderUpdate({ name, kind, changes, after }: LockUpdate, style: Style): string {
  switch (kind) {
    case 'added': {
      const [signer] = after;
      const whom =
        signer === undefined ? '' : ` ${style.faint(escapeText(signer.repository ?? signer.signer ?? signer.issuer))}`;
      return `${style.good(`+ ${escapeText(name)}`)}${whom}\n`;
    }
    case 'removed':
      return `${style.bad(`- ${escapeText(name)}`)}\n${renderChanges(changes, style)}`;
    case 'changed':
      return `${style.careful(`~ ${escapeText(name)}`)}\n${renderChanges(changes, style)}`;
  }
}

/** A record is complete only where everything could be asked for. */
function selectExit({ counts }: AuditReport, isStale: boolean): ExitCode {
  if (isStale) return EXIT.refused;
  return counts.unavailable > 0 ? EXIT.unavailable : EXIT.ok;
}
