// SPDX-License-Identifier: Apache-2.0

import { encodeBase64, encodeHex } from '@keywax/core/bytes';
import { isKeywaxError } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import { generateSigningKey } from '@keywax/stack/lab';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type EvidenceRequirements,
  type PackageEvidence,
  type PackageReport,
  SLSA_V1,
  verifyEvidence,
} from '../src/index.js';
import {
  type AttestationChanges,
  COMMIT,
  type Fixture,
  GITHUB_PREDICATE,
  GITLAB_PREDICATE,
  INTEGRITY,
  KEY_ID,
  NOW,
  REGISTRY,
  SHA512,
  SOURCE,
  TARBALL,
  createFixture,
  registryKey,
} from './fixture.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});

const DAY_MS = 86_400_000;
const before = new Date(NOW.getTime() - DAY_MS);
const after = new Date(NOW.getTime() + DAY_MS);
const other = generateSigningKey('P-256');

type Changes = Partial<PackageEvidence>;
type Requirements = Partial<EvidenceRequirements>;

const verify = (changes: Changes = {}, requirements: Requirements = {}) =>
  verifyEvidence(fixture.evidence(changes), {
    registry: REGISTRY,
    keys: fixture.keys,
    verifier: fixture.verifier,
    now: NOW,
    ...requirements,
  });

/** Evidence with both attestations. */
const attested = async ({
  provenance,
  publish,
}: {
  provenance?: AttestationChanges;
  publish?: AttestationChanges;
} = {}) => ({
  declaresProvenance: true,
  attestations: [await fixture.provenance(provenance), await fixture.publish(publish)],
});

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'accepted';
  } catch (error) {
    if (!isKeywaxError(error)) throw error;
    const { verdict, rows, error: told } = error.report as PackageReport;
    expect(verdict).toBe('refused');
    expect(told?.code).toBe(error.code);
    expect(rows.filter(({ state }) => state === 'failed').length).toBeLessThanOrEqual(1);
    return error.code;
  }
}

