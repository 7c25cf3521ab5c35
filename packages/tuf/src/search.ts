// SPDX-License-Identifier: Apache-2.0
// Which role describes a target (TUF 1.0.34 §5.6.7): the targets role and its delegations, depth first and in their
// order, each role once, until one lists the path or a terminating one has been searched.

import { KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';
import type { Context } from './context.js';
import { type DelegatedRole, type Delegations, type SearchedPath, describePath, selectRoles } from './delegation.js';
import type { TargetFile } from './file-meta.js';
import { MAX_DELEGATIONS } from './limits.js';
import type { TargetsMetadata } from './metadata.js';
import { createStepBudget } from './path-pattern.js';
import { type RoleRequest, type Session, loadRole } from './session.js';

/** A target and what its role says of it. */
export interface FoundTarget {
  readonly path: string;
  readonly file: TargetFile;
}

/** A role that is still to be searched, the last of the list first. */
type Pending = RoleRequest[];

/**
 * Finds a target.
 * @throws TUF_TARGET_MISSING, INPUT_TOO_LARGE for more roles or patterns than are looked at, and as `loadRole`
 */
export async function findTarget(context: Context, session: Session, path: string): Promise<FoundTarget> {
  const searched = describePath(path, context.crypto, createStepBudget());
  const visited = new Set(['targets']);
  const pending: Pending = [];
  let role = 'targets';
  let metadata: TargetsMetadata = session.targets.metadata;
  for (;;) {
    const file = metadata.targets.get(path);
    if (file !== undefined) return { path, file };
    addPending(pending, { role, metadata }, searched);
    const next = takeUnvisited(pending, visited);
    if (next === undefined) throw notListed(path);
    if (visited.size > MAX_DELEGATIONS) throw tooMany(path);
    visited.add(next.role);
    const loaded = await loadRole(context, session, next);
    session.delegated.set(next.role, loaded.bytes);
    ({ role } = next);
    ({ metadata } = loaded);
  }
}

/** Puts the roles that are in charge of the path before all others; a terminating one leaves no others. */
function addPending(
  pending: Pending,
  { role: delegator, metadata }: { readonly role: string; readonly metadata: TargetsMetadata },
  searched: SearchedPath,
): void {
  const { delegations } = metadata;
  if (delegations === undefined) return;
  const roles = selectRoles(delegations, searched);
  const last = roles.findIndex(({ terminating }) => terminating);
  if (last >= 0) pending.length = 0;
  const reached = last < 0 ? roles : roles.slice(0, last + 1);
  pending.push(...reached.map((role) => describeRequest(role, delegations, delegator)).reverse());
}

function describeRequest(
  { name, keyIds, threshold }: DelegatedRole,
  { keys }: Delegations,
  delegator: string,
): RoleRequest {
  return { role: name, delegator: quoteText(delegator, 60), roleKeys: { keyIds, threshold }, keys };
}

function takeUnvisited(pending: Pending, visited: ReadonlySet<string>): RoleRequest | undefined {
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (!visited.has(next.role)) return next;
  }
  return undefined;
}

const LISTED = 'a role in charge that lists it';

function notListed(path: string): KeywaxError {
  return new KeywaxError('TUF_TARGET_MISSING', `TUF target ${quoteText(path, 100)}: no role in charge lists it`, {
    details: { expected: LISTED },
  });
}

/** True where the roles in charge were asked and list no such target; false where one could not be asked. */
export function isUnlisted(error: unknown): boolean {
  return isKeywaxError(error, 'TUF_TARGET_MISSING') && error.details.expected === LISTED;
}

function tooMany(path: string): KeywaxError {
  const expected = `a role within ${MAX_DELEGATIONS} delegations`;
  return new KeywaxError('INPUT_TOO_LARGE', `TUF target ${quoteText(path, 100)}: expected ${expected}`, {
    details: { expected, limit: MAX_DELEGATIONS },
  });
}
