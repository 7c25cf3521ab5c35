// SPDX-License-Identifier: Apache-2.0
// Trusted roots from parsed JSON and back. What a trusted root has to hold is the business of `@keywax/trust`.

import { parseRfc3339 } from '@keywax/core/time';
import {
  type Member,
  readBytes,
  readEnum,
  readList,
  readMember,
  readOptional,
  readText,
  writeMembers,
} from '../bundle/proto-json.js';
import { HASH_ALGORITHMS } from '../bundle/hash-algorithms.js';
import { ValidationError } from '../errors.js';
import type { CertificateAuthority, PublicKey, TimeRange, TransparencyLogInstance, TrustedRoot } from './records.js';

/** Names and numbers of `dev.sigstore.common.v1.PublicKeyDetails`. */
const KEY_DETAILS = [
  ['PUBLIC_KEY_DETAILS_UNSPECIFIED', 0],
  ['PKCS1_RSA_PKCS1V5', 1],
  ['PKCS1_RSA_PSS', 2],
  ['PKIX_RSA_PKCS1V5', 3],
  ['PKIX_RSA_PSS', 4],
  ['PKIX_ECDSA_P256_SHA_256', 5],
  ['PKIX_ECDSA_P256_HMAC_SHA_256', 6],
  ['PKIX_ED25519', 7],
  ['PKIX_ED25519_PH', 8],
  ['PKIX_RSA_PKCS1V15_2048_SHA256', 9],
  ['PKIX_RSA_PKCS1V15_3072_SHA256', 10],
  ['PKIX_RSA_PKCS1V15_4096_SHA256', 11],
  ['PKIX_ECDSA_P384_SHA_384', 12],
  ['PKIX_ECDSA_P521_SHA_512', 13],
  ['LMS_SHA256', 14],
  ['LMOTS_SHA256', 15],
  ['PKIX_RSA_PSS_2048_SHA256', 16],
  ['PKIX_RSA_PSS_3072_SHA256', 17],
  ['PKIX_RSA_PSS_4096_SHA256', 18],
  ['PKIX_ECDSA_P384_SHA_256', 19],
  ['PKIX_ECDSA_P521_SHA_256', 20],
  ['ML_DSA_65', 21],
  ['ML_DSA_87', 22],
  ['ML_DSA_44', 23],
] as const;

/** Decodes a trusted root. @throws ValidationError for bytes that are not base64, unknown enum names, instants that are none */
export function trustedRootFromJSON(value: unknown): TrustedRoot {
  const root: Member = { value, path: '' };
  return {
    mediaType: readText(readMember(root, 'mediaType')),
    tlogs: readList(readMember(root, 'tlogs'), decodeLog),
    certificateAuthorities: readList(readMember(root, 'certificateAuthorities'), decodeAuthority),
    ctlogs: readList(readMember(root, 'ctlogs'), decodeLog),
    timestampAuthorities: readList(readMember(root, 'timestampAuthorities'), decodeAuthority),
  };
}

/** Encodes a trusted root. Members that are empty are left out. */
export function trustedRootToJSON(root: TrustedRoot): object {
  return writeMembers({
    mediaType: root.mediaType,
    tlogs: root.tlogs.map(encodeLog),
    certificateAuthorities: root.certificateAuthorities.map(encodeAuthority),
    ctlogs: root.ctlogs.map(encodeLog),
    timestampAuthorities: root.timestampAuthorities.map(encodeAuthority),
  });
}

function decodeLog(member: Member): TransparencyLogInstance {
  const decodeId = (id: Member) => ({ keyId: readBytes(readMember(id, 'keyId')) });
  return {
    baseUrl: readText(readMember(member, 'baseUrl')),
    hashAlgorithm: readEnum(readMember(member, 'hashAlgorithm'), HASH_ALGORITHMS),
    publicKey: readOptional(readMember(member, 'publicKey'), decodeKey),
    logId: readOptional(readMember(member, 'logId'), decodeId),
    checkpointKeyId: readOptional(readMember(member, 'checkpointKeyId'), decodeId),
    operator: readText(readMember(member, 'operator')),
  };
}

function decodeKey(member: Member): PublicKey {
  return {
    rawBytes: readOptional(readMember(member, 'rawBytes'), readBytes),
    keyDetails: readEnum(readMember(member, 'keyDetails'), KEY_DETAILS),
    validFor: readOptional(readMember(member, 'validFor'), decodeRange),
  };
}

function decodeAuthority(member: Member): CertificateAuthority {
  return {
    subject: readOptional(readMember(member, 'subject'), (subject) => ({
      organization: readText(readMember(subject, 'organization')),
      commonName: readText(readMember(subject, 'commonName')),
    })),
    uri: readText(readMember(member, 'uri')),
    certChain: readOptional(readMember(member, 'certChain'), (chain) => ({
      certificates: readList(readMember(chain, 'certificates'), (certificate) => ({
        rawBytes: readBytes(readMember(certificate, 'rawBytes')),
      })),
    })),
    validFor: readOptional(readMember(member, 'validFor'), decodeRange),
    operator: readText(readMember(member, 'operator')),
  };
}

function decodeRange(member: Member): TimeRange {
  return {
    start: readOptional(readMember(member, 'start'), decodeInstant),
    end: readOptional(readMember(member, 'end'), decodeInstant),
  };
}

function decodeInstant(member: Member): Date {
  const text = readText(member);
  try {
    return parseRfc3339(text, member.path);
  } catch (cause) {
    throw Object.assign(new ValidationError('invalid trusted root', [member.path]), { cause });
  }
}

function encodeLog({ publicKey, logId, checkpointKeyId, ...log }: TransparencyLogInstance): object {
  return writeMembers({
    baseUrl: log.baseUrl,
    hashAlgorithm: nameOf(log.hashAlgorithm, HASH_ALGORITHMS),
    publicKey:
      publicKey &&
      writeMembers({
        rawBytes: publicKey.rawBytes,
        keyDetails: nameOf(publicKey.keyDetails, KEY_DETAILS),
        validFor: publicKey.validFor && encodeRange(publicKey.validFor),
      }),
    logId: logId && writeMembers({ keyId: logId.keyId }),
    checkpointKeyId: checkpointKeyId && writeMembers({ keyId: checkpointKeyId.keyId }),
    operator: log.operator,
  });
}

function encodeAuthority({ subject, certChain, validFor, ...authority }: CertificateAuthority): object {
  const certificates = certChain?.certificates.map(({ rawBytes }) => writeMembers({ rawBytes })) ?? [];
  return writeMembers({
    subject: subject && { organization: subject.organization, commonName: subject.commonName },
    uri: authority.uri,
    certChain: certChain && { certificates },
    validFor: validFor && encodeRange(validFor),
    operator: authority.operator,
  });
}

function encodeRange({ start, end }: TimeRange): object {
  return writeMembers({ start: start?.toISOString(), end: end?.toISOString() });
}

/** The name of an enum's number; nothing for 0 and for one that is unknown. */
function nameOf(number: number, names: readonly (readonly [name: string, value: number])[]): string | undefined {
  return number === 0 ? undefined : names.find(([, value]) => value === number)?.[0];
}
