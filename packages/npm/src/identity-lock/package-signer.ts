// SPDX-License-Identifier: Apache-2.0
// Who signed a package, as far as it stays the same from version to version: no ref, commit or run.

import type { SignerIdentity } from '@keywax/verify';
import { describeSource } from '../proven-source.js';

/** Who makes the provenance of a package. Members that the certificate does not prove are absent. */
export interface PackageSigner {
  /** Who vouched for the build. */
  readonly issuer: string;
  /** URL of the source repository. */
  readonly repository?: string;
  /** Path of the file that defines the build, or its URL where it lies in another repository. */
  readonly workflow?: string;
  /** Where the build ran. */
  readonly builder?: string;
  /** What asked for the signature, without its ref, where that is not the workflow itself: a reusable workflow, a person. */
  readonly signer?: string;
  /** The number of the repository, which no other repository of the same name has. */
  readonly repositoryId?: string;
  /** The number of who owns the repository: another one where a name was given up and taken again. */
  readonly ownerId?: string;
}

/** The members of a signer, in the order in which they are written and compared. */
export const SIGNER_MEMBERS: readonly (keyof PackageSigner)[] = [
  'issuer',
  'repository',
  'workflow',
  'builder',
  'signer',
  'repositoryId',
  'ownerId',
];

/** The lasting part of a proven identity. */
export function describeSigner(identity: SignerIdentity): PackageSigner {
  const { issuer, subject, extensions } = identity;
  const { sourceRepository: repository, workflow, builder, signerUri } = describeSource(identity);
  const signer = withoutRef(signerUri ?? subject);
  const isWorkflow = workflow !== undefined && signer === locateWorkflow({ repository, workflow });
  return pickMembers({
    issuer,
    repository,
    workflow,
    builder,
    signer: isWorkflow ? undefined : signer,
    repositoryId: extensions.sourceRepositoryIdentifier,
    ownerId: extensions.sourceRepositoryOwnerIdentifier,
  });
}

/** What asked for the signature, written out. */
export function locateSigner({ signer, repository, workflow }: PackageSigner): string | undefined {
  return signer ?? (workflow === undefined ? undefined : locateWorkflow({ repository, workflow }));
}

type SignerMembers = { readonly [K in keyof PackageSigner]?: PackageSigner[K] | undefined } & Pick<
  PackageSigner,
  'issuer'
>;

/** A record with the members that are there, in their order. */
export function pickMembers(members: SignerMembers): PackageSigner {
  const known = SIGNER_MEMBERS.flatMap((name) => (members[name] === undefined ? [] : [[name, members[name]] as const]));
  return Object.freeze({ issuer: members.issuer, ...Object.fromEntries(known) });
}

function locateWorkflow({
  repository,
  workflow,
}: {
  readonly repository: string | undefined;
  readonly workflow: string;
}): string {
  return repository === undefined || /^https?:/.test(workflow) ? workflow : `${repository}/${workflow}`;
}

/**
 * What follows the last `@refs/` is the ref, or what follows an `@` where it is a whole commit: reusable workflows are
 * often pinned by one. GitLab puts two slashes between project and path.
 */
function withoutRef(uri: string): string {
  const [, file = uri] = /^(.*)@(?:refs\/.*|[0-9a-f]{40}(?:[0-9a-f]{24})?)$/s.exec(uri) ?? [];
  return file.replace(/(?<=[^:])\/\//, '/');
}
