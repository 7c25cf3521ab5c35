// SPDX-License-Identifier: Apache-2.0
// The lock of identities, against packages that were published with real certificates.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { auditProject } from '../../src/audit/audit-project.js';
import type { AuditReport, AuditedPackage } from '../../src/audit/audited-package.js';
import { type IdentityLock, decodeIdentityLock, encodeIdentityLock } from '../../src/identity-lock/identity-lock.js';
import { observeIdentities } from '../../src/identity-lock/observe.js';
import { updateIdentityLock } from '../../src/identity-lock/update.js';
import { type Claims, type World, packageLock, startWorld } from '../world.js';

const REPOSITORY = 'octo-org/octo-repo';
const RELEASE = `${REPOSITORY}/.github/workflows/release.yml`;
const OTHER = 'octo-org/other-repo';

let world: World;
let number = 0;
let name: string;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => {
  name = `package-${number++}`;
});

/** Publishes versions by these claims, without provenance where there are none, and audits a project that uses them. */
async function publishAll(versions: Readonly<Record<string, Claims | undefined>>): Promise<Record<string, object>> {
  const entries: Record<string, object> = {};
  for (const [version, claims] of Object.entries(versions)) {
    const integrity = await world.publish({ name, version, ...(claims === undefined ? {} : { claims }) });
    entries[`${version === '1.0.0' ? '' : `v${version}/node_modules/`}${name}`] = { version, integrity };
  }
  return entries;
}

async function audit(entries: Readonly<Record<string, object>>, identities?: IdentityLock): Promise<AuditReport> {
  const directory = world.makeFolder({ 'package-lock.json': packageLock(entries) });
  return auditProject({
    directory,
    ...(await world.openTools()),
    ...(identities === undefined ? {} : { identities }),
  });
}

/** What a project that recorded the first version finds when it moves to the second. */
async function bump(from: Claims | undefined, to: Claims | undefined): Promise<AuditedPackage | undefined> {
  const before = await audit(await publishAll({ '1.0.0': from }));
  const { lock } = updateIdentityLock(new Map(), observeIdentities(before));
  // As it comes back from its file.
  const { packages } = await audit(await publishAll({ '1.1.0': to }), decodeIdentityLock(encodeIdentityLock(lock)));
  return packages[0];
}

describe('a recorded package', () => {
  const tag = {
    ref: 'refs/tags/v1.1.0',
    ref_type: 'tag',
    workflow_ref: `${RELEASE}@refs/tags/v1.1.0`,
    job_workflow_ref: `${RELEASE}@refs/tags/v1.1.0`,
  };
  const pinned = (commit: string): Claims => ({
    job_workflow_ref: `octo-org/tools/.github/workflows/publish.yml@${commit}`,
  });
  test.each<[string, Claims, Claims]>([
    [
      'of another ref, commit and run',
      {},
      { ...tag, sha: 'a'.repeat(40), workflow_sha: 'a'.repeat(40), run_id: '99', event_name: 'release' },
    ],
    [
      'of a tag with an at sign',
      {},
      {
        ref: 'refs/tags/@s/a@1.1.0',
        workflow_ref: `${RELEASE}@refs/tags/@s/a@1.1.0`,
        job_workflow_ref: `${RELEASE}@refs/tags/@s/a@1.1.0`,
      },
    ],
    ['of the same reusable workflow at another commit', pinned('b'.repeat(40)), pinned('c'.repeat(40))],
    ['of the very same build', {}, {}],
  ])('is itself in a version %s', async (_, from, to) => {
    expect(await bump(from, to)).toMatchObject({ state: 'provenance', isRecorded: true });
  });

  const evil = `${REPOSITORY}/.github/workflows/evil.yml@refs/heads/main`;
  const other = `${OTHER}/.github/workflows/release.yml@refs/heads/main`;
  test.each<[string, Claims | undefined, readonly string[]]>([
    ['another workflow', { workflow_ref: evil, job_workflow_ref: evil }, ['workflow']],
    [
      'another repository',
      { repository: OTHER, repository_id: '75', workflow_ref: other, job_workflow_ref: other },
      ['repository', 'repositoryId'],
    ],
    ['no provenance', undefined, ['provenance']],
    ['another builder', { runner_environment: 'self-hosted' }, ['builder']],
    [
      'the repository of the same name, resurrected by another owner',
      { repository_id: '900', repository_owner_id: '901' },
      ['repositoryId', 'ownerId'],
    ],
    ['the repository of the same name, made anew', { repository_id: '900' }, ['repositoryId']],
    [
      'a reusable workflow of somebody else',
      { job_workflow_ref: 'mallory/tools/.github/workflows/p.yml@refs/heads/main' },
      ['signer'],
    ],
  ])('is another one in a version with %s', async (_, to, members) => {
    const audited = await bump({}, to);
    expect(audited?.state).toBe('changed');
    expect(audited?.changes?.map(({ member }) => member)).toEqual(members);
    expect(audited?.failure?.code).toBe(to === undefined ? 'PACKAGE_PROVENANCE_MISSING' : 'PACKAGE_SIGNER_CHANGED');
  });

  test('says what was recorded and what was found', async () => {
    const audited = await bump({}, { runner_environment: 'self-hosted' });
    expect(audited?.changes).toEqual([
      {
        member: 'builder',
        recorded: expect.stringMatching(/github-hosted$/) as string,
        found: expect.stringMatching(/self-hosted$/) as string,
      },
    ]);
  });

  test('that had no provenance is not recorded, and may get some', async () => {
    expect(await bump(undefined, {})).toMatchObject({ state: 'provenance', isRecorded: false });
  });
});

describe('the record of a project', () => {
  test('has every signer of versions that are in use, and the versions without provenance', async () => {
    const evil = `${REPOSITORY}/.github/workflows/next.yml@refs/heads/main`;
    const entries = await publishAll({
      '1.0.0': {},
      '2.0.0': { workflow_ref: evil, job_workflow_ref: evil },
      '0.1.0': undefined,
    });
    const { lock } = updateIdentityLock(new Map(), observeIdentities(await audit(entries)));
    expect(lock.get(name)?.signers.map(({ workflow }) => workflow)).toEqual([
      '.github/workflows/release.yml',
      '.github/workflows/next.yml',
    ]);
    expect(lock.get(name)?.withoutProvenance).toEqual(['0.1.0']);
    const { counts } = await audit(entries, decodeIdentityLock(encodeIdentityLock(lock)));
    expect(counts).toMatchObject({ changed: 0, provenance: 2, signature: 1 });
    const older = await publishAll({ '0.2.0': undefined });
    expect((await audit(older, lock)).counts).toMatchObject({ changed: 1 });
  });

  test('stays where nothing could be learned', async () => {
    const before = updateIdentityLock(new Map(), observeIdentities(await audit(await publishAll({ '1.0.0': {} }))));
    const unknown = await audit({ [name]: { version: '7.0.0' } });
    const after = updateIdentityLock(before.lock, observeIdentities(unknown));
    expect(unknown.counts.unavailable).toBe(1);
    expect(after.updates).toEqual([]);
    expect(encodeIdentityLock(after.lock)).toBe(encodeIdentityLock(before.lock));
  });
});
