// SPDX-License-Identifier: Apache-2.0
// Publishing a version: digests, the registry's signature, its attestation, and what of it is served.

import { hash as hashNode } from 'node:crypto';
import type { SerializedBundle } from '@keywax/bundle';
import { decodeBase64, decodeUtf8, encodeBase64, encodeHex } from '@keywax/core/bytes';
import { decodeOpenObject, decodeString } from '@keywax/core/decode';
import { hash } from '@keywax/core/hash';
import { parseJson } from '@keywax/core/json';
import type { ServedAttestation, ServedDist, ServedVersion } from './documents.js';
import { escapeName, tarballName, toPurl } from './package-name.js';
import { PUBLISH_PREDICATE_TYPE, type PublishStatement, attestPublication } from './publish-attestation.js';
import { type NpmRegistryKey, createRegistryKey, signIntegrity } from './registry-key.js';

/** How the registry signs: truly, not at all, with another key under its name, or with a key that nobody publishes. */
export type SignatureChoice = 'valid' | 'none' | 'wrong' | 'unknownKey';

/** A version to publish. */
export interface Publication {
  readonly name: string;
  readonly version: string;
  /** The rest of package.json. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly tarball: Uint8Array;
  readonly provenance?: SerializedBundle;
  /** Whether the registry attests the publication; what it says may differ from the truth. */
  readonly publishAttestation: boolean | Partial<PublishStatement>;
  readonly signatures: SignatureChoice;
  readonly publishedAt: Date;
}

/** The registry as publications need it. */
export interface Publisher {
  /** Base URL, with a slash at its end. */
  readonly url: string;
  readonly key: NpmRegistryKey;
  /** Base URL of the stack's Rekor v1. */
  readonly rekorUrl?: string;
}

/** Signs and attests a version as the registry does, and makes what is served of it. */
export async function createServedVersion(publication: Publication, publisher: Publisher): Promise<ServedVersion> {
  const { name, version, manifest = {}, tarball, signatures, publishedAt } = publication;
  const integrity = `sha512-${encodeBase64(hash('sha512', tarball))}`;
  const attestations = await createAttestations(publication, publisher);
  const dist: ServedDist = {
    integrity,
    shasum: hashNode('sha1', tarball),
    tarball: `${publisher.url}${name}/-/${tarballName(name, version)}`,
    ...describeSignatures(signatures, publisher.key, { id: `${name}@${version}`, integrity }),
    ...describeAttestations(attestations, `${publisher.url}-/npm/v1/attestations/${escapeName(name)}@${version}`),
  };
  return {
    manifest: { ...manifest, name, version, dist },
    tarball,
    attestations,
    publishedAt: publishedAt.toISOString(),
  };
}

function describeSignatures(
  choice: SignatureChoice,
  key: NpmRegistryKey,
  { id, integrity }: { readonly id: string; readonly integrity: string },
): Pick<ServedDist, 'signatures'> {
  if (choice === 'none') return {};
  const signer = choice === 'valid' ? key : createRegistryKey(key.start);
  const { keyId } = choice === 'unknownKey' ? signer : key;
  return { signatures: [{ keyid: keyId, sig: signIntegrity(signer, id, integrity) }] };
}

function describeAttestations(
  attestations: readonly ServedAttestation[],
  url: string,
): Pick<ServedDist, 'attestations'> {
  if (attestations.length === 0) return {};
  const provenance = attestations.find(({ predicateType }) => predicateType !== PUBLISH_PREDICATE_TYPE);
  if (provenance === undefined) return { attestations: { url } };
  return { attestations: { url, provenance: { predicateType: provenance.predicateType } } };
}

/** Publish attestation first, as the registry lists them. */
async function createAttestations(
  { name, version, tarball, provenance, publishAttestation }: Publication,
  { url, key, rekorUrl }: Publisher,
): Promise<ServedAttestation[]> {
  const attestations: ServedAttestation[] = [];
  if (publishAttestation !== false && rekorUrl !== undefined) {
    const statement: PublishStatement = {
      purl: toPurl(name, version),
      sha512: encodeHex(hash('sha512', tarball)),
      name,
      version,
      registry: url.replace(/\/$/, ''),
      ...(publishAttestation === true ? {} : publishAttestation),
    };
    const bundle = await attestPublication(statement, key, rekorUrl);
    attestations.push({ predicateType: PUBLISH_PREDICATE_TYPE, bundle });
  }
  if (provenance !== undefined) {
    attestations.push({ predicateType: readPredicateType(provenance), bundle: structuredClone(provenance) });
  }
  return attestations;
}

const decodePredicateType = decodeOpenObject<{ readonly predicateType: string }>({ predicateType: decodeString });
const MAX_STATEMENT_BYTES = 16_777_216;

/** The predicate type that a bundle's statement has. @throws INPUT_MALFORMED where it is no statement */
function readPredicateType({ dsseEnvelope }: SerializedBundle): string {
  const payload = decodeUtf8(decodeBase64(dsseEnvelope?.payload ?? ''));
  return decodePredicateType(parseJson(payload, { maxBytes: MAX_STATEMENT_BYTES }), 'statement').predicateType;
}