describe('a version that the registry signed', () => {
  test('holds, and the packument is what says when it was published', async () => {
    const { name, version, integrity, signature, provenance, publish } = await verify();
    expect({ name, version, integrity }).toEqual({ name: 'pkg', version: '1.0.0', integrity: INTEGRITY });
    expect(signature).toEqual({ keyId: KEY_ID, source: 'tuf', time: { instant: NOW, provenBy: 'packument' } });
    expect([provenance, publish]).toEqual([undefined, undefined]);
  });

  test.each<[string, Changes, Requirements, string]>([
    ['with the integrity of the lock file', {}, { integrity: INTEGRITY }, 'accepted'],
    [
      'whose lock file has a weaker digest beside',
      {},
      { integrity: `sha1-${encodeBase64(new Uint8Array(20))} ${INTEGRITY}` },
      'accepted',
    ],
    [
      'whose lock file has another digest',
      {},
      { integrity: `sha512-${encodeBase64(new Uint8Array(64))}` },
      'ARTIFACT_MISMATCH',
    ],
    [
      'whose lock file has a digest of another strength',
      {},
      { integrity: `sha256-${encodeBase64(hash('sha256', TARBALL))}` },
      'ARTIFACT_MISMATCH',
    ],
    [
      'whose lock file has SHA-1 alone',
      {},
      { integrity: `sha1-${encodeBase64(new Uint8Array(20))}` },
      'INPUT_UNSUPPORTED',
    ],
    ['whose lock file has no digest', {}, { integrity: '' }, 'INPUT_MALFORMED'],
    ['with its tarball', {}, { tarball: TARBALL }, 'accepted'],
    ['with its tarball as a stream', {}, { tarball: new Blob([TARBALL as Uint8Array<ArrayBuffer>]) }, 'accepted'],
    ['with another tarball', {}, { tarball: TARBALL.slice(1) }, 'ARTIFACT_MISMATCH'],
    [
      'whose packument has another digest',
      { integrity: `sha512-${encodeBase64(new Uint8Array(64))}` },
      {},
      'SIGNATURE_INVALID',
    ],
    [
      'whose packument has SHA-1 alone',
      { integrity: `sha1-${encodeBase64(new Uint8Array(20))}` },
      {},
      'INPUT_UNSUPPORTED',
    ],
    ['whose packument has no digest', { integrity: '' }, {}, 'INPUT_MALFORMED'],
    ['of another name', { name: 'other' }, {}, 'SIGNATURE_INVALID'],
    ['of another version', { version: '1.0.1' }, {}, 'SIGNATURE_INVALID'],
    ['whose name is none', { name: '../pkg' }, {}, 'INPUT_MALFORMED'],
    ['whose version is a range', { version: '^1.0.0' }, {}, 'INPUT_MALFORMED'],
    ['without a signature', { signatures: [] }, {}, 'PACKAGE_UNSIGNED'],
    [
      'without a signature and provenance, where provenance would do',
      { signatures: [] },
      { allowUnsigned: true },
      'PACKAGE_UNSIGNED',
    ],
    ['without keys', {}, { keys: [] }, 'KEY_NOT_FOUND'],
    [
      'by a registry that expects something of provenance',
      {},
      { expect: { trigger: 'push' } },
      'PACKAGE_PROVENANCE_MISSING',
    ],
    ['expecting nothing', {}, { expect: {} }, 'CONFIG_INVALID'],
    ['expecting what does not exist', {}, { expect: { repo: 'a/b' } as object }, 'CONFIG_INVALID'],
    ['expecting a repository that is none', {}, { expect: { sourceRepository: 'x' } }, 'CONFIG_INVALID'],
    ['expecting an empty workflow', {}, { expect: { workflow: '' } }, 'CONFIG_INVALID'],
    ['expecting a ref by flags too', {}, { expect: { ref: { pattern: 'x', flags: 'i' } as never } }, 'CONFIG_INVALID'],
    [
      'expecting two repositories',
      {},
      { expect: { sourceRepository: { from: 'packument', url: 'a/b' } as never } },
      'CONFIG_INVALID',
    ],
    ['expecting a ref that is no text', {}, { expect: { ref: 1 as never } }, 'CONFIG_INVALID'],
  ])('%s', async (_, changes, requirements, code) => {
    expect(await codeOf(verify(changes, requirements))).toBe(code);
  });

  test.each([
    ['by a key for signatures', () => ({ keys: [registryKey(fixture.key, { usage: 'signatures' })] }), 'accepted'],
    [
      'by a key for attestations',
      () => ({ keys: [registryKey(fixture.key, { usage: 'attestations' })] }),
      'KEY_NOT_FOUND',
    ],
    ['by another key of that id', () => ({ keys: [registryKey(other)] }), 'SIGNATURE_INVALID'],
    ['by two keys of that id', () => ({ keys: [...fixture.keys, registryKey(other)] }), 'SERVICE_INVALID'],
    ['by a key that expired later', () => ({ keys: [registryKey(fixture.key, { expires: after })] }), 'accepted'],
    [
      'by a key that expired at that moment',
      () => ({ keys: [registryKey(fixture.key, { expires: NOW })] }),
      'accepted',
    ],
    [
      'by a key that had expired',
      () => ({ keys: [registryKey(fixture.key, { expires: before })] }),
      'KEY_OUTSIDE_VALIDITY',
    ],
    [
      'by a key that is younger, as registries sign again',
      () => ({ keys: [registryKey(fixture.key, { validFrom: after })] }),
      'accepted',
    ],
  ])('%s', async (_, requirements, code) => {
    expect(await codeOf(verify({}, requirements()))).toBe(code);
  });

  test('is refused with a key that expires and no time at all', async () => {
    const evidence = { ...fixture.evidence(), publishedAt: undefined };
    const { publishedAt: _, ...untimed } = evidence;
    const keys = [registryKey(fixture.key, { expires: after })];
    const work = verifyEvidence(untimed, { registry: REGISTRY, keys, verifier: fixture.verifier });
    expect(await codeOf(work)).toBe('TIME_MISSING');
  });

  test.each([
    ['a time that is none', { publishedAt: new Date(Number.NaN) }, after],
    ['an end that is none', {}, new Date(Number.NaN)],
  ])('is refused with %s', async (_, changes, expires) => {
    expect(await codeOf(verify(changes, { keys: [registryKey(fixture.key, { expires })] }))).not.toBe('accepted');
  });

  test('is refused where provenance is younger than the key, whatever the packument says', async () => {
    const keys = [registryKey(fixture.key, { expires: before })];
    const early = new Date(before.getTime() - DAY_MS);
    expect(await codeOf(verify({ publishedAt: early }, { keys }))).toBe('accepted');
    const evidence = { publishedAt: early, declaresProvenance: true, attestations: [await fixture.provenance()] };
    expect(await codeOf(verify(evidence, { keys }))).toBe('KEY_OUTSIDE_VALIDITY');
  });

  test('is no older than its provenance, and says so', async () => {
    const keys = [registryKey(fixture.key, { expires: after })];
    const attestations = [await fixture.provenance()];
    const read = async (publishedAt: Date) => (await verify({ publishedAt, attestations }, { keys })).signature?.time;
    expect(await read(before)).toEqual({ instant: NOW, provenBy: 'provenance' });
    expect(await read(after)).toEqual({ instant: after, provenBy: 'packument' });
  });

  test('is invalid and not unsigned where there is no signature, and provenance that does not hold', async () => {
    const attestations = [await fixture.provenance({ sha512: '00'.repeat(64) })];
    expect(await codeOf(verify({ signatures: [], attestations }))).toBe('ARTIFACT_MISMATCH');
  });

  test.each(['a tarball', {}, [], 1])('is refused with a tarball that is none: %j', async (tarball) => {
    expect(await codeOf(verify({}, { tarball: tarball as never }))).not.toBe('accepted');
  });

  test.each([
    [
      'holds with one by an unknown key beside',
      () => [fixture.sign({ keyId: 'SHA256:x', key: other }), fixture.sign()],
      'accepted',
    ],
    [
      'is refused where one by a known key fails',
      () => [fixture.sign(), fixture.sign({ key: other })],
      'SIGNATURE_INVALID',
    ],
    ['is refused where all are by unknown keys', () => [fixture.sign({ keyId: 'SHA256:x' })], 'KEY_NOT_FOUND'],
    [
      'is refused for a signature over something else',
      () => [fixture.sign({ text: 'pkg@1.0.0' })],
      'SIGNATURE_INVALID',
    ],
    [
      'is refused for a signature that is none',
      () => [{ keyId: KEY_ID, signature: new Uint8Array() }],
      'SIGNATURE_INVALID',
    ],
    [
      'is refused for an endless signature',
      () => [{ keyId: KEY_ID, signature: new Uint8Array(1e6) }],
      'SIGNATURE_INVALID',
    ],
    ['is refused for endlessly many', () => Array.from({ length: 33 }, () => fixture.sign()), 'SERVICE_INVALID'],
  ])('%s', async (_, signatures, code) => {
    expect(await codeOf(verify({ signatures: signatures() }))).toBe(code);
  });
});

