// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { parseClusterImagePolicies } from '../../src/policy/cluster-image-policy.js';
import type { SignatureAuthority } from '../../src/policy/authority.js';
import { PUBLIC_KEY, type PolicyMembers, policyYaml } from './policy-yaml.js';

const KEYLESS = { keyless: { identities: [{ issuer: 'https://issuer.example', subject: 'a@example.com' }] } };

async function readOne(spec: object): Promise<SignatureAuthority> {
  const [policy] = await parseClusterImagePolicies(policyYaml({ authorities: [spec] }));
  return policy?.authorities[0] as SignatureAuthority;
}

describe('a policy file', () => {
  test('is read whole', async () => {
    const policies = await parseClusterImagePolicies(`
apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata:
  name: release
  labels: { team: a }
spec:
  mode: warn
  images:
    - glob: ghcr.io/octo/**
    - glob: registry.example/*
  match:
    - group: apps
      version: v1
      resource: deployments
      selector:
        matchLabels: { tier: web }
        matchExpressions: [{ key: env, operator: In, values: [prod, stage] }]
  authorities:
    - name: workflow
      keyless:
        url: https://fulcio.sigstore.dev
        identities:
          - issuer: https://token.actions.githubusercontent.com
            subjectRegExp: https://github\\.com/octo/.*
      ctlog:
        url: https://rekor.sigstore.dev
      attestations:
        - name: provenance
          predicateType: slsaprovenance1
    - static: { action: fail, message: never }
---
apiVersion: policy.sigstore.dev/v1alpha1
kind: ClusterImagePolicy
metadata: { name: keys }
spec:
  images: [{ glob: "**" }]
  authorities:
    - key:
        hashAlgorithm: sha256
        data: |
${PUBLIC_KEY.replace(/^/gm, '          ')}
      ctlog: {}
      source: [{ oci: registry.example/signatures }]
      signatureFormat: legacy
---
`);
    expect(policies).toMatchObject([
      {
        name: 'release',
        mode: 'warn',
        globs: [{ source: 'ghcr.io/octo/**' }, { source: 'registry.example/*' }],
        resources: [{ group: 'apps', version: 'v1', resource: 'deployments' }],
        authorities: [
          {
            kind: 'signature',
            name: 'workflow',
            identity: [
              {
                issuer: 'https://token.actions.githubusercontent.com',
                subject: { pattern: 'https://github\\.com/octo/.*' },
              },
            ],
            demandsLog: true,
            demandsTimestamp: false,
            ignoresScts: false,
            predicateTypes: ['https://slsa.dev/provenance/v1'],
          },
          { kind: 'static', name: 'authority-1', action: 'fail', message: 'never' },
        ],
      },
      {
        name: 'keys',
        mode: 'enforce',
        resources: [],
        authorities: [
          {
            kind: 'signature',
            name: 'authority-0',
            identity: { key: PUBLIC_KEY },
            demandsLog: false,
            repositories: ['registry.example/signatures'],
            format: 'legacy',
          },
        ],
      },
    ]);
    expect(policies[0]?.authorities[0]).not.toHaveProperty('trustRoot');
  });

  test.each<[string, object, string]>([
    ['a trust root by name', { ...KEYLESS, keyless: { ...KEYLESS.keyless, trustRootRef: 'mine' } }, 'mine'],
    ['another Fulcio', { ...KEYLESS, keyless: { ...KEYLESS.keyless, url: 'https://f.example' } }, 'https://f.example'],
    ['another log', { ...KEYLESS, ctlog: { url: 'https://log.example' } }, 'https://log.example'],
    ['a timestamp authority', { ...KEYLESS, rfc3161timestamp: { trustRootRef: 'mine' } }, 'mine'],
  ])('names %s', async (_, authority, trustRoot) => {
    expect(await readOne(authority)).toMatchObject({ trustRoot });
  });

  test.each<[string, string | PolicyMembers, string]>([
    ['nothing', '', 'CONFIG_INVALID'],
    ['no YAML', '{', 'INPUT_MALFORMED'],
    ['a member twice', 'a: 1\na: 2', 'INPUT_MALFORMED'],
    ['a list', '[]', 'INPUT_MALFORMED'],
    ['aliases that expand', billionLaughs(), 'INPUT_MALFORMED'],
    ['too much', '#'.repeat(1_100_000), 'INPUT_TOO_LARGE'],
    ['another kind', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\nspec: {}', 'INPUT_UNSUPPORTED'],
    ['a later version', { apiVersion: 'policy.sigstore.dev/v2' }, 'INPUT_UNSUPPORTED'],
    ['no images', { images: [] }, 'CONFIG_INVALID'],
    ['no authorities', { authorities: [] }, 'CONFIG_INVALID'],
    ['an unknown member', { somethingNew: true }, 'INPUT_MALFORMED'],
    ['a policy in CUE', { policy: { type: 'cue', data: 'x' } }, 'INPUT_UNSUPPORTED'],
    ['a policy in Rego', { policy: { type: 'rego', data: 'x' } }, 'INPUT_UNSUPPORTED'],
    ['another mode', { mode: 'audit' }, 'INPUT_UNSUPPORTED'],
    ['a glob that is a regular expression', { images: [{ glob: '.+' }] }, 'CONFIG_INVALID'],
    ['a selector without a resource', { match: [{ selector: { matchLabels: {} } }] }, 'CONFIG_INVALID'],
    ['an unknown resource', { match: [{ resource: 'services' }] }, 'INPUT_UNSUPPORTED'],
    ['an empty authority', { authorities: [{}] }, 'CONFIG_INVALID'],
    ['two ways at once', { authorities: [{ ...KEYLESS, static: { action: 'pass' } }] }, 'CONFIG_INVALID'],
    ['another static answer', { authorities: [{ static: { action: 'maybe' } }] }, 'INPUT_UNSUPPORTED'],
    ['a static answer with more', { authorities: [{ static: { action: 'pass' }, ctlog: {} }] }, 'CONFIG_INVALID'],
    ['a key in a KMS', { authorities: [{ key: { kms: 'awskms:///x' } }] }, 'INPUT_UNSUPPORTED'],
    ['a key in a secret', { authorities: [{ key: { secretRef: { name: 'x' } } }] }, 'INPUT_UNSUPPORTED'],
    ['no key', { authorities: [{ key: {} }] }, 'CONFIG_INVALID'],
    ['a key that is none', { authorities: [{ key: { data: 'x' } }] }, 'INPUT_MALFORMED'],
    ['another hash', { authorities: [{ key: { data: PUBLIC_KEY, hashAlgorithm: 'sha512' } }] }, 'INPUT_UNSUPPORTED'],
    ['no identities', { authorities: [{ keyless: { identities: [] } }] }, 'CONFIG_INVALID'],
    ['an issuer alone', { authorities: [{ keyless: { identities: [{ issuer: 'x' }] } }] }, 'CONFIG_INVALID'],
    ['a subject alone', { authorities: [{ keyless: { identities: [{ subject: 'x' }] } }] }, 'CONFIG_INVALID'],
    [
      'an issuer in two ways',
      { authorities: [{ keyless: { identities: [{ issuer: 'x', issuerRegExp: 'x', subject: 'y' }] } }] },
      'CONFIG_INVALID',
    ],
    [
      'a broken pattern',
      { authorities: [{ keyless: { identities: [{ issuer: 'x', subjectRegExp: '(' }] } }] },
      'CONFIG_INVALID',
    ],
    [
      'the certificate of an authority',
      { authorities: [{ keyless: { ...KEYLESS.keyless, 'ca-cert': { data: 'x' } } }] },
      'INPUT_UNSUPPORTED',
    ],
    [
      'several trust roots',
      {
        authorities: [
          { keyless: { ...KEYLESS.keyless, trustRootRef: 'one' }, rfc3161timestamp: { trustRootRef: 'two' } },
        ],
      },
      'INPUT_UNSUPPORTED',
    ],
    [
      'an attestation with a policy in CUE',
      {
        authorities: [
          { ...KEYLESS, attestations: [{ name: 'a', predicateType: 'custom', policy: { type: 'cue', data: 'x' } }] },
        ],
      },
      'INPUT_UNSUPPORTED',
    ],
    ['an identity without any proof of time', { authorities: [{ ...KEYLESS, ctlog: {} }] }, 'CONFIG_INVALID'],
    ['a source with a tag', { authorities: [{ ...KEYLESS, source: [{ oci: 'r.example/a:b' }] }] }, 'CONFIG_INVALID'],
    [
      'a source with a secret',
      { authorities: [{ ...KEYLESS, source: [{ oci: 'r.example/a', signaturePullSecrets: [{ name: 'x' }] }] }] },
      'INPUT_UNSUPPORTED',
    ],
    [
      'an empty name of a trust root',
      { authorities: [{ keyless: { ...KEYLESS.keyless, trustRootRef: '' } }] },
      'CONFIG_INVALID',
    ],
    ['an empty name of a log', { authorities: [{ key: { data: PUBLIC_KEY }, ctlog: { url: '' } }] }, 'CONFIG_INVALID'],
    ['a log without a name', { authorities: [{ key: { data: PUBLIC_KEY }, ctlog: { url: null } }] }, 'CONFIG_INVALID'],
    [
      'a timestamp authority beside a static answer',
      { authorities: [{ static: { action: 'pass' }, rfc3161timestamp: {} }] },
      'CONFIG_INVALID',
    ],
    [
      'a format beside a static answer',
      { authorities: [{ static: { action: 'pass' }, signatureFormat: 'bundle' }] },
      'CONFIG_INVALID',
    ],
    ['a certificate under another name', { authorities: [{ ...KEYLESS, keyless: { caCert: {} } }] }, 'INPUT_MALFORMED'],
    [
      'a key in two ways',
      { authorities: [{ key: { data: PUBLIC_KEY, secretRef: { name: 'x' } } }] },
      'INPUT_UNSUPPORTED',
    ],
    ['members of prototypes', { ['constructor']: {} }, 'INPUT_MALFORMED'],
    ['a member named __proto__', '{"__proto__":{"kind":"ClusterImagePolicy"}}', 'INPUT_MALFORMED'],
    ['a member twice, in JSON', policyYaml({}).replace('"spec":{', '"spec":{},"spec":{'), 'INPUT_MALFORMED'],
    ['a number as a name', policyYaml({}).replace('"policy"', '1e3'), 'INPUT_MALFORMED'],
    ['a tag that is not known', policyYaml({}).replace('"policy"', '!name policy'), 'INPUT_MALFORMED'],
    ['a set', policyYaml({}).replace('"spec":', '"status":!!set {a},"spec":'), 'INPUT_MALFORMED'],
    ['YAML 1.1', `%YAML 1.1\n---\n${policyYaml({})}`, 'INPUT_MALFORMED'],
    ['YAML of a version to come', `%YAML 2.0\n---\n${policyYaml({})}`, 'INPUT_MALFORMED'],
    ['a merge key', `a: &a { kind: ClusterImagePolicy }\n<<: *a`, 'INPUT_MALFORMED'],
    [
      'text in place of a switch',
      policyYaml({ authorities: [{ keyless: { ...KEYLESS.keyless, insecureIgnoreSCT: 0 } }] }).replace(':0', ':yes'),
      'INPUT_MALFORMED',
    ],
    [
      'names that differ for YAML alone',
      policyYaml({ match: [{ resource: 'pods', selector: { matchLabels: { a: '1' } } }] }).replace(
        '"a":"1"',
        '1: x, "1": y',
      ),
      'INPUT_MALFORMED',
    ],
    ['another format', { authorities: [{ ...KEYLESS, signatureFormat: 'x' }] }, 'INPUT_UNSUPPORTED'],
  ])('refuses %s', async (_, input, code) => {
    const text = typeof input === 'string' ? input : policyYaml(input);
    await expect(parseClusterImagePolicies(text)).rejects.toMatchObject({ name: 'KeywaxError', code });
  });

  test('refuses two policies of one name', async () => {
    const text = policyYaml({ authorities: [KEYLESS] });
    await expect(parseClusterImagePolicies(`${text}\n---\n${text}`)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

function billionLaughs(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 9; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  return lines.join('\n');
}
