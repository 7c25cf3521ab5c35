// SPDX-License-Identifier: Apache-2.0
// The attestations that a registry serves with a version: its own that it published it, signed with its key, and the
// publisher's provenance, signed with a certificate. What they are is what their verified statements say.

import { type Statement, decodeBundle } from '@keywax/bundle';
import { encodeHex } from '@keywax/core/bytes';
import { quoteText } from '@keywax/core/errors';
import type { Report, SignerIdentity, VerifiedTime } from '@keywax/verify';
import { type BundleInput, type KeyInput, type Verified, type Verifier, unsafeAnyIdentity } from 'keywax';
import type { PackageEvidence, RegistryKey, ServedAttestation } from './evidence.js';
import { type PackageLedger, refusal } from './package-report.js';
import { PUBLISH_V01, SLSA_V02, SLSA_V1, checkPredicate, checkPublishPredicate, readBuildType } from './predicate.js';
import { type ProvenSource, describeSource } from './proven-source.js';
import { encodePurl } from './purl.js';
import { selectRegistryKey } from './registry-keys.js';

/** That the registry published a version, as its attestation proves. */
export interface VerifiedPublication {
  /** The key of the registry. */
  readonly keyId: string;
  readonly keySource: RegistryKey['source'];
  /** The proven moments of the attestation, at least one. */
  readonly times: readonly VerifiedTime[];
  readonly statement: Statement;
  readonly report: Report;
}

/** Where a version was built, as its provenance proves. */
export interface VerifiedProvenance extends ProvenSource {
  readonly signer: SignerIdentity;
  /** What the publisher says how to read the predicate. */
  readonly buildType: string;
  readonly times: readonly VerifiedTime[];
  readonly statement: Statement;
  readonly report: Report;
}

/** What attestations are held against. */
export interface AttestationContext {
  readonly evidence: PackageEvidence;
  /** SHA-512 of the tarball, as the packument has it; absent where it has none. */
  readonly sha512: Uint8Array | undefined;
  readonly registry: string;
  readonly keys: readonly RegistryKey[];
  readonly verifier: Verifier;
  readonly now: Date | undefined;
  readonly ledger: PackageLedger;
}

/** What was served, by what it claims to be. */
export interface SortedAttestations {
  readonly publish?: ServedAttestation;
  readonly provenance?: ServedAttestation;
}

const MAX_ATTESTATIONS = 32; // ATTACKS 4.3: as many as log entries in a bundle
const PROVENANCE_TYPES: readonly string[] = [SLSA_V1, SLSA_V02];
const KNOWN_TYPES: readonly string[] = [PUBLISH_V01, ...PROVENANCE_TYPES];
const EPOCH = new Date(0);

/**
 * Finds the two attestations that are known; others are recorded and not looked into.
 * @throws PACKAGE_PROVENANCE_MISSING where the packument declares attestations and none is served, STATEMENT_INVALID for
 *   two of a kind, INPUT_TOO_LARGE
 */
export function sortAttestations({
  evidence,
  ledger,
}: Pick<AttestationContext, 'evidence' | 'ledger'>): SortedAttestations {
  const { attestations, declaresProvenance } = evidence;
  if (!declaresProvenance && attestations.length === 0) {
    ledger.skip('attestations.present', 'the packument declares none');
    return {};
  }
  const sorted = ledger.run('attestations.present', {}, () => {
    if (attestations.length > MAX_ATTESTATIONS)
      throw refusal('SERVICE_INVALID', 'attestations', { expected: `at most ${MAX_ATTESTATIONS}` });
    const publish = selectOne(attestations, [PUBLISH_V01], 'the publish attestation');
    const provenance = selectOne(attestations, PROVENANCE_TYPES, 'provenance');
    // Whoever leaves it out of the answer, and could not take it out of the packument, has something to hide.
    if (declaresProvenance && provenance === undefined)
      throw refusal('PACKAGE_PROVENANCE_MISSING', 'attestations', {
        expected: 'the provenance that the packument declares',
        actual: attestations.length === 0 ? 'nothing' : 'other attestations alone',
      });
    return { ...(publish === undefined ? {} : { publish }), ...(provenance === undefined ? {} : { provenance }) };
  });
  for (const { predicateType } of attestations)
    if (!KNOWN_TYPES.includes(predicateType))
      ledger.skip('attestations.present', 'a kind that is not known', predicateType);
  return sorted;
}

function selectOne(
  attestations: readonly ServedAttestation[],
  types: readonly string[],
  what: string,
): ServedAttestation | undefined {
  const [first, second] = attestations.filter(({ predicateType }) => types.includes(predicateType));
  if (second === undefined) return first;
  throw refusal('STATEMENT_INVALID', 'attestations', { expected: `${what} once`, actual: 'several' });
}

