// SPDX-License-Identifier: Apache-2.0
// What a lock file, a registry and a record can be made to say by somebody who wants an audit to pass.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeUtf8 } from '@keywax/core/bytes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AuditOptions, auditProject } from '../../src/audit/audit-project.js';
import type { AuditReport } from '../../src/audit/audited-package.js';
import { decodeIdentityLock } from '../../src/identity-lock/identity-lock.js';
import { observeIdentities } from '../../src/identity-lock/observe.js';
import { updateIdentityLock } from '../../src/identity-lock/update.js';
import { parseNpmLock } from '../../src/lock-file/npm-lock.js';
import type { RegistryClientOptions } from '../../src/registry-client.js';
import { encodeJunit } from '../../src/report/junit.js';
import { listFindings, selectRefused } from '../../src/report/findings.js';
import { type World, packageLock, startWorld } from '../world.js';

const OTHER = `sha512-${'A'.repeat(86)}==`;

let world: World;
const integrity = new Map<string, string>();

beforeAll(async () => {
  world = await startWorld({ path: '/npm/' });
  const add = async (name: string, publication: object = {}): Promise<void> => {
    integrity.set(name, await world.publish({ name, version: '1.0.0', ...publication }));
  };
  await add('signed');
  await add('unsigned', { signatures: 'none' });
  await add('built', { claims: {} });
  await add('tampered', { claims: {}, signatures: 'none' });
  world.registry.change('tampered', '1.0.0', ({ attestations }) => {
    const [attestation] = attestations;
    if (attestation === undefined) throw new Error('expected an attestation');
    Object.assign(attestation, { bundle: { ...attestation.bundle, dsseEnvelope: undefined } });
  });
});
afterAll(() => world[Symbol.asyncDispose]());

async function audit(
  packages: Readonly<Record<string, object>>,
  options: Partial<AuditOptions> = {},
  client: RegistryClientOptions = {},
): Promise<AuditReport> {
  const lockFile = parseNpmLock(encodeUtf8(packageLock(packages)));
  return auditProject({ lockFile, ...(await world.openTools(client)), ...options });
}

const pinned = (name: string): object => ({ version: '1.0.0', integrity: integrity.get(name) });
const isPassed = (report: AuditReport, demands = {}): boolean => selectRefused(report, demands).length === 0;

