// SPDX-License-Identifier: Apache-2.0
// Which moments are claimed, and by whom (client-spec 4.2): RFC 3161 timestamps over the signature, and promises of Rekor v1.

import type { LogEntry } from '@keywax/bundle';
import { encodeBase64, encodeHex, encodeUtf8, equalBytes } from '@keywax/core/bytes';
import { OID } from '@keywax/core/oid';
import { formatRfc3339, isWithin } from '@keywax/core/time';
import { type Timestamp, checkTimestampSigner, parseTimestampResponse } from '@keywax/core/timestamp';
import { type Certificate, formatName, parseCertificate } from '@keywax/core/x509';
import { checkPath, checkPathValidity, matchIssuer } from '@keywax/core/x509-path';
import type { CertificateAuthority } from '@keywax/trust';
import { type Ledger, checkName } from './checks.js';
import { selectAuthorityKey, signChain } from './chain.js';
import type { PlanContext, TimeClaim } from './claims.js';
import { describeWindow, integratedAt, logNames, selectLog } from './known-log.js';
import type { PreparedTrust } from './prepare.js';
import { countDistinct, demanded } from './threshold.js';

const FUTURE_SKEW_MS = 5 * 60_000; // RUL-13
const EARLIEST_MS = Date.UTC(2000, 0, 1); // a sanity floor, long before there was a Sigstore

/** Lists every time that the bundle proves. All of them count, none is chosen. */
export function planTimes(context: PlanContext, ledger: Ledger): readonly TimeClaim[] {
  const { bundle, request, needsTime } = context;
  const timestamps = bundle.timestamps.flatMap((der, i) =>
    planTimestamp(context, ledger, { der, subject: `timestamps[${i}]` }),
  );
  const promises = bundle.entries.flatMap((entry, i) =>
    planPromise(context, ledger, { entry, subject: `tlogEntries[${i}]` }),
  );
  if (request.timestampThreshold !== 'none') {
    // client-spec 4.6, RUL-16: authorities count, not tokens
    const count = countDistinct(timestamps.map((time) => time.names));
    ledger.require('time.threshold', '', count >= demanded(request.timestampThreshold), () => ({
      expected: `${request.timestampThreshold} timestamp authorities`,
      actual: `${count}`,
    }));
  }
  const times = [...timestamps, ...promises];
  if (needsTime)
    ledger.require('time.proven', '', times.length > 0, () => ({
      expected: 'a timestamp or a promise of a known authority',
      actual: 'none',
    }));
  else ledger.skip('time.proven', '', 'a key without a validity window needs no time');
  return times;
}

function planTimestamp(
  context: PlanContext,
  ledger: Ledger,
  { der, subject }: { readonly der: Uint8Array; readonly subject: string },
): readonly TimeClaim[] {
  const { bundle, request } = context;
  const { token, selected } = ledger.decode('timestamp.token', subject, () => {
    const parsed = parseTimestampResponse(der, subject);
    return { token: parsed, selected: selectTimestampSigner(context, parsed) };
  });
  const { info, signer } = token;
  if (selected === undefined) {
    // RUL-1: an unknown authority is set aside
    ledger.skip('timestamp.signer', subject, 'the trusted root knows no authority with this signer');
    return [];
  }
  const { authority, chain } = selected;
  const [leaf] = chain;
  // RUL-24: a listed authority that is unusable fails whatever needs it
  ledger.require('timestamp.authority', subject, authority.unusable === undefined, () => ({
    reason: authority.unusable ?? '',
  }));
  if (leaf === undefined) return [];
  // RFC 5652 5.3: the signer id names the signer
  ledger.require('timestamp.signer', subject, matchSignerId(signer.id, leaf), () => ({
    expected: formatName(leaf.subject),
  }));
  // T3: embedded certificates supply nothing
  const listed = [...chain, ...authority.chain];
  ledger.require(
    'timestamp.certificates',
    subject,
    token.certificates.every((embedded) => listed.some((known) => equalBytes(known.der, embedded))),
    () => ({
      expected: 'certificates of the trusted root',
      actual: 'others',
    }),
  );
  // T6: the imprint is that of the signature bytes
  const imprint = request.crypto.hash(info.imprint.hash, bundle.content.signature);
  ledger.require('timestamp.imprint', subject, equalBytes(imprint, info.imprint.digest), () => ({
    expected: encodeHex(imprint),
    actual: encodeHex(info.imprint.digest),
  }));
  // T7: profile, path, validity and window, at the time of the token
  ledger.requireRule('timestamp.profile', subject, () => checkTimestampSigner(leaf));
  ledger.requireRule('timestamp.path', subject, () => checkPath(chain, { purpose: OID.timeStamping }));
  ledger.requireRule('timestamp.validity', subject, () => checkPathValidity(chain, info.genTime));
  ledger.require('timestamp.window', subject, isWithin(authority.validFor, info.genTime), () =>
    describeWindow(authority.validFor, info.genTime),
  );
  ledger.require('timestamp.clock', subject, isPlausible(info.genTime, request.now), () => ({
    actual: formatRfc3339(info.genTime),
  }));
  ledger.sign({
    id: 'timestamp.signature',
    subject,
    input: {
      key: selectAuthorityKey(leaf),
      scheme: signer.scheme,
      signature: signer.signature,
      data: { kind: 'message', bytes: signer.signedAttributes },
    },
  });
  signChain(ledger, { id: 'timestamp.chain', subject, path: chain, trusted: authority.chain });
  return [
    {
      at: info.genTime,
      source: 'timestamp',
      authority: authority.uri || authority.subject.commonName,
      names: authorityNames(authority, leaf),
      provenBy: (
        [
          'timestamp.signature',
          'timestamp.chain',
          'timestamp.imprint',
          'timestamp.validity',
          'timestamp.window',
        ] as const
      ).map((id) => checkName(id, subject)),
    },
  ];
}

