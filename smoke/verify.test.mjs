// SPDX-License-Identifier: Apache-2.0
// Signs against a local instance with the installed packages, and verifies with both module formats.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sign } from 'keywax';
import { startStack } from '@keywax/stack';

const require = createRequire(import.meta.url);
const artifact = new TextEncoder().encode('what is signed');
const changed = new TextEncoder().encode('what is sogned');
const EMAIL = 'jane@example.com';

let stack;
let input;

before(async () => {
  stack = await startStack();
  const identityToken = await stack.mintToken({ kind: 'email', email: EMAIL });
  const { iss: issuer } = JSON.parse(Buffer.from(identityToken.split('.')[1], 'base64url').toString());
  input = {
    bundle: await sign(artifact, { identityToken, instance: { trustConfig: stack.clientTrustConfig() } }),
    options: { identity: { subject: EMAIL, issuer }, instance: { trustedRoot: stack.trustedRoot } },
  };
});

after(() => stack?.close());

const formats = { 'an ES module': () => import('keywax'), CommonJS: async () => require('keywax') };
for (const [format, load] of Object.entries(formats)) {
  describe(`keywax as ${format}`, () => {
    test('verifies the artifact', async () => {
      const { verify } = await load();
      const { signer } = await verify(input.bundle, { ...input.options, artifact });
      assert.equal(signer.kind, 'certificate');
    });

    test('verifies its digest, for which curves in JavaScript are loaded', async () => {
      const { verify } = await load();
      await verify(input.bundle, {
        ...input.options,
        artifact: { sha256: createHash('sha256').update(artifact).digest() },
      });
    });

    test('verifies without waiting', async () => {
      const { createVerifier, loadSyncCrypto } = await load();
      await loadSyncCrypto();
      const verifier = await createVerifier({ instance: input.options.instance });
      verifier.verifySync(input.bundle, { identity: input.options.identity, artifact });
    });

    test('refuses another artifact with its own error', async () => {
      const { verify, KeywaxError } = await load();
      const refused = verify(input.bundle, { ...input.options, artifact: changed });
      await assert.rejects(refused, (error) => error instanceof KeywaxError && error.code === 'ARTIFACT_MISMATCH');
    });

    test("carries production's trusted root", async () => {
      const { createVerifier } = await load();
      await createVerifier({ offline: true, cacheDirectory: join(tmpdir(), 'keywax-no-such-folder') });
    });
  });
}

test('verifying loads none of the clients and nothing of others', () => {
  const script = `
    const { verify } = require('keywax');
    const { bundle, options, artifact } = JSON.parse(process.argv[1]);
    verify(bundle, { ...options, artifact: Uint8Array.from(artifact) }).then(
      () => console.log(JSON.stringify(Object.keys(require.cache))),
    );`;
  const argument = JSON.stringify({ ...input, artifact: [...artifact] });
  const loaded = JSON.parse(execFileSync(process.execPath, ['-e', script, argument], { encoding: 'utf8' }));
  const packages = new Set(loaded.map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]));
  assert.deepEqual(packages, new Set(['keywax', '@keywax/bundle', '@keywax/core', '@keywax/trust', '@keywax/verify']));
});
