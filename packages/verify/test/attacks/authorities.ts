// SPDX-License-Identifier: Apache-2.0
// Authorities made for one case: issuers of certificates, timestamp authorities, and certificate logs, with their entries
// in a trusted root, and leaves that they issue.

import { generateKeyPairSync } from 'node:crypto';
import { hash } from '@keywax/core/hash';
import { OID } from '@keywax/core/oid';
import {
  type CertificateIssuer,
  type CertificateProfile,
  type CtLog,
  type ExtensionValue,
  type Lab,
  type LeafSteps,
  type RequestScts,
  type SigningKey,
  type TimestampQuery,
  type TimestampSteps,
  type TrustedAuthorityJson,
  type TrustedLogJson,
  authorityStart,
  createCtLog,
  createIssuer,
  createMemoryStore,
  createTimestamp,
  describeAuthority,
  describeLog,
  encodeSct,
  generateSigningKey,
  intermediateProfile,
  openLog,
  readPrecertificate,
  timestampLeafProfile,
} from '@keywax/stack/lab';
import type { Bench, Make } from './case.js';
import { NOW, made } from './forge.js';

type Change = (profile: CertificateProfile) => CertificateProfile;

/** The profile with an extension put in, in the place of the one with its identifier. */
export function having(extension: ExtensionValue): Change {
  return (profile) => ({ ...profile, extensions: [...lacking(extension.id)(profile).extensions, extension] });
}

/** The profile without an extension. */
export function lacking(id: string): Change {
  return (profile) => ({ ...profile, extensions: profile.extensions.filter((extension) => extension.id !== id) });
}

/** A message, logged in both versions of Rekor at choice, whose leaf was issued in other steps. */
export function leafWith(
  steps: LeafSteps | ((bench: Bench) => LeafSteps | Promise<LeafSteps>),
  logs: 'v1' | 'v2' = 'v2',
): Make {
  return made(async (bench) => {
    const chosen = typeof steps === 'function' ? await steps(bench) : steps;
    return {
      content: 'message',
      logs,
      steps: { certificate: (spki, identity) => bench.lab.issueCertificate(spki, identity, chosen) },
    };
  });
}

/** A message whose leaf says something else about itself. */
export function leafProfiled(changeProfile: Change): Make {
  return leafWith({ changeProfile });
}

/** An intermediate below the root of an instance, with a quick key, changed before it is signed. */
export async function createIntermediate(
  lab: Lab,
  change: Change = (profile) => profile,
  parent: CertificateIssuer = lab.roots.fulcio,
): Promise<CertificateIssuer> {
  return createIssuer((spki) => change(intermediateProfile('keywax-other', spki, { issuer: parent, now: NOW })), {
    keyKind: 'P-256',
    parent,
  });
}

/** The entry of a certificate authority in a trusted root. */
export function describeCertificateAuthority(
  { chain }: Pick<CertificateIssuer, 'chain'>,
  host = 'fulcio.localhost',
): TrustedAuthorityJson {
  return describeAuthority(host, { commonName: 'authority', chain }, authorityStart(NOW));
}

/** A timestamp authority that a case made for itself. */
export interface StampingAuthority {
  readonly entry: TrustedAuthorityJson;
  readonly certificate: Uint8Array;
  readonly key: SigningKey;
  stamp(signature: Uint8Array, steps?: Partial<TimestampSteps>, query?: Partial<TimestampQuery>): Uint8Array;
}

/** How a timestamp authority is made. */
export interface StampingOptions {
  readonly change?: Change;
  readonly parent?: CertificateIssuer;
  readonly host?: string;
  readonly key?: SigningKey;
}