/** The trusted certificate whose hash the token names, preferring an authority whose window covers the time. */
function selectTimestampSigner({ trust, request }: PlanContext, token: Timestamp): TimestampSigner | undefined {
  const [named] = token.signer.certificateHashes;
  if (named === undefined) return undefined;
  const isNamed = (der: Uint8Array | undefined): boolean =>
    der !== undefined && equalBytes(request.crypto.hash(named.hash, der), named.value);
  const { timestampAuthorities } = trust.root;
  const candidates = timestampAuthorities.filter(
    (authority) => !lacksLeaf(authority) && isNamed(authority.certificates[0]),
  );
  const authority = candidates.find(({ validFor }) => isWithin(validFor, token.info.genTime)) ?? candidates[0];
  if (authority !== undefined) return { authority, chain: authority.chain };
  return selectEmbeddedSigner(trust, token.certificates.find(isNamed), token.info.genTime);
}

/** An authority and the chain from the signer of a timestamp to its anchor; empty where the authority is unusable. */
interface TimestampSigner {
  readonly authority: CertificateAuthority;
  readonly chain: readonly Certificate[];
}

/** True when the entry of the trust root starts with an authority certificate: it lists no signer of its own (RUL-28). */
function lacksLeaf(authority: CertificateAuthority): boolean {
  return authority.chain[0]?.basicConstraints?.ca === true;
}

/**
 * RUL-28: an entry of the trust root without a leaf accepts an embedded one that its first certificate may have issued,
 * preferring an authority whose window covers the time.
 */
function selectEmbeddedSigner(
  trust: PreparedTrust,
  embedded: Uint8Array | undefined,
  time: Date,
): TimestampSigner | undefined {
  const authorities = trust.root.timestampAuthorities.filter(lacksLeaf);
  if (embedded === undefined || authorities.length === 0) return undefined;
  const leaf = parseCertificate(embedded, 'timestamp certificate');
  const candidates = authorities.filter(({ chain: [issuer] }) => issuer !== undefined && matchIssuer(leaf, issuer));
  const authority = candidates.find(({ validFor }) => isWithin(validFor, time)) ?? candidates[0];
  return authority === undefined ? undefined : { authority, chain: [leaf, ...authority.chain] };
}

function matchSignerId(id: Timestamp['signer']['id'], leaf: Certificate): boolean {
  if (id.kind === 'issuerSerial')
    return equalBytes(id.issuer, leaf.issuer) && equalBytes(id.serialNumber, leaf.serialNumber);
  return leaf.subjectKeyIdentifier !== undefined && equalBytes(id.value, leaf.subjectKeyIdentifier);
}

/** RUL-16: an authority is its operator, its URI, its root and its key; sharing any of them makes two entries one. */
function authorityNames(authority: CertificateAuthority, signer: Certificate): readonly string[] {
  const anchor = authority.certificates[authority.certificates.length - 1];
  return [
    `key ${encodeHex(signer.spki)}`,
    ...(authority.operator === undefined || authority.operator === '' ? [] : [`operator ${authority.operator}`]),
    ...(authority.uri === '' ? [] : [`uri ${authority.uri}`]),
    ...(anchor === undefined ? [] : [`root ${encodeHex(anchor)}`]),
  ];
}

function planPromise(
  context: PlanContext,
  ledger: Ledger,
  { entry, subject }: { readonly entry: LogEntry; readonly subject: string },
): readonly TimeClaim[] {
  const { trust, request } = context;
  if (entry.promise === undefined) return [];
  const at = integratedAt(entry);
  // Logs that share a key share the answer; which of them it was, and its window, is decided with the entry.
  const log = selectLog(trust.logs, entry.logId, (candidate) => isWithin(candidate.validFor, at));
  if (log === undefined) {
    // RUL-2: an unknown log is set aside
    ledger.skip('promise.signature', subject, 'the trusted root knows no log with this key id');
    return [];
  }
  const { key, suite } = log;
  ledger.require('promise.key', subject, key !== undefined && suite !== undefined, () => ({
    reason: log.unusable ?? '',
  }));
  if (key === undefined || suite === undefined) return [];
  // D3: not in the future
  ledger.require('promise.clock', subject, isPlausible(at, request.now), () => ({ actual: `${entry.integratedTime}` }));
  ledger.sign({
    id: 'promise.signature',
    subject,
    input: { key, scheme: suite, signature: entry.promise, data: { kind: 'message', bytes: encodePromise(entry) } },
  });
  return [
    {
      at,
      source: 'log',
      authority: log.baseUrl,
      names: logNames(log, request.distinctOperators),
      provenBy: (['promise.signature', 'entry.window'] as const).map((id) => checkName(id, subject)),
    },
  ];
}

/** What a promise signs: canonical JSON of four members, the index being the global one (Rekor v1). */
export function encodePromise({
  body,
  integratedTime,
  logId,
  logIndex,
}: Pick<LogEntry, 'body' | 'integratedTime' | 'logId' | 'logIndex'>): Uint8Array {
  return encodeUtf8(
    `{"body":"${encodeBase64(body)}","integratedTime":${integratedTime},"logID":"${encodeHex(logId)}","logIndex":${logIndex}}`,
  );
}

function isPlausible(at: Date, now: Date): boolean {
  return at.getTime() >= EARLIEST_MS && at.getTime() <= now.getTime() + FUTURE_SKEW_MS;
}
