// SPDX-License-Identifier: Apache-2.0
// A log entry as bundles carry it (`dev.sigstore.rekor.v1.TransparencyLogEntry` in JSON): what Rekor v2 answers, and
// what a client makes of the answer of Rekor v1.

/** A transparency log entry in protobuf JSON: 64-bit numbers as text, bytes as base64. */
export interface LogEntryJson {
  logIndex: string;
  logId: { keyId: string };
  kindVersion: { kind: string; version: string };
  integratedTime?: string;
  inclusionPromise?: { signedEntryTimestamp: string };
  inclusionProof: InclusionProofJson;
  canonicalizedBody: string;
}

/** An inclusion proof in protobuf JSON. */
export interface InclusionProofJson {
  logIndex: string;
  rootHash: string;
  treeSize: string;
  hashes: string[];
  checkpoint: { envelope: string };
}

/** Kind and version that a canonical body names. */
export function readKindVersion(body: Uint8Array): { kind: string; version: string } {
  const { kind, apiVersion } = JSON.parse(new TextDecoder().decode(body)) as { kind: string; apiVersion: string };
  return { kind, version: apiVersion };
}
