// SPDX-License-Identifier: Apache-2.0
// What was signed, and that it is this artifact (client-spec 4.5).

import { type StatementSubject, decodeStatement } from '@keywax/bundle';
import { type AlgorithmSuite, defaultSuite, selectSuite } from '@keywax/core/algorithms';
import { encodeHex, equalBytes } from '@keywax/core/bytes';
import { encodePae } from '@keywax/core/dsse';
import { quoteText } from '@keywax/core/errors';
import type { HashName } from '@keywax/core/hash';
import type { PublicKey } from '@keywax/core/key';
import type { SignedData } from '@keywax/core/crypto';
import type { Ledger } from './checks.js';
import { configError } from './options.js';
import type { ArtifactClaim, PlanContext } from './claims.js';
import { isKnownLog } from './known-log.js';
import { type ReadArtifact, IN_TOTO_PAYLOAD_TYPE } from './request.js';

const SUBJECT_DIGESTS: readonly HashName[] = ['sha512', 'sha384', 'sha256'];

/**
 * The algorithm of the artifact signature: the key's default, as a prehash where a log or a digest stands between.
 * P-384 and P-521 with SHA-256 only where the digest of the bundle names it, and so the body of a required entry (RUL-9).
 */
export function selectArtifactSuite({ bundle, request, trust }: PlanContext, key: PublicKey): AlgorithmSuite {
  const { content, entries } = bundle;
  if (
    content.kind === 'message' &&
    content.digest.algorithm === 'sha256' &&
    key.kind === 'ec' &&
    request.logThreshold !== 'none'
  ) {
    const legacy = selectSuite(`PKIX_ECDSA_${key.curve.replace('-', '')}_SHA_256`);
    if (legacy !== undefined) return legacy;
  }
  // RUL-2: the entry of an unknown log says nothing
  const isDigested = entries.some(({ kind, logId }) => kind === 'hashedrekord' && isKnownLog(trust.logs, logId));
  return defaultSuite(key, { prehash: content.kind === 'message' || isDigested });
}

/** Plans the comparison with the artifact, and the signature over it. */
export function planArtifact(
  context: PlanContext,
  ledger: Ledger,
  signer: { readonly key: PublicKey; readonly suite: AlgorithmSuite },
): ArtifactClaim {
  const { content } = context.bundle;
  const { key, suite } = signer;
  const claim =
    content.kind === 'message' ? planMessage(context, ledger, content) : planEnvelope(context, ledger, content);
  const data =
    content.kind === 'message'
      ? messageData(context.request.artifact, suite)
      : ({ kind: 'message', bytes: encodePae(content.payloadType, content.payload) } as const);
  ledger.sign({
    id: 'artifact.signature',
    subject: '',
    input: { key, scheme: suite, signature: content.signature, data },
  });
  return claim;
}

type Content<K> = Extract<PlanContext['bundle']['content'], { readonly kind: K }>;

/** The digest that the bundle states is a hint, but one that lies is an error (H2). */
function planMessage({ request }: PlanContext, ledger: Ledger, { digest }: Content<'message'>): ArtifactClaim {
  if (request.demandsEnvelope)
    ledger.require('artifact.payloadType', '', false, () => ({
      expected: `an envelope of type ${quoteText(request.payloadType)}`,
      actual: 'a signature over the artifact itself',
    }));
  const actual = request.artifact.digest(digest.algorithm);
  if (actual === undefined)
    throw configError('artifact', `its bytes or its ${digest.algorithm} digest, because that is what was signed`);
  ledger.require('artifact.digest', '', equalBytes(actual, digest.value), () => ({
    expected: `${digest.algorithm} ${encodeHex(digest.value)}`,
    actual: `${digest.algorithm} ${encodeHex(actual)}`,
  }));
  return {};
}

function messageData(artifact: ReadArtifact, suite: AlgorithmSuite): SignedData {
  if (artifact.bytes !== undefined) return { kind: 'message', bytes: artifact.bytes };
  const bytes = artifact.digest(suite.hash);
  if (bytes === undefined)
    throw configError('artifact', `its bytes or its ${suite.hash} digest, because that is what was signed`);
  return { kind: 'digest', bytes };
}

/** The statement is about the artifact; its payload is parsed strictly and without effects before its signature holds. */
function planEnvelope(
  { request }: PlanContext,
  ledger: Ledger,
  { payload, payloadType }: Content<'dsse'>,
): ArtifactClaim {
  ledger.require('artifact.payloadType', '', payloadType === request.payloadType, () => ({
    expected: quoteText(request.payloadType),
    actual: quoteText(payloadType),
  }));
  if (request.payloadType !== IN_TOTO_PAYLOAD_TYPE) {
    ledger.skip('artifact.subject', '', 'a payload that is not a statement names no subject');
    return {};
  }
  const statement = ledger.decode('artifact.statement', '', () => decodeStatement(payload));
  if (request.predicateType !== undefined) {
    const expected = quoteText(request.predicateType);
    ledger.require('artifact.predicateType', '', statement.predicateType === request.predicateType, () => ({
      expected,
      actual: quoteText(statement.predicateType),
    }));
  }
  if (request.artifact.kind === 'none') {
    ledger.skip('artifact.subject', '', 'the caller named no artifact');
    return { statement };
  }
  const subject = statement.subjects.find((candidate) => matchSubject(candidate, request.artifact));
  ledger.require('artifact.subject', '', subject !== undefined, () => ({
    expected: 'a subject with the digest of the artifact',
    actual: `${statement.subjects.length} others`,
  }));
  return { statement, ...(subject === undefined ? {} : { subject }) };
}

/** At least one accepted digest is the artifact's, and none that can be compared is another's. */
function matchSubject({ digests }: StatementSubject, artifact: ReadArtifact): boolean {
  const compared = SUBJECT_DIGESTS.flatMap((name) => {
    const claimed = digests.get(name);
    const actual = claimed === undefined ? undefined : artifact.digest(name);
    return actual === undefined ? [] : [encodeHex(actual) === claimed];
  });
  return compared.length > 0 && !compared.includes(false);
}
