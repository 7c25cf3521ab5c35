// SPDX-License-Identifier: Apache-2.0
// What a bundle claims, for people who look at it. Parts that cannot be read are said to be so; nothing is verified.

import { type Bundle, type LogEntry, decodeStatement } from '@keywax/bundle';
import { encodeHex } from '@keywax/core/bytes';
import { isKeywaxError } from '@keywax/core/errors';
import { parseTimestampResponse } from '@keywax/core/timestamp';
import { formatName, parseCertificate } from '@keywax/core/x509';
import { decodeIdentity } from '@keywax/verify';
import { formatInstant } from './text.js';

const LAST_SECOND = 253_402_300_799n; // 9999-12-31T23:59:59Z

/** One thing that a bundle says of itself. */
export interface Claim {
  readonly name: string;
  readonly value: string;
}

/** Lists the claims of a bundle, in the order of its parts. */
export function listClaims(bundle: Bundle): readonly Claim[] {
  return [
    { name: 'media type', value: bundle.mediaType },
    ...listMaterial(bundle),
    ...bundle.timestamps.flatMap((der) =>
      attempt('timestamp', () => [
        { name: 'timestamp', value: formatInstant(parseTimestampResponse(der, 'timestamp').info.genTime) },
      ]),
    ),
    ...bundle.entries.flatMap(listEntry),
    ...listContent(bundle),
  ];
}

function listMaterial({ material }: Bundle): readonly Claim[] {
  if (material.kind === 'publicKey') return [{ name: 'key hint', value: material.hint }];
  return material.certificates.flatMap((der, i) => (i === 0 ? listLeaf(der) : listIssuer(der)));
}

function listLeaf(der: Uint8Array): readonly Claim[] {
  return attempt('certificate', () => {
    const certificate = parseCertificate(der, 'certificate');
    return [
      ...attempt('signer', () => {
        const { subject, issuer, extensions } = decodeIdentity(certificate);
        return [
          { name: 'signer', value: subject },
          { name: 'identity issuer', value: issuer },
          ...Object.entries(extensions).map(([name, value]) => ({ name, value: value ?? '' })),
        ];
      }),
      { name: 'certificate issuer', value: formatName(certificate.issuer) },
      {
        name: 'certificate validity',
        value: `${formatInstant(certificate.notBefore)} to ${formatInstant(certificate.notAfter)}`,
      },
    ];
  });
}

function listIssuer(der: Uint8Array): readonly Claim[] {
  return attempt('further certificate', () => [
    { name: 'further certificate', value: formatName(parseCertificate(der, 'certificate').subject) },
  ]);
}

function listEntry({ kind, version, logIndex, logId, integratedTime, promise, proof }: LogEntry): readonly Claim[] {
  return [
    { name: 'log entry', value: `${logIndex} (${kind} ${version}) of the log with key id ${encodeHex(logId)}` },
    ...(integratedTime === 0n ? [] : [{ name: 'logged at', value: formatSeconds(integratedTime) }]),
    {
      name: 'log evidence',
      value:
        [
          ...(promise === undefined ? [] : ['promise']),
          ...(proof === undefined ? [] : [`proof in a tree of ${proof.treeSize}`]),
        ].join(', ') || 'none',
    },
  ];
}

/** Seconds since 1970, which may be beyond every calendar. */
function formatSeconds(seconds: bigint): string {
  return seconds <= LAST_SECOND ? formatInstant(new Date(Number(seconds) * 1_000)) : `${seconds} seconds after 1970`;
}

function listContent({ content }: Bundle): readonly Claim[] {
  if (content.kind === 'message')
    return [{ name: 'artifact digest', value: `${content.digest.algorithm} ${encodeHex(content.digest.value)}` }];
  return [
    { name: 'payload type', value: content.payloadType },
    ...attempt('statement', () => {
      const { predicateType, subjects } = decodeStatement(content.payload);
      const digests = subjects.flatMap(({ name, digests: of }) =>
        [...of].map(([algorithm, value]) => ({ name: 'subject', value: `${name ?? 'unnamed'} ${algorithm} ${value}` })),
      );
      return [{ name: 'predicate type', value: predicateType }, ...digests];
    }),
  ];
}

function attempt(name: string, list: () => readonly Claim[]): readonly Claim[] {
  try {
    return list();
  } catch (error) {
    if (!isKeywaxError(error)) throw error;
    return [{ name, value: `cannot be read: ${error.code}` }];
  }
}
