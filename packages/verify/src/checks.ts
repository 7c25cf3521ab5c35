// SPDX-License-Identifier: Apache-2.0
// The checks of a verification, in the order in which they are made, and the ledger that records them.
// A verdict is their conjunction: the first row that fails names the error.

import type { SignatureInput } from '@keywax/core/crypto';
import { type ErrorCode, KeywaxError, isKeywaxError } from '@keywax/core/errors';

/**
 * Every check: the error when it fails, and what it demands. Comparisons are made while planning, signatures while
 * settling; within each the order is that of this table, for one piece of evidence after the other.
 * A `decode` row fails with the error of the decoder.
 */
export const CHECKS = {
  // Times, client-spec 4.2
  'timestamp.token': { kind: 'decode', code: 'TIMESTAMP_INVALID', demand: 'the timestamp is well-formed and granted' },
  'timestamp.authority': {
    kind: 'comparison',
    code: 'KEY_REJECTED',
    demand: 'the authority of the timestamp is usable',
  },
  'timestamp.signer': {
    kind: 'comparison',
    code: 'TIMESTAMP_INVALID',
    demand: 'the signer id names the certificate that the signed attributes name',
  },
  'timestamp.certificates': {
    kind: 'comparison',
    code: 'TIMESTAMP_INVALID',
    demand: 'embedded certificates are those of the authority',
  },
  'timestamp.imprint': {
    kind: 'comparison',
    code: 'TIMESTAMP_INVALID',
    demand: 'the timestamp covers the signature bytes of the bundle',
  },
  'timestamp.profile': { kind: 'comparison', code: 'TIMESTAMP_INVALID', demand: 'the signer may only sign timestamps' },
  'timestamp.path': { kind: 'comparison', code: 'TIMESTAMP_INVALID', demand: 'the path of the authority is sound' },
  'timestamp.validity': {
    kind: 'comparison',
    code: 'TIMESTAMP_INVALID',
    demand: 'every certificate of the authority is valid at the time',
  },
  'timestamp.window': {
    kind: 'comparison',
    code: 'TIMESTAMP_INVALID',
    demand: 'the trusted root vouches for the authority at the time',
  },
  'timestamp.clock': { kind: 'comparison', code: 'TIME_INVALID', demand: 'the time is not in the future' },
  'timestamp.signature': { kind: 'signature', code: 'TIMESTAMP_INVALID', demand: 'the authority signed the timestamp' },
  'timestamp.chain': {
    kind: 'signature',
    code: 'TIMESTAMP_INVALID',
    demand: 'each certificate of the authority is signed by the next',
  },
  'promise.key': { kind: 'comparison', code: 'KEY_REJECTED', demand: 'the key of the log is usable' },
  'promise.clock': { kind: 'comparison', code: 'TIME_INVALID', demand: 'the integrated time is not in the future' },
  'promise.signature': { kind: 'signature', code: 'PROMISE_INVALID', demand: 'the log signed the promise' },
  'time.threshold': {
    kind: 'comparison',
    code: 'TIMESTAMP_THRESHOLD',
    demand: 'enough distinct timestamp authorities vouch for a time',
  },
  'time.proven': { kind: 'comparison', code: 'TIME_MISSING', demand: 'at least one time is proven' },
  // Certificate, client-spec 4.3
  'certificate.decode': { kind: 'decode', code: 'INPUT_MALFORMED', demand: 'the certificate is well-formed' },
  'certificate.chain': { kind: 'comparison', code: 'BUNDLE_INVALID', demand: 'the bundle carries no root certificate' },
  'certificate.profile': {
    kind: 'comparison',
    code: 'CERTIFICATE_PROFILE_INVALID',
    demand: 'the certificate is a leaf for code signing that names its subject',
  },
  'certificate.identity': {
    kind: 'decode',
    code: 'CERTIFICATE_PROFILE_INVALID',
    demand: "the issuer's extensions are well-formed",
  },
  'certificate.key': { kind: 'decode', code: 'KEY_REJECTED', demand: 'the key is of an accepted kind' },
  'certificate.authority': {
    kind: 'comparison',
    code: 'CERTIFICATE_PATH_INVALID',
    demand: 'a trusted authority issued the certificate',
  },
  'certificate.path': { kind: 'comparison', code: 'CERTIFICATE_PATH_INVALID', demand: 'the path is sound' },
  'certificate.window': {
    kind: 'comparison',
    code: 'CERTIFICATE_PATH_INVALID',
    demand: 'the trusted root vouches for the authority at every proven time',
  },
  'certificate.validity': {
    kind: 'comparison',
    code: 'CERTIFICATE_PATH_INVALID',
    demand: 'every certificate of the path is valid at every proven time',
  },
  'sct.decode': { kind: 'decode', code: 'SCT_INVALID', demand: 'the list of certificate timestamps is well-formed' },
  'sct.key': { kind: 'comparison', code: 'KEY_REJECTED', demand: 'the key of the certificate log is usable' },
  'sct.algorithm': { kind: 'comparison', code: 'SCT_INVALID', demand: 'the algorithm is that of the log key' },
  'sct.window': {
    kind: 'comparison',
    code: 'SCT_INVALID',
    demand: 'the trusted root vouches for the certificate log at the time of the SCT',
  },
  'sct.time': { kind: 'comparison', code: 'SCT_INVALID', demand: 'the SCT was made while the certificate was valid' },
  'sct.present': { kind: 'comparison', code: 'SCT_INVALID', demand: 'a known certificate log has the certificate' },
  'sct.threshold': {
    kind: 'comparison',
    code: 'SCT_THRESHOLD',
    demand: 'enough distinct certificate logs have the certificate',
  },
  'sct.signature': { kind: 'signature', code: 'SCT_INVALID', demand: 'the certificate log signed the SCT' },
  'certificate.signature': {
    kind: 'signature',
    code: 'CERTIFICATE_PATH_INVALID',
    demand: 'the authority signed the certificate',
  },
  'certificate.anchor': {
    kind: 'signature',
    code: 'CERTIFICATE_PATH_INVALID',
    demand: 'each certificate of the authority is signed by the next',
  },
  // Managed key
  'key.policy': { kind: 'decode', code: 'KEY_NOT_FOUND', demand: 'the caller knows the key' },
  'key.validity': {
    kind: 'comparison',
    code: 'KEY_OUTSIDE_VALIDITY',
    demand: 'the key was valid at every proven time',
  },
  // Transparency log, client-spec 4.4
  'entry.log': { kind: 'comparison', code: 'KEY_REJECTED', demand: 'the log of the entry is usable' },
  'entry.body': {
    kind: 'decode',
    code: 'ENTRY_MISMATCH',
    demand: 'the body is well-formed and of the kind that the entry says',
  },
  'entry.kind': { kind: 'comparison', code: 'ENTRY_MISMATCH', demand: 'the kind of entry fits what was signed' },
  'entry.signature': {
    kind: 'comparison',
    code: 'ENTRY_MISMATCH',
    demand: 'the body holds the signature of the bundle, and only that',
  },
  'entry.key': {
    kind: 'comparison',
    code: 'ENTRY_MISMATCH',
    demand: 'the body holds the certificate or key of the bundle',
  },
  'entry.digest': {
    kind: 'comparison',
    code: 'ENTRY_MISMATCH',
    demand: 'the body holds the digest of what was signed',
  },
  'entry.canonical': {
    kind: 'comparison',
    code: 'ENTRY_MISMATCH',
    demand: 'the body is the one that the bundle leads to',
  },
  'entry.proof': { kind: 'comparison', code: 'PROOF_INVALID', demand: 'the entry carries an inclusion proof' },
  'entry.index': { kind: 'comparison', code: 'PROOF_INVALID', demand: 'entry and proof name the same index' },
  'checkpoint.decode': { kind: 'decode', code: 'CHECKPOINT_INVALID', demand: 'the checkpoint is well-formed' },
  'checkpoint.origin': {
    kind: 'comparison',
    code: 'CHECKPOINT_INVALID',
    demand: 'the checkpoint is of the log of the entry',
  },
  'checkpoint.signer': {
    kind: 'comparison',
    code: 'CHECKPOINT_INVALID',
    demand: 'the checkpoint carries a signature of its log',
  },
  'entry.treeSize': {
    kind: 'comparison',
    code: 'PROOF_INVALID',
    demand: 'proof and checkpoint name the same tree size',
  },
  'entry.rootHash': { kind: 'comparison', code: 'PROOF_INVALID', demand: 'proof and checkpoint name the same root' },
  'entry.inclusion': {
    kind: 'comparison',
    code: 'PROOF_INVALID',
    demand: 'the proof leads from the body to the signed root',
  },
  'entry.window': {
    kind: 'comparison',
    code: 'TIME_INVALID',
    demand: 'the trusted root vouches for the log key at every proven time',
  },
  'log.threshold': { kind: 'comparison', code: 'LOG_THRESHOLD', demand: 'enough distinct logs have the entry' },
  'checkpoint.signature': { kind: 'signature', code: 'CHECKPOINT_INVALID', demand: 'the log signed the checkpoint' },
  // Artifact, client-spec 4.5
  'artifact.digest': {
    kind: 'comparison',
    code: 'ARTIFACT_MISMATCH',
    demand: 'the signed digest is that of the artifact',
  },
  'artifact.payloadType': {
    kind: 'comparison',
    code: 'STATEMENT_INVALID',
    demand: 'the envelope is of the expected type',
  },
  'artifact.statement': { kind: 'decode', code: 'STATEMENT_INVALID', demand: 'the payload is a well-formed statement' },
  'artifact.subject': { kind: 'comparison', code: 'ARTIFACT_MISMATCH', demand: 'the statement is about the artifact' },
  'artifact.predicateType': {
    kind: 'comparison',
    code: 'STATEMENT_INVALID',
    demand: 'the statement is of the expected type',
  },
  'artifact.signature': { kind: 'signature', code: 'SIGNATURE_INVALID', demand: 'the key signed the artifact' },
  // Policy, client-spec 4.1
  'policy.identity': { kind: 'comparison', code: 'IDENTITY_MISMATCH', demand: 'the policy allows the signer' },
  'policy.predicate': {
    kind: 'comparison',
    code: 'IDENTITY_MISMATCH',
    demand: "the caller's predicate allows the signer",
  },
} as const;