/** A timestamp authority below the root of an instance. */
export async function createStampingAuthority(
  lab: Lab,
  { change = (profile) => profile, parent = lab.roots.tsa, host = 'tsa2.localhost', key }: StampingOptions = {},
): Promise<StampingAuthority> {
  const issuer = await createIssuer(
    (spki) => change(timestampLeafProfile('keywax-tsa-2', spki, { issuer: parent, now: NOW })),
    { keyKind: 'P-256', parent, ...(key === undefined ? {} : { key }) },
  );
  const [certificate] = issuer.chain as [Uint8Array];
  return {
    entry: describeAuthority(host, { commonName: 'authority', chain: issuer.chain }, authorityStart(NOW)),
    certificate,
    key: issuer.key,
    stamp: (signature, steps, query) =>
      createTimestamp(stampQuery(signature, query), { key: issuer.key, certificate }, { genTime: NOW, ...steps }),
  };
}

/** A timestamp of the authority of an instance. */
export function stamp(
  lab: Lab,
  signature: Uint8Array,
  steps?: Partial<TimestampSteps>,
  query?: Partial<TimestampQuery>,
): Uint8Array {
  return lab.timestamp(stampQuery(signature, query), steps);
}

function stampQuery(signature: Uint8Array, query: Partial<TimestampQuery> = {}): TimestampQuery {
  return { imprint: { algorithm: 'sha256', digest: hash('sha256', signature) }, ...query };
}

/** A message in Rekor v2 with the given timestamps. */
export function stamped(
  timestamps: (bench: Bench, signature: Uint8Array) => readonly Uint8Array[] | Promise<readonly Uint8Array[]>,
  logs: 'v1' | 'v2' | 'none' = 'v2',
): Make {
  return made((bench) => ({
    content: 'message',
    logs,
    steps: { timestamps: (signature) => timestamps(bench, signature) },
  }));
}

/** A certificate log that a case made for itself, with its entry in a trusted root. */
export function createOtherCtLog(key: SigningKey = generateSigningKey('P-256')): {
  readonly ct: CtLog;
  readonly entry: TrustedLogJson;
} {
  const log = openLog(createMemoryStore(), (record) => record);
  const ct = createCtLog({ key, log, now: () => NOW });
  return { ct, entry: describeLog('ct2.localhost', ct, authorityStart(NOW)) };
}

/** What each log signs for one precertificate, with fields changed before or after the signature. */
export interface SctRequest {
  readonly ct: CtLog;
  readonly timestampMs?: bigint;
  readonly extensions?: Uint8Array;
  /** The key whose hash is signed; that of the issuer unless given. */
  readonly issuerSpki?: Uint8Array;
  readonly change?: (sct: Parameters<typeof encodeSct>[0]) => Parameters<typeof encodeSct>[0];
}

/** Requests timestamps of several logs. */
export function sctsOf(...requests: readonly SctRequest[]): RequestScts {
  return async (precertificate, issuer) =>
    requests.map(({ ct, timestampMs, extensions, issuerSpki = issuer.key.spki, change = (sct) => sct }) =>
      encodeSct(
        change(
          ct.sign(readPrecertificate(precertificate, issuerSpki), {
            ...(timestampMs === undefined ? {} : { timestampMs }),
            ...(extensions === undefined ? {} : { extensions }),
          }),
        ),
      ),
    );
}

/** A message whose leaf carries other timestamps of certificate logs. */
export function leafWithScts(requests: (bench: Bench) => readonly SctRequest[]): Make {
  return leafWith((bench) => ({ requestScts: sctsOf(...requests(bench)) }));
}

/** An extension that nobody knows. */
export function unknownExtension(critical: boolean): ExtensionValue {
  return { id: '1.2.3.4.5', critical, value: Uint8Array.of(0x05, 0x00) };
}

/** A purpose whose last arc is that of code signing modulo 2^32. */
export const WRAPPED_PURPOSE: string = OID.codeSigning.replace(/3$/, `${2 ** 32 + 3}`);

/** A key that the key gate refuses: RSA of 1,024 bits. */
export function createWeakKey(): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1_024 });
  return { kind: 'rsa-2048', privateKey, spki: Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' })) };
}