describe('what a caller passes', () => {
  test.each<[string, object]>([
    ['an option that is not known', { expects: { trigger: 'push' } }],
    ['no keys', { keys: undefined }],
    ['no registry', { registry: '' }],
    ['no verifier', { verifier: {} }],
    ['an option of another type', { allowUnsigned: 'no' }],
  ])('is refused with %s', async (_, requirements) => {
    expect(await codeOf(verify({}, requirements))).toBe('CONFIG_INVALID');
  });

  test.each<[string, unknown]>([
    ['nothing', null],
    ['an empty record', {}],
    ['signatures that are no list', { name: 'pkg', version: '1.0.0', integrity: INTEGRITY, signatures: {} }],
  ])('is refused with evidence that is %s', async (_, evidence) => {
    const { keys, verifier } = fixture;
    const work = verifyEvidence(evidence as PackageEvidence, { registry: REGISTRY, keys, verifier });
    expect(await codeOf(work)).toBe('CONFIG_INVALID');
  });

  test('is nothing that is inherited', async () => {
    const polluted = Object.prototype as { allowUnsigned?: boolean; declaresProvenance?: boolean };
    const evidence = { ...(await attested()), signatures: [] };
    polluted.allowUnsigned = true;
    try {
      expect(await codeOf(verify(evidence))).toBe('PACKAGE_UNSIGNED');
    } finally {
      delete polluted.allowUnsigned;
    }
  });
});

