// SPDX-License-Identifier: Apache-2.0
// The one error class, and the one table of its codes. Codes are append-only.

/**
 * Every error code, with the category that the attack corpus expects and the condition in one line.
 * A code exists only where a caller would act differently.
 */
export const ERROR_CODES = {
  CONFIG_INVALID: { category: 'CONFIG', condition: 'an option or argument of the caller is wrong' },
  INPUT_MALFORMED: { category: 'PARSE', condition: 'an encoding is broken: JSON, base64, hex, UTF-8, DER, PEM' },
  INPUT_TOO_LARGE: { category: 'LIMIT', condition: 'an input exceeds a bound of size, count or depth' },
  INPUT_UNSUPPORTED: { category: 'UNSUPPORTED', condition: 'a version, kind or algorithm that is not implemented' },
  BUNDLE_INVALID: { category: 'STRUCTURE', condition: 'a bundle is well-formed but incomplete or contradictory' },
  TRUST_INVALID: { category: 'TRUSTROOT', condition: 'a trusted root or signing config is not usable' },
  KEY_REJECTED: { category: 'KEY', condition: 'key material is weak, malformed or of a refused kind' },
  KEY_NOT_FOUND: {
    category: 'KEY',
    condition: 'no key is known for the bundle or for a piece of evidence that needs one',
  },
  KEY_OUTSIDE_VALIDITY: { category: 'TIME', condition: 'a managed key was not valid at the proven time' },
  CERTIFICATE_PATH_INVALID: {
    category: 'CERT_PATH',
    condition: 'no path leads to a trusted authority at every proven time',
  },
  CERTIFICATE_PROFILE_INVALID: { category: 'CERT_PROFILE', condition: 'a certificate lacks what its role demands' },
  SCT_INVALID: { category: 'SCT', condition: 'a certificate timestamp is missing or does not hold' },
  SCT_THRESHOLD: { category: 'THRESHOLD', condition: 'too few distinct certificate transparency logs' },
  TIMESTAMP_INVALID: { category: 'TSA', condition: 'a timestamp of a known authority does not hold' },
  TIMESTAMP_THRESHOLD: { category: 'THRESHOLD', condition: 'too few distinct timestamp authorities' },
  TIME_MISSING: { category: 'TIME', condition: 'no proven time where one is needed' },
  TIME_INVALID: {
    category: 'TIME',
    condition: 'a time lies in the future, or outside the window of the log that claims it',
  },
  PROMISE_INVALID: { category: 'SET', condition: 'the signed entry timestamp of a known log does not verify' },
  CHECKPOINT_INVALID: {
    category: 'CHECKPOINT',
    condition: 'a checkpoint is malformed, of another log, or not signed by its log',
  },
  PROOF_INVALID: { category: 'PROOF', condition: 'an inclusion or consistency proof does not lead to the signed root' },
  ENTRY_MISMATCH: { category: 'BINDING', condition: 'the log entry speaks of something other than the bundle' },
  LOG_THRESHOLD: { category: 'THRESHOLD', condition: 'too few distinct transparency logs' },
  SIGNATURE_INVALID: {
    category: 'SIGNATURE',
    condition: 'the signature over the artifact or envelope does not verify',
  },
  ARTIFACT_MISMATCH: { category: 'ARTIFACT', condition: 'what was signed is not the given artifact' },
  STATEMENT_INVALID: {
    category: 'STATEMENT',
    condition: 'the envelope does not hold the statement that was asked for',
  },
  IDENTITY_MISMATCH: { category: 'IDENTITY', condition: 'the signer is not one that the policy allows' },
  SERVICE_INVALID: {
    category: 'SERVICE',
    condition: 'the answer of a service is not about what was asked, or does not verify',
  },
  TOKEN_INVALID: { category: 'AUTH', condition: 'an identity token is malformed, expired or for another audience' },
  TOKEN_UNAVAILABLE: { category: 'AUTH', condition: 'no identity token could be obtained' },
  NETWORK_FAILED: {
    category: 'NET_BODY',
    condition: 'a connection failed, or a response broke off or was not what it said',
  },
  NETWORK_TIMEOUT: { category: 'NET_TIMEOUT', condition: 'a deadline passed' },
  NETWORK_STATUS: { category: 'NET_STATUS', condition: 'a service answered with an unexpected status' },
  NETWORK_REDIRECT: { category: 'NET_REDIRECT', condition: 'a redirect that is not followed' },
  NETWORK_TLS: { category: 'NET_TLS', condition: 'the TLS connection could not be authenticated' },
  NETWORK_POLICY: { category: 'NET_POLICY', condition: 'a URL that is never contacted' },
  FILE_FAILED: { category: 'FS', condition: 'a file could not be read or written' },
  OPERATION_ABORTED: { category: 'ABORTED', condition: "the caller's signal fired" },
  TUF_METADATA_INVALID: { category: 'TUF_FORMAT', condition: 'TUF metadata is malformed, contradictory or incomplete' },
  TUF_SIGNATURE_INVALID: { category: 'TUF_SIG', condition: 'TUF metadata is not signed by enough keys of its role' },
  TUF_METADATA_EXPIRED: {
    category: 'TUF_EXPIRED',
    condition: 'TUF metadata has expired, or is older than was allowed',
  },
  TUF_VERSION_ROLLBACK: {
    category: 'TUF_ROLLBACK',
    condition: 'TUF metadata is older than what was seen, or skips a version',
  },
  TUF_CONTENT_MISMATCH: { category: 'TUF_INTEGRITY', condition: 'a file is not the one that TUF metadata describes' },
  TUF_TARGET_MISSING: {
    category: 'TUF_NOTFOUND',
    condition: 'no TUF role in charge lists the target, or none is cached',
  },
  PACKAGE_NOT_FOUND: { category: 'PACKAGE', condition: 'the registry does not know the package or the version' },
  PACKAGE_UNSIGNED: { category: 'PACKAGE', condition: 'the registry serves no signature for a package' },
  PACKAGE_PROVENANCE_MISSING: {
    category: 'PACKAGE',
    condition: 'a package has no provenance where some is demanded, or was recorded before',
  },
  PACKAGE_SIGNER_CHANGED: {
    category: 'PACKAGE',
    condition: 'another repository, workflow or builder made a package than the one that was recorded',
  },
  REGISTRY_INVALID: {
    category: 'REGISTRY',
    condition: 'a container registry answers with something other than what was asked for, or contradicts itself',
  },
  REGISTRY_UNAUTHORIZED: { category: 'AUTH', condition: 'a container registry refuses the credentials, or wants some' },
  IMAGE_NOT_FOUND: { category: 'REGISTRY', condition: 'the registry does not know the repository, tag or digest' },
  IMAGE_UNSIGNED: { category: 'STATEMENT', condition: 'no signature or attestation was found for an image' },
  POLICY_DENIED: { category: 'POLICY', condition: 'a cluster policy does not admit an image' },
  PASSWORD_WRONG: { category: 'KEY', condition: 'an encrypted private key does not open with the password' },
  INTERNAL_ERROR: { category: 'INTERNAL', condition: 'a defect of Keywax; please report it' },
} as const;

