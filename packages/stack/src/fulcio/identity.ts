// SPDX-License-Identifier: Apache-2.0
// What Fulcio certifies about the bearer of a token: one subject alternative name, and extensions of its own arc.

import { TAG, encodeDer } from '@keywax/core/der';
import { encodeUtf8 } from '@keywax/core/bytes';
import type { AlternativeName, ExtensionValue } from '../x509/extensions.js';

/** The arc of Fulcio's extensions; an extension is `ARC.N`. */
const FULCIO_ARC = '1.3.6.1.4.1.57264.1';
/** Type of an `otherName` SAN that holds a user name. */
export const USERNAME_TYPE_ID: string = `${FULCIO_ARC}.7`;
/** Extensions up to this number hold raw UTF-8; later ones a DER UTF8String. */
const LAST_RAW_NUMBER = 6;

/** What a certificate says about its holder. Keys of `extensions` are the numbers N of Fulcio's arc. */
export interface CertifiedIdentity {
  readonly name: AlternativeName;
  readonly extensions: ReadonlyMap<number, string>;
}

/** Claims of a verified token that Fulcio reads; other members are ignored. */
export type IdentityClaims = Readonly<Record<string, unknown>> & { readonly iss: string; readonly sub: string };

/** The kinds of issuers that the instance knows. */
export type IssuerKind = 'email' | 'github' | 'gitlab';

type ClaimText = (claims: IdentityClaims) => string | undefined;

const claim =
  (name: string, prefix = ''): ClaimText =>
  (claims) => {
    const value = claims[name];
    return typeof value === 'string' && value !== '' ? prefix + value : undefined;
  };

const GITHUB_URL = 'https://github.com/';
const GITLAB_URL = 'https://gitlab.com/';

const githubRun: ClaimText = (claims) => {
  const run = claim('run_id')(claims);
  const repository = claim('repository', GITHUB_URL)(claims);
  if (run === undefined || repository === undefined) return undefined;
  return `${repository}/actions/runs/${run}/attempts/${claim('run_attempt')(claims) ?? '1'}`;
};

const gitlabRef: ClaimText = (claims) => {
  const ref = claim('ref')(claims);
  if (ref === undefined) return undefined;
  return `${claims['ref_type'] === 'tag' ? 'refs/tags/' : 'refs/heads/'}${ref}`;
};

const gitlabJob: ClaimText = (claims) => {
  const job = claim('job_id')(claims);
  const project = claim('project_path', GITLAB_URL)(claims);
  return job === undefined || project === undefined ? undefined : `${project}/-/jobs/${job}`;
};

const ISSUER_EXTENSIONS: readonly (readonly [number, ClaimText])[] = [
  [1, claim('iss')],
  [8, claim('iss')],
];

const SUBJECT_EXTENSION: readonly [number, ClaimText] = [24, claim('sub')];

/** Fulcio's extensions by issuer kind, with the claim each is made from. */
const EXTENSIONS: Readonly<Record<IssuerKind, readonly (readonly [number, ClaimText])[]>> = {
  email: ISSUER_EXTENSIONS,
  github: [
    ...ISSUER_EXTENSIONS,
    [2, claim('event_name')],
    [3, claim('sha')],
    [4, claim('workflow')],
    [5, claim('repository')],
    [6, claim('ref')],
    [9, claim('job_workflow_ref', GITHUB_URL)],
    [10, claim('job_workflow_sha')],
    [11, claim('runner_environment')],
    [12, claim('repository', GITHUB_URL)],
    [13, claim('sha')],
    [14, claim('ref')],
    [15, claim('repository_id')],
    [16, claim('repository_owner', GITHUB_URL)],
    [17, claim('repository_owner_id')],
    [18, claim('workflow_ref', GITHUB_URL)],
    [19, claim('workflow_sha')],
    [20, claim('event_name')],
    [21, githubRun],
    [22, claim('repository_visibility')],
    [23, claim('environment')],
    SUBJECT_EXTENSION,
  ],
  gitlab: [
    ...ISSUER_EXTENSIONS,
    [9, claim('ci_config_ref_uri', 'https://')],
    [10, claim('ci_config_sha')],
    [11, claim('runner_environment')],
    [12, claim('project_path', GITLAB_URL)],
    [13, claim('sha')],
    [14, gitlabRef],
    [15, claim('project_id')],
    [16, claim('namespace_path', GITLAB_URL)],
    [17, claim('namespace_id')],
    [18, claim('ci_config_ref_uri', 'https://')],
    [19, claim('ci_config_sha')],
    [20, claim('pipeline_source')],
    [21, gitlabJob],
    [22, claim('project_visibility')],
    [23, claim('environment')],
    SUBJECT_EXTENSION,
  ],
};

const SUBJECT_URI: Readonly<Record<'github' | 'gitlab', ClaimText>> = {
  github: claim('job_workflow_ref', GITHUB_URL),
  gitlab: claim('ci_config_ref_uri', 'https://'),
};

/** What Fulcio certifies for the claims of a token; `undefined` where a claim that names the subject is missing. */
export function selectIdentity(kind: IssuerKind, claims: IdentityClaims): CertifiedIdentity | undefined {
  const name = selectName(kind, claims);
  if (name === undefined) return undefined;
  const extensions = new Map<number, string>();
  for (const [number, text] of EXTENSIONS[kind]) {
    const value = text(claims);
    if (value !== undefined) extensions.set(number, value);
  }
  return { name, extensions };
}

function selectName(kind: IssuerKind, claims: IdentityClaims): AlternativeName | undefined {
  if (kind !== 'email') {
    const uri = SUBJECT_URI[kind](claims);
    return uri === undefined ? undefined : { kind: 'uri', value: uri };
  }
  const email = claim('email')(claims);
  const verified = claims['email_verified'];
  const isVerified = verified === true || verified === 'true' || verified === 'True'; // some providers send text
  return email !== undefined && isVerified ? { kind: 'email', value: email } : undefined;
}

/** The extensions of a certificate, in the order in which Fulcio writes them. */
export function encodeFulcioExtensions(values: ReadonlyMap<number, string>): readonly ExtensionValue[] {
  return [...values].sort(([a], [b]) => a - b).map(([number, text]) => encodeFulcioExtension(number, text));
}

/** One extension of Fulcio's arc: raw text up to number 6, a DER UTF8String above. */
export function encodeFulcioExtension(number: number, text: string): ExtensionValue {
  const raw = encodeUtf8(text);
  const value = number <= LAST_RAW_NUMBER ? raw : encodeDer(TAG.utf8String, raw);
  return { id: `${FULCIO_ARC}.${number}`, critical: false, value };
}
