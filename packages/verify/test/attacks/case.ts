// SPDX-License-Identifier: Apache-2.0
// What an attack is, as data.

import type { ErrorCode } from '@keywax/core/errors';
import type { Lab, SigningKey } from '@keywax/stack/lab';
import type { CheckId, Verified, VerificationRequest } from '../../src/index.js';

/** The instances that evidence comes from; the clock of both stands still. */
export interface Bench {
  /** The instance whose trusted root is used. */
  readonly lab: Lab;
  /** An instance that nobody trusts, with the same names. */
  readonly stranger: Lab;
  /** An RSA key of 2,048 bits, because making one takes long. */
  readonly rsa: SigningKey;
  /** A good bundle by its name, made once. */
  control(name: string): Promise<Attempt>;
}

/** What is given to the verifier. Without a trusted root it is the lab's, without a request that for the lab's artifact and persona. */
export interface Attempt {
  readonly bundle: object | string | Uint8Array;
  readonly trustedRoot?: object;
  readonly request?: Partial<VerificationRequest>;
}

/** Makes an attempt. */
export type Make = (bench: Bench) => Attempt | Promise<Attempt>;
/** An attempt, or the name of a control. */
export type Source = string | Make;

/** One bundle that must be refused. */
export interface AttackCase {
  /** The row of the attack corpus. */
  readonly id: string;
  readonly title: string;
  /** What it is refused with; by RUL-27 that of the first failed row. */
  readonly code: ErrorCode;
  /** The check that refuses it, where it comes as far as the plan. */
  readonly at?: CheckId;
  readonly make: Make;
  /** What differs in exactly this property and is accepted. */
  readonly twin: Source;
  /** The rulings that it follows. */
  readonly rulings?: readonly string[];
}

/** One bundle that must be accepted. */
export interface Control {
  /** The rows of the attack corpus. */
  readonly id: string;
  readonly title: string;
  readonly make: Make;
  /** Looks at what was proven. */
  readonly proves?: (verified: Verified) => void;
  readonly rulings?: readonly string[];
}

/** Cases that share a twin unless they name their own. */
export function attacks(
  twin: Source,
  cases: readonly (Omit<AttackCase, 'twin'> & { readonly twin?: Source })[],
): readonly AttackCase[] {
  return cases.map((attack) => ({ twin, ...attack }));
}
