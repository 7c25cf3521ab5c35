// SPDX-License-Identifier: Apache-2.0
// AdmissionReview (admission.k8s.io/v1): what the API server asks, and what it is told.
// Refused: other versions and kinds, requests without a uid. Members that this webhook does not need stay unread, because
// Kubernetes adds some with each version.

import { encodeBase64, encodeUtf8 } from '@keywax/core/bytes';
import {
  type Decoder,
  decodeJsonObject,
  decodeOpenObject,
  decodeString,
  oneOfNames,
  optional,
  required,
  withDefault,
} from '@keywax/core/decode';
import { type JsonObject, type JsonValue, encodeJson, parseJson } from '@keywax/core/json';

/** What someone wants to do to a resource of the cluster. */
export interface AdmissionRequest {
  /** Names the request in the answer. */
  readonly uid: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly resource: GroupVersionResource;
  /** Empty for the resource itself; `ephemeralcontainers`, `status`, `scale` and so on for its parts. */
  readonly subResource: string;
  readonly object?: JsonObject;
  readonly oldObject?: JsonObject;
}

interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** One operation of a JSON patch (RFC 6902). */
export interface PatchOperation {
  readonly op: 'replace';
  /** A JSON pointer (RFC 6901). */
  readonly path: string;
  readonly value: string;
}

/** What the webhook says of a request. */
export type AdmissionAnswer =
  | { readonly allowed: true; readonly warnings?: readonly string[]; readonly patch?: readonly PatchOperation[] }
  | { readonly allowed: false; readonly message: string; readonly warnings?: readonly string[] };

/** Bytes of one review: both objects of a request at the size that a cluster stores, and what surrounds them. */
export const MAX_REVIEW_BYTES: number = 8 << 20;
const MAX_REVIEW_DEPTH = 64; // pods are shallower; custom members of templates may not be
const MAX_MESSAGE_CHARS = 4_096; // for people, in one line of a terminal or a log
const MAX_WARNING_CHARS = 256; // Kubernetes cuts longer ones
const MAX_WARNINGS = 32;
const FORBIDDEN = 403;

const decodeRequest: Decoder<AdmissionRequest> = decodeOpenObject<AdmissionRequest>({
  uid: required(decodeString),
  operation: required(oneOfNames(['CREATE', 'UPDATE', 'DELETE', 'CONNECT'])),
  resource: required(
    decodeOpenObject<GroupVersionResource>({
      group: withDefault(decodeString, ''),
      version: required(decodeString),
      resource: required(decodeString),
    }),
  ),
  subResource: withDefault(decodeString, ''),
  object: optional(decodeJsonObject),
  oldObject: optional(decodeJsonObject),
});

const decodeReview: Decoder<{ readonly request: AdmissionRequest }> = decodeOpenObject<{
  apiVersion: string;
  kind: string;
  request: AdmissionRequest;
}>({
  apiVersion: required(oneOfNames(['admission.k8s.io/v1'])),
  kind: required(oneOfNames(['AdmissionReview'])),
  request: required(decodeRequest),
});

/** Reads a review. @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED */
export function decodeAdmissionReview(bytes: Uint8Array): AdmissionRequest {
  return decodeReview(parseJson(bytes, { maxBytes: MAX_REVIEW_BYTES, maxDepth: MAX_REVIEW_DEPTH }), '$').request;
}

/** The review that answers the request with this uid, as JSON. */
export function encodeAdmissionReview(uid: string, answer: AdmissionAnswer): string {
  const warnings = (answer.warnings ?? []).slice(0, MAX_WARNINGS).map((text) => cut(text, MAX_WARNING_CHARS));
  const response = object({
    uid,
    allowed: answer.allowed,
    ...(answer.allowed ? encodePatch(answer.patch ?? []) : { status: encodeStatus(answer.message) }),
    ...(warnings.length === 0 ? {} : { warnings }),
  });
  return encodeJson(object({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }));
}

function encodeStatus(message: string): JsonValue {
  return object({ code: FORBIDDEN, reason: 'Forbidden', message: cut(message, MAX_MESSAGE_CHARS) });
}

function encodePatch(patch: readonly PatchOperation[]): Readonly<Record<string, JsonValue>> {
  if (patch.length === 0) return {};
  const operations = patch.map(({ op, path, value }) => object({ op, path, value }));
  return { patchType: 'JSONPatch', patch: encodeBase64(encodeUtf8(encodeJson(operations))) };
}

function object(members: Readonly<Record<string, JsonValue>>): JsonObject {
  return new Map(Object.entries(members));
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}
