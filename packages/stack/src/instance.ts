// SPDX-License-Identifier: Apache-2.0
// The authorities and logs of one instance, without any network: the services speak for them, tests use them directly.

import { randomBytes } from 'node:crypto';
import { type CtLog, createCtLog, readCtRecord } from './ct/ct-log.js';
import { type IssueSteps, describeSubject, issueLeaf, requestSctsFrom } from './fulcio/authority.js';
import type { CertifiedIdentity } from './fulcio/identity.js';
import { type KeyKind, type SigningKey, generateSigningKey } from './keys.js';
import { type RecordStore, createMemoryStore, openLog } from './log/log.js';
import { type RekorV1, createRekorV1, decodeRekorV1Record } from './rekor/v1.js';
import { type RekorV2, createRekorV2 } from './rekor/v2.js';
import { type TimestampQuery, type TimestampSteps, createTimestamp } from './tsa/timestamp.js';
import { type TrustedRootJson, describeAuthority, describeLog, encodeTrustedRoot } from './trust-documents.js';
import { type CertificateIssuer, type CertificateProfile, createIssuer } from './x509/certificate.js';
import {
  authorityStart,
  intermediateProfile,
  leafProfile,
  rootProfile,
  timestampLeafProfile,
} from './x509/profiles.js';

/** Names of the services in trust roots and checkpoints. Clients never dial them. */
export const HOSTS = {
  fulcio: 'fulcio.localhost',
  ct: 'ct.localhost',
  rekorV1: 'rekor.localhost',
  rekorV2: 'rekor2.localhost',
  tsa: 'tsa.localhost',
} as const;

const COMMON_NAMES = {
  fulcioRoot: 'keywax-root',
  fulcio: 'keywax-intermediate',
  tsaRoot: 'keywax-tsa-root',
  tsa: 'keywax-tsa',
} as const;

/** The keys and certificates of an instance: all that has to outlive a restart beside the logs. */
export interface InstanceMaterial {
  /** From when on everything is valid. */
  readonly start: Date;
  /** Tree id of the Rekor v1 shard. */
  readonly treeId: bigint;
  /** The global index of the shard's first entry. */
  readonly firstIndex: number;
  readonly fulcio: CertificateIssuer;
  readonly tsa: CertificateIssuer;
  readonly ctKey: SigningKey;
  readonly rekorV1Key: SigningKey;
  readonly rekorV2Key: SigningKey;
}

/** The roots above an instance; their keys are needed only to issue further authorities. */
export interface InstanceRoots {
  readonly fulcio: CertificateIssuer;
  readonly tsa: CertificateIssuer;
}

/** What can be chosen when an instance is made. */
export interface MaterialOptions {
  readonly rekorV2Key?: KeyKind;
  readonly firstIndex?: number;
}

/** Not 0, so that the index over all shards and the index in the tree are never the same by chance. */
const FIRST_INDEX = 1_000;

/** Makes new keys and certificates. The root keys are returned beside them and kept by no service. */
export async function createMaterial(
  now: Date,
  { rekorV2Key = 'ed25519', firstIndex = FIRST_INDEX }: MaterialOptions = {},
): Promise<{ readonly material: InstanceMaterial; readonly roots: InstanceRoots }> {
  const fulcioRoot = await createIssuer((spki) => rootProfile(COMMON_NAMES.fulcioRoot, spki, now));
  const tsaRoot = await createIssuer((spki) => rootProfile(COMMON_NAMES.tsaRoot, spki, now));
  const material: InstanceMaterial = {
    start: authorityStart(now),
    firstIndex,
    treeId: BigInt(`0x${randomBytes(7).toString('hex')}`) + 1n,
    fulcio: await createIssuer((spki) => intermediateProfile(COMMON_NAMES.fulcio, spki, { issuer: fulcioRoot, now }), {
      parent: fulcioRoot,
    }),
    tsa: await createIssuer((spki) => timestampLeafProfile(COMMON_NAMES.tsa, spki, { issuer: tsaRoot, now }), {
      parent: tsaRoot,
    }),
    ctKey: generateSigningKey('P-256'),
    rekorV1Key: generateSigningKey('P-256'),
    rekorV2Key: generateSigningKey(rekorV2Key),
  };
  return { material, roots: { fulcio: fulcioRoot, tsa: tsaRoot } };
}

