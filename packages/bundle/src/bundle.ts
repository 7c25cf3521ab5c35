// SPDX-License-Identifier: Apache-2.0
// Sigstore bundles 0.1 to 0.3 (ProtoJSON of `dev.sigstore.bundle.v1.Bundle`).
// Refused: what core's JSON reader refuses; unknown members, snake_case among them; enum numbers; `null` as the arm of a
// one-of, and none or several arms; and what is listed in `content.ts`, `material.ts` and `log-entry.ts`.

import { type Decoder, arm, decodeJsonObject, decodeObject, expectOneArm, required } from '@keywax/core/decode';
import { type JsonObject, type JsonValue, readJson } from '@keywax/core/json';
import {
  type BundleContent,
  type EnvelopeContent,
  type MessageContent,
  decodeEnvelope,
  decodeMessage,
  encodeEnvelope,
  encodeMessage,
} from './content.js';
import { type VerificationMaterial, encodeVerificationMaterial, materialOfVersion } from './material.js';
import type { SerializedBundle } from './serialized-bundle.js';
import { type BundleVersion, decodeMediaType } from './version.js';

/** A decoded Sigstore bundle: well-formed, complete for its version, and claimed throughout. */
export interface Bundle extends VerificationMaterial {
  readonly version: BundleVersion;
  /** One of the four known spellings. */
  readonly mediaType: string;
  readonly content: BundleContent;
}

/** The most bytes of a bundle, and of a line of bundles: envelopes may hold large statements. */
export const MAX_BUNDLE_BYTES = 16_777_216; // ATTACKS 4.3

interface BundleMembers {
  readonly mediaType: { readonly mediaType: string; readonly version: BundleVersion };
  readonly verificationMaterial: JsonObject;
  readonly messageSignature?: MessageContent;
  readonly dsseEnvelope?: EnvelopeContent;
}

const decodeMembers: Decoder<BundleMembers> = decodeObject<BundleMembers>({
  mediaType: decodeMediaType,
  verificationMaterial: required(decodeJsonObject, 'BUNDLE_INVALID'), // read further once the version is known
  messageSignature: arm(decodeMessage, 'BUNDLE_INVALID'),
  dsseEnvelope: arm(decodeEnvelope, 'BUNDLE_INVALID'),
});

/**
 * Decodes a bundle from JSON text, its UTF-8 bytes, or an object that came from JSON; at most 16 MiB.
 * Certificates, timestamps and bodies of entries are kept as bytes.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED for versions, hash algorithms and payload types,
 *   BUNDLE_INVALID, PROOF_INVALID for a hash that is not 32 bytes, KEY_NOT_FOUND for an empty or huge key hint,
 *   STATEMENT_INVALID for an empty payload type
 */
export function decodeBundle(input: Uint8Array | string | object): Bundle {
  return readBundle(readJson(input, { maxBytes: MAX_BUNDLE_BYTES }), '$');
}

/** Decodes a bundle at a path of a larger document. @throws as `decodeBundle` */
export function readBundle(value: JsonValue, at: string): Bundle {
  const members = decodeMembers(value, at);
  const content = expectOneArm(members, ['messageSignature', 'dsseEnvelope'], { at, code: 'BUNDLE_INVALID' });
  const { mediaType, version } = members.mediaType;
  const material = materialOfVersion(version)(members.verificationMaterial, `${at}.verificationMaterial`);
  // The one arm that is present.
  return Object.freeze({ version, mediaType, ...material, content: members[content] as BundleContent });
}

/**
 * Encodes a bundle in its own version and media type, without members that are unset.
 * @throws BUNDLE_INVALID for a bundle 0.3 with other than one certificate
 */
export function encodeBundle(bundle: Bundle): SerializedBundle {
  const { mediaType, content } = bundle;
  const verificationMaterial = encodeVerificationMaterial(bundle, bundle.version);
  return content.kind === 'dsse'
    ? { mediaType, verificationMaterial, dsseEnvelope: encodeEnvelope(content) }
    : { mediaType, verificationMaterial, messageSignature: encodeMessage(content) };
}
