// SPDX-License-Identifier: Apache-2.0
// The package in place of `sigstore`, as it is installed, in both module formats at once.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startStack } from '@keywax/stack';

const require = createRequire(import.meta.url);
const artifact = Buffer.from('what is signed');
let stack;
let bundle;
let trust;
let folder;

before(async () => {
  stack = await startStack();
  folder = mkdtempSync(join(tmpdir(), 'keywax-compat-'));
  const tufRootPath = join(folder, 'root.json');
  writeFileSync(tufRootPath, stack.tuf.root());
  trust = { tufMirrorURL: stack.urls.tuf, tufRootPath, tufCachePath: join(folder, 'cache'), tufForceCache: true };
  const { fulcio: fulcioURL, rekorV1: rekorURL } = stack.urls;
  const identityToken = await stack.mintToken({ kind: 'email' });
  bundle = await require('@keywax/compat').sign(artifact, { identityToken, fulcioURL, rekorURL });
});

after(async () => {
  await stack?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

const formats = { 'an ES module': () => import('@keywax/compat'), CommonJS: async () => require('@keywax/compat') };
for (const [format, load] of Object.entries(formats)) {
  describe(`@keywax/compat as ${format}`, () => {
    test('verifies as package managers call it', async () => {
      const { verify } = await load();
      const { identity } = await verify(bundle, artifact, { ...trust, keySelector: undefined, registry: 'x' });
      assert.equal(identity.subjectAlternativeName, 'alice@example.com');
    });

    test('verifies without waiting', async () => {
      const { createVerifier } = await load();
      assert.equal((await createVerifier(trust)).verify(bundle, artifact).key.asymmetricKeyType, 'ec');
    });

    test('throws errors that both formats know', async () => {
      const { verify } = await load();
      const error = await verify(bundle, Buffer.from('other'), trust).catch((caught) => caught);
      assert.equal(error.code, 'SIGNATURE_ERROR');
      assert.ok(error instanceof require('@keywax/compat').VerificationError);
      assert.ok(error instanceof (await import('@keywax/compat/verify')).VerificationError);
    });
  });
}

test('the TUF client brings a target, and says which code means that there is none', async () => {
  const tuf = await require('@keywax/compat/tuf').initTUF({
    mirrorURL: trust.tufMirrorURL,
    rootPath: trust.tufRootPath,
    cachePath: trust.tufCachePath,
  });
  assert.ok(JSON.parse(await tuf.getTarget('trusted_root.json')).tlogs.length > 0);
  await assert.rejects(tuf.getTarget('registry.example/keys.json'), { code: 'TUF_FIND_TARGET_ERROR' });
});
