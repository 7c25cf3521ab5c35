// SPDX-License-Identifier: Apache-2.0
// Layers of the older format (cosign's `.sig` and `.att` tags): a payload or envelope, with its evidence in annotations.
// A layer becomes a bundle 0.1 and back, so that one engine verifies both formats.
// Refused: certificates and keys that are not in PEM, evidence in another form than cosign's, log ids that are not hex.

import { type Bundle, type LogEntry, type SerializedBundle, decodeEntryBody, encodeLogEntry } from '@keywax/bundle';
import { encodeBase64, encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import { type Decoder, decodeBase64Field, decodeObject } from '@keywax/core/decode';
import { KeywaxError } from '@keywax/core/errors';
import { HASH_PROTO_NAMES, type HashName, hash } from '@keywax/core/hash';
import { parseJson, toPlainJson } from '@keywax/core/json';
import { encodePem, parsePem, parseSinglePem } from '@keywax/core/pem';
import { isSelfIssued, parseCertificate } from '@keywax/core/x509';
import { malformed } from '../fault.js';
import { decodeRekorBundle } from '../legacy/rekor-bundle.js';
import { type Annotations, makeAnnotations } from '../registry/descriptor.js';

/** Media types of layers in the older format. */
export const LAYER_TYPES = {
  signature: 'application/vnd.dev.cosign.simplesigning.v1+json',
  attestation: 'application/vnd.dsse.envelope.v1+json',
} as const;

const ANNOTATION = {
  signature: 'dev.cosignproject.cosign/signature',
  certificate: 'dev.sigstore.cosign/certificate',
  chain: 'dev.sigstore.cosign/chain',
  bundle: 'dev.sigstore.cosign/bundle',
  timestamp: 'dev.sigstore.cosign/rfc3161timestamp',
  predicateType: 'predicateType',
} as const;

const BUNDLE_V01 = 'application/vnd.dev.sigstore.bundle+json;version=0.1';
const MAX_ANNOTATION_BYTES = 33_554_432; // an entry that holds an envelope in base64, and what surrounds it
const MAX_CHAIN = 10;
/** Unauthenticated, and only there because a bundle has one: the older format names no key. */
const KEY_HINT = 'unnamed';

/** A layer as it was fetched. */
export interface EvidenceLayer {
  readonly kind: 'signature' | 'attestation';
  /** The payload that was signed, or the JSON of an envelope. */
  readonly bytes: Uint8Array;
  readonly annotations: Annotations;
}

const decodeTimestamp: Decoder<{ readonly SignedRFC3161Timestamp: Uint8Array }> = decodeObject<{
  SignedRFC3161Timestamp: Uint8Array;
}>({ SignedRFC3161Timestamp: decodeBase64Field });

/**
 * Makes the bundle of a layer: version 0.1, which has a promise and no proof (RUL-8). Nothing of it is verified, and its form is
 * checked by `decodeBundle`.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED, ENTRY_MISMATCH
 */
export function makeLayerBundle(layer: EvidenceLayer): object {
  const { annotations } = layer;
  const entry = annotations[ANNOTATION.bundle];
  const timestamp = annotations[ANNOTATION.timestamp];
  return {
    mediaType: BUNDLE_V01,
    verificationMaterial: {
      ...readMaterial(annotations),
      tlogEntries: isGiven(entry) ? [encodeLogEntry(readEntry(entry))] : [],
      timestampVerificationData: { rfc3161Timestamps: isGiven(timestamp) ? [readTimestamp(timestamp)] : [] },
    },
    ...readContent(layer),
  } satisfies Omit<SerializedBundle, 'dsseEnvelope'> & { readonly dsseEnvelope?: unknown };
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

/** The intermediates of private authorities come along; a root is never taken from a registry. */
function readMaterial(annotations: Annotations): SerializedBundle['verificationMaterial'] {
  const leaf = annotations[ANNOTATION.certificate];
  if (!isGiven(leaf)) return { publicKey: { hint: KEY_HINT } };
  const chain = annotations[ANNOTATION.chain];
  const blocks = isGiven(chain) ? parsePem(chain, ANNOTATION.chain) : [];
  if (blocks.length > MAX_CHAIN || blocks.some(({ label }) => label !== 'CERTIFICATE'))
    throw malformed(ANNOTATION.chain, `at most ${MAX_CHAIN} certificates`);
  const intermediates = blocks
    .map(({ bytes }) => bytes)
    .filter((der) => !isSelfIssued(parseCertificate(der, ANNOTATION.chain)));
  const certificates = [parseSinglePem(leaf, 'CERTIFICATE', ANNOTATION.certificate), ...intermediates];
  return { x509CertificateChain: { certificates: certificates.map((der) => ({ rawBytes: encodeBase64(der) })) } };
}

function readEntry(text: string): LogEntry {
  const at = ANNOTATION.bundle;
  return decodeRekorBundle(parseJson(text, { maxBytes: MAX_ANNOTATION_BYTES }, at), at);
}

function readTimestamp(text: string): { readonly signedTimestamp: string } {
  const at = ANNOTATION.timestamp;
  const { SignedRFC3161Timestamp } = decodeTimestamp(parseJson(text, { maxBytes: MAX_ANNOTATION_BYTES }, at), at);
  return { signedTimestamp: encodeBase64(SignedRFC3161Timestamp) };
}

function readContent({ kind, bytes, annotations }: EvidenceLayer): object {
  if (kind === 'attestation')
    return { dsseEnvelope: toPlainJson(parseJson(bytes, { maxBytes: MAX_ANNOTATION_BYTES }, 'envelope')) };
  const signature = annotations[ANNOTATION.signature];
  if (!isGiven(signature)) throw malformed(ANNOTATION.signature, 'a signature');
  const algorithm = readHashName(annotations);
  const digest = encodeBase64(hash(algorithm, bytes));
  return { messageSignature: { messageDigest: { algorithm: HASH_PROTO_NAMES[algorithm], digest }, signature } };
}

/** The hash function that the log knows the payload by. The format itself names none; cosign signs with SHA-256. */
function readHashName(annotations: Annotations): HashName {
  const text = annotations[ANNOTATION.bundle];
  if (!isGiven(text)) return 'sha256';
  return decodeEntryBody(readEntry(text)).digest.algorithm;
}

/** What goes into the annotations of a layer beside the bundle. */
export interface LayerExtras {
  /** The authorities' certificates, leaf-ward first, where they are known. */
  readonly chain: readonly Uint8Array[];
  /** Of an attestation. */
  readonly predicateType?: string;
}

/**
 * The annotations that carry the evidence of a bundle in the older format.
 * @throws CONFIG_INVALID where the evidence is of a kind that the format cannot hold: a certificate or an entry without the
 *   promise of a Rekor v1
 */
export function encodeLayerAnnotations(bundle: Bundle, { chain, predicateType }: LayerExtras): Annotations {
  const { material, content, timestamps, entries } = bundle;
  const entry = entries.find(({ promise }) => promise !== undefined);
  if (entry === undefined && (material.kind === 'certificate' || entries.length > 0))
    throw new KeywaxError(
      'CONFIG_INVALID',
      'the older format holds the promise of a Rekor v1, and the instance has none',
      {
        details: { at: 'format', expected: 'an instance with Rekor v1' },
      },
    );
  const [leaf] = material.kind === 'certificate' ? material.certificates : [];
  const [timestamp] = timestamps;
  const pairs: readonly (readonly [string, string | undefined])[] = [
    [ANNOTATION.signature, content.kind === 'message' ? encodeBase64(content.signature) : ''],
    [ANNOTATION.certificate, leaf === undefined ? undefined : encodePem('CERTIFICATE', leaf)],
    [ANNOTATION.chain, leaf === undefined || chain.length === 0 ? undefined : encodeChain(chain)],
    [ANNOTATION.bundle, entry === undefined ? undefined : encodeRekorBundle(entry)],
    [ANNOTATION.timestamp, timestamp === undefined ? undefined : encodeTimestamp(timestamp)],
    [ANNOTATION.predicateType, predicateType],
  ];
  return makeAnnotations(pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined));
}

function encodeChain(chain: readonly Uint8Array[]): string {
  return chain.map((der) => encodePem('CERTIFICATE', der)).join('');
}

function encodeTimestamp(timestamp: Uint8Array): string {
  return JSON.stringify({ SignedRFC3161Timestamp: encodeBase64(timestamp) });
}

/** Members in cosign's order; the numbers are 64 bits wide, and so written as they are. */
function encodeRekorBundle({ promise, body, integratedTime, logIndex, logId }: LogEntry): string {
  const signed = JSON.stringify(encodeBase64(promise ?? new Uint8Array()));
  const text = JSON.stringify(encodeBase64(body));
  const payload = `{"body":${text},"integratedTime":${integratedTime},"logIndex":${logIndex},"logID":"${encodeHex(logId)}"}`;
  return `{"SignedEntryTimestamp":${signed},"Payload":${payload}}`;
}

/** The JSON of an envelope as cosign stores it, and as `decodeBundle` reads it. */
export function encodeEnvelopeLayer(envelope: NonNullable<SerializedBundle['dsseEnvelope']>): Uint8Array {
  const { payloadType, payload, signatures } = envelope;
  const plain = signatures.map(({ keyid = '', sig }) => ({ keyid, sig }));
  return encodeUtf8(JSON.stringify({ payloadType, payload, signatures: plain }));
}
