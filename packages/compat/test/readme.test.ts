// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeExamples } from '../../../test/readme.js';
import * as exported from '../src/index.js';

const root = new URL('../', import.meta.url);

test('the README lists every export', () => {
  const readme = readFileSync(new URL('README.md', root), 'utf8');
  const [, table = ''] = /## Exports\n\n([\s\S]*?)\n\n/.exec(readme) ?? [];
  const listed = [...table.matchAll(/`(\w+)`/g)].map(([, name]) => name);
  expect(new Set(listed)).toEqual(new Set(Object.keys(exported)));
});

describeExamples(root, new URL('README.md', root), {
  before: `
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRepository, parseReference } from '@keywax/oci';
import { sign as signOriginal } from '@keywax/compat';
import { startStack } from '@keywax/stack';
import { startOciRegistry } from '@keywax/stack/oci-registry';

await using stack = await startStack();
const folder = mkdtempSync(join(tmpdir(), 'keywax-compat-'));
const rootPath = join(folder, 'root.json');
writeFileSync(rootPath, stack.tuf.root());
const [mirrorURL, cachePath] = [stack.urls.tuf, join(folder, 'cache')];
const repository = { tufMirrorURL: mirrorURL, tufRootPath: rootPath, tufCachePath: cachePath };
const { fulcio: fulcioURL, rekorV1: rekorURL, tsa: tsaBaseURL, oidc: issuer } = stack.urls;
const identityToken = await stack.mintToken({ kind: 'email', email: 'jane@example.com' });
const data = Buffer.from('what is signed');
const statement = Buffer.from(JSON.stringify({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'x', digest: { sha256: '0'.repeat(64) } }],
  predicateType: 'https://slsa.dev/provenance/v1',
  predicate: {},
}));
const bundle = await signOriginal(data, { identityToken, fulcioURL, rekorURL });
const [username, password] = ['user', 'word'];
await using registry = await startOciRegistry({ referrers: false, auth: { kind: 'basic', username, password } });
const auths = { [registry.host]: { auth: Buffer.from('user:word').toString('base64') } };
writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths }));
process.env.DOCKER_CONFIG = folder;
const owned = openRepository(parseReference(registry.host + '/owner/app'), {
  credentials: async () => ({ kind: 'basic', username, password }),
});
const config = await owned.uploadBlob(Buffer.from('{}'), 'application/vnd.oci.image.config.v1+json');
const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const image = { schemaVersion: 2, mediaType: ociManifest, config, layers: [] };
await owned.putManifest(Buffer.from(JSON.stringify(image)), ociManifest, 'v1');
process.on('exit', () => rmSync(folder, { recursive: true }));
`,
});