describe('a version with provenance', () => {
  test('tells where it was built, and by which proof the key had not expired', async () => {
    const keys = [registryKey(fixture.key, { validFrom: before, expires: after, source: 'registry' })];
    const { provenance, publish, signature, report } = await verify(await attested(), { keys, tarball: TARBALL });
    expect(provenance).toMatchObject({
      sourceRepository: SOURCE,
      sourceDigest: COMMIT,
      ref: 'refs/heads/main',
      workflow: '.github/workflows/release.yml',
      builder: 'https://github.com/actions/runner/github-hosted',
      trigger: 'push',
      runUri: `${SOURCE}/actions/runs/1234567890/attempts/1`,
      buildType: GITHUB_PREDICATE.buildDefinition.buildType,
    });
    expect(publish).toMatchObject({ keyId: KEY_ID, keySource: 'registry' });
    expect(signature).toMatchObject({ source: 'registry', time: { instant: NOW, provenBy: 'attestation' } });
    expect(report.rows.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(Object.keys(report.bundles)).toEqual(['publish.bundle', 'provenance.bundle']);
  });

  test('of GitLab tells it too', async () => {
    const { provenance } = await verify(await attested({ provenance: { persona: 'gitlab' } }));
    expect(provenance).toMatchObject({
      sourceRepository: 'https://gitlab.com/group/project',
      workflow: '.gitlab-ci.yml',
      ref: 'refs/heads/main',
      builder: 'gitlab-hosted',
      runUri: 'https://gitlab.com/group/project/-/jobs/302',
    });
  });

  test('is judged by the proven time, whatever the packument says', async () => {
    const keys = [
      registryKey(fixture.key, { usage: 'signatures', expires: before }),
      registryKey(fixture.key, { usage: 'attestations' }),
    ];
    const evidence = { ...(await attested()), publishedAt: new Date(before.getTime() - DAY_MS) };
    expect(await codeOf(verify(evidence, { keys }))).toBe('KEY_OUTSIDE_VALIDITY');
  });

  test('does without a signature where the caller says so, and not with one that fails', async () => {
    const evidence = await attested();
    const { signature } = await verify({ ...evidence, signatures: [] }, { allowUnsigned: true });
    expect(signature).toBeUndefined();
    const signatures = [fixture.sign({ key: other })];
    expect(await codeOf(verify({ ...evidence, signatures }, { allowUnsigned: true }))).toBe('SIGNATURE_INVALID');
  });

  const digest = { sha512: encodeHex(SHA512) };
  test.each<[string, AttestationChanges, string]>([
    ['another name', { subjectName: 'pkg:npm/other@1.0.0' }, 'ARTIFACT_MISMATCH'],
    ['another version', { subjectName: 'pkg:npm/pkg@1.0.1' }, 'ARTIFACT_MISMATCH'],
    ['a name that is no package URL', { subjectName: 'pkg@1.0.0' }, 'ARTIFACT_MISMATCH'],
    ['a name that only begins like it', { subjectName: 'pkg:npm/pkg@1.0.0-beta' }, 'ARTIFACT_MISMATCH'],
    ['no name', { subjects: [{ digest }] }, 'ARTIFACT_MISMATCH'],
    ['another digest', { sha512: '00'.repeat(64) }, 'ARTIFACT_MISMATCH'],
    ['the digest in capitals', { sha512: encodeHex(SHA512).toUpperCase() }, 'ARTIFACT_MISMATCH'],
    [
      'a digest by another algorithm',
      { subjects: [{ name: 'pkg:npm/pkg@1.0.0', digest: { sha256: encodeHex(hash('sha256', TARBALL)) } }] },
      'ARTIFACT_MISMATCH',
    ],
    [
      'two subjects',
      {
        subjects: [
          { name: 'pkg:npm/pkg@1.0.0', digest },
          { name: 'pkg:npm/a@1.0.0', digest: { sha512: '00'.repeat(64) } },
        ],
      },
      'STATEMENT_INVALID',
    ],
    ['no subject', { subjects: [] }, 'STATEMENT_INVALID'],
  ])('is refused where an attestation has %s', async (_, changes, code) => {
    expect(await codeOf(attested({ provenance: changes }).then(verify))).toBe(code);
    expect(await codeOf(attested({ publish: changes }).then(verify))).toBe(code);
  });

  test.each<[string, AttestationChanges, string]>([
    [
      'names another package',
      { predicate: { name: 'other', version: '1.0.0', registry: REGISTRY } },
      'STATEMENT_INVALID',
    ],
    [
      'names another version',
      { predicate: { name: 'pkg', version: '1.0.1', registry: REGISTRY } },
      'STATEMENT_INVALID',
    ],
    [
      'names another registry',
      { predicate: { name: 'pkg', version: '1.0.0', registry: 'https://registry.example' } },
      'STATEMENT_INVALID',
    ],
    ['names nothing', { predicate: {} }, 'STATEMENT_INVALID'],
    ['names numbers', { predicate: { name: 'pkg', version: 1, registry: REGISTRY } }, 'STATEMENT_INVALID'],
    ['is signed by another key', { key: other }, 'ENTRY_MISMATCH'],
    ['names a key that is not known', { hint: 'SHA256:other' }, 'KEY_NOT_FOUND'],
  ])('is refused where the publish attestation %s', async (_, publish, code) => {
    expect(await codeOf(attested({ publish }).then(verify))).toBe(code);
  });

  test.each([
    ['had expired when the log saw it', { expires: before }, 'KEY_OUTSIDE_VALIDITY'],
    ['was not yet valid when the log saw it', { validFrom: after }, 'KEY_OUTSIDE_VALIDITY'],
    ['is for signatures alone', { usage: 'signatures' }, 'KEY_NOT_FOUND'],
  ] as const)('is refused where the key of the publish attestation %s', async (_, members, code) => {
    const keys = [registryKey(fixture.key, members)];
    expect(await codeOf(verify(await attested(), { keys }))).toBe(code);
  });

  test.each<[string, () => Promise<Changes>, string]>([
    ['none is served', async () => ({ declaresProvenance: true }), 'PACKAGE_PROVENANCE_MISSING'],
    [
      'the publish attestation alone is served',
      async () => ({ declaresProvenance: true, attestations: [await fixture.publish()] }),
      'PACKAGE_PROVENANCE_MISSING',
    ],
    [
      'provenance is served twice',
      async () => ({ attestations: [await fixture.provenance(), await fixture.provenance()] }),
      'STATEMENT_INVALID',
    ],
    [
      'two publish attestations are served',
      async () => ({ attestations: [await fixture.publish(), await fixture.publish()] }),
      'STATEMENT_INVALID',
    ],
    [
      'endlessly many are served',
      async () => ({ attestations: Array.from({ length: 33 }, () => ({ predicateType: 'x', bundle: {} })) }),
      'SERVICE_INVALID',
    ],
    [
      'provenance is signed with a key',
      async () => ({ attestations: [{ ...(await fixture.publish()), predicateType: SLSA_V1 }] }),
      'BUNDLE_INVALID',
    ],
    [
      'the publish attestation has a certificate',
      async () => ({ attestations: [{ ...(await fixture.publish()), bundle: (await fixture.provenance()).bundle }] }),
      'BUNDLE_INVALID',
    ],
    [
      'one statement is served as another',
      async () => ({
        attestations: [
          await fixture
            .provenance({ predicateType: 'https://example.com/other' })
            .then((a) => ({ ...a, predicateType: SLSA_V1 })),
        ],
      }),
      'STATEMENT_INVALID',
    ],
    ['the bundle is none', async () => ({ attestations: [{ predicateType: SLSA_V1, bundle: 1 }] }), 'INPUT_MALFORMED'],
    ['the bundle is empty', async () => ({ attestations: [{ predicateType: SLSA_V1, bundle: {} }] }), 'BUNDLE_INVALID'],
    [
      'one that is not known is served, and no other',
      async () => ({ attestations: [{ predicateType: 'x', bundle: {} }] }),
      'accepted',
    ],
    [
      'there is no publish attestation',
      async () => ({ declaresProvenance: true, attestations: [await fixture.provenance()] }),
      'accepted',
    ],
    [
      'SHA-512 is missing',
      async () => ({ ...(await attested()), integrity: `sha256-${encodeBase64(hash('sha256', TARBALL))}` }),
      'INPUT_UNSUPPORTED',
    ],
  ])('where %s', async (_, changes, code) => {
    expect(await codeOf(changes().then(verify))).toBe(code);
  });

  test('names in its report what was served beside, and not looked into', async () => {
    const { attestations } = await attested();
    const { report } = await verify({ attestations: [...attestations, { predicateType: 'x', bundle: 1 }] });
    expect(report.rows).toContainEqual({
      id: 'attestations.present',
      subject: 'x',
      state: 'skipped',
      reason: 'a kind that is not known',
    });
  });

  test('that is refused says in the report of its bundle why', async () => {
    const work = attested({ provenance: { sha512: '00'.repeat(64) } }).then(verify);
    const { report } = (await work.catch((error: unknown) => error)) as { report: PackageReport };
    expect(report.rows.at(-1)).toMatchObject({ id: 'provenance.bundle', state: 'failed' });
    expect(report.bundles['publish.bundle']?.verdict).toBe('verified');
    expect(report.bundles['provenance.bundle']?.error?.code).toBe('ARTIFACT_MISMATCH');
  });

  test('of another instance is refused, whose logs prove no time', async () => {
    const elsewhere = await createFixture();
    const evidence = { declaresProvenance: true, attestations: [await elsewhere.provenance()] };
    expect(await codeOf(verify(evidence))).toBe('TIME_MISSING');
  });
});

/** A predicate with one member replaced, at a path of names. */
function replace(predicate: object, at: string, value: unknown): object {
  const copy = structuredClone(predicate) as Record<string, unknown>;
  const names = at.split('.');
  const last = names.pop() ?? '';
  let place = copy;
  for (const name of names) place = (place[name] ??= {}) as Record<string, unknown>;
  place[last] = value;
  return copy;
}

describe('a predicate that says something other than its certificate', () => {
  const github: readonly [string, unknown][] = [
    ['buildDefinition.externalParameters.workflow.repository', 'https://github.com/octo-org/other'],
    ['buildDefinition.externalParameters.workflow.repository', 'https://github.com.evil.example/octo-org/octo-repo'],
    ['buildDefinition.externalParameters.workflow.path', '.github/workflows/other.yml'],
    ['buildDefinition.externalParameters.workflow.ref', 'refs/tags/v1'],
    ['buildDefinition.externalParameters.workflow.ref', 1],
    ['buildDefinition.internalParameters.github.event_name', 'workflow_dispatch'],
    ['buildDefinition.internalParameters.github.repository_id', '75'],
    ['buildDefinition.internalParameters.github.repository_owner_id', '66'],
    ['buildDefinition.internalParameters.github.runner_environment', 'self-hosted'],
    ['buildDefinition.resolvedDependencies.0.uri', 'git+https://github.com/octo-org/other@refs/heads/main'],
    ['buildDefinition.resolvedDependencies.0.uri', `git+${SOURCE}@refs/heads/other`],
    ['buildDefinition.resolvedDependencies.0.digest.gitCommit', '00'.repeat(20)],
    ['runDetails.builder.id', 'https://github.com/actions/runner/self-hosted'],
    ['runDetails.builder.id', 'https://gitlab.com/group/project/-/runners/1'],
    ['runDetails.metadata.invocationId', `${SOURCE}/actions/runs/1234567890/attempts/2`],
    ['buildDefinition.buildType', undefined],
    ['buildDefinition.buildType', ''],
  ];
  test.each(github)('is refused: %s = %s', async (at, value) => {
    const predicate = replace(GITHUB_PREDICATE, at, value);
    expect(await codeOf(attested({ provenance: { predicate } }).then(verify))).toBe('STATEMENT_INVALID');
  });

  const gitlab: readonly [string, unknown][] = [
    ['builder.id', 'https://gitlab.com/group/other/-/runners/1'],
    ['builder.id', 'https://github.com/actions/runner'],
    ['invocation.configSource.uri', 'git+https://gitlab.com/group/other'],
    ['invocation.configSource.digest.sha1', '00'.repeat(20)],
    ['invocation.parameters.CI_COMMIT_SHA', '00'.repeat(20)],
    ['invocation.parameters.CI_PIPELINE_SOURCE', 'web'],
    ['invocation.parameters.CI_PROJECT_URL', 'https://gitlab.com/group/other'],
    ['invocation.environment.GITHUB_REPOSITORY', 'octo-org/octo-repo'],
    ['invocation.environment.GITHUB_REPOSITORY', 'project'],
    ['invocation.environment.GITHUB_REPOSITORY', 'gitlab.com/group/project'],
    ['invocation.environment.GITHUB_WORKFLOW_REF', '.gitlab-ci.yml@refs/heads/main'],
    ['invocation.environment.GITHUB_WORKFLOW_REF', 'main'],
    ['materials.0.uri', 'git+https://gitlab.com/group/other'],
    ['materials.0.digest.sha1', '00'.repeat(20)],
    ['buildType', undefined],
  ];
  test.each(gitlab)('is refused on GitLab: %s = %s', async (at, value) => {
    const predicate = replace(GITLAB_PREDICATE, at, value);
    const provenance = { persona: 'gitlab', predicate } as const;
    expect(await codeOf(attested({ provenance }).then(verify))).toBe('STATEMENT_INVALID');
  });

  test.each([
    [
      'the ref of the source, where the configuration has another',
      { claims: { ref: 'refs/tags/v1' }, at: 'buildDefinition.externalParameters.workflow.ref', value: 'refs/tags/v1' },
    ],
    [
      'a builder that is a reusable workflow',
      { claims: {}, at: 'runDetails.builder.id', value: 'https://github.com/a/b/.github/workflows/c.yml@refs/tags/v1' },
    ],
    [
      'further dependencies',
      { claims: {}, at: 'buildDefinition.resolvedDependencies.1', value: { uri: 'git+https://example.com/x/y' } },
    ],
    ['members that are not known', { claims: {}, at: 'buildDefinition.externalParameters.other', value: 1 }],
  ])('is not one with %s', async (_, { claims, at, value }) => {
    const uri = 'buildDefinition.resolvedDependencies.0.uri';
    const ref = 'ref' in claims ? claims.ref : 'refs/heads/main';
    const predicate = replace(replace(GITHUB_PREDICATE, uri, `git+${SOURCE}@${ref}`), at, value);
    expect(await codeOf(attested({ provenance: { predicate, claims } }).then(verify))).toBe('accepted');
  });
});

describe('an expectation', () => {
  test.each<[string, EvidenceRequirements['expect'], string]>([
    ['the repository', { sourceRepository: 'octo-org/octo-repo' }, 'accepted'],
    [
      'the repository as a URL of git',
      { sourceRepository: 'git+ssh://git@github.com/octo-org/octo-repo.git#main' },
      'accepted',
    ],
    ['another repository', { sourceRepository: 'octo-org/octo-repo2' }, 'IDENTITY_MISMATCH'],
    ['a repository elsewhere', { sourceRepository: 'https://gitlab.com/octo-org/octo-repo' }, 'IDENTITY_MISMATCH'],
    ['the name of the workflow', { workflow: 'release.yml' }, 'accepted'],
    ['the path of the workflow', { workflow: '.github/workflows/release.yml' }, 'accepted'],
    ['another workflow', { workflow: 'release.yaml' }, 'IDENTITY_MISMATCH'],
    ['the ref', { ref: 'refs/heads/main' }, 'accepted'],
    ['a pattern of the ref', { ref: { pattern: 'refs/heads/.+' } }, 'accepted'],
    ['a pattern of the ref that matches a part', { ref: { pattern: 'heads/.+' } }, 'IDENTITY_MISMATCH'],
    ['another ref', { ref: 'refs/tags/v1.0.0' }, 'IDENTITY_MISMATCH'],
    ['the builder', { builder: 'https://github.com/actions/runner/github-hosted' }, 'accepted'],
    ['another builder', { builder: 'https://github.com/actions/runner/self-hosted' }, 'IDENTITY_MISMATCH'],
    ['the trigger', { trigger: 'push' }, 'accepted'],
    ['another trigger', { trigger: 'pull_request' }, 'IDENTITY_MISMATCH'],
    [
      'all of it, with one wrong',
      { sourceRepository: 'octo-org/octo-repo', workflow: 'release.yml', ref: 'refs/heads/main', trigger: 'web' },
      'IDENTITY_MISMATCH',
    ],
  ])('of %s', async (_, expectation, code) => {
    expect(await codeOf(verify(await attested(), expectation === undefined ? {} : { expect: expectation }))).toBe(code);
  });

  test.each([
    ['.gitlab-ci.yml', 'accepted'],
    ['gitlab-ci.yml', 'IDENTITY_MISMATCH'],
    ['release.yml', 'IDENTITY_MISMATCH'],
  ])('of the configuration %s of GitLab', async (workflow, code) => {
    const evidence = await attested({ provenance: { persona: 'gitlab' } });
    expect(await codeOf(verify(evidence, { expect: { workflow } }))).toBe(code);
  });

  test.each([
    ['a workflow of another repository', 'evil/octo-repo/.github/workflows/release.yml@refs/heads/main'],
    [
      'a file whose name looks like another with a ref',
      'octo-org/octo-repo/.github/workflows/release.yml@refs/x.yml@refs/heads/main',
    ],
  ])('of a workflow is not met by %s', async (_, reference) => {
    const predicate = { buildDefinition: { buildType: 'x' }, runDetails: {} };
    const evidence = await attested({ provenance: { predicate, claims: { workflow_ref: reference } } });
    expect(await codeOf(verify(evidence))).toBe('accepted');
    expect(await codeOf(verify(evidence, { expect: { workflow: 'release.yml' } }))).toBe('IDENTITY_MISMATCH');
  });

  test('is about the certificate, whatever the predicate may say', async () => {
    const predicate = { buildDefinition: { buildType: 'x', externalParameters: { source: SOURCE } }, runDetails: {} };
    const provenance = { predicate, claims: { repository: 'evil/octo-repo' } };
    const work = verify(await attested({ provenance }), { expect: { sourceRepository: SOURCE } });
    expect(await codeOf(work)).toBe('IDENTITY_MISMATCH');
  });

  test('of what a certificate of a person does not prove is not met', async () => {
    const predicate = { buildDefinition: { buildType: 'x' }, runDetails: {} };
    const evidence = await attested({ provenance: { persona: 'email', predicate } });
    expect(await codeOf(verify(evidence))).toBe('accepted');
    expect(await codeOf(verify(evidence, { expect: { sourceRepository: SOURCE } }))).toBe('IDENTITY_MISMATCH');
    expect(await codeOf(verify(evidence, { expect: { trigger: { pattern: '.*' } } }))).toBe('IDENTITY_MISMATCH');
  });

  test('takes the repository from the packument, and says so', async () => {
    const expectation = { sourceRepository: { from: 'packument' } } as const;
    const { expectation: met, report } = await verify(await attested(), { expect: expectation });
    expect(met).toEqual({ sourceRepository: { url: SOURCE, from: 'packument' } });
    const row = report.rows.find(({ id }) => id === 'expectation.sourceRepository');
    expect(row).toMatchObject({ state: 'passed', reason: 'as the package.json of the version says' });
    for (const repository of ['https://github.com/octo-org/other', 'not a url', '']) {
      expect(await codeOf(verify({ ...(await attested()), repository }, { expect: expectation }))).toBe(
        'IDENTITY_MISMATCH',
      );
    }
  });
});
