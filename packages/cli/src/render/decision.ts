// SPDX-License-Identifier: Apache-2.0
// What cluster policies say of images: for people, and as JSON.

import type { AuthorityDecision, ImageDecision } from '@keywax/oci';
import { nameError } from '../exit.js';
import { explainError } from './failure.js';
import { type Style, escapeText } from './text.js';

/** What became of one image: a decision, or why there is none. */
export type DecisionOutcome = {
  /** The operand as it was typed. */
  readonly name: string;
} & (
  | { readonly decision: ImageDecision; readonly error?: undefined }
  | { readonly decision?: undefined; readonly error: unknown }
);

/** A few lines for one image. */
export function summarizeDecision({ name, decision, error }: DecisionOutcome, style: Style): string {
  if (decision === undefined) {
    const lines = explainError(error).map((line) => `  ${line}\n`);
    return `${style.bad(`✘ ${escapeText(name)} is not admitted`)}\n${lines.join('')}`;
  }
  const { image, admitted, reasons, policies } = decision;
  const by = policies.flatMap((policy) =>
    policy.authorities
      .filter((authority) => authority.admitted)
      .map((authority) => `  by ${escapeText(authority.name)} of policy ${escapeText(policy.name)}\n`),
  );
  // The line above says of which image.
  const against = reasons.map((reason) => `  ${escapeText(reason.replaceAll(`${image}: `, ''))}\n`);
  const title = admitted
    ? style.good(`✔ ${escapeText(image)} is admitted`)
    : style.bad(`✘ ${escapeText(image)} is not admitted`);
  return `${title}\n${by.join('')}${against.join('')}`;
}

/** One image as plain JSON. */
export function describeDecision({ name, decision, error }: DecisionOutcome): Readonly<Record<string, unknown>> {
  if (decision === undefined) {
    const message = error instanceof Error ? error.message : String(error);
    return { image: name, admitted: false, error: { code: nameError(error), message } };
  }
  const { image: reference, admitted, reasons, policies } = decision;
  return {
    image: name,
    reference,
    admitted,
    reasons,
    policies: policies.map((policy) => ({ ...policy, authorities: policy.authorities.map(describeAuthority) })),
  };
}

function describeAuthority(authority: AuthorityDecision): Readonly<Record<string, unknown>> {
  const { name, admitted } = authority;
  return admitted ? { name, admitted } : { name, admitted, reason: authority.reason };
}
