// SPDX-License-Identifier: Apache-2.0
// Transparency (client-spec 4.4): each entry of a known log says the same as the bundle, and the log includes it.

import {
  type EntryBody,
  type EntryVerifier,
  type LogEntry,
  decodeEntryBody,
  encodeHashedRekordV2Body,
  isRekorV2Entry,
} from '@keywax/bundle';
import type { AlgorithmSuite } from '@keywax/core/algorithms';
import { encodeHex, equalBytes } from '@keywax/core/bytes';
import { encodePae } from '@keywax/core/dsse';
import { quoteText } from '@keywax/core/errors';
import { hashLeaf, verifyInclusion } from '@keywax/core/merkle';
import { type Checkpoint, type NoteSignature, parseCheckpoint } from '@keywax/core/note';
import { isWithin } from '@keywax/core/time';
import type { TransparencyLog } from '@keywax/trust';
import { type Ledger, checkName } from './checks.js';
import type { EntryClaim, PlanContext, TimeClaim } from './claims.js';
import { describeWindow, integratedAt, isKnownLog, logNames, selectLog } from './known-log.js';
import { countDistinct, demanded } from './threshold.js';

const KEY_HINT_BYTES = 4; // C2SP signed-note
const REKOR_V1_ORIGIN = /^(.+) - ([0-9]+)$/; // RUL-19

/** What was signed and with which key, for comparison with the bodies of entries. */
export interface SignedContent {
  readonly verifier: EntryVerifier;
  readonly suite: AlgorithmSuite;
}

/** Plans the checks of every log entry. */
export function planEntries(
  context: PlanContext,
  ledger: Ledger,
  { signed, times }: { readonly signed: SignedContent; readonly times: readonly TimeClaim[] },
): readonly EntryClaim[] {
  const { bundle, request } = context;
  const claims = bundle.entries.flatMap((entry, i) =>
    planEntry(context, ledger, { entry, subject: `tlogEntries[${i}]`, signed, times }),
  );
  if (request.logThreshold === 'none') {
    ledger.skip('log.threshold', '', 'the caller requires no log');
    return claims;
  }
  // client-spec 4.6, RUL-16: logs count, not entries
  const count = countDistinct(claims.map(({ log }) => logNames(log, request.distinctOperators)));
  ledger.require('log.threshold', '', count >= demanded(request.logThreshold), () => ({
    expected: `${request.logThreshold} transparency logs`,
    actual: `${count}`,
  }));
  return claims;
}

interface EntryStep {
  readonly entry: LogEntry;
  readonly subject: string;
  readonly signed: SignedContent;
  readonly times: readonly TimeClaim[];
}

function planEntry(context: PlanContext, ledger: Ledger, step: EntryStep): readonly EntryClaim[] {
  const { entry, subject, times } = step;
  const { logs } = context.trust;
  if (!isKnownLog(logs, entry.logId)) {
    // RUL-2: an unknown log is set aside, whatever its entry says
    ledger.skip('entry.log', subject, 'the trusted root knows no log with this key id');
    return [];
  }
  const checkpoint = readCheckpoint(ledger, step);
  // A promise dates its entry; otherwise every proven time has to do.
  const moments = entry.promise === undefined ? times.map(({ at }) => at) : [integratedAt(entry)];
  const log = selectLog(
    logs,
    entry.logId,
    ({ origin, validFor }) =>
      (checkpoint === undefined || originHost(checkpoint.origin, entry) === origin) &&
      moments.every((at) => isWithin(validFor, at)),
  );
  if (log === undefined) return [];
  // RUL-24: a listed log that is unusable fails whatever needs it
  ledger.require('entry.log', subject, log.key !== undefined, () => ({ reason: log.unusable ?? '' }));
  planBody(context, ledger, step);
  const byProof = checkpoint === undefined ? [] : planInclusion(context, ledger, { ...step, log, checkpoint });
  if (checkpoint === undefined) planWithoutProof(context, ledger, step);
  // RUL-12: the key was in use then
  for (const at of moments) {
    ledger.require('entry.window', subject, isWithin(log.validFor, at), () => describeWindow(log.validFor, at));
  }
  const byPromise = entry.promise === undefined ? [] : [checkName('promise.signature', subject)];
  return [
    { index: provenIndex(entry), log, provenBy: [checkName('entry.signature', subject), ...byPromise, ...byProof] },
  ];
}

/** Over all shards of Rekor v1 no proof names an index: where no promise does, it is that of the proof, in its shard. */
function provenIndex({ logIndex, promise, proof }: LogEntry): bigint {
  return promise === undefined ? (proof?.logIndex ?? logIndex) : logIndex;
}

