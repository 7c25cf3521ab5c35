// SPDX-License-Identifier: Apache-2.0

import type { AuditReport } from '../audit/audited-package.js';
import type { ObservedIdentity } from './update.js';

/** The identities that an audit proved. Nothing is learned from a package that is invalid or unavailable. */
export function observeIdentities({ packages }: AuditReport): readonly ObservedIdentity[] {
  return packages.map(({ name, version, state, provenance }) => ({
    name,
    version,
    isKnown: state !== 'invalid' && state !== 'unavailable',
    ...(provenance === undefined ? {} : { signer: provenance.signer }),
  }));
}
