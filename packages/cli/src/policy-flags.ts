// SPDX-License-Identifier: Apache-2.0
// Who may have signed, from flags: an identity with its issuer, or a key. There is no default.

import { decodeUtf8 } from '@keywax/core/bytes';
import { compilePattern } from '@keywax/verify';
import type { IdentityPolicy, Matcher } from 'keywax';
import { readDocument } from './document-file.js';
import { type ValueFlag, refuseTogether, usageError } from './flags.js';

const MAX_KEY_BYTES = 65_536; // far above any PEM key

type Name = 'certificate-identity' | 'certificate-oidc-issuer';
/** The values of the flags that say who may have signed. */
export type PolicyFlags = { readonly [K in Name | `${Name}-regexp` | 'key']?: string };

/** The flags that say who may have signed. */
export const POLICY_FLAGS: Readonly<Record<keyof PolicyFlags, ValueFlag>> = {
  'certificate-identity': { value: 'NAME', help: 'the signer: an e-mail address or URI, matched exactly' },
  'certificate-identity-regexp': { value: 'PATTERN', help: 'the same as a regular expression for the whole name' },
  'certificate-oidc-issuer': { value: 'URL', help: 'who vouches for the signer, matched exactly' },
  'certificate-oidc-issuer-regexp': { value: 'PATTERN', help: 'the same as a regular expression for the whole URL' },
  key: { value: 'FILE', help: 'a public key in PEM, for bundles that were signed with a key' },
};

/** Reads the policy. @throws CONFIG_INVALID for one that is missing, incomplete or contradictory */
export async function readPolicyFlags(flags: PolicyFlags): Promise<IdentityPolicy> {
  const subject = readMatcher(flags, 'certificate-identity');
  const issuer = readMatcher(flags, 'certificate-oidc-issuer');
  if (flags.key !== undefined) {
    if (subject !== undefined || issuer !== undefined) throw usageError('--key and an identity exclude each other');
    return { key: decodeUtf8(await readDocument(flags.key, MAX_KEY_BYTES), 'key') };
  }
  if (subject === undefined)
    throw usageError('who may have signed? --certificate-identity or --certificate-identity-regexp says so, or --key');
  if (issuer === undefined)
    throw usageError(
      'who vouches for the signer? --certificate-oidc-issuer or --certificate-oidc-issuer-regexp says so',
    );
  return { subject, issuer };
}

function readMatcher(flags: PolicyFlags, name: Name): Matcher | undefined {
  refuseTogether(flags, [name, `${name}-regexp`]);
  const pattern = flags[`${name}-regexp`];
  if (pattern === undefined) return flags[name];
  compilePattern(pattern, `--${name}-regexp`); // before any file is read
  return { pattern };
}
