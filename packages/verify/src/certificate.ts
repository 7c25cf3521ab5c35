// SPDX-License-Identifier: Apache-2.0
// Whether the certificate was good at every proven time (client-spec 4.3): profile, paths to trusted authorities,
// validity, and the certificate transparency logs that have it.

import { ALGORITHM_SUITES } from '@keywax/core/algorithms';
import { encodeHex } from '@keywax/core/bytes';
import { type KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { OID } from '@keywax/core/oid';
import { type Sct, encodePrecertificateTbs, encodeSctInput, parseSctList } from '@keywax/core/sct';
import { isWithin } from '@keywax/core/time';
import { type Certificate, formatName, isSelfIssued, parseCertificate } from '@keywax/core/x509';
import { checkLeaf, checkPath, checkPathValidity, findPaths } from '@keywax/core/x509-path';
import { parseCertificateKey, signChain } from './chain.js';
import type { Ledger } from './checks.js';
import { decodeIdentity } from './identity.js';
import type { CertificateClaim, PathCandidate, PlanContext, TimeClaim } from './claims.js';
import { describeWindow, logNames, selectLog } from './known-log.js';
import { countDistinct, demanded } from './threshold.js';

const SCT_SLACK_MS = 5 * 60_000; // F3: clocks of authority and log may differ a little

/** Plans the checks of the bundle's certificates. */
export function planCertificate(
  context: PlanContext,
  ledger: Ledger,
  certificates: readonly Uint8Array[],
): Omit<CertificateClaim, 'candidates'> {
  const chain = certificates.map((der, i) =>
    ledger.decode('certificate.decode', `certificates[${i}]`, () => parseCertificate(der, `certificates[${i}]`)),
  );
  const leaf = chain[0] as Certificate;
  // client-spec 4.3: a root in the bundle is refused; it could never be an anchor
  ledger.require('certificate.chain', '', context.request.allowRootInChain || !chain.some(isSelfIssued), () => ({
    reason: 'it carries a self-issued certificate',
  }));
  // E2: what a leaf has to be
  ledger.requireRule('certificate.profile', '', () => checkLeaf(leaf, { purpose: OID.codeSigning }));
  const identity = ledger.decode('certificate.identity', '', () => decodeIdentity(leaf));
  const key = ledger.decode('certificate.key', '', () => parseCertificateKey(leaf));
  return { leaf, key, identity };
}

/** Plans every path to a trusted authority; `failure` is the error of the first one, where none can hold. */
export function planPaths(
  context: PlanContext,
  ledger: Ledger,
  claim: { readonly leaf: Certificate; readonly times: readonly TimeClaim[] },
): { readonly candidates: readonly PathCandidate[]; readonly failure: KeywaxError | undefined } {
  const { bundle, request, trust } = context;
  const { leaf } = claim;
  const supplied =
    request.allowIntermediatesInBundle && bundle.material.kind === 'certificate'
      ? parseIntermediates(bundle.material.certificates)
      : [];
  const candidates = trust.root.certificateAuthorities.flatMap((authority) => {
    const anchor = authority.chain[authority.chain.length - 1];
    const intermediates = [...authority.chain.slice(0, -1), ...supplied];
    if (authority.unusable !== undefined || anchor === undefined) return [];
    return findPaths(leaf, { intermediates, anchors: [anchor] }).map((path) => ({
      authority,
      path,
      ledger: ledger.branch(),
    }));
  });
  const unusable = trust.root.certificateAuthorities.find((authority) => authority.unusable !== undefined);
  ledger.require('certificate.authority', '', candidates.length > 0, () => ({
    expected: 'an issuer of the trusted root',
    actual: formatName(leaf.issuer),
    // RUL-24: an authority that is unusable fails whatever may need it
    ...(unusable === undefined
      ? {}
      : { code: 'KEY_REJECTED', reason: `an authority of the trusted root is unusable: ${unusable.unusable}` }),
  }));
  const scts = decodeScts(ledger, leaf);
  const failures = candidates.map((candidate) => planPath(context, candidate, { ...claim, scts }));
  return { candidates, failure: failures.includes(undefined) ? undefined : failures[0] };
}

function parseIntermediates(certificates: readonly Uint8Array[]): readonly Certificate[] {
  return certificates
    .slice(1)
    .map((der, i) => parseCertificate(der, `certificates[${i + 1}]`))
    .filter((certificate) => !isSelfIssued(certificate));
}

function decodeScts(ledger: Ledger, leaf: Certificate): readonly Sct[] {
  const extension = leaf.extensions.get(OID.sctList);
  if (extension === undefined) return [];
  return ledger.decode('sct.decode', '', () => parseSctList(extension.value, 'certificate timestamps'));
}

/** Plans one path; answers why it cannot hold, if so. */
function planPath(
  context: PlanContext,
  { authority, path, ledger }: PathCandidate,
  {
    leaf,
    times,
    scts,
  }: { readonly leaf: Certificate; readonly times: readonly TimeClaim[]; readonly scts: readonly Sct[] },
): KeywaxError | undefined {
  const subject = authority.uri || authority.subject.commonName;
  try {
    // RFC 5280 6.1, without signatures and times
    ledger.requireRule('certificate.path', subject, () => checkPath(path, { purpose: OID.codeSigning }));
    for (const { at } of times) {
      // E4: the hybrid model: the trust root's window and every certificate's own, at every proven time
      ledger.require('certificate.window', subject, isWithin(authority.validFor, at), () =>
        describeWindow(authority.validFor, at),
      );
      ledger.requireRule('certificate.validity', subject, () => checkPathValidity(path, at));
    }
    planSctChecks(context, ledger, { leaf, issuer: path[1] ?? leaf, scts });
    signChain(ledger, {
      id: 'certificate.anchor',
      leafId: 'certificate.signature',
      subject,
      path,
      trusted: authority.chain,
    });
    return undefined;
  } catch (error) {
    if (isKeywaxError(error) && error === ledger.failure()) return error;
    throw error;
  }
}

/** ATTACKS stage F: which logs have the certificate, as issued by the issuer of this path. */
function planSctChecks(
  { trust, request }: PlanContext,
  ledger: Ledger,
  { leaf, issuer, scts }: { readonly leaf: Certificate; readonly issuer: Certificate; readonly scts: readonly Sct[] },
): void {
  const counted: (readonly string[])[] = [];
  for (const [i, sct] of scts.entries()) {
    const subject = `sct[${i}]`;
    const log = selectLog(trust.ctLogs, sct.logId, (candidate) => isWithin(candidate.validFor, sct.timestamp));
    if (log === undefined) {
      // RUL-3: an unknown log is set aside
      ledger.skip('sct.signature', subject, `the trusted root knows no certificate log ${encodeHex(sct.logId)}`);
      continue;
    }
    const { key } = log;
    ledger.require('sct.key', subject, key !== undefined, () => ({ reason: log.unusable ?? '' }));
    if (key === undefined) continue;
    // F1: the pair of algorithms is one that this key can have
    ledger.require(
      'sct.algorithm',
      subject,
      ALGORITHM_SUITES.some(({ scheme, key: of }) => scheme === sct.scheme.scheme && of.kind === key.kind),
      () => ({
        expected: `an algorithm of a key of kind ${key.kind}`,
        actual: sct.scheme.scheme,
      }),
    );
    ledger.require('sct.window', subject, isWithin(log.validFor, sct.timestamp), () =>
      describeWindow(log.validFor, sct.timestamp),
    );
    const life = {
      start: new Date(leaf.notBefore.getTime() - SCT_SLACK_MS),
      end: new Date(leaf.notAfter.getTime() + SCT_SLACK_MS),
    };
    ledger.require('sct.time', subject, isWithin(life, sct.timestamp), () => describeWindow(life, sct.timestamp));
    // F2: the signed data names the issuer of this path by the hash of its key
    const issuerKeyHash = request.crypto.hash('sha256', issuer.spki);
    const input = encodeSctInput(sct, issuerKeyHash, encodePrecertificateTbs(leaf));
    ledger.sign({
      id: 'sct.signature',
      subject,
      input: { key, scheme: sct.scheme, signature: sct.signature, data: { kind: 'message', bytes: input } },
    });
    counted.push(logNames(log, request.distinctOperators));
  }
  if (request.sctThreshold === 'none') return;
  ledger.require('sct.present', '', counted.length > 0, () => ({
    expected: 'an SCT of a known certificate log',
    actual: `${scts.length} of unknown logs`,
  }));
  // RUL-16: logs count, not SCTs
  const count = countDistinct(counted);
  ledger.require('sct.threshold', '', count >= demanded(request.sctThreshold), () => ({
    expected: `${request.sctThreshold} certificate logs`,
    actual: `${count}`,
  }));
}