/** Verifies the registry's own attestation. @throws KeywaxError */
export async function verifyPublication(
  served: ServedAttestation,
  context: AttestationContext,
): Promise<VerifiedPublication> {
  const { evidence, ledger, registry } = context;
  let found: RegistryKey | undefined;
  const key = (hint: string): KeyInput | undefined => {
    found = selectRegistryKey(context.keys, hint, 'attestations');
    return found === undefined ? undefined : describeKey(found);
  };
  const { verified, statement } = await verifyServed('publish', served, { context, identity: { key } });
  checkSubject('publish', statement, context);
  ledger.run('publish.predicate', {}, () =>
    checkPublishPredicate(statement.predicate, { name: evidence.name, version: evidence.version, registry }),
  );
  const { times, signer } = verified;
  if (found === undefined || signer.kind !== 'key')
    throw refusal('KEY_NOT_FOUND', 'publish', { expected: 'a key of the registry' });
  return Object.freeze({
    keyId: found.keyId,
    keySource: found.source,
    times,
    statement,
    get report() {
      return verified.report; // made when somebody reads it
    },
  });
}

/** A key of a registry as the engine takes it: with an end, or a beginning, it needs a proven time (RUL-23). */
function describeKey({ key, validFrom, expires }: RegistryKey): KeyInput {
  const validFor =
    validFrom === undefined && expires === undefined
      ? {}
      : { validFor: { start: validFrom ?? EPOCH, ...(expires === undefined ? {} : { end: expires }) } };
  return { publicKey: key.spki, ...validFor };
}

/** Verifies provenance; who may have signed it is for expectations to say. @throws KeywaxError */
export async function verifyProvenance(
  served: ServedAttestation,
  context: AttestationContext,
): Promise<VerifiedProvenance> {
  const { ledger } = context;
  const { verified, statement } = await verifyServed('provenance', served, { context, identity: unsafeAnyIdentity });
  checkSubject('provenance', statement, context);
  const { signer, times } = verified;
  return ledger.run('provenance.predicate', {}, () => {
    if (signer.kind !== 'certificate') throw refusal('KEY_NOT_FOUND', 'provenance', { expected: 'a certificate' });
    const { identity } = signer;
    const source = describeSource(identity);
    checkPredicate(statement, { identity, source });
    const buildType = readBuildType(statement.predicateType, statement.predicate);
    return Object.freeze({
      ...source,
      signer: identity,
      buildType,
      times,
      statement,
      get report() {
        return verified.report; // made when somebody reads it
      },
    });
  });
}

type Kind = 'publish' | 'provenance';

interface ServedRequest {
  readonly context: AttestationContext;
  readonly identity: Parameters<Verifier['verify']>[1]['identity'];
}

async function verifyServed(
  kind: Kind,
  { bundle, predicateType }: ServedAttestation,
  { context, identity }: ServedRequest,
): Promise<{ readonly verified: Verified; readonly statement: Statement }> {
  const { ledger, verifier, sha512, now } = context;
  const id = `${kind}.bundle` as const;
  return ledger.settle(id, { subject: predicateType }, async () => {
    if (sha512 === undefined)
      throw refusal('INPUT_UNSUPPORTED', 'integrity', { expected: 'a digest by sha512, as attestations name it' });
    const verified = await verifier.verify(readBundle(kind, bundle), {
      artifact: { sha512 },
      identity,
      predicateType,
      allowRootInChain: true, // RUL-11: evidence of 2023 carries one
      ...(now === undefined ? {} : { now }),
    });
    const { statement } = verified;
    if (statement === undefined) throw refusal('STATEMENT_INVALID', kind, { expected: 'a statement' });
    ledger.keep(id, verified);
    return { verified, statement };
  });
}

/** What the registry signs has its key, what publishers sign a certificate. */
function readBundle(kind: Kind, bundle: unknown): BundleInput {
  if (typeof bundle !== 'string' && (typeof bundle !== 'object' || bundle === null))
    throw refusal('INPUT_MALFORMED', 'bundle', { expected: 'a bundle', actual: typeof bundle });
  const expected = kind === 'publish' ? 'publicKey' : 'certificate';
  const actual = decodeBundle(bundle).material.kind;
  if (actual !== expected) throw refusal('BUNDLE_INVALID', `${kind} bundle`, { expected, actual });
  return bundle;
}

/** The engine has found the digest among the subjects; here there is exactly one, and it names the version. */
function checkSubject(kind: Kind, { subjects }: Statement, { evidence, sha512, ledger }: AttestationContext): void {
  ledger.run(`${kind}.subject`, {}, () => {
    const [subject, second] = subjects;
    if (subject === undefined || second !== undefined)
      throw refusal('STATEMENT_INVALID', kind, { expected: 'exactly one subject', actual: `${subjects.length}` });
    const purl = encodePurl(evidence);
    if (subject.name !== purl)
      throw refusal('ARTIFACT_MISMATCH', `${kind} subject`, {
        expected: quoteText(purl, 300),
        actual: subject.name === undefined ? 'no name' : quoteText(subject.name, 300),
      });
    const digest = sha512 === undefined ? undefined : encodeHex(sha512);
    if (digest === undefined || subject.digests.get('sha512') !== digest)
      throw refusal('ARTIFACT_MISMATCH', `${kind} subject`, { expected: 'the sha512 of the packument' });
  });
}