/** RUL-8: only a promise can stand in for a proof, and only in a bundle 0.1. */
function planWithoutProof({ request }: PlanContext, ledger: Ledger, { entry, subject }: EntryStep): void {
  ledger.require('entry.proof', subject, !request.requireInclusionProof && entry.promise !== undefined, () => ({
    expected: 'an inclusion proof with its checkpoint',
    actual: 'none',
  }));
  ledger.skip('entry.inclusion', subject, 'the bundle carries the promise of the log instead');
}

function readCheckpoint(ledger: Ledger, { entry, subject }: EntryStep): Checkpoint | undefined {
  const envelope = entry.proof?.checkpoint;
  if (envelope === undefined) {
    if (entry.proof !== undefined)
      ledger.skip('checkpoint.decode', subject, 'a proof without a checkpoint counts for nothing');
    return undefined;
  }
  return ledger.decode('checkpoint.decode', subject, () => parseCheckpoint(envelope, subject));
}

/** The body says the same as the bundle (ATTACKS I1, I2). */
function planBody(context: PlanContext, ledger: Ledger, { entry, subject, signed }: EntryStep): void {
  const { content } = context.bundle;
  const body = ledger.decode('entry.body', subject, () => decodeEntryBody(entry));
  const fits =
    content.kind === 'message' ? body.kind === 'hashedrekord' : body.kind !== 'hashedrekord' || isRekorV2Entry(entry);
  ledger.require('entry.kind', subject, fits, () => ({
    expected: `a kind for content of kind ${content.kind}`,
    actual: quoteText(`${entry.kind} ${entry.version}`),
  }));
  const [recorded] = body.signatures;
  const single = body.signatures.length === 1 && recorded !== undefined;
  ledger.require('entry.signature', subject, single && equalBytes(recorded.signature, content.signature), () => ({
    reason: single ? 'another signature' : `${body.signatures.length} signatures`,
  }));
  if (recorded === undefined) return;
  const keyDetails = recorded.keyDetails ?? signed.suite.keyDetails;
  const isRecorded = matchVerifier(recorded.verifier, signed.verifier);
  ledger.require('entry.key', subject, isRecorded && keyDetails === signed.suite.keyDetails, () =>
    isRecorded || recorded.verifier.kind !== signed.verifier.kind
      ? {
          expected: `the ${signed.verifier.kind} of the bundle for ${signed.suite.keyDetails}`,
          actual: `${recorded.verifier.kind} for ${quoteText(keyDetails)}`,
        }
      : { reason: ANOTHER_VERIFIER[signed.verifier.kind] },
  );
  const { algorithm, value } = recordedContent(context, body, signed.suite);
  ledger.require(
    'entry.digest',
    subject,
    body.digest.algorithm === algorithm && equalBytes(body.digest.value, value),
    () => ({
      expected: `${algorithm} ${encodeHex(value)}`,
      actual: `${body.digest.algorithm} ${encodeHex(body.digest.value)}`,
    }),
  );
  if (body.kind === 'hashedrekord' && isRekorV2Entry(entry)) {
    // r2: the body is what the bundle leads to, byte for byte
    const rebuilt = encodeHashedRekordV2Body({
      digest: value,
      algorithm,
      signature: content.signature,
      verifier: signed.verifier,
      keyDetails: signed.suite.keyDetails,
    });
    ledger.require('entry.canonical', subject, equalBytes(rebuilt, entry.body), () => ({
      reason: 'the same content in another form',
    }));
  }
}

const ANOTHER_VERIFIER = {
  certificate: 'another certificate was recorded',
  publicKey: 'another key was recorded than the caller gave',
} as const;

function matchVerifier(a: EntryVerifier, b: EntryVerifier): boolean {
  if (a.kind === 'certificate') return b.kind === 'certificate' && equalBytes(a.der, b.der);
  return b.kind === 'publicKey' && equalBytes(a.spki, b.spki);
}

/** The digest that a body of this kind has to hold. */
function recordedContent(
  { bundle, request }: PlanContext,
  body: EntryBody,
  suite: AlgorithmSuite,
): EntryBody['digest'] {
  const { content } = bundle;
  if (content.kind === 'message') return { ...body.digest, ...content.digest };
  if (body.digest.of === 'payload')
    return { of: 'payload', algorithm: 'sha256', value: request.crypto.hash('sha256', content.payload) };
  return {
    of: 'artifact',
    algorithm: suite.hash,
    value: request.crypto.hash(suite.hash, encodePae(content.payloadType, content.payload)),
  };
}