/** Where the three logs are kept. */
export interface InstanceStores {
  readonly ct: RecordStore;
  readonly rekorV1: RecordStore;
  readonly rekorV2: RecordStore;
}

/** Stores that forget. */
export function createMemoryStores(): InstanceStores {
  return { ct: createMemoryStore(), rekorV1: createMemoryStore(), rekorV2: createMemoryStore() };
}

/** How an instance behaves where there is a choice. */
export interface InstanceOptions {
  readonly now: () => Date;
  /** Whether certificate timestamps carry a leaf index, as a static CT log's do. */
  readonly sctLeafIndex?: boolean;
}

/** One Sigstore instance without a network. */
export interface Instance {
  readonly now: () => Date;
  readonly material: InstanceMaterial;
  readonly ct: CtLog;
  readonly rekorV1: RekorV1;
  readonly rekorV2: RekorV2;
  /** The trusted root, a new copy with each call. */
  trustedRoot(): TrustedRootJson;
  /** Issues a leaf for a key and an identity, with a timestamp of the CT log. */
  issueCertificate(spki: Uint8Array, identity: CertifiedIdentity, steps?: LeafSteps): Promise<Uint8Array>;
  /** Answers a timestamp query with a TimeStampResp. */
  timestamp(query: TimestampQuery, steps?: Partial<TimestampSteps>): Uint8Array;
}

/** The steps of issuing a leaf, from its profile on. */
export interface LeafSteps extends IssueSteps {
  readonly now?: Date;
  readonly issuer?: CertificateIssuer;
  /** Changes what the certificate says before anything is signed. */
  readonly changeProfile?: (profile: CertificateProfile) => CertificateProfile;
}

/** Opens an instance over its keys and its stores. */
export function openInstance(material: InstanceMaterial, stores: InstanceStores, options: InstanceOptions): Instance {
  const { now, sctLeafIndex = false } = options;
  const ct = createCtLog({
    key: material.ctKey,
    log: openLog(stores.ct, (record) => readCtRecord(record).leafInput),
    now,
    leafIndexExtension: sctLeafIndex,
  });
  const rekorV1 = createRekorV1({
    key: material.rekorV1Key,
    log: openLog(stores.rekorV1, (record) => decodeRekorV1Record(record).body),
    hostname: HOSTS.rekorV1,
    treeId: material.treeId,
    firstIndex: material.firstIndex,
    now,
  });
  const rekorV2 = createRekorV2({
    key: material.rekorV2Key,
    log: openLog(stores.rekorV2, (body) => body),
    origin: HOSTS.rekorV2,
  });
  return {
    now,
    material,
    ct,
    rekorV1,
    rekorV2,
    trustedRoot: () => describeTrust(material, { ct, rekorV1, rekorV2 }),
    issueCertificate(
      spki,
      identity,
      { now: issuedAt = now(), issuer = material.fulcio, changeProfile, ...steps } = {},
    ) {
      const profile = leafProfile(spki, describeSubject(identity), { issuer, now: issuedAt });
      return issueLeaf(changeProfile?.(profile) ?? profile, issuer, { requestScts: requestSctsFrom(ct), ...steps });
    },
    timestamp(query, steps = {}) {
      const [certificate] = material.tsa.chain;
      if (certificate === undefined) throw new RangeError('a timestamp authority without a certificate');
      return createTimestamp(query, { key: material.tsa.key, certificate }, { genTime: now(), ...steps });
    },
  };
}

function describeTrust(
  material: InstanceMaterial,
  logs: Pick<Instance, 'ct' | 'rekorV1' | 'rekorV2'>,
): TrustedRootJson {
  const { start, fulcio, tsa } = material;
  return encodeTrustedRoot({
    tlogs: [describeLog(HOSTS.rekorV1, logs.rekorV1, start), describeLog(HOSTS.rekorV2, logs.rekorV2, start)],
    certificateAuthorities: [
      describeAuthority(HOSTS.fulcio, { commonName: COMMON_NAMES.fulcioRoot, chain: fulcio.chain }, start),
    ],
    ctlogs: [describeLog(HOSTS.ct, logs.ct, start)],
    timestampAuthorities: [describeAuthority(HOSTS.tsa, { commonName: COMMON_NAMES.tsaRoot, chain: tsa.chain }, start)],
  });
}
