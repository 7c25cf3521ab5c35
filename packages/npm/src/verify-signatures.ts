// SPDX-License-Identifier: Apache-2.0
// A registry's signatures over the text `<name>@<version>:<integrity>`, and whether their keys had expired.

import { encodeUtf8 } from '@keywax/core/bytes';
import { defaultCrypto } from '@keywax/core/crypto';
import { quoteText } from '@keywax/core/errors';
import { formatRfc3339 } from '@keywax/core/time';
import type { PackageEvidence, RegistryKey, RegistrySignature } from './evidence.js';
import { type PackageLedger, refusal } from './package-report.js';
import { selectRegistryKey } from './registry-keys.js';

/** When a version was published, and who says so. */
export interface PublicationTime {
  readonly instant: Date;
  /**
   * The log or timestamp of the publish attestation; or the packument, which the registry can write as it likes; or that
   * of the provenance, where the packument says that the version was published before.
   */
  readonly provenBy: 'attestation' | 'packument' | 'provenance';
}

/** A registry's signature that holds. */
export interface VerifiedRegistrySignature {
  readonly keyId: string;
  readonly source: RegistryKey['source'];
  /** The time by which the key's expiry was judged; absent where neither attestation nor packument has one. */
  readonly time?: PublicationTime;
}

/** What signatures are held against. */
export interface SignatureContext {
  readonly evidence: PackageEvidence;
  readonly keys: readonly RegistryKey[];
  readonly time: PublicationTime | undefined;
  readonly ledger: PackageLedger;
}

const MAX_SIGNATURES = 32; // ATTACKS 4.3: as many as log entries in a bundle
const MAX_SIGNATURE_BYTES = 128; // a DER signature on P-256 has 72 at most

/**
 * Verifies a version's signatures: at least one by a key that is known, and none of those may fail. Those by other keys
 * are recorded and count for nothing.
 * @throws PACKAGE_UNSIGNED, KEY_NOT_FOUND, KEY_OUTSIDE_VALIDITY, TIME_MISSING, SIGNATURE_INVALID
 */
export async function verifySignatures(context: SignatureContext): Promise<VerifiedRegistrySignature> {
  const { evidence, keys, ledger } = context;
  const known = ledger.run('signature.present', {}, () => {
    const { signatures } = evidence;
    if (signatures.length === 0)
      throw refusal('PACKAGE_UNSIGNED', 'signatures', { expected: 'a signature of the registry', actual: 'none' });
    if (signatures.length > MAX_SIGNATURES)
      throw refusal('SERVICE_INVALID', 'signatures', { expected: `at most ${MAX_SIGNATURES}` });
    return signatures.map((signature) => ({ signature, key: selectRegistryKey(keys, signature.keyId, 'signatures') }));
  });
  const verified: VerifiedRegistrySignature[] = [];
  for (const { signature, key } of known) {
    if (key === undefined) ledger.skip('signature.key', 'no such key is known', signature.keyId);
    else verified.push(await verifyByKey(signature, key, context));
  }
  const [first] = verified;
  if (first !== undefined) return first;
  return ledger.run('signature.key', {}, () => {
    throw refusal('KEY_NOT_FOUND', 'signatures', {
      expected: 'one by a key of the registry',
      actual: quoteText(evidence.signatures[0]?.keyId ?? 'none'),
    });
  });
}

async function verifyByKey(
  { keyId, signature }: RegistrySignature,
  key: RegistryKey,
  { evidence: { name, version, integrity }, time, ledger }: SignatureContext,
): Promise<VerifiedRegistrySignature> {
  ledger.run('signature.key', { subject: keyId, reason: KEY_SOURCES[key.source] }, () => undefined);
  checkExpiry(key, time, ledger);
  await ledger.settle('signature.verify', { subject: keyId }, async () => {
    const holds =
      signature.length <= MAX_SIGNATURE_BYTES &&
      (await defaultCrypto.verify({
        key: key.key,
        scheme: { scheme: 'ecdsa', hash: 'sha256' },
        signature,
        data: { kind: 'message', bytes: encodeUtf8(`${name}@${version}:${integrity}`) },
      }));
    if (!holds)
      throw refusal('SIGNATURE_INVALID', 'signatures', {
        expected: `a signature by ${quoteText(keyId)} over name, version and integrity`,
      });
  });
  return Object.freeze({ keyId, source: key.source, ...(time === undefined ? {} : { time }) });
}

const KEY_SOURCES = {
  tuf: 'the key is a target of the TUF repository',
  registry: 'the key is what the registry itself says',
  caller: 'the key was given',
} as const satisfies Record<RegistryKey['source'], string>;

/**
 * A key is good for what was published before it expired. When it began does not matter: registries sign again what was
 * published before.
 */
function checkExpiry({ keyId, expires }: RegistryKey, time: PublicationTime | undefined, ledger: PackageLedger): void {
  if (expires === undefined) return ledger.skip('signature.time', 'the key does not expire', keyId);
  const reason = time === undefined ? {} : { reason: TIME_SOURCES[time.provenBy] };
  ledger.run('signature.time', { subject: keyId, ...reason }, () => {
    const expected = `a time until ${formatRfc3339(expires)}`;
    if (time === undefined) throw refusal('TIME_MISSING', 'publication', { expected, actual: 'none' });
    if (time.instant.getTime() > expires.getTime())
      throw refusal('KEY_OUTSIDE_VALIDITY', 'publication', { expected, actual: formatRfc3339(time.instant) });
  });
}

const TIME_SOURCES = {
  attestation: 'by the publish attestation',
  packument: 'by the packument, which nothing proves',
  provenance: 'by the provenance, as the packument names a time before it',
} as const satisfies Record<PublicationTime['provenBy'], string>;