/** The stable id of a check. */
export type CheckId = keyof typeof CHECKS;

/** What became of a check. `pending`: a signature that has not been settled. */
export type CheckState = 'passed' | 'failed' | 'skipped' | 'pending';

/** One check of one piece of evidence. */
export interface CheckRow {
  readonly id: CheckId;
  /** Which piece of evidence, as a path into the bundle, such as `tlogEntries[0]`; of the whole bundle if empty. */
  readonly subject: string;
  readonly state: CheckState;
  /** Why it failed or was skipped. */
  readonly reason?: string;
  readonly expected?: string;
  readonly actual?: string;
}

/** What was compared, for the report and the error. */
export interface Compared {
  readonly expected?: string;
  readonly actual?: string;
  readonly reason?: string;
  /** An error more exact than that of the table. */
  readonly code?: ErrorCode;
}

/** A signature that has to hold. */
export interface SignatureCheck {
  readonly id: CheckId;
  readonly subject: string;
  readonly input: SignatureInput;
  /** The same for every bundle under one trust root: once it held, it need not be checked again. */
  readonly constant?: object | undefined;
  /** Identifies a signature that bundles are likely to share. */
  readonly recurring?: string | undefined;
}

/** A row as it is recorded: what it says is worked out only where somebody reads it. */
export interface RecordedRow {
  readonly id: CheckId;
  readonly subject: string;
  readonly state: CheckState;
  readonly describe?: () => Compared;
}

