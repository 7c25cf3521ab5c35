// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startStack } from '@keywax/stack';
import { afterAll, expect, test } from 'vitest';
import { ALICE, ARTIFACT, OTHER_ARTIFACT, type SigningCase, signWithKeywax, verifyWithKeywax } from './keywax.js';
import { type PythonClient, createPythonClient, describePython } from './sigstore-python.js';
import { TAMPERINGS } from './tampered.js';

const stack = await startStack();
afterAll(() => stack.close());

const CASES: readonly SigningCase[] = [
  { content: 'message', rekor: 'v1' },
  { content: 'dsse', rekor: 'v1' },
  { content: 'message', rekor: 'v2' },
  { content: 'dsse', rekor: 'v2' },
];
const PREDICATE = {
  buildDefinition: { buildType: 'https://example.com/build', externalParameters: {} },
  runDetails: { builder: { id: 'https://example.com/builder' } },
};

describePython('Keywax accepts what sigstore for Python signed', () => {
  test.each(CASES)('$content, Rekor $rekor', async ({ content, rekor }) => {
    using client = createClient({ 'predicate.json': JSON.stringify(PREDICATE) });
    const command =
      content === 'message'
        ? ['sign']
        : ['attest', '--predicate', 'predicate.json', '--predicate-type', 'https://slsa.dev/provenance/v1'];
    const { status, output } = await client.run(
      '--trust-config',
      `${rekor}.json`,
      ...command,
      '--identity-token',
      await stack.mintToken({ kind: 'email' }),
      'artifact',
    );
    expect(status, output).toBe(0);
    expect(client.listHome()).toEqual([]);
    const bundle = readFileSync(join(client.folder, 'artifact.sigstore.json'));
    const { signer, statement } = await verifyWithKeywax(stack, bundle);
    expect(signer).toMatchObject({ identity: { subject: ALICE, issuer: stack.urls.oidc } });
    expect(statement?.predicateType).toBe(content === 'dsse' ? 'https://slsa.dev/provenance/v1' : undefined);
    await expect(verifyWithKeywax(stack, bundle, { artifact: OTHER_ARTIFACT })).rejects.toMatchObject({
      code: 'ARTIFACT_MISMATCH',
    });
  });

  test('for a workflow', async () => {
    using client = createClient();
    const token = await stack.mintToken({ kind: 'github' });
    await client.run('--trust-config', 'v2.json', 'sign', '--identity-token', token, 'artifact');
    const bundle = readFileSync(join(client.folder, 'artifact.sigstore.json'));
    await verifyWithKeywax(stack, bundle, {
      identity: {
        issuer: `${stack.urls.oidc}/github`,
        subject: { pattern: 'https://github\\.com/octo-org/octo-repo/.+' },
        sourceRepositoryUri: 'https://github.com/octo-org/octo-repo',
      },
    });
  });
});

describePython('sigstore for Python accepts what Keywax signed', () => {
  test.each(CASES)('$content, Rekor $rekor', async (signingCase) => {
    using client = createClient({ bundle: JSON.stringify(await signWithKeywax(stack, signingCase)) });
    const { status, output } = await verifyWithPython(client);
    expect(output).toContain('OK: artifact');
    expect(status).toBe(0);
    expect(client.listHome()).toEqual([]);
  });
});

describePython('sigstore for Python refuses, as Keywax does,', () => {
  test.each(TAMPERINGS.filter(({ python }) => python !== undefined))(
    '$name ($of.content, Rekor $of.rekor)',
    async ({ of, change, python }) => {
      const [bundle, other] = [await signWithKeywax(stack, of), await signWithKeywax(stack, of)];
      change(bundle, other);
      using client = createClient({ bundle: JSON.stringify(bundle) });
      const { status, output } = await verifyWithPython(client);
      expect(output).toContain(python);
      expect(status).toBe(1);
    },
  );

  test.each([
    [
      'a signer other than the one that was named',
      { identity: 'mallory@example.com' },
      "Certificate's SANs do not match",
    ],
    ['another artifact', { artifact: 'other' }, 'Bundle message digest mismatch'],
  ])('%s', async (_, options, reason) => {
    const bundle = JSON.stringify(await signWithKeywax(stack, { content: 'message', rekor: 'v2' }));
    using client = createClient({ bundle, other: OTHER_ARTIFACT });
    const { status, output } = await verifyWithPython(client, options);
    expect(output).toContain(reason);
    expect(status).toBe(1);
  });

  test('a bundle of an instance that is not trusted', async () => {
    await using elsewhere = await startStack();
    const bundle = JSON.stringify(await signWithKeywax(elsewhere, { content: 'message', rekor: 'v1' }));
    using client = createClient({ bundle });
    const { status, output } = await verifyWithPython(client);
    expect(output).toContain('failed to build timestamp certificate chain');
    expect(status).toBe(1);
  });
});

function createClient(files: Readonly<Record<string, string | Uint8Array>> = {}): PythonClient {
  const [v1, v2] = (['v1', 'v2'] as const).map((rekor) => JSON.stringify(stack.clientTrustConfig({ rekor })));
  return createPythonClient({ artifact: ARTIFACT, 'v1.json': v1 ?? '', 'v2.json': v2 ?? '', ...files });
}

function verifyWithPython(client: PythonClient, { identity = ALICE, artifact = 'artifact' } = {}) {
  const policy = ['--cert-identity', identity, '--cert-oidc-issuer', stack.urls.oidc];
  return client.run('--trust-config', 'v1.json', 'verify', 'identity', ...policy, '--bundle', 'bundle', artifact);
}
