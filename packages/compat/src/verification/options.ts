// SPDX-License-Identifier: Apache-2.0
// The options of `verify` and `createVerifier`. Names that are not known change nothing, as package managers hand on all of
// their own options.

import type { Buffer } from 'node:buffer';
import { isRegExp, isUint8Array } from 'node:util/types';
import { encodeUtf8 } from '@keywax/core/bytes';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import type { Fetch } from '@keywax/http';
import type { ArtifactDigests } from '@keywax/verify';
import { copyOptions } from '../copy-options.js';
import type { CompatListener } from '../events.js';
import type { Retry } from '../sign/fetch-options.js';
import { missingKey, readPublicKey } from './key.js';
import type { SignerPolicy } from './policy.js';
import { refuseOption } from './refuse-option.js';
import type { EvidenceThresholds, FoundKey } from './run.js';
import type { TrustSource } from './trust.js';

/** Finds the key that a bundle names: PEM, or DER as bytes or in base64. */
export type KeySelector = (hint: string) => string | Buffer | undefined;

/** Options of `verify` and `createVerifier`. Those after `timeout` are additions. */
export interface VerifyOptions {
  /** Certificate logs that hold the certificate; 1 unless given. */
  ctLogThreshold?: number | undefined;
  /** Logs that hold the signature; 1 unless given. */
  tlogThreshold?: number | undefined;
  /** The issuer that vouches for the subject, exactly. */
  certificateIssuer?: string | undefined;
  /** A regular expression that is searched for in the subject of the certificate; it goes before `certificateIdentityURI`. */
  certificateIdentityEmail?: string | undefined;
  /** A regular expression that is searched for in the subject of the certificate. */
  certificateIdentityURI?: string | undefined;
  /** Extensions of the certificate by dotted OID, with the text that their bytes are. */
  certificateOIDs?: Record<string, string> | undefined;
  keySelector?: KeySelector | undefined;
  /** The TUF repository of the instance; the public one unless given. */
  tufMirrorURL?: string | undefined;
  /** The file of the root that the repository is trusted by. */
  tufRootPath?: string | undefined;
  /** The folder of caches. */
  tufCachePath?: string | undefined;
  /** Asks the repository only where the cache is incomplete or has expired. */
  tufForceCache?: boolean | undefined;
  retry?: Retry;
  /** Milliseconds that an attempt may take. */
  timeout?: number | undefined;
  /** A Sigstore `TrustedRoot`, parsed, as bytes, or as the path of a file: then no repository is asked. */
  trustedRoot?: object | Uint8Array | string | undefined;
  /** The subject of the certificate, exactly. */
  certificateIdentity?: string | undefined;
  /** A regular expression that the whole subject matches. */
  certificateIdentityRegexp?: string | undefined;
  /** The issuer, exactly; another name of `certificateIssuer`. */
  certificateOidcIssuer?: string | undefined;
  /** A regular expression that the whole issuer matches. */
  certificateOidcIssuerRegexp?: string | undefined;
  /** Digests of the artifact in place of data; of an envelope, a subject has to have one of them. */
  digest?: ArtifactDigests | undefined;
  /** Distinct authorities and logs that vouch for a time; 1 unless given. */
  timestampThreshold?: number | undefined;
  /** Sends requests in place of the host. */
  fetch?: Fetch | undefined;
  /** Ends the wait for trust. */
  signal?: AbortSignal | undefined;
  /** Takes what a verification leaves open. */
  onEvent?: CompatListener | undefined;
}

/** Where trust comes from. */
export function selectTrustSource(options: VerifyOptions): TrustSource {
  const { trustedRoot, retry, timeout, fetch, signal, onEvent } = options;
  return {
    trustedRoot,
    mirrorURL: options.tufMirrorURL,
    rootPath: options.tufRootPath,
    cachePath: options.tufCachePath,
    forceCache: options.tufForceCache,
    retry,
    timeout,
    fetch,
    signal,
    onEvent,
  };
}