/** Records rows in order; stops the planning at the first that fails. */
export interface Ledger {
  readonly rows: readonly RecordedRow[];
  readonly signatures: readonly SignatureCheck[];
  /** The error of the first failed row. */
  failure(): KeywaxError | undefined;
  /** Runs a decoder; its error is the row's. */
  decode<T>(id: CheckId, subject: string, decoder: () => T): T;
  /** Demands that a comparison holds; `describe` runs only where somebody reads what was compared. */
  require(id: CheckId, subject: string, holds: boolean, describe?: () => Compared): void;
  /** Demands that `rule` returns; what it throws becomes the reason of the row. */
  requireRule(id: CheckId, subject: string, rule: () => void): void;
  skip(id: CheckId, subject: string, reason: string): void;
  /** Lists a signature that has to hold. */
  sign(check: SignatureCheck): void;
  /** A ledger of its own for one of several alternatives. */
  branch(): Ledger;
}

/** A new ledger. `omit` names checks that are left out: only the tests that prove each check necessary do that. */
export function createLedger(omit: ReadonlySet<string> = new Set()): Ledger {
  const rows: RecordedRow[] = [];
  const signatures: SignatureCheck[] = [];
  let failure: KeywaxError | undefined;
  const fail = (id: CheckId, subject: string, compared: Compared, cause?: unknown): never => {
    rows.push({ id, subject, state: 'failed', describe: () => compared });
    failure = describeFailure(id, subject, compared, cause);
    throw failure;
  };
  const ledger: Ledger = {
    rows,
    signatures,
    failure: () => failure,
    decode(id, subject, decoder) {
      try {
        const value = decoder();
        rows.push({ id, subject, state: 'passed' });
        return value;
      } catch (error) {
        if (!isKeywaxError(error)) throw error;
        return fail(id, subject, { reason: error.message, code: error.code }, error);
      }
    },
    require(id, subject, holds, describe) {
      if (omit.has(id)) return ledger.skip(id, subject, 'left out');
      if (!holds) fail(id, subject, describe?.() ?? {});
      rows.push(describe === undefined ? { id, subject, state: 'passed' } : { id, subject, state: 'passed', describe });
    },
    requireRule(id, subject, rule) {
      if (omit.has(id)) return ledger.skip(id, subject, 'left out');
      try {
        rule();
      } catch (error) {
        if (!isKeywaxError(error)) throw error;
        fail(id, subject, { reason: error.message }, error);
      }
      rows.push({ id, subject, state: 'passed' });
    },
    skip(id, subject, reason) {
      rows.push({ id, subject, state: 'skipped', describe: () => ({ reason }) });
    },
    sign(check) {
      if (omit.has(check.id)) return ledger.skip(check.id, check.subject, 'left out');
      rows.push({ id: check.id, subject: check.subject, state: 'pending' });
      // Own members, always: what is remembered is never looked up in a prototype.
      signatures.push({ constant: undefined, recurring: undefined, ...check });
    },
    branch: () => createLedger(omit),
  };
  return ledger;
}

