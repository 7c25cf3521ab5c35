// SPDX-License-Identifier: Apache-2.0
// Which class and code callers expect of each check of the engine, and of errors that come before any check.

import { type KeywaxError, isKeywaxError } from '@keywax/core/errors';
import type { CheckId, Report } from '@keywax/verify';
import { PolicyError, type PolicyErrorCode, VerificationError, type VerificationErrorCode } from '../errors.js';

type Code = VerificationErrorCode | PolicyErrorCode;

const TIMESTAMP = 'TIMESTAMP_ERROR';
const CERTIFICATE = 'CERTIFICATE_ERROR';
const KEY = 'PUBLIC_KEY_ERROR';
const PROMISE = 'TLOG_INCLUSION_PROMISE_ERROR';
const PROOF = 'TLOG_INCLUSION_PROOF_ERROR';
const BODY = 'TLOG_BODY_ERROR';
const LOG = 'TLOG_ERROR';
const SIGNATURE = 'SIGNATURE_ERROR';
const SIGNER = 'UNTRUSTED_SIGNER_ERROR';

/** The code of each check that may fail. */
export const CHECK_CODES: Readonly<Record<CheckId, Code>> = {
  'timestamp.token': TIMESTAMP,
  'timestamp.authority': TIMESTAMP,
  'timestamp.signer': TIMESTAMP,
  'timestamp.certificates': TIMESTAMP,
  'timestamp.imprint': TIMESTAMP,
  'timestamp.profile': TIMESTAMP,
  'timestamp.path': TIMESTAMP,
  'timestamp.validity': TIMESTAMP,
  'timestamp.window': TIMESTAMP,
  'timestamp.clock': TIMESTAMP,
  'timestamp.signature': TIMESTAMP,
  'timestamp.chain': TIMESTAMP,
  'promise.key': PROMISE,
  'promise.clock': PROMISE,
  'promise.signature': PROMISE,
  'time.threshold': TIMESTAMP,
  'time.proven': TIMESTAMP,
  'certificate.decode': CERTIFICATE,
  'certificate.chain': CERTIFICATE,
  'certificate.profile': CERTIFICATE,
  'certificate.identity': CERTIFICATE,
  'certificate.key': CERTIFICATE,
  'certificate.authority': CERTIFICATE,
  'certificate.path': CERTIFICATE,
  'certificate.window': CERTIFICATE,
  'certificate.validity': CERTIFICATE,
  'sct.decode': CERTIFICATE,
  'sct.key': CERTIFICATE,
  'sct.algorithm': CERTIFICATE,
  'sct.window': CERTIFICATE,
  'sct.time': CERTIFICATE,
  'sct.present': CERTIFICATE,
  'sct.threshold': CERTIFICATE,
  'sct.signature': CERTIFICATE,
  'certificate.signature': CERTIFICATE,
  'certificate.anchor': CERTIFICATE,
  'key.policy': KEY,
  'key.validity': KEY,
  'entry.log': PROOF,
  'entry.body': BODY,
  'entry.kind': BODY,
  'entry.signature': BODY,
  'entry.key': SIGNATURE, // the key is not one that the original looks for in a body: it finds the signature wrong
  'entry.digest': BODY,
  'entry.canonical': BODY,
  'entry.proof': 'TLOG_MISSING_INCLUSION_ERROR',
  'entry.index': PROOF,
  'checkpoint.decode': PROOF,
  'checkpoint.origin': PROOF,
  'checkpoint.signer': PROOF,
  'entry.treeSize': PROOF,
  'entry.rootHash': PROOF,
  'entry.inclusion': PROOF,
  'entry.window': PROMISE,
  'log.threshold': LOG,
  'checkpoint.signature': PROOF,
  'artifact.digest': SIGNATURE,
  'artifact.payloadType': SIGNATURE,
  'artifact.statement': SIGNATURE,
  'artifact.subject': SIGNATURE,
  'artifact.predicateType': SIGNATURE,
  'artifact.signature': SIGNATURE,
  'policy.identity': SIGNER,
  'policy.predicate': SIGNER,
};

/** Evidence of an authority that the trusted root does not know: the engine sets it aside, callers expect a refusal. */
const SET_ASIDE: ReadonlySet<CheckId> = new Set([
  'timestamp.signer',
  'promise.signature',
  'sct.signature',
  'entry.log',
]);
/** Checks that fail where all evidence of a kind was set aside. */
const COUNTS: ReadonlySet<CheckId> = new Set([
  'time.threshold',
  'time.proven',
  'sct.present',
  'sct.threshold',
  'log.threshold',
]);

/** Demands that no bundle can meet, which the engine refuses as options. */
const DEMAND_CODES: ReadonlyMap<string | undefined, Code> = new Map([
  ['logThreshold', LOG],
  ['sctThreshold', CERTIFICATE],
]);

/** An error of the class and code that callers expect, caused by one of the engine; others are themselves. */
export function toPeerError(error: unknown): unknown {
  if (!isKeywaxError(error)) return error;
  const demand = error.code === 'CONFIG_INVALID' ? DEMAND_CODES.get(error.details.at) : undefined;
  if (demand !== undefined) return createError(demand, error);
  const report = error.report as Report | undefined;
  const failed = report?.checks.find(({ state }) => state === 'failed');
  if (report === undefined || failed === undefined) return error;
  const aside = COUNTS.has(failed.id) ? findSetAside(report) : undefined;
  return createError(CHECK_CODES[aside ?? failed.id], error);
}

/** @throws VerificationError where a bundle that holds carries evidence that nobody vouches for */
export function refuseSetAside(report: Report): void {
  const id = findSetAside(report);
  if (id === undefined) return;
  const row = report.checks.find((check) => check.id === id && check.state === 'skipped');
  throw createError(CHECK_CODES[id], { message: `${row?.subject ?? ''}: ${row?.reason ?? ''}` });
}

function findSetAside({ checks }: Report): CheckId | undefined {
  return checks.find(({ id, state }) => state === 'skipped' && SET_ASIDE.has(id))?.id;
}

function createError(code: Code, cause: Pick<KeywaxError, 'message'>): VerificationError | PolicyError {
  const parts = { message: cause.message, ...(cause instanceof Error ? { cause } : {}) };
  return code === SIGNER ? new PolicyError({ code, ...parts }) : new VerificationError({ code, ...parts });
}
