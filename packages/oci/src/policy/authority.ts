// SPDX-License-Identifier: Apache-2.0
// One authority of a cluster policy: whose signature or attestation admits an image, or a fixed answer.
// Refused by name, because an authority that is not wholly understood must not admit anything: CUE and Rego policies, keys
// in a KMS or a secret, certificates of an authority in place of a trust root, keyless authorities without identities.

import {
  type Decoder,
  arrayOf,
  decodeBoolean,
  decodeJsonObject,
  decodeJsonValue,
  decodeObject,
  decodeString,
  expectOneArm,
  oneOfNames,
  optional,
  required,
  transform,
} from '@keywax/core/decode';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import type { JsonValue } from '@keywax/core/json';
import { parsePublicKeyPem } from '@keywax/core/key';
import { type IdentityPolicy, type IdentityRecord, type Matcher, compilePattern } from '@keywax/verify';
import { configError } from '../fault.js';
import { parsePredicateType } from '../image/predicate.js';
import { parseRepositoryName } from '../registry/reference.js';

/** Answers the same for every image. */
export interface StaticAuthority {
  readonly kind: 'static';
  readonly name: string;
  readonly action: 'pass' | 'fail';
  readonly message?: string;
}

/** Admits what was signed by an allowed key or identity. */
export interface SignatureAuthority {
  readonly kind: 'signature';
  readonly name: string;
  readonly identity: IdentityPolicy;
  /** Under which name the trust root is given; absent for the default one. */
  readonly trustRoot?: string;
  /** False where entries of a log are not demanded (`ctlog: {}`). */
  readonly demandsLog: boolean;
  /** True where a timestamp authority has to prove the time. */
  readonly demandsTimestamp: boolean;
  /** True where certificates need not be in a transparency log. */
  readonly ignoresScts: boolean;
  /** Predicate types that have to be attested, each; where there are none, a signature. */
  readonly predicateTypes: readonly string[];
  /** Repositories that hold the evidence; the image's own where there are none. */
  readonly repositories: readonly string[];
  /** The one form of evidence that counts; both where it is absent. */
  readonly format?: 'legacy' | 'bundle';
}

/** An authority of a policy. */
export type Authority = StaticAuthority | SignatureAuthority;

const MAX_ITEMS = 64; // identities, attestations, sources: far above any policy in use
const PUBLIC_FULCIO = /^https:\/\/fulcio\.sigstore\.dev\/?$/;
const PUBLIC_REKOR = /^https:\/\/rekor\.sigstore\.dev\/?$/;

interface KeyJson {
  readonly data?: string;
  readonly kms?: JsonValue;
  readonly secretRef?: JsonValue;
  readonly hashAlgorithm?: 'sha256';
}

interface IdentityJson {
  readonly issuer?: string;
  readonly issuerRegExp?: string;
  readonly subject?: string;
  readonly subjectRegExp?: string;
}

interface KeylessJson {
  readonly url?: string;
  readonly trustRootRef?: string;
  readonly 'ca-cert'?: JsonValue;
  readonly identities: readonly IdentityRecord[];
  readonly insecureIgnoreSCT?: boolean;
}

interface LogJson {
  readonly url?: string;
  readonly trustRootRef?: string;
}

interface AuthorityJson {
  readonly name?: string;
  readonly key?: IdentityPolicy;
  readonly keyless?: KeylessJson;
  readonly static?: Pick<StaticAuthority, 'action' | 'message'>;
  readonly source: readonly string[];
  readonly ctlog?: LogJson;
  readonly rfc3161timestamp?: { readonly trustRootRef?: string };
  readonly attestations: readonly string[];
  readonly signatureFormat?: 'legacy' | 'bundle';
}

/** A member that is understood by name alone, and refused. */
function refused(what: string): Decoder<undefined> {
  return (value, at) => {
    if (value === undefined || value === null) return undefined;
    throw unsupported(at, what);
  };
}

/** Refuses a policy in CUE or Rego. */
export const refusePolicy: Decoder<undefined> = (value, at) => {
  if (value === undefined || value === null) return undefined;
  const type = value instanceof Map ? value.get('type') : undefined;
  throw unsupported(at, `a policy in ${typeof type === 'string' ? quoteText(type) : 'another language'}`);
};

/** Text that may be absent, but not empty: a name that a template has left out would mean the default (ATTACKS A1). */
const decodeText: Decoder<string | undefined> = transform(optional(decodeString), (text, at) => {
  if (text === '') throw configError(at, 'text that is not empty');
  return text;
});

const decodeKey: Decoder<IdentityPolicy> = transform(
  decodeObject<KeyJson>({
    data: optional(decodeString),
    kms: refused('a key in a KMS'),
    secretRef: refused('a key in a secret of the cluster'),
    hashAlgorithm: optional(oneOfNames(['sha256'])),
  }),
  ({ data }, at) => {
    if (data === undefined) throw configError(at, 'a public key in data');
    const pem = data.trim();
    parsePublicKeyPem(pem, `${at}.data`);
    return { key: pem };
  },
);

const decodeIdentity: Decoder<IdentityRecord> = transform(
  decodeObject<IdentityJson>({
    issuer: decodeText,
    issuerRegExp: decodeText,
    subject: decodeText,
    subjectRegExp: decodeText,
  }),
  ({ issuer, issuerRegExp, subject, subjectRegExp }, at) => ({
    issuer: readMatcher(issuer, issuerRegExp, `${at}.issuer`),
    subject: readMatcher(subject, subjectRegExp, `${at}.subject`),
  }),
);

function readMatcher(exact: string | undefined, pattern: string | undefined, at: string): Matcher {
  if (exact === undefined && pattern !== undefined) {
    compilePattern(pattern, `${at}RegExp`);
    return { pattern };
  }
  if (exact !== undefined && pattern === undefined) return exact;
  throw configError(at, `one of ${at} and ${at}RegExp`);
}

