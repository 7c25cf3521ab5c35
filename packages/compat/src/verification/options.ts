// SPDX-License-Identifier: Apache-2.0
// The options of `verify` and `createVerifier`. Names that are not known change nothing, as package managers hand on all of
// their own options.

import type { Buffer } from 'node:buffer';
import { KeywaxError } from '@keywax/core/errors';
import type { Fetch } from '@keywax/http';
import type { ArtifactDigests } from '@keywax/verify';
import { VerificationError } from '../errors.js';
import type { CompatListener } from '../events.js';
import type { Retry } from '../sign/fetch-options.js';
import { readPublicKey } from './key.js';
import type { SignerPolicy } from './policy.js';
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

/** How much evidence is demanded. */
export function selectThresholds(options: VerifyOptions): EvidenceThresholds {
  return {
    logs: options.tlogThreshold,
    certificateLogs: options.ctLogThreshold,
    timestamps: options.timestampThreshold,
  };
}

/** Who may have signed. @throws SyntaxError for a regular expression that is none, CONFIG_INVALID for contradictions */
export function selectPolicy(options: VerifyOptions): SignerPolicy {
  const search = selectText(options.certificateIdentityEmail) ?? selectText(options.certificateIdentityURI);
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
    search: search === undefined ? undefined : new RegExp(search),
    extensions: Object.entries(options.certificateOIDs ?? {}).map(([oid, text]) => [oid, encodeText(text)]),
  };
}

type Named = readonly [name: string, value: string | undefined];

/** The one of several options that is given. */
function selectMatcher(...named: readonly Named[]): SignerPolicy['issuer'] {
  const given = named.filter(([, value]) => selectText(value) !== undefined);
  const [first, second] = given;
  if (first === undefined || first[1] === undefined) return undefined;
  if (second !== undefined && second[1] !== first[1])
    throw new KeywaxError('CONFIG_INVALID', `options: expected ${first[0]} or ${second[0]}, and not both`);
  return first[0].endsWith('Regexp') ? { pattern: first[1] } : first[1];
}

/** Text that is empty counts as absent. */
function selectText(text: string | undefined): string | undefined {
  return text === undefined || text === null || text === '' ? undefined : text;
}

function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** How the key that a bundle names is found. */
export function selectKeyFinder({ keySelector }: VerifyOptions): (hint: string) => FoundKey {
  return (hint) => {
    const key = keySelector?.(hint);
    if (key === undefined || key === null || key.length === 0)
      throw new VerificationError({ code: 'PUBLIC_KEY_ERROR', message: `key not found: ${hint}` });
    return { publicKey: readPublicKey(key), validFor: () => true };
  };
}