/** The log includes the body: checkpoint, then proof, root and size being those that the log signed (ATTACKS I3, I4). */
function planInclusion(
  context: PlanContext,
  ledger: Ledger,
  step: EntryStep & { readonly log: TransparencyLog; readonly checkpoint: Checkpoint },
): readonly string[] {
  const { entry, subject, checkpoint } = step;
  const { proof } = entry;
  if (proof === undefined) return [];
  // r2: a log without shards has one index
  if (isRekorV2Entry(entry))
    ledger.require('entry.index', subject, proof.logIndex === entry.logIndex, () => ({
      expected: `${entry.logIndex}`,
      actual: `${proof.logIndex}`,
    }));
  planCheckpoint(context, ledger, step);
  ledger.require('entry.treeSize', subject, proof.treeSize === checkpoint.size, () => ({
    expected: `${checkpoint.size}`,
    actual: `${proof.treeSize}`,
  }));
  ledger.require('entry.rootHash', subject, equalBytes(proof.rootHash, checkpoint.rootHash), () => ({
    expected: encodeHex(checkpoint.rootHash),
    actual: encodeHex(proof.rootHash),
  }));
  const sha256 = (...pieces: readonly Uint8Array[]): Uint8Array => context.request.crypto.hash('sha256', ...pieces);
  // RFC 9162 2.1.3.2
  ledger.requireRule('entry.inclusion', subject, () =>
    verifyInclusion(sha256, {
      index: proof.logIndex,
      size: checkpoint.size,
      leafHash: hashLeaf(sha256, entry.body),
      hashes: proof.hashes,
      rootHash: checkpoint.rootHash,
    }),
  );
  return (['entry.inclusion', 'checkpoint.signature'] as const).map((id) => checkName(id, subject));
}

/** The checkpoint is the log's: origin, and every signature that a key of the log claims to have made. */
function planCheckpoint(
  { trust, request }: PlanContext,
  ledger: Ledger,
  { entry, subject, log, checkpoint }: EntryStep & { readonly log: TransparencyLog; readonly checkpoint: Checkpoint },
): void {
  ledger.require('checkpoint.origin', subject, originHost(checkpoint.origin, entry) === log.origin, () => ({
    expected: quoteText(log.origin),
    actual: quoteText(checkpoint.origin),
  }));
  const lines = selectLines(trust.root.logs, log.origin, checkpoint);
  const own = lines.find(({ logId }) => equalBytes(logId, log.logId));
  // C2SP signed-note: unknown signers are ignored, one of the log's own key is needed
  ledger.require('checkpoint.signer', subject, own !== undefined, () => ({
    expected: `a signature of ${quoteText(log.origin)} with the key of the entry`,
  }));
  const bytes = checkpoint.signedText;
  const digest = encodeHex(request.crypto.hash('sha256', bytes));
  // RUL-4: a known key's signature that fails refuses the checkpoint
  for (const line of lines) {
    const { logId, key, suite, signature, position } = line;
    ledger.sign({
      id: 'checkpoint.signature',
      subject: line === own ? subject : `${subject} line ${position}`,
      input: { key, scheme: suite, signature, data: { kind: 'message', bytes } },
      recurring: `${encodeHex(logId)} ${encodeHex(signature)} ${digest}`,
    });
  }
}

/** A signature line, and the log in whose name and with whose key it claims to be. */
interface LogLine extends Required<Pick<TransparencyLog, 'logId' | 'key' | 'suite'>> {
  readonly signature: Uint8Array;
  readonly position: number;
}

/** The lines that keys of the log with this name claim to have signed. */
function selectLines(logs: readonly TransparencyLog[], name: string, { signatures }: Checkpoint): readonly LogLine[] {
  return signatures.flatMap((line, position) =>
    logs.flatMap((log) => {
      const { origin, logId, key, suite } = log;
      if (line.name !== name || origin !== name || key === undefined || suite === undefined) return [];
      return hasHint(log, line) ? [{ logId, key, suite, signature: line.signature, position }] : [];
    }),
  );
}

/** C2SP signed-note: the first four bytes of a key id mark the signatures of the key. */
function hasHint({ checkpointKeyId }: TransparencyLog, { keyHint }: NoteSignature): boolean {
  return checkpointKeyId !== undefined && equalBytes(checkpointKeyId.subarray(0, KEY_HINT_BYTES), keyHint);
}

/** The name of the log in an origin: Rekor v1 writes `HOST - TREEID`, v2 the name alone (RUL-19). */
function originHost(origin: string, entry: LogEntry): string | undefined {
  return isRekorV2Entry(entry) ? origin : REKOR_V1_ORIGIN.exec(origin)?.[1];
}
