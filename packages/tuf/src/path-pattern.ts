// SPDX-License-Identifier: Apache-2.0
// PATHPATTERN of TUF (TUF 1.0.34 §4.5): `*` stands for any characters and `?` for one, neither for a slash. Everything
// else is itself: brackets, braces, exclamation marks and leading dots mean nothing.

import { KeywaxError } from '@keywax/core/errors';
import { MAX_PATTERN_STEPS } from './limits.js';

/** How many more comparisons a search may make. */
export interface StepBudget {
  left: number;
}

/** The budget of one search. */
export function createStepBudget(): StepBudget {
  return { left: MAX_PATTERN_STEPS };
}

/** True where the pattern stands for the path. @throws INPUT_TOO_LARGE when the budget is spent */
export function isPathMatch(pattern: string, path: string, budget: StepBudget): boolean {
  spend(budget, pattern.length + path.length);
  const patterns = pattern.split('/');
  const segments = path.split('/');
  return (
    patterns.length === segments.length &&
    segments.every((segment, i) => isSegmentMatch(patterns[i] as string, segment, budget))
  );
}

/** Steps back to the last star alone: an earlier one never needs to take more than it took. */
function isSegmentMatch(pattern: string, segment: string, budget: StepBudget): boolean {
  const symbols = Array.from(pattern); // by code points, of which `?` takes one
  const text = Array.from(segment);
  let p = 0;
  let star = -1;
  let resume = 0;
  for (let t = 0; t < text.length; ) {
    spend(budget, 1);
    if (symbols[p] === '*') {
      star = p++;
      resume = t;
    } else if (p < symbols.length && (symbols[p] === '?' || symbols[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return symbols.slice(p).every((symbol) => symbol === '*');
}

function spend(budget: StepBudget, steps: number): void {
  budget.left -= steps;
  if (budget.left >= 0) return;
  throw new KeywaxError('INPUT_TOO_LARGE', 'path patterns: expected patterns that are matched in few steps', {
    details: { limit: MAX_PATTERN_STEPS },
  });
}