describe('a lock file', () => {
  test.each([
    ['https://evil.example/signed/-/signed-1.0.0.tgz'],
    ['HTTPS://evil.example/signed/-/signed-1.0.0.tgz'],
    [' https://evil.example/signed/-/signed-1.0.0.tgz'],
    ['ftp://evil.example/signed-1.0.0.tgz'],
    ['http://127.0.0.1:1/npm/signed/-/signed-1.0.0.tgz'],
    ['REGISTRY../evil/signed/-/signed-1.0.0.tgz'],
    ['REGISTRYbuilt/-/built-1.0.0.tgz'],
    ['REGISTRYsigned/-/signed-0.9.0.tgz'],
    ['REGISTRYsigned/-/signed-1.0.0.tgz?x=/../../built/-/built-1.0.0.tgz'],
  ])('that takes a package from %s, and pins nothing, does not pass', async (where) => {
    const resolved = where.replace('REGISTRY', world.registry.url);
    for (const weak of [undefined, 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=']) {
      const report = await audit({ signed: { version: '1.0.0', resolved, integrity: weak } });
      expect(isPassed(report, { failOnMissing: true })).toBe(false);
      if (report.others.length === 0) expect(isPassed(report)).toBe(false);
    }
  });

  test('that pins nothing passes where the tarball is the one of the registry', async () => {
    const resolved = `${world.registry.url}signed/-/signed-1.0.0.tgz`;
    const report = await audit({ signed: { version: '1.0.0', resolved } });
    expect(report.packages).toMatchObject([{ state: 'signature', integrity: 'unpinned' }]);
    expect(isPassed(report, { failOnMissing: true })).toBe(true);
  });

  test.each(['a/node_modules/signed', 'node_modules/signed'])(
    'does not hide an entry that pins nothing behind one that does, whichever is first: %s',
    async (path) => {
      const evil = { version: '1.0.0', resolved: 'https://evil.example/signed/-/signed-1.0.0.tgz' };
      const good = { ...pinned('signed'), resolved: `${world.registry.url}signed/-/signed-1.0.0.tgz` };
      for (const entries of [
        { signed: good, [path]: evil },
        { [path]: evil, signed: good },
      ]) {
        const report = await audit(entries);
        expect(report.packages).toMatchObject([{ integrity: 'unpinned' }]);
        expect(isPassed(report)).toBe(false);
      }
    },
  );

  test('does not hide a tarball behind another of the same URL', async () => {
    const resolved = `${world.registry.url}~/11/signed.tgz`;
    for (const [first, second] of [
      [integrity.get('signed'), OTHER],
      [OTHER, integrity.get('signed')],
      [integrity.get('signed'), undefined],
    ]) {
      const report = await audit({
        signed: { version: '1.0.0', resolved, integrity: first },
        'a/node_modules/signed': { version: '1.0.0', resolved, integrity: second },
      });
      expect(isPassed(report)).toBe(false);
    }
  });

  test('does not say which registry is asked: a scope has its own', async () => {
    const other = await startWorld({ path: '/corp/' });
    try {
      const name = '@corp/internal';
      const confused = await world.publish({ name, version: '9.0.0', claims: {} });
      const resolved = `${world.registry.url}${name}/-/internal-9.0.0.tgz`;
      const npmConfig = { registry: world.registry.url, '@corp:registry': other.registry.url };
      const entries = { [name]: { version: '9.0.0', resolved, integrity: confused } };
      expect((await audit(entries, {}, { npmConfig })).packages).toMatchObject([
        { state: 'unavailable', registry: other.registry.url },
      ]);
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });

  test('does not call a package bundled that npm installs', async () => {
    const good = `${world.registry.url}signed/-/signed-1.0.0.tgz`;
    for (const entry of [
      { version: '1.0.0', inBundle: true },
      { version: '1.0.0', inBundle: true, integrity: OTHER },
      { version: '1.0.0', inBundle: true, integrity: OTHER, resolved: good },
    ])
      expect((await audit({ signed: entry })).packages).toHaveLength(1);
    expect((await audit({ 'signed/node_modules/b': { version: '1.0.0', inBundle: true } })).others).toMatchObject([
      { source: 'bundled' },
    ]);
  });

  test.each([
    ['git', 'git+ssh://git@github.com/a/b.git#0123'],
    ['git', 'a/b'],
    ['remote', 'https://evil.example/signed.tgz'],
  ])('that takes a package from %s passes where nothing is demanded, and not otherwise', async (_, resolved) => {
    const report = await audit({ signed: { version: '1.0.0', resolved } });
    expect(isPassed(report)).toBe(true);
    expect(isPassed(report, { failOnMissing: true })).toBe(false);
    expect(isPassed(report, { requireProvenance: true })).toBe(false);
    expect(listFindings(report, { failOnMissing: true })).toMatchObject([{ level: 'error' }]);
    expect(encodeJunit(report, { failOnMissing: true })).toContain('<failure');
  });

  test('tells nothing of a tarball but where it stands', async () => {
    const resolved = 'https://user:canary-token@example.com/signed.tgz?token=canary-token';
    const report = await audit({ signed: { version: '1.0.0', resolved, integrity: OTHER } });
    expect(report.others).toMatchObject([{ source: 'remote' }]);
    expect(JSON.stringify(report)).not.toContain('canary');
  });

  test('with one version and endlessly many digests is refused in a moment', () => {
    const entries = Object.fromEntries(
      Array.from({ length: 60_000 }, (_, i) => [
        `p${i}/node_modules/signed`,
        { version: '1.0.0', integrity: `sha512-${i}` },
      ]),
    );
    expect(() => parseNpmLock(encodeUtf8(packageLock(entries)))).toThrow(
      expect.objectContaining({ code: 'INPUT_TOO_LARGE' }) as Error,
    );
  });
});

describe('an expectation', () => {
  test.each(['signed', 'unsigned'])('is not met by %s, which has no provenance at all', async (name) => {
    const report = await audit({ [name]: pinned(name) }, { expect: { trigger: 'push' } });
    expect(report.packages).toMatchObject([{ state: 'invalid' }]);
  });

  test('is not met by what nobody can verify', async () => {
    const report = await audit({ signed: pinned('signed') }, { expect: { trigger: 'push' }, keysOf: async () => [] });
    expect(report.packages).toMatchObject([{ state: 'invalid' }]);
  });
});

describe('a registry', () => {
  test('does not make broken provenance unsigned by taking the signature away', async () => {
    expect((await audit({ tampered: pinned('tampered') })).packages).toMatchObject([{ state: 'invalid' }]);
  });

  test('that is believed on its own word is told apart', async () => {
    const { packages } = await audit({ signed: pinned('signed') });
    expect(packages).toMatchObject([{ state: 'signature', keySource: 'registry' }]);
  });
});

describe('a record', () => {
  const identities = decodeIdentityLock({
    format: 1,
    packages: { built: { signers: [{ issuer: 'https://i', signer: 'a@example.com' }] } },
  });

  test.each([
    ['git', { resolved: 'git+ssh://git@github.com/a/b.git#0123' }],
    ['remote', { resolved: 'https://evil.example/built.tgz' }],
    ['file', { resolved: 'file:built.tgz' }],
  ])('is not lost where the package comes from %s instead', async (source, entry) => {
    const report = await audit({ built: { version: '1.0.0', ...entry } }, { identities });
    expect(report.others).toMatchObject([{ name: 'built', source, isRecorded: true }]);
    expect(isPassed(report)).toBe(false);
    expect(listFindings(report)).toMatchObject([{ rule: 'package-signer-changed', level: 'error' }]);
  });

  test('that is missing for a package with provenance is told', async () => {
    const none = decodeIdentityLock({ format: 1, packages: {} });
    const report = await audit({ built: pinned('built'), signed: pinned('signed') }, { identities: none });
    expect(isPassed(report)).toBe(true);
    expect(listFindings(report)).toMatchObject([{ rule: 'package-not-recorded', level: 'note' }]);
    expect(listFindings(await audit({ built: pinned('built') }))).toEqual([]);
  });

  test.each([
    ['issuer alone', { issuer: 'https://token.actions.githubusercontent.com' }],
    ['issuer and builder', { issuer: 'https://i', builder: 'b' }],
    ['issuer and repository', { issuer: 'https://i', repository: 'https://github.com/a/b' }],
  ])('of an %s is refused, which many could be', (_, signer) => {
    expect(() => decodeIdentityLock({ format: 1, packages: { a: { signers: [signer] } } })).toThrow(
      expect.objectContaining({ code: 'INPUT_MALFORMED' }) as Error,
    );
  });
});

describe('a package under the name of another', () => {
  const identities = decodeIdentityLock({
    format: 1,
    packages: { wanted: { signers: [{ issuer: 'https://i', signer: 'a@example.com' }] } },
  });

  test('is not the recorded one, however well it is signed', async () => {
    const report = await audit({ wanted: { ...pinned('built'), name: 'built' } }, { identities });
    expect(report.packages).toMatchObject([
      {
        name: 'built',
        state: 'changed',
        aliases: ['wanted'],
        changes: [{ member: 'name', recorded: 'wanted', found: 'built' }],
        failure: { code: 'PACKAGE_SIGNER_CHANGED' },
      },
    ]);
    expect(isPassed(report)).toBe(false);
  });

  test('is noted', async () => {
    const report = await audit({ 'built-cjs': { ...pinned('built'), name: 'built' }, built: pinned('built') });
    expect(report.packages).toMatchObject([{ name: 'built', state: 'provenance', aliases: ['built-cjs'] }]);
    expect(isPassed(report)).toBe(true);
    expect(listFindings(report)).toMatchObject([{ rule: 'package-aliased', level: 'note' }]);
  });
});

describe('a cache that somebody else wrote', () => {
  /** Rewrites every record. */
  function alter(folder: string, edit: (record: Record<string, unknown>) => void): void {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.json')) continue;
      const record = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, unknown>;
      if (!('attestations' in record)) continue;
      edit(record);
      writeFileSync(join(folder, name), JSON.stringify(record));
    }
  }

  const withhold = (record: Record<string, unknown>): void => {
    Object.assign(record, { attestations: [], declaresProvenance: false, checkedAt: new Date().toISOString() });
  };

  test('withholds provenance from nobody who recorded its signer', async () => {
    const cacheDirectory = world.makeFolder();
    const entries = { built: pinned('built') };
    const before = await audit(entries, {}, { cacheDirectory });
    const { lock: identities } = updateIdentityLock(new Map(), observeIdentities(before));
    alter(cacheDirectory, withhold);
    expect((await audit(entries, { identities }, { cacheDirectory, offline: true })).packages).toMatchObject([
      { state: 'changed', failure: { code: 'PACKAGE_PROVENANCE_MISSING' } },
    ]);
    alter(cacheDirectory, withhold);
    const { packages } = await audit(entries, { identities }, { cacheDirectory });
    expect(packages).toMatchObject([{ state: 'provenance' }]);
  });

  test.each([
    ['another digest', (record: Record<string, unknown>) => Object.assign(record, { integrity: OTHER })],
    ['no signatures', (record: Record<string, unknown>) => Object.assign(record, { signatures: [] })],
    ['a time of its own', (record: Record<string, unknown>) => Object.assign(record, { publishedAt: 'soon' })],
    ['another name', (record: Record<string, unknown>) => Object.assign(record, { name: 'signed' })],
    ['what nobody knows', (record: Record<string, unknown>) => Object.assign(record, { __proto__x: 1 })],
  ])('says %s, and the registry is asked', async (_, edit) => {
    const cacheDirectory = world.makeFolder();
    const entries = { built: pinned('built') };
    await audit(entries, {}, { cacheDirectory });
    alter(cacheDirectory, edit);
    expect((await audit(entries, {}, { cacheDirectory })).packages).toMatchObject([{ state: 'provenance' }]);
  });
});
