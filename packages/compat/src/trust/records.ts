// SPDX-License-Identifier: Apache-2.0
// Trusted roots in the shape of generated protobuf code: enums as numbers, bytes as `Buffer`, instants as `Date`. Only
// types: callers read and write these members, so none is `readonly`.

import type { Buffer } from 'node:buffer';
import type { EnumNumber, LogId, X509CertificateChain } from '../bundle/records.js';

/** A span of time, closed at both ends. */
export interface TimeRange {
  start: Date | undefined;
  end?: Date | undefined;
}

/** A public key; `keyDetails` is the number of its algorithm. */
export interface PublicKey {
  rawBytes?: Buffer | undefined;
  keyDetails: EnumNumber;
  validFor?: TimeRange | undefined;
}

/** A transparency log or certificate log. */
export interface TransparencyLogInstance {
  baseUrl: string;
  hashAlgorithm: EnumNumber;
  publicKey: PublicKey | undefined;
  logId: LogId | undefined;
  checkpointKeyId: LogId | undefined;
  operator: string;
}

/** A certificate or timestamp authority. */
export interface CertificateAuthority {
  subject: { organization: string; commonName: string } | undefined;
  uri: string;
  certChain: X509CertificateChain | undefined;
  validFor: TimeRange | undefined;
  operator: string;
}

/** Whom an instance trusts. */
export interface TrustedRoot {
  mediaType: string;
  tlogs: TransparencyLogInstance[];
  certificateAuthorities: CertificateAuthority[];
  ctlogs: TransparencyLogInstance[];
  timestampAuthorities: CertificateAuthority[];
}
