// SPDX-License-Identifier: Apache-2.0
// Who a Fulcio certificate names: the subject alternative name, and the extensions under 1.3.6.1.4.1.57264.1.
// https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
// Refused: several subjects, subjects of other kinds, extension text that is not a UTF8String where one is due or holds
// control characters, an issuer that stands twice and differs.

import { decodeUtf8 } from '@keywax/core/bytes';
import { parseDer, readUtf8String } from '@keywax/core/der';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import type { Certificate, GeneralName } from '@keywax/core/x509';

const ARC = '1.3.6.1.4.1.57264.1';
const OTHER_NAME = `${ARC}.7`;

/** Arc and name of every extension. Up to 6 the value is raw UTF-8; from 8 on it is a DER UTF8String. */
const EXTENSIONS = [
  ['githubWorkflowTrigger', 2],
  ['githubWorkflowSha', 3],
  ['githubWorkflowName', 4],
  ['githubWorkflowRepository', 5],
  ['githubWorkflowRef', 6],
  ['buildSignerUri', 9],
  ['buildSignerDigest', 10],
  ['runnerEnvironment', 11],
  ['sourceRepositoryUri', 12],
  ['sourceRepositoryDigest', 13],
  ['sourceRepositoryRef', 14],
  ['sourceRepositoryIdentifier', 15],
  ['sourceRepositoryOwnerUri', 16],
  ['sourceRepositoryOwnerIdentifier', 17],
  ['buildConfigUri', 18],
  ['buildConfigDigest', 19],
  ['buildTrigger', 20],
  ['runInvocationUri', 21],
  ['sourceRepositoryVisibility', 22],
  ['deploymentEnvironment', 23],
  ['tokenSubject', 24],
] as const;

const EXTENSION_IDS: ReadonlyMap<number, string> = new Map(EXTENSIONS.map(([, arc]) => [arc, `${ARC}.${arc}`]));

/** The name of a Fulcio extension. */
export type ExtensionName = (typeof EXTENSIONS)[number][0];

/** Every extension name. */
export const EXTENSION_NAMES: readonly ExtensionName[] = EXTENSIONS.map(([name]) => name);

/** How a certificate names its subject. `username` is Fulcio's otherName. */
export type SubjectKind = 'email' | 'uri' | 'username';

/** Who a certificate names. */
export interface SignerIdentity {
  readonly subject: string;
  readonly subjectKind: SubjectKind;
  /** The OIDC issuer that vouched for the subject. */
  readonly issuer: string;
  /** What else the issuer said, by name. */
  readonly extensions: Readonly<Partial<Record<ExtensionName, string>>>;
}

/** Reads who the certificate names. @throws CERTIFICATE_PROFILE_INVALID; IDENTITY_MISMATCH for a subject that no policy can name */
export function decodeIdentity(certificate: Certificate): SignerIdentity {
  const [kind, subject] = decodeSubject(certificate.subjectAltNames ?? []);
  const issuer = decodeIssuer(certificate);
  const extensions: Partial<Record<ExtensionName, string>> = {};
  for (const [name, arc] of EXTENSIONS) {
    const text = decodeExtension(certificate, arc);
    if (text !== undefined) extensions[name] = text;
  }
  return Object.freeze({ subject, subjectKind: kind, issuer, extensions: Object.freeze(extensions) });
}

function decodeSubject(names: readonly GeneralName[]): readonly [SubjectKind, string] {
  const [name] = names;
  if (name === undefined) throw invalid('a subject alternative name', 'none');
  if (names.length > 1) throw otherSubject('exactly one subject alternative name', `${names.length}`);
  switch (name.kind) {
    case 'email':
    case 'uri':
      return [name.kind, name.value];
    case 'otherName':
      if (name.typeId !== OTHER_NAME) throw otherSubject(`an otherName of type ${OTHER_NAME}`, name.typeId);
      return ['username', readUtf8(name.value, 'subject')];
    case 'dns':
    case 'other':
      throw otherSubject('an e-mail address, a URI or a user name in plain ASCII', name.kind);
  }
}

/** The issuer from extension 8, else from 1, which must agree where both stand (G3). */
function decodeIssuer(certificate: Certificate): string {
  const raw = decodeExtension(certificate, 1);
  const typed = decodeExtension(certificate, 8);
  if (raw !== undefined && typed !== undefined && raw !== typed)
    throw invalid('both issuer extensions to agree', quoteText(raw));
  const issuer = typed ?? raw;
  if (issuer === undefined) throw invalid('an issuer extension', 'none');
  return issuer;
}

function decodeExtension(certificate: Certificate, arc: number): string | undefined {
  const id = EXTENSION_IDS.get(arc) ?? `${ARC}.${arc}`;
  const extension = certificate.extensions.get(id);
  if (extension === undefined) return undefined;
  const at = `extension ${id}`;
  return arc < 8
    ? checkText(
        readText(() => decodeUtf8(extension.value, at), at),
        at,
      )
    : readUtf8(extension.value, at);
}

function readUtf8(der: Uint8Array, at: string): string {
  return checkText(
    readText(() => readUtf8String(parseDer(der, at), at), at),
    at,
  );
}

function readText(reader: () => string, at: string): string {
  try {
    return reader();
  } catch (cause) {
    throw new KeywaxError('CERTIFICATE_PROFILE_INVALID', `${at}: expected UTF-8 text in its encoding`, {
      cause,
      details: { at },
    });
  }
}

function checkText(text: string, at: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) throw invalid(`${at} without control characters`, quoteText(text));
  return text;
}

/** A subject that no policy can name (RUL-10, G1). */
function otherSubject(expected: string, actual: string): KeywaxError {
  return new KeywaxError('IDENTITY_MISMATCH', `certificate subject: expected ${expected}, found ${actual}`, {
    details: { expected, actual },
  });
}

function invalid(expected: string, actual: string): KeywaxError {
  return new KeywaxError('CERTIFICATE_PROFILE_INVALID', `certificate: expected ${expected}, found ${actual}`, {
    details: { expected, actual },
  });
}
