// SPDX-License-Identifier: Apache-2.0
// What trust material says, one row for each entry: who, when, by which key, and whether that is now.

import { encodeHex } from '@keywax/core/bytes';
import { isKeywaxError } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import { type TimeRange, formatRfc3339 } from '@keywax/core/time';
import { formatName } from '@keywax/core/x509';
import {
  type CertificateAuthority,
  type Service,
  type SigningConfig,
  type TransparencyLog,
  type TrustedRoot,
  selectServices,
} from '@keywax/trust';

/** Whether an entry counts for what happens now. */
export type RowState = 'now' | 'past' | 'future' | 'unusable';

/** An entry of a trusted root. */
export interface AuthorityRow {
  readonly kind: 'certificate authority' | 'timestamp authority' | 'log' | 'certificate log';
  readonly name: string;
  readonly state: RowState;
  /** Why it is unusable. */
  readonly reason?: string;
  readonly start: string;
  readonly end?: string;
  readonly operator?: string;
  /** Of a log: its algorithm by the name in the registry. */
  readonly algorithm?: string;
  /** Of a log: its id in hex. */
  readonly keyId?: string;
  /** Of an authority: towards the anchor. */
  readonly certificates?: readonly CertificateRow[];
}

/** A certificate of an authority. */
export interface CertificateRow {
  readonly subject: string;
  readonly start: string;
  readonly end: string;
  /** SHA-256 of its DER in hex. */
  readonly sha256: string;
}

/** A service of a signing config. */
export interface ServiceRow {
  readonly kind: 'certificate authority' | 'identity provider' | 'log' | 'timestamp authority';
  readonly name: string;
  readonly state: RowState;
  readonly start: string;
  readonly end?: string;
  readonly operator?: string;
  readonly majorApiVersion: number;
  /** True for those that one signs with now. */
  readonly isSelected: boolean;
}

/** The services of a signing config, and why none can be used now where that is so. */
export interface ServiceList {
  readonly rows: readonly ServiceRow[];
  readonly problem?: string;
}

/** The entries of a trusted root. */
export function listAuthorities(root: TrustedRoot, now: Date): readonly AuthorityRow[] {
  return [
    ...root.certificateAuthorities.map((authority) => describeAuthority('certificate authority', authority, now)),
    ...root.logs.map((log) => describeLog('log', log, now)),
    ...root.ctLogs.map((log) => describeLog('certificate log', log, now)),
    ...root.timestampAuthorities.map((authority) => describeAuthority('timestamp authority', authority, now)),
  ];
}

/** The services of a signing config, and which of them are used now, or why none can be. */
export function listServices(config: SigningConfig, now: Date): ServiceList {
  const selection = trySelect(config, now);
  const selected = Array.isArray(selection) ? selection : [];
  const describe = (kind: ServiceRow['kind'], services: readonly Service[]): readonly ServiceRow[] =>
    services.map((service) => ({
      kind,
      name: service.url,
      ...describeWindow(service.validFor, now),
      ...(service.operator === '' ? {} : { operator: service.operator }),
      majorApiVersion: service.majorApiVersion,
      isSelected: selected.includes(service),
    }));
  const rows = [
    ...describe('certificate authority', config.certificateAuthorities),
    ...describe('identity provider', config.oidcProviders),
    ...describe('log', config.logs),
    ...describe('timestamp authority', config.timestampAuthorities),
  ];
  return typeof selection === 'string' ? { rows, problem: selection } : { rows };
}

function trySelect(config: SigningConfig, now: Date): readonly Service[] | string {
  try {
    const { certificateAuthority, oidcProvider, logs, timestampAuthorities } = selectServices(config, now);
    return [
      certificateAuthority,
      ...(oidcProvider === undefined ? [] : [oidcProvider]),
      ...logs,
      ...timestampAuthorities,
    ];
  } catch (error) {
    if (!isKeywaxError(error)) throw error;
    return error.message;
  }
}

function describeLog(kind: AuthorityRow['kind'], log: TransparencyLog, now: Date): AuthorityRow {
  return {
    kind,
    name: log.baseUrl === '' ? 'without a name' : log.baseUrl,
    ...describeUse(log, now),
    algorithm: log.keyDetails,
    keyId: encodeHex(log.logId),
  };
}

function describeAuthority(kind: AuthorityRow['kind'], authority: CertificateAuthority, now: Date): AuthorityRow {
  const { subject, uri, chain } = authority;
  return {
    kind,
    name: [uri, subject.commonName, subject.organization, 'without a name'].find((name) => name !== '') ?? '',
    ...describeUse(authority, now),
    certificates: chain.map((certificate) => ({
      subject: formatName(certificate.subject),
      start: formatRfc3339(certificate.notBefore),
      end: formatRfc3339(certificate.notAfter),
      sha256: encodeHex(hash('sha256', certificate.der)),
    })),
  };
}

type Use = Pick<AuthorityRow, 'state' | 'reason' | 'start' | 'end' | 'operator'>;

function describeUse({ unusable, validFor, operator }: TransparencyLog | CertificateAuthority, now: Date): Use {
  const window = describeWindow(validFor, now);
  return {
    ...window,
    ...(unusable === undefined ? {} : { state: 'unusable', reason: unusable }),
    ...(operator === undefined || operator === '' ? {} : { operator }),
  };
}

function describeWindow({ start, end }: TimeRange, now: Date): Pick<AuthorityRow, 'state' | 'start' | 'end'> {
  const state = now < start ? 'future' : end !== undefined && now > end ? 'past' : 'now';
  return { state, start: formatRfc3339(start), ...(end === undefined ? {} : { end: formatRfc3339(end) }) };
}