const decodeKeyless: Decoder<KeylessJson> = transform(
  decodeObject<KeylessJson>({
    url: decodeText,
    trustRootRef: decodeText,
    'ca-cert': refused('the certificate of an authority; name a trust root'),
    identities: arrayOf(decodeIdentity, MAX_ITEMS),
    insecureIgnoreSCT: optional(decodeBoolean),
  }),
  (keyless, at) => {
    if (keyless.identities.length === 0) throw configError(`${at}.identities`, 'at least one identity');
    return keyless;
  },
);

const decodeStatic: Decoder<Pick<StaticAuthority, 'action' | 'message'>> = decodeObject<
  Pick<StaticAuthority, 'action' | 'message'>
>({
  action: required(oneOfNames(['pass', 'fail'])),
  message: decodeText,
});

const decodeSource: Decoder<string> = transform(
  decodeObject<{ oci: string; signaturePullSecrets?: JsonValue; tagPrefix?: JsonValue }>({
    oci: required(decodeString),
    signaturePullSecrets: refused('secrets of the cluster'),
    tagPrefix: refused('a prefix of tags'),
  }),
  ({ oci }) => {
    parseRepositoryName(oci);
    return oci;
  },
);

const decodeAttestation: Decoder<string> = transform(
  decodeObject<{ name: string; predicateType: string; policy?: undefined }>({
    name: required(decodeString),
    predicateType: required(decodeString),
    policy: refusePolicy,
  }),
  ({ predicateType }) => parsePredicateType(predicateType),
);

/** `{}` demands no log; members without a value, which a template may leave behind, do not. */
const decodeLog: Decoder<LogJson> = (value, at) => {
  const log = decodeObject<LogJson>({ url: decodeText, trustRootRef: decodeText })(value, at);
  const isNamed = log.url !== undefined || log.trustRootRef !== undefined;
  if (isNamed || decodeJsonObject(value, at).size === 0) return log;
  throw configError(at, 'the name of a log, or nothing at all');
};

const decodeMembers: Decoder<AuthorityJson> = decodeObject<AuthorityJson>({
  name: decodeText,
  key: optional(decodeKey),
  keyless: optional(decodeKeyless),
  static: optional(decodeStatic),
  source: arrayOf(decodeSource, MAX_ITEMS),
  ctlog: optional(decodeLog),
  rfc3161timestamp: optional(decodeObject<{ trustRootRef?: string }>({ trustRootRef: decodeText })),
  attestations: arrayOf(decodeAttestation, MAX_ITEMS),
  signatureFormat: optional(oneOfNames(['legacy', 'bundle'])),
});

/** Reads the authority at position `index`. @throws INPUT_MALFORMED, INPUT_UNSUPPORTED, CONFIG_INVALID, KEY_REJECTED */
export function decodeAuthority(value: JsonValue, at: string, index: number): Authority {
  const json = decodeMembers(decodeJsonValue(value, at), at);
  const name = json.name ?? `authority-${index}`;
  const kind = expectOneArm(json, ['key', 'keyless', 'static'], { at, code: 'CONFIG_INVALID' });
  if (kind === 'static') return readStatic(json, name, at);
  const trustRoot = readTrustRoot(json, at);
  const demandsLog = json.ctlog === undefined || json.ctlog.url !== undefined || json.ctlog.trustRootRef !== undefined;
  const demandsTimestamp = json.rfc3161timestamp !== undefined;
  if (kind === 'keyless' && !demandsLog && !demandsTimestamp)
    throw configError(at, 'a log or a timestamp authority, because a certificate needs a proven time');
  return Object.freeze({
    kind: 'signature',
    name,
    identity: json.key ?? json.keyless?.identities ?? [],
    demandsLog,
    demandsTimestamp,
    ignoresScts: json.keyless?.insecureIgnoreSCT ?? false,
    predicateTypes: json.attestations,
    repositories: json.source,
    ...(trustRoot === undefined ? {} : { trustRoot }),
    ...(json.signatureFormat === undefined ? {} : { format: json.signatureFormat }),
  });
}

function readStatic(json: AuthorityJson, name: string, at: string): StaticAuthority {
  const { static: answer, source, attestations, ctlog, rfc3161timestamp, signatureFormat } = json;
  const isAlone =
    source.length === 0 &&
    attestations.length === 0 &&
    [ctlog, rfc3161timestamp, signatureFormat].every((demand) => demand === undefined);
  if (!isAlone || answer === undefined) throw configError(at, 'nothing beside a static answer');
  return Object.freeze({ kind: 'static', name, ...answer });
}

/** The one trust root that everything in the authority names. */
function readTrustRoot({ keyless, ctlog, rfc3161timestamp }: AuthorityJson, at: string): string | undefined {
  const named = [
    keyless?.trustRootRef ?? withoutDefault(keyless?.url, PUBLIC_FULCIO),
    ctlog?.trustRootRef ?? withoutDefault(ctlog?.url, PUBLIC_REKOR),
    rfc3161timestamp?.trustRootRef,
  ].filter((name) => name !== undefined);
  const [trustRoot, ...others] = new Set(named);
  if (others.length === 0) return trustRoot;
  throw unsupported(at, `several trust roots: ${[trustRoot, ...others].join(', ')}`);
}

function withoutDefault(url: string | undefined, standard: RegExp): string | undefined {
  return url === undefined || standard.test(url) ? undefined : url;
}

function unsupported(at: string, what: string): KeywaxError {
  return new KeywaxError('INPUT_UNSUPPORTED', `${at}: ${what} is not understood`, { details: { at, actual: what } });
}