/** A stable error code, `SUBJECT_CONDITION`. */
export type ErrorCode = keyof typeof ERROR_CODES;
/** The category of an error code; several codes may share one. */
export type ErrorCategory = (typeof ERROR_CODES)[ErrorCode]['category'];

/** What every error may say beyond its message. Values are quoted and cut; none is secret. */
export interface CommonDetails {
  /** Where in the input: a JSON path such as `$.verificationMaterial.tlogEntries[0]`, or a check id. */
  readonly at?: string;
  readonly expected?: string;
  readonly actual?: string;
}

interface SpecificDetails {
  readonly INPUT_TOO_LARGE: { readonly limit: number };
  readonly NETWORK_STATUS: {
    readonly status: number;
    readonly origin: string;
    /** Value of the `Location` header, where a client asked for it. */
    readonly location?: string;
    /** Value of the `x-log-index` header, where a client asked for it. */
    readonly logIndex?: string;
  };
}

/** The details of an error with code `C`. */
export type ErrorDetails<C extends ErrorCode> = CommonDetails &
  (C extends keyof SpecificDetails ? SpecificDetails[C] : unknown);

/** What goes into a `KeywaxError` beside code and message. */
export type ErrorInit<C extends ErrorCode> = {
  readonly cause?: unknown;
  /** The verification report, where a verification failed. Typed by `@keywax/verify`. */
  readonly report?: unknown;
} & (C extends keyof SpecificDetails ? { readonly details: ErrorDetails<C> } : { readonly details?: ErrorDetails<C> });

const BRAND: unique symbol = Symbol.for('keywax.error') as never;
const MAX_MESSAGE_CHARS = 1_024; // ATTACKS AP-015: a message is at most 1 KiB

/** The only error that Keywax throws. */
export class KeywaxError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly details: ErrorDetails<C>;
  /** The verification report, where a verification failed. */
  readonly report: unknown;

  constructor(code: C, message: string, ...[init]: C extends keyof SpecificDetails ? [ErrorInit<C>] : [ErrorInit<C>?]) {
    super(cutText(message, MAX_MESSAGE_CHARS), init?.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'KeywaxError';
    this.code = code;
    this.details = Object.freeze({ ...init?.details }) as ErrorDetails<C>;
    Object.defineProperty(this, 'report', { value: init?.report, enumerable: false });
    Object.defineProperty(this, BRAND, { value: true, enumerable: false });
  }

  /** The category of the code, for callers that act on classes of errors. */
  get category(): ErrorCategory {
    return ERROR_CODES[this.code].category;
  }

  toJSON(): { readonly name: string; readonly code: C; readonly message: string; readonly details: ErrorDetails<C> } {
    return { name: this.name, code: this.code, message: this.message, details: this.details };
  }
}

/** True for a `KeywaxError` of any copy of this package, and of the given code if there is one. */
export function isKeywaxError<C extends ErrorCode = ErrorCode>(value: unknown, code?: C): value is KeywaxError<C> {
  if (typeof value !== 'object' || value === null || !(BRAND in value)) return false;
  return code === undefined || (value as { code?: unknown }).code === code;
}

/** Untrusted text made fit for a message: quoted, control characters escaped, cut to `maxChars`. */
export function quoteText(text: string, maxChars = 100): string {
  // JSON escapes C0 and quotes; the rest of what a terminal or a log might act on is escaped here.
  const escaped = JSON.stringify(cutText(text, maxChars)).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return escaped;
}

function cutText(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars - 1)}…`;
}
