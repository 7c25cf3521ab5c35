// SPDX-License-Identifier: Apache-2.0
// What a bundle offers for verification: a certificate or key hint, log entries, timestamps.
// Refused: none or several of certificate, chain and hint; chains from 0.3 on and single certificates before; empty
// chains; empty or huge hints; more certificates, entries and timestamps, and larger ones, than the bounds.

import { encodeBase64 } from '@keywax/core/bytes';
import {
  type Decoder,
  arm,
  arrayOf,
  decodeObject,
  decodeString,
  expectOneArm,
  required,
  transform,
  withDefault,
} from '@keywax/core/decode';
import { KeywaxError } from '@keywax/core/errors';
import { bytesWithin, invalid } from './fields.js';
import { type LogEntry, encodeLogEntry, entryOfVersion } from './log-entry.js';
import type { SerializedVerificationMaterial } from './serialized-bundle.js';
import type { BundleVersion } from './version.js';

/** What names the key that signed. */
export type SigningMaterial =
  | {
      readonly kind: 'certificate';
      /** DER, leaf first, at least one and at most ten; exactly one from version 0.3 on. Not parsed here. */
      readonly certificates: readonly Uint8Array[];
    }
  | {
      readonly kind: 'publicKey';
      /** 1 to 1,024 characters, unauthenticated: for looking a key up, never for trusting one. */
      readonly hint: string;
    };

/** What a bundle offers for verification. */
export interface VerificationMaterial {
  readonly material: SigningMaterial;
  /** At most 32; none in a bundle that relies on timestamps alone. */
  readonly entries: readonly LogEntry[];
  /** RFC 3161 responses in DER, at most 32. Not parsed here. */
  readonly timestamps: readonly Uint8Array[];
}

const MAX_ENTRIES = 32; // ATTACKS 4.3, and those below but the last
const MAX_TIMESTAMPS = 32;
const MAX_TIMESTAMP_BYTES = 65_536;
const MAX_CERTIFICATES = 10;
const MAX_CERTIFICATE_BYTES = 65_536;
const MAX_HINT_CHARS = 1_024; // a digest or a fingerprint in practice

const decodeCertificate: Decoder<Uint8Array> = transform(
  decodeObject<{ rawBytes: Uint8Array }>({ rawBytes: bytesWithin(MAX_CERTIFICATE_BYTES) }),
  ({ rawBytes }) => rawBytes,
);

const decodeChain: Decoder<readonly Uint8Array[]> = transform(
  decodeObject<{ certificates: readonly Uint8Array[] }>({ certificates: arrayOf(decodeCertificate, MAX_CERTIFICATES) }),
  ({ certificates }, at) => {
    if (certificates.length === 0) throw invalid(`${at}.certificates`, 'at least one certificate');
    return certificates;
  },
);

const decodeHint: Decoder<string> = transform(
  decodeObject<{ hint: string }>({ hint: required(decodeString, 'BUNDLE_INVALID') }),
  ({ hint }, at) => {
    if (hint !== '' && hint.length <= MAX_HINT_CHARS) return hint;
    const expected = `a hint of 1 to ${MAX_HINT_CHARS} characters`;
    throw new KeywaxError('KEY_NOT_FOUND', `${at}.hint: expected ${expected}`, {
      details: { at: `${at}.hint`, expected },
    });
  },
);

const decodeTimestamps: Decoder<readonly Uint8Array[]> = transform(
  decodeObject<{ rfc3161Timestamps: readonly Uint8Array[] }>({
    rfc3161Timestamps: arrayOf(
      transform(
        decodeObject<{ signedTimestamp: Uint8Array }>({ signedTimestamp: bytesWithin(MAX_TIMESTAMP_BYTES) }),
        ({ signedTimestamp }) => signedTimestamp,
      ),
      MAX_TIMESTAMPS,
    ),
  }),
  ({ rfc3161Timestamps }) => rfc3161Timestamps,
);

interface MaterialMembers {
  readonly certificate?: Uint8Array;
  readonly x509CertificateChain?: readonly Uint8Array[];
  readonly publicKey?: string;
  readonly tlogEntries: readonly LogEntry[];
  readonly timestampVerificationData: readonly Uint8Array[];
}

/**
 * The decoder of the verification material of a bundle of the given version.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, BUNDLE_INVALID, PROOF_INVALID for a hash that is not 32 bytes, KEY_NOT_FOUND for
 *   an empty or huge key hint
 */
export function materialOfVersion(version: BundleVersion): Decoder<VerificationMaterial> {
  const decodeMembers = decodeObject<MaterialMembers>({
    certificate: arm(decodeCertificate, 'BUNDLE_INVALID'),
    x509CertificateChain: arm(decodeChain, 'BUNDLE_INVALID'),
    publicKey: arm(decodeHint, 'BUNDLE_INVALID'),
    tlogEntries: arrayOf(entryOfVersion(version), MAX_ENTRIES),
    timestampVerificationData: withDefault(decodeTimestamps, Object.freeze([])),
  });
  return transform(decodeMembers, (members, at) => ({
    material: selectMaterial(members, version, at),
    entries: members.tlogEntries,
    timestamps: members.timestampVerificationData,
  }));
}

function selectMaterial(members: MaterialMembers, version: BundleVersion, at: string): SigningMaterial {
  const { certificate, x509CertificateChain, publicKey } = members;
  expectOneArm(members, ['certificate', 'x509CertificateChain', 'publicKey'], { at, code: 'BUNDLE_INVALID' });
  if (publicKey !== undefined) return Object.freeze({ kind: 'publicKey', hint: publicKey });
  if (version === '0.3' && certificate === undefined) throw invalid(at, 'a single certificate in a bundle 0.3');
  if (version !== '0.3' && certificate !== undefined) throw invalid(at, `a certificate chain in a bundle ${version}`);
  const certificates = certificate === undefined ? (x509CertificateChain ?? []) : Object.freeze([certificate]);
  return Object.freeze({ kind: 'certificate', certificates });
}

/**
 * Encodes verification material for a bundle of the given version.
 * @throws BUNDLE_INVALID for other than one certificate in a bundle 0.3
 */
export function encodeVerificationMaterial(
  { material, entries, timestamps }: VerificationMaterial,
  version: BundleVersion,
): SerializedVerificationMaterial {
  const rfc3161Timestamps = timestamps.map((bytes) => ({ signedTimestamp: encodeBase64(bytes) }));
  return {
    ...encodeMaterial(material, version),
    ...(entries.length === 0 ? {} : { tlogEntries: entries.map(encodeLogEntry) }),
    ...(timestamps.length === 0 ? {} : { timestampVerificationData: { rfc3161Timestamps } }),
  };
}

function encodeMaterial(material: SigningMaterial, version: BundleVersion): SerializedVerificationMaterial {
  if (material.kind === 'publicKey') return { publicKey: { hint: material.hint } };
  const certificates = material.certificates.map((der) => ({ rawBytes: encodeBase64(der) }));
  if (version !== '0.3') return { x509CertificateChain: { certificates } };
  const [certificate, second] = certificates;
  if (certificate === undefined || second !== undefined) throw invalid('certificates', 'exactly one in a bundle 0.3');
  return { certificate };
}