/** How much evidence is demanded. @throws CONFIG_INVALID */
export function selectThresholds(options: VerifyOptions): EvidenceThresholds {
  return {
    logs: readCount('tlogThreshold', options.tlogThreshold),
    certificateLogs: readCount('ctLogThreshold', options.ctLogThreshold),
    timestamps: readCount('timestampThreshold', options.timestampThreshold),
  };
}

/** A count that is demanded; `undefined` where none is given. @throws CONFIG_INVALID for anything but a number */
export function readCount(name: string, count: number | undefined): number | undefined {
  if (count === undefined || count === null) return undefined;
  if (typeof count !== 'number') throw refuseOption(name, 'a number');
  return count;
}

/**
 * Who may have signed.
 * @throws SyntaxError for a regular expression that is none, CONFIG_INVALID for contradictions and values of other types,
 *   TypeError for a record that is none
 */
export function selectPolicy(options: VerifyOptions): SignerPolicy {
  return {
    issuer: selectMatcher(
      ['certificateIssuer', options.certificateIssuer],
      ['certificateOidcIssuer', options.certificateOidcIssuer],
      ['certificateOidcIssuerRegexp', options.certificateOidcIssuerRegexp],
    ),
    subject: selectMatcher(
      ['certificateIdentity', options.certificateIdentity],
      ['certificateIdentityRegexp', options.certificateIdentityRegexp],
    ),
    search:
      readSearch('certificateIdentityEmail', options.certificateIdentityEmail) ??
      readSearch('certificateIdentityURI', options.certificateIdentityURI),
    extensions: readExtensions(options.certificateOIDs),
  };
}

type Named = readonly [name: string, value: string | undefined];

/** The one of several options that is given. */
function selectMatcher(...named: readonly Named[]): SignerPolicy['issuer'] {
  const given = named.filter(([name, value]) => readText(name, value) !== undefined);
  const [first, second] = given;
  if (first === undefined || first[1] === undefined) return undefined;
  if (second !== undefined && second[1] !== first[1])
    throw new KeywaxError('CONFIG_INVALID', `options: expected ${first[0]} or ${second[0]}, and not both`);
  return first[0].endsWith('Regexp') ? { pattern: first[1] } : first[1];
}

/** Text that is empty counts as absent. @throws CONFIG_INVALID for anything but text */
function readText(name: string, text: string | undefined): string | undefined {
  if (text === undefined || text === null || text === '') return undefined;
  if (typeof text !== 'string') throw refuseOption(name, 'text');
  return text;
}

/**
 * A regular expression that is searched for, or the source of one.
 * @throws CONFIG_INVALID, SyntaxError
 */
export function readSearch(name: string, search: string | RegExp | undefined): RegExp | undefined {
  if (isRegExp(search)) return new RegExp(search);
  const source = readText(name, search);
  return source === undefined ? undefined : new RegExp(source);
}

function readExtensions(values: VerifyOptions['certificateOIDs']): NonNullable<SignerPolicy['extensions']> {
  if (values === undefined || values === null) return [];
  return Object.entries(copyOptions(values, 'certificateOIDs')).map(([oid, value]) => [oid, readExtension(oid, value)]);
}

function readExtension(oid: string, value: string | Uint8Array): Uint8Array {
  if (typeof value === 'string') return encodeUtf8(value);
  if (isUint8Array(value)) return value;
  throw refuseOption(`certificateOIDs[${quoteText(oid)}]`, 'text');
}

/** How the key that a bundle names is found. */
export function selectKeyFinder({ keySelector }: VerifyOptions): (hint: string) => FoundKey {
  return (hint) => {
    const key = keySelector?.(hint);
    if (key === undefined || key === null || key.length === 0) throw missingKey(hint);
    return { publicKey: readPublicKey(key), validFor: () => true };
  };
}
