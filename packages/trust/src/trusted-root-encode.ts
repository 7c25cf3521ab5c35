// SPDX-License-Identifier: Apache-2.0
// Trusted roots as JSON. What is decoded from it is the same again.

import { encodeBase64 } from '@keywax/core/bytes';
import { type TimeRange, formatRfc3339 } from '@keywax/core/time';
import type { CertificateAuthority } from './certificate-authority.js';
import type { SerializedAuthority, SerializedLog, SerializedTrustedRoot, SerializedValidity } from './serialized.js';
import type { TransparencyLog } from './transparency-log.js';
import type { TrustedRoot } from './trusted-root.js';

/** Encodes a trusted root with its own media type. @throws CONFIG_INVALID for an invalid `Date` */
export function encodeTrustedRoot(root: TrustedRoot): SerializedTrustedRoot {
  return {
    mediaType: root.mediaType,
    tlogs: root.logs.map(encodeLog),
    certificateAuthorities: root.certificateAuthorities.map(encodeAuthority),
    ctlogs: root.ctLogs.map(encodeLog),
    timestampAuthorities: root.timestampAuthorities.map(encodeAuthority),
  };
}

/** Encodes a log with the ids that it was given, whether they are those of its key or not. */
export function encodeLog(log: TransparencyLog): SerializedLog {
  const { baseUrl, hashAlgorithm, keyDetails, logId, statedCheckpointKeyId, operator } = log;
  return {
    ...(baseUrl === '' ? {} : { baseUrl }),
    hashAlgorithm,
    publicKey: { rawBytes: encodeBase64(log.rawKey), keyDetails, validFor: encodeValidity(log.validFor) },
    logId: { keyId: encodeBase64(logId) },
    ...(statedCheckpointKeyId === undefined ? {} : { checkpointKeyId: { keyId: encodeBase64(statedCheckpointKeyId) } }),
    ...(operator === undefined ? {} : { operator }),
  };
}

/** Encodes an authority. */
export function encodeAuthority(authority: CertificateAuthority): SerializedAuthority {
  const { subject, uri, certificates, validFor, operator } = authority;
  return {
    subject: { organization: subject.organization, commonName: subject.commonName },
    ...(uri === '' ? {} : { uri }),
    certChain: { certificates: certificates.map((der) => ({ rawBytes: encodeBase64(der) })) },
    validFor: encodeValidity(validFor),
    ...(operator === undefined ? {} : { operator }),
  };
}

/** Encodes a span of time. @throws CONFIG_INVALID for an invalid `Date` */
export function encodeValidity({ start, end }: TimeRange): SerializedValidity {
  return { start: formatRfc3339(start), ...(end === undefined ? {} : { end: formatRfc3339(end) }) };
}
