// SPDX-License-Identifier: Apache-2.0
// What policies say of an image, and how that becomes text.

import type { VerifiedImage } from '../image/verify.js';
import type { ClusterImagePolicy } from './cluster-image-policy.js';

/** What one authority says of an image. */
export type AuthorityDecision =
  | { readonly name: string; readonly admitted: true; readonly verified?: readonly VerifiedImage[] }
  | { readonly name: string; readonly admitted: false; readonly reason: string; readonly error?: unknown };

/** What one policy says of an image: one of its authorities has to admit it. */
export interface PolicyDecision {
  readonly name: string;
  readonly mode: ClusterImagePolicy['mode'];
  readonly admitted: boolean;
  readonly authorities: readonly AuthorityDecision[];
}

/** What all policies that are about an image say of it: each has to admit it. */
export interface ImageDecision {
  /** The image as it was asked for. */
  readonly reference: string;
  /** The image by digest, which is what was evaluated. */
  readonly image: string;
  readonly admitted: boolean;
  /** Why it is not admitted, or only with a warning, in one line each. */
  readonly reasons: readonly string[];
  readonly policies: readonly PolicyDecision[];
}

/** Why a policy denies an image, in one line. */
export function describeDenial({ name, authorities }: PolicyDecision): string {
  const reasons = authorities.map((authority) =>
    authority.admitted ? [] : [`${authority.name}: ${authority.reason}`],
  );
  return `policy ${name}: ${reasons.flat().join('; ')}`;
}
