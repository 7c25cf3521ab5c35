// SPDX-License-Identifier: Apache-2.0
// The publish attestation: the registry's own statement that it published a version, signed with its key, and an entry
// of the stack's Rekor for it.

import {
  BUNDLE_MEDIA_TYPE,
  STATEMENT_PAYLOAD_TYPE,
  STATEMENT_TYPE_V01,
  type SerializedBundle,
  type SerializedEnvelope,
  type SerializedLogEntry,
  encodeStatement,
} from '@keywax/bundle';
import { decodeBase64, decodeHex, encodeBase64, encodeUtf8 } from '@keywax/core/bytes';
import { encodePae } from '@keywax/core/dsse';
import { KeywaxError } from '@keywax/core/errors';
import { encodePem } from '@keywax/core/pem';
import { signBytes } from '../keys.js';
import { readKindVersion } from '../rekor/entry-json.js';
import type { NpmRegistryKey } from './registry-key.js';

/** The predicate type of publish attestations. */
export const PUBLISH_PREDICATE_TYPE = 'https://github.com/npm/attestation/tree/main/specs/publish/v0.1';

/** What a publish attestation says. */
export interface PublishStatement {
  /** Name of the subject, a package URL. */
  readonly purl: string;
  /** Digest of the subject, in hex. */
  readonly sha512: string;
  readonly name: string;
  readonly version: string;
  /** URL of the registry, without a slash at its end. */
  readonly registry: string;
}

/** Signs a publish statement and logs it. `rekorUrl` is the base URL of a Rekor v1. */
export async function attestPublication(
  { purl, sha512, name, version, registry }: PublishStatement,
  { keyId, key }: NpmRegistryKey,
  rekorUrl: string,
): Promise<SerializedBundle> {
  const payload = encodeStatement({
    type: STATEMENT_TYPE_V01,
    subjects: [{ name: purl, digests: new Map([['sha512', sha512]]) }],
    predicateType: PUBLISH_PREDICATE_TYPE,
    predicate: { name, version, registry },
  });
  const sig = encodeBase64(signBytes(key, encodePae(STATEMENT_PAYLOAD_TYPE, payload)));
  const dsseEnvelope = {
    payload: encodeBase64(payload),
    payloadType: STATEMENT_PAYLOAD_TYPE,
    signatures: [{ sig, keyid: keyId }],
  };
  const entry = await submitEnvelope(dsseEnvelope, encodePem('PUBLIC KEY', key.spki), rekorUrl);
  return {
    mediaType: BUNDLE_MEDIA_TYPE,
    verificationMaterial: { publicKey: { hint: keyId }, tlogEntries: [entry] },
    dsseEnvelope,
  };
}

/** An entry as Rekor v1 answers it (`LogEntry`): hex and numbers. */
interface AnsweredEntry {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
  readonly verification: {
    readonly inclusionProof: {
      readonly checkpoint: string;
      readonly hashes: readonly string[];
      readonly logIndex: number;
      readonly rootHash: string;
      readonly treeSize: number;
    };
    readonly signedEntryTimestamp: string;
  };
}

/** @throws SERVICE_INVALID where the log does not take the envelope */
async function submitEnvelope(
  envelope: SerializedEnvelope,
  verifierPem: string,
  rekorUrl: string,
): Promise<SerializedLogEntry> {
  const proposedContent = { envelope: JSON.stringify(envelope), verifiers: [encodeBase64(encodeUtf8(verifierPem))] };
  const response = await fetch(`${rekorUrl}/api/v1/log/entries`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ apiVersion: '0.0.1', kind: 'dsse', spec: { proposedContent } }),
  });
  const answer = (await response.json()) as Readonly<Record<string, AnsweredEntry>>;
  const [entry] = Object.values(answer);
  if (response.status !== 201 || entry === undefined) {
    throw new KeywaxError('SERVICE_INVALID', `the log of the stack answered with status ${response.status}`);
  }
  return describeEntry(entry);
}

function describeEntry({ body, integratedTime, logID, logIndex, verification }: AnsweredEntry): SerializedLogEntry {
  const { inclusionProof, signedEntryTimestamp } = verification;
  const toBase64 = (hex: string): string => encodeBase64(decodeHex(hex));
  return {
    logIndex: String(logIndex),
    logId: { keyId: toBase64(logID) },
    kindVersion: readKindVersion(decodeBase64(body)),
    integratedTime: String(integratedTime),
    inclusionPromise: { signedEntryTimestamp },
    inclusionProof: {
      logIndex: String(inclusionProof.logIndex),
      rootHash: toBase64(inclusionProof.rootHash),
      treeSize: String(inclusionProof.treeSize),
      hashes: inclusionProof.hashes.map(toBase64),
      checkpoint: { envelope: inclusionProof.checkpoint },
    },
    canonicalizedBody: body,
  };
}
