// SPDX-License-Identifier: Apache-2.0
// Who may have signed, as callers say it, made a policy of the engine. Strings and patterns of the engine match whole;
// what callers write as a regular expression is searched for, and runs on a proven identity after everything else held.

import type { Buffer } from 'node:buffer';
import { equalBytes } from '@keywax/core/bytes';
import { quoteText } from '@keywax/core/errors';
import {
  type IdentityPolicy,
  type Matcher,
  type SignerIdentity,
  type VerifiedSigner,
  unsafeAnyIdentity,
} from '@keywax/verify';
import { PolicyError } from '../errors.js';
import type { CompatListener } from '../events.js';

/** An OID, and the bytes of the extension that it names. */
export interface ObjectIdentifierValuePair {
  oid: { id: number[] } | undefined;
  value: Buffer;
}

/** What is demanded of a signer. Whatever is absent is not. */
export interface SignerPolicy {
  readonly issuer?: Matcher | undefined;
  readonly subject?: Matcher | undefined;
  /** A regular expression that is searched for in the subject. */
  readonly search?: RegExp | undefined;
  /** Extensions that the certificate has, byte for byte, by dotted OID. */
  readonly extensions?: readonly (readonly [oid: string | undefined, value: Uint8Array])[] | undefined;
}

const ANYTHING: Matcher = { pattern: '.*' };

/** The policy of the engine. What it cannot say is left to `checkExtensions`. */
export function toIdentityPolicy({ issuer, subject, search }: SignerPolicy): IdentityPolicy {
  if (issuer === undefined && subject === undefined && search === undefined) return unsafeAnyIdentity;
  return {
    issuer: issuer ?? ANYTHING,
    subject: subject ?? ANYTHING,
    ...(search === undefined
      ? {}
      : { predicate: (identity: SignerIdentity) => (selectName(identity)?.match(search) ?? null) !== null }),
  };
}

/** The subject as callers know it: user names are none. */
export function selectName(identity: SignerIdentity): string | undefined {
  return identity.subjectKind === 'username' ? undefined : identity.subject;
}

/** @throws PolicyError where a proven signer lacks what the policy demands beyond the identity */
export function checkExtensions(policy: SignerPolicy, signer: VerifiedSigner): void {
  const { extensions = [] } = policy;
  if (signer.kind === 'key') {
    if (isDemanding(policy)) throw refuse('expected a certificate that names its subject, found a key');
    return;
  }
  for (const [oid, value] of extensions) {
    const extension = oid === undefined ? undefined : signer.certificate.extensions.get(oid);
    if (extension === undefined || !equalBytes(extension.value, value))
      throw refuse(`invalid certificate extension - missing OID ${quoteText(oid ?? 'without a value')}`);
  }
}

/** Tells the caller where a policy leaves more open than it seems to. */
export function reportWeakness({ search, ...demands }: SignerPolicy, report: CompatListener): void {
  if (search === undefined && !isDemanding(demands)) {
    report({ kind: 'identityUnchecked', message: 'no option says who may have signed, so anyone may' });
  }
  if (search !== undefined && !isAnchored(search)) {
    const message = `the identity ${quoteText(search.source)} is searched for, and longer names hold it too; use certificateIdentity`;
    report({ kind: 'identityUnanchored', message });
  }
}

/** True where every alternative of an expression begins with `^` and ends with `$`, as far as can be told by its form. */
function isAnchored({ source, multiline }: RegExp): boolean {
  if (multiline) return false; // there the anchors hold at every line
  const outline = source.replace(/\\.|\[(?:\\.|[^\]\\])*\]/gs, '-'); // without what escapes and classes hold
  let depth = 0;
  for (const character of outline) {
    if (character === '(') depth++;
    if (character === ')') depth--;
    if (character === '|' && depth === 0) return false;
  }
  return outline.startsWith('^') && outline.endsWith('$');
}

function isDemanding({ extensions = [], ...names }: SignerPolicy): boolean {
  return extensions.length > 0 || Object.values(names).some((demand) => demand !== undefined);
}

function refuse(message: string): PolicyError {
  return new PolicyError({ code: 'UNTRUSTED_SIGNER_ERROR', message });
}
