// SPDX-License-Identifier: Apache-2.0
// What a registry is asked about one version, with as few bytes as there are: the document of the version, which has digest,
// signatures and repository; its attestations where it declares some; and the packument only for the time of publication,
// or where a registry has no documents of versions.

import { KeywaxError, quoteText } from '@keywax/core/errors';
import {
  MAX_ATTESTATION_BYTES,
  MAX_PACKUMENT_BYTES,
  MAX_VERSION_BYTES,
  type RecordedAttestation,
  type VersionDocument,
  decodeAttestations,
  decodePackument,
  decodePublishedAt,
  decodeVersionDocument,
} from './documents.js';
import type { Downloader } from './download.js';
import type { Gate } from './gate.js';
import type { EvidenceRecord, RecordSubject } from './record.js';

/** How questions are asked. */
export interface Questioner {
  readonly download: Downloader;
  /** Lets few through, as a packument may take 64 MiB. */
  readonly withPackument: Gate;
  readonly now: () => Date;
}

/** What is asked about, and what is known of it. */
export interface Known {
  readonly subject: RecordSubject;
  readonly stored: EvidenceRecord | undefined;
}

/** Evidence, and whether a part of it is what was stored. */
export interface FetchedRecord {
  readonly record: EvidenceRecord;
  readonly isUnchanged: boolean;
}

/** Asks for the document of a version, and for the attestations that it declares. @throws as the client's `fetchEvidence` */
export async function fetchRecord(
  context: Questioner,
  known: Known,
  signal: AbortSignal | undefined,
): Promise<FetchedRecord> {
  const { subject, stored } = known;
  const { registry, name, version } = subject;
  const { document, etag, publishedAt } = await fetchDocument(context, known, signal);
  const { attestations, attestationsEtag } = document.declaresProvenance
    ? await fetchAttestations(context, known, signal)
    : { attestations: [] as const, attestationsEtag: undefined };
  const record: EvidenceRecord = {
    ...document,
    registry,
    name,
    version,
    attestations,
    attestationsEtag,
    etag,
    publishedAt: publishedAt ?? stored?.publishedAt,
    checkedAt: context.now(),
  };
  // Where a part of it is what was stored, it may be what somebody else has stored.
  const isUnchanged = stored !== undefined && (document === stored || attestations === stored.attestations);
  return { record, isUnchanged };
}

interface FetchedDocument {
  readonly document: VersionDocument;
  readonly etag?: string | undefined;
  readonly publishedAt?: Date;
}

/** The document of the version alone; of registries that do not serve those, what the packument says. */
async function fetchDocument(
  context: Questioner,
  { subject, stored }: Known,
  signal: AbortSignal | undefined,
): Promise<FetchedDocument> {
  const { registry, name, version } = subject;
  const answer = await context.download({
    url: `${registry}${encodeName(name)}/${encodeURIComponent(version)}`,
    maxBytes: MAX_VERSION_BYTES,
    etag: stored?.etag,
    absent: [404, 405],
    signal,
  });
  if (answer.kind === 'unchanged' && stored !== undefined) return { document: stored, etag: stored.etag };
  if (answer.kind === 'found') return { document: decodeVersionDocument(answer.body, subject), etag: answer.etag };
  return withPackument(context, subject, { signal, read: (body) => decodePackument(body, subject) });
}

/** When a version was published, as the packument has it. @throws as the client's `fetchEvidence` */
export function fetchPublishedAt(
  context: Questioner,
  subject: RecordSubject,
  signal: AbortSignal | undefined,
): Promise<Date | undefined> {
  return withPackument(context, subject, { signal, read: (body) => decodePublishedAt(body, subject) });
}

/** Reads a packument and lets go of it. @throws PACKAGE_NOT_FOUND */
function withPackument<T>(
  { download, withPackument: gate }: Questioner,
  { registry, name }: RecordSubject,
  { signal, read }: { readonly signal: AbortSignal | undefined; readonly read: (body: Uint8Array) => T },
): Promise<T> {
  return gate(async () => {
    const answer = await download({
      url: `${registry}${encodeName(name)}`,
      maxBytes: MAX_PACKUMENT_BYTES,
      absent: [404],
      signal,
    });
    if (answer.kind === 'found') return read(answer.body);
    throw new KeywaxError('PACKAGE_NOT_FOUND', `the registry does not know ${quoteText(name)}`);
  });
}

/** npm too takes no more than the path of `dist.attestations.url`; here not even that, so no registry names a URL. */
async function fetchAttestations(
  { download }: Questioner,
  { subject: { registry, name, version }, stored }: Known,
  signal: AbortSignal | undefined,
): Promise<{ readonly attestations: readonly RecordedAttestation[]; readonly attestationsEtag?: string | undefined }> {
  const answer = await download({
    url: `${registry}-/npm/v1/attestations/${encodeName(name)}@${encodeURIComponent(version)}`,
    maxBytes: MAX_ATTESTATION_BYTES,
    etag: stored?.attestationsEtag,
    absent: [404],
    signal,
  });
  if (answer.kind === 'unchanged' && stored !== undefined) {
    return { attestations: stored.attestations, attestationsEtag: stored.attestationsEtag };
  }
  if (answer.kind !== 'found') return { attestations: [] };
  return { attestations: decodeAttestations(answer.body), attestationsEtag: answer.etag };
}

function encodeName(name: string): string {
  return name.replace('/', '%2f');
}
