// SPDX-License-Identifier: Apache-2.0
// A verification in a line or two for each file.

import type { Verified, VerifiedSigner } from 'keywax';
import type { Outcome } from '../outcome.js';
import { explainError } from './failure.js';
import { type Style, countOf, escapeText, formatInstant } from './text.js';

/** Every outcome, then a count where there are several. */
export function summarizeOutcomes(outcomes: readonly Outcome[], style: Style): string {
  const lines = outcomes.map((outcome) => summarizeOutcome(outcome, style));
  const failed = outcomes.filter(({ result }) => result.kind === 'failed').length;
  if (outcomes.length > 1) {
    lines.push(
      failed === 0
        ? style.good(`All ${outcomes.length} files are verified.\n`)
        : style.bad(`${failed} of ${countOf(outcomes.length, 'file')} not verified.\n`),
    );
  }
  return lines.join('');
}

function summarizeOutcome({ name, result }: Outcome, style: Style): string {
  if (result.kind === 'failed') {
    const lines = explainError(result.error).map((line) => `  ${line}\n`);
    return `${style.bad(`✘ ${escapeText(name)} is not verified`)}\n${lines.join('')}`;
  }
  return `${style.good(`✔ ${escapeText(name)} is verified`)}\n  ${describeSigning(result.verified)}\n`;
}

/** Who signed, and when as far as that is proven. */
export function describeSigning({ signer, times, entries }: Pick<Verified, 'signer' | 'times' | 'entries'>): string {
  const [first] = [...times].sort((a, b) => a.at.getTime() - b.at.getTime());
  const when = first === undefined ? '' : ` on ${formatInstant(first.at)}`;
  // Without a log and a time a key may have been stolen, and the signature made long after.
  const bare = first === undefined && entries.length === 0 ? ', which is all that is proven' : '';
  return `signed by ${nameSigner(signer)}${when}${bare}`;
}

function nameSigner(signer: VerifiedSigner): string {
  return signer.kind === 'certificate' ? escapeText(signer.identity.subject) : 'the key you gave';
}
