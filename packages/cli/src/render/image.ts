// SPDX-License-Identifier: Apache-2.0
// What became of images that were verified: for people, explained, and as JSON.

import { toPlainJson } from '@keywax/core/json';
import type { RejectedStatement, VerifiedImage, VerifiedStatement } from '@keywax/oci';
import { nameError } from '../exit.js';
import { explainOutcome } from './explain.js';
import { explainError } from './failure.js';
import { describeOutcome } from './outcome-json.js';
import { describeSigning } from './summary.js';
import { type Style, countOf, escapeText } from './text.js';

/** What became of one image. */
export interface ImageOutcome {
  /** The operand as it was typed. */
  readonly name: string;
  readonly result:
    | { readonly kind: 'verified'; readonly image: VerifiedImage }
    | { readonly kind: 'failed'; readonly error: unknown };
}

/** A few lines for each image. */
export function summarizeImages(outcomes: readonly ImageOutcome[], style: Style): string {
  return outcomes.map((outcome) => summarizeImage(outcome, style)).join('');
}

function summarizeImage({ name, result }: ImageOutcome, style: Style): string {
  if (result.kind === 'failed') {
    const lines = explainError(result.error).map((line) => `  ${line}\n`);
    return `${style.bad(`✘ ${escapeText(name)} is not verified`)}\n${lines.join('')}`;
  }
  const { reference, statements, rejected } = result.image;
  const lines = statements.map((statement) => `  ${summarizeStatement(statement)}\n`);
  const others =
    rejected.length === 0 ? '' : `  ${style.careful(`${countOf(rejected.length, 'other')} not verified`)}\n`;
  return `${style.good(`✔ ${escapeText(reference)} is verified`)}\n${lines.join('')}${others}`;
}

function summarizeStatement(statement: VerifiedStatement): string {
  return `${describeSigning(statement)}, as ${escapeText(statement.predicateType)}`;
}

/** Every check of every statement. */
export function explainImages(outcomes: readonly ImageOutcome[], style: Style): string {
  const explained = outcomes.flatMap(({ name, result }) =>
    result.kind === 'failed'
      ? [explainOutcome({ name, result }, style)]
      : result.image.statements.map((verified) =>
          explainOutcome(
            { name: result.image.reference, bundle: verified.manifest, result: { kind: 'verified', verified } },
            style,
          ),
        ),
  );
  return explained.join('\n');
}

/** One image as plain JSON, with what is proven and, apart from it, what was rejected. */
export function describeImageOutcome({ name, result }: ImageOutcome): Readonly<Record<string, unknown>> {
  if (result.kind === 'failed') {
    const { file: _, ...described } = describeOutcome({ name, result });
    return { image: name, ...described };
  }
  const { reference, digest, statements, rejected } = result.image;
  return {
    image: name,
    reference,
    digest,
    verified: true,
    statements: statements.map(describeStatement),
    rejected: rejected.map(describeRejected),
  };
}

function describeStatement(verified: VerifiedStatement): object {
  const { predicateType, annotations, format, manifest, statement } = verified;
  const { file: _, verified: __, ...proven } = describeOutcome({ name: '', result: { kind: 'verified', verified } });
  return { predicateType, annotations, format, manifest, ...proven, statement: toPlainJson(statement.json) };
}

function describeRejected({ manifest, error }: RejectedStatement): object {
  return { manifest, error: { code: nameError(error), message: error.message } };
}