/** Rows as the plan and the report show them. A row that passed needs no reason. */
export function describeRows(rows: readonly RecordedRow[]): readonly CheckRow[] {
  return Object.freeze(
    rows.map(({ id, subject, state, describe }) => {
      const { expected, actual, reason } = describe?.() ?? {};
      return Object.freeze({
        id,
        subject,
        state,
        ...(reason === undefined || state === 'passed' ? {} : { reason }),
        ...(expected === undefined ? {} : { expected }),
        ...(actual === undefined ? {} : { actual }),
      });
    }),
  );
}

/** The getter of each lazy property, and where records keep what it calls. */
const lazyProperties = new Map<string, { readonly place: symbol; readonly descriptor: PropertyDescriptor }>();

/**
 * Gives a record a property that is worked out when it is first read. Records share its getter: V8 keeps the shape of an
 * object with a getter of its own, and so everything that the getter refers to, until the next full collection.
 */
export function withLazy<T extends object, K extends string, V>(
  record: T,
  name: K,
  compute: () => V,
): T & Readonly<Record<K, V>> {
  let computed: { readonly value: V } | undefined;
  const { place, descriptor } = selectLazyProperty(name);
  Object.defineProperty(record, place, { value: () => (computed ??= { value: compute() }).value });
  Object.defineProperty(record, name, descriptor);
  return record as T & Readonly<Record<K, V>>;
}

function selectLazyProperty(name: string): { readonly place: symbol; readonly descriptor: PropertyDescriptor } {
  const known = lazyProperties.get(name);
  if (known !== undefined) return known;
  const place = Symbol(name);
  const descriptor: PropertyDescriptor = {
    enumerable: true,
    get(this: Readonly<Record<symbol, () => unknown>>) {
      return this[place]?.();
    },
  };
  const property = { place, descriptor };
  lazyProperties.set(name, property);
  return property;
}

/** The error for a check that failed. */
export function describeFailure(id: CheckId, subject: string, compared: Compared, cause?: unknown): KeywaxError {
  const { expected, actual } = compared;
  const where = subject === '' ? id : `${id} of ${subject}`;
  const why =
    compared.reason ??
    (actual === undefined ? expected : `${expected === undefined ? '' : `wanted ${expected}, `}found ${actual}`);
  const message = `${where}: expected that ${CHECKS[id].demand}${why === undefined || why === '' ? '' : `; ${why}`}`;
  const details = {
    at: where,
    ...(expected === undefined ? {} : { expected }),
    ...(actual === undefined ? {} : { actual }),
  };
  const code: ErrorCode = compared.code ?? CHECKS[id].code;
  if (code === 'INPUT_TOO_LARGE') {
    const limit = isKeywaxError(cause, 'INPUT_TOO_LARGE') ? cause.details.limit : 0;
    return new KeywaxError(code, message, { cause, details: { ...details, limit } });
  }
  return new KeywaxError(code as Exclude<ErrorCode, 'INPUT_TOO_LARGE' | 'NETWORK_STATUS'>, message, { cause, details });
}

/** How a check is named in lists of evidence: its id, with the piece of evidence where there are several. */
export function checkName(id: CheckId, subject: string): string {
  return subject === '' ? id : `${id} of ${subject}`;
}
