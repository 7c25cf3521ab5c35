// SPDX-License-Identifier: Apache-2.0
// Calls of `verify` that the original and the package in its place both get: bundles of every kind, every option, and
// evidence that does not hold.

import { EVIDENCE_CASES } from './compat-verify-evidence.js';
import { GOOD_CASES } from './compat-verify-good.js';
import type { VerifyCase } from './compat-verify-kit.js';
import { OPTION_CASES } from './compat-verify-options.js';
import { STRUCTURE_CASES } from './compat-verify-structure.js';

/** Every case. */
export const VERIFY_CASES: readonly VerifyCase[] = [
  ...GOOD_CASES,
  ...OPTION_CASES,
  ...EVIDENCE_CASES,
  ...STRUCTURE_CASES,
];
