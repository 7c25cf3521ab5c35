// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import type { AuditReport, AuditedPackage } from '../../src/audit/audited-package.js';
import { AUDIT_RULES, isRefused, listFindings } from '../../src/report/findings.js';
import { encodeJunit } from '../../src/report/junit.js';
import { encodeSarif } from '../../src/report/sarif.js';

function audited(name: string, rest: Partial<AuditedPackage>): AuditedPackage {
  return {
    name,
    version: '1.0.0',
    registry: 'https://r.example/',
    at: `$.packages["${name}"]`,
    state: 'provenance',
    integrity: 'pinned',
    ...rest,
  };
}

const EVIL = '</testcase><!--"\'&\u0000\u001b[31m\ud800';
const REPORT: AuditReport = {
  lockFile: { format: 'npm', path: 'a b/package-lock.json' },
  packages: [
    audited('attested', {}),
    audited('signed', { state: 'signature' }),
    audited('loose', { state: 'signature', integrity: 'unpinned' }),
    audited('unsigned', { state: 'none', failure: { code: 'PACKAGE_UNSIGNED', message: 'none' } }),
    audited('forged', {
      state: 'invalid',
      failure: { code: 'SIGNATURE_INVALID', message: EVIL, check: 'signature.verify' },
    }),
    audited('moved', {
      state: 'changed',
      failure: { code: 'PACKAGE_SIGNER_CHANGED', message: 'not the recorded repository' },
      changes: [{ member: 'repository', recorded: 'https://a.example', found: 'https://b.example' }],
    }),
    audited('away', { state: 'unavailable', failure: { code: 'NETWORK_FAILED', message: 'no answer' } }),
  ],
  others: [
    { name: 'local', source: 'git', at: '$.packages["local"]' },
    { name: 'own', source: 'workspace', at: '$.packages["own"]' },
    { name: 'inner', source: 'bundled', at: '$.packages["inner"]' },
  ],
  counts: { provenance: 1, signature: 2, none: 1, invalid: 1, changed: 1, unavailable: 1 },
};

describe('findings', () => {
  test('are what somebody should know, the worst first', () => {
    expect(listFindings(REPORT).map(({ level, rule, subject }) => [level, rule, subject])).toEqual([
      ['error', 'package-invalid', 'forged@1.0.0'],
      ['error', 'package-signer-changed', 'moved@1.0.0'],
      ['error', 'package-unavailable', 'away@1.0.0'],
      ['warning', 'package-unsigned', 'unsigned@1.0.0'],
      ['note', 'package-unpinned', 'loose@1.0.0'],
      ['note', 'package-not-from-registry', 'local'],
    ]);
  });

  test('tell a change with both of its sides', () => {
    expect(listFindings(REPORT).find(({ subject }) => subject === 'moved@1.0.0')?.message).toBe(
      'PACKAGE_SIGNER_CHANGED: not the recorded repository; repository: https://a.example → https://b.example',
    );
  });

  test.each([
    ['nothing more', {}, ['forged', 'moved']],
    ['signatures', { failOnMissing: true }, ['unsigned', 'forged', 'moved']],
    ['provenance', { requireProvenance: true }, ['signed', 'loose', 'unsigned', 'forged', 'moved']],
  ])('refuse by demand of %s', (_, demands, names) => {
    expect(REPORT.packages.filter((one) => isRefused(one, demands)).map(({ name }) => name)).toEqual(names);
    const errors = listFindings(REPORT, demands).filter(({ level }) => level === 'error');
    const others = REPORT.others.filter((one) => isRefused(one, demands)).map(({ name }) => name);
    expect(others).toEqual(Object.keys(demands).length === 0 ? [] : ['local']);
    expect(errors.map(({ subject }) => subject).sort()).toEqual(
      [...[...names, 'away'].map((name) => `${name}@1.0.0`), ...others].sort(),
    );
  });
});

describe('a package without a digest in the lock file', () => {
  const report = (rest: Partial<AuditedPackage>): AuditReport => ({
    ...REPORT,
    packages: [audited('loose', { integrity: 'unpinned', elsewhere: 'https://evil.example/x/-/x-1.0.0.tgz', ...rest })],
    others: [],
  });

  test.each([
    ['is refused where it is taken from elsewhere', {}, {}, ['error']],
    ['is refused then whatever its state', { state: 'none' as const }, {}, ['error', 'error']],
    [
      'is refused then by demand of provenance, for two reasons',
      { state: 'signature' as const },
      { requireProvenance: true },
      ['error', 'error'],
    ],
    ['is noted where its registry is asked', { elsewhere: undefined as never }, { requireProvenance: true }, ['note']],
  ])('%s', (_, rest, demands, levels) => {
    expect(listFindings(report(rest), demands).map(({ level }) => level)).toEqual(levels);
  });
});

describe('SARIF', () => {
  test('has a rule for each kind of finding, and a result for each finding', () => {
    const log = encodeSarif(REPORT, { version: '1.2.3' });
    const [{ tool, results }] = log.runs;
    expect(log).toMatchObject({ version: '2.1.0', $schema: expect.stringContaining('sarif-2.1.0') as string });
    expect(tool.driver).toMatchObject({ version: '1.2.3' });
    expect(tool.driver.rules.map(({ id }) => id)).toEqual(Object.keys(AUDIT_RULES));
    expect(results).toHaveLength(6);
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    expect(results[0]).toMatchObject({
      ruleId: 'package-invalid',
      level: 'error',
      locations: [{ physicalLocation: { artifactLocation: { uri: 'a%20b/package-lock.json' } } }],
    });
    expect(new Set(results.map(({ partialFingerprints }) => partialFingerprints['package/v1'])).size).toBe(6);
  });
});

describe('JUnit', () => {
  test('has a case for each package', () => {
    const xml = encodeJunit(REPORT);
    expect(xml.match(/<testcase /g)).toHaveLength(7);
    expect(xml).toContain('tests="7" failures="2" errors="1" skipped="1"');
    expect(xml).toContain('<testcase classname="attested" name="attested@1.0.0"/>');
    expect(xml).toMatch(/name="moved@1.0.0"><failure message="[^"]*" type="PACKAGE_SIGNER_CHANGED"\/>/);
    expect(xml).toMatch(/name="away@1.0.0"><error /);
    expect(xml).toMatch(/name="unsigned@1.0.0"><skipped /);
    expect(encodeJunit(REPORT, { failOnMissing: true })).toMatch(/name="unsigned@1.0.0"><failure /);
  });

  test('says of a package what is worst, and has a case for what is refused of no registry', () => {
    const xml = encodeJunit(REPORT, { requireProvenance: true });
    expect(xml).toContain('name="loose@1.0.0"><failure message="A package has no provenance, which is demanded."');
    expect(xml).toContain('<testcase classname="local" name="local"><failure message="a git repository: ');
    expect(xml).toContain('tests="8"');
  });

  test('is well-formed, whatever a message holds', () => {
    const xml = encodeJunit(REPORT);
    expect(xml).toContain('&#60;/testcase&#62;&#60;!--&#34;&#39;&#38;\\u0000\\u001b[31m\\ud800');
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
    expect(
      encodeJunit({
        ...REPORT,
        packages: [audited('x', { state: 'invalid', failure: { code: 'INPUT_MALFORMED', message: '😀' } })],
      }),
    ).toContain('😀');
  });
});
