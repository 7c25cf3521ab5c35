// SPDX-License-Identifier: Apache-2.0
// The error classes that callers of `sigstore` look for, by name, by `code`, and by `instanceof`. The error of Keywax that
// led to one of them is its `cause`. They are recognised across the two builds and across copies of this package.

/** Codes of `InternalError`: what went wrong while signing. */
export type InternalErrorCode =
  | 'TLOG_FETCH_ENTRY_ERROR'
  | 'TLOG_CREATE_ENTRY_ERROR'
  | 'CA_CREATE_SIGNING_CERTIFICATE_ERROR'
  | 'TSA_CREATE_TIMESTAMP_ERROR'
  | 'IDENTITY_TOKEN_READ_ERROR'
  | 'IDENTITY_TOKEN_PARSE_ERROR';

/** Codes of `VerificationError`: what does not hold. */
export type VerificationErrorCode =
  | 'NOT_IMPLEMENTED_ERROR'
  | 'TLOG_ERROR'
  | 'TLOG_INCLUSION_PROOF_ERROR'
  | 'TLOG_INCLUSION_PROMISE_ERROR'
  | 'TLOG_MISSING_INCLUSION_ERROR'
  | 'TLOG_BODY_ERROR'
  | 'CERTIFICATE_ERROR'
  | 'PUBLIC_KEY_ERROR'
  | 'SIGNATURE_ERROR'
  | 'TIMESTAMP_ERROR';

/** Codes of `PolicyError`. */
export type PolicyErrorCode = 'UNTRUSTED_SIGNER_ERROR';

/** Codes of `TUFError`. */
export type TUFErrorCode =
  | 'TUF_INIT_CACHE_ERROR'
  | 'TUF_FIND_TARGET_ERROR'
  | 'TUF_REFRESH_METADATA_ERROR'
  | 'TUF_DOWNLOAD_TARGET_ERROR'
  | 'TUF_READ_TARGET_ERROR';

/** What every class but `ValidationError` is made of. */
export interface ErrorParts<Code extends string> {
  readonly code: Code;
  readonly message: string;
  readonly cause?: unknown;
}

const BRAND: unique symbol = Symbol.for('keywax.compat.error') as never;

/** What the classes have in common: a name that survives minifiers, and an `instanceof` that sees through copies. */
class BrandedError extends Error {
  protected static readonly className: string = 'Error';

  constructor(message: string) {
    super(message);
    this.name = Object.hasOwn(new.target, 'className') ? new.target.className : new.target.name;
    Object.defineProperty(this, BRAND, { value: new.target.className, enumerable: false });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // What callers derive from a class has no name of its own: as usual there.
    if (!Object.hasOwn(this, 'className')) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && (value as { [BRAND]?: unknown })[BRAND] === this.className;
  }
}

class CodedError<Code extends string> extends BrandedError {
  code: Code;
  // oxlint-disable-next-line typescript/no-explicit-any -- callers read members of it, as the original lets them
  override cause: any;

  constructor({ code, message, cause }: ErrorParts<Code>) {
    super(message);
    this.code = code;
    this.cause = cause;
  }
}

/** Signing failed. */
export class InternalError extends CodedError<InternalErrorCode> {
  protected static override readonly className: string = 'InternalError';
}

/** Verification failed: the bundle does not prove what it has to. */
export class VerificationError extends CodedError<VerificationErrorCode> {
  protected static override readonly className: string = 'VerificationError';
}

/** The signer is proven, and is not one that the options allow. */
export class PolicyError extends CodedError<PolicyErrorCode> {
  protected static override readonly className: string = 'PolicyError';
}

/** Trust could not be obtained from a TUF repository. */
export class TUFError extends CodedError<TUFErrorCode> {
  protected static override readonly className: string = 'TUFError';
}

/** A container registry could not be read or written; the `cause` says why. */
export class OCIError extends BrandedError {
  protected static override readonly className: string = 'OCIError';
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  override cause: any;

  constructor({ message, cause }: { readonly message: string; readonly cause?: unknown }) {
    super(message);
    this.cause = cause;
  }
}

/** A bundle lacks what its version demands. */
export class ValidationError extends BrandedError {
  protected static override readonly className: string = 'ValidationError';
  /** Paths of what is wrong, such as `verificationMaterial.tlogEntries[0].logId`. */
  fields: string[];

  constructor(message: string, fields: string[]) {
    super(message);
    this.fields = fields;
  }
}
