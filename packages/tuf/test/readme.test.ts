// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeExamples } from '../../../test/readme.js';
import * as directoryStore from '../src/directory-store.node.js';
import * as exported from '../src/index.js';

const root = new URL('../', import.meta.url);

test('the README lists every export', () => {
  const readme = readFileSync(new URL('README.md', root), 'utf8');
  const listed = [...readme.slice(readme.indexOf('## Exports')).matchAll(/`(\w+)`/g)].map(([, name]) => name);
  expect(new Set(listed)).toEqual(new Set([...Object.keys(exported), ...Object.keys(directoryStore)]));
});

describeExamples(root, new URL('README.md', root), {
  before: `
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLab } from '@keywax/stack/lab';
import { createTufRepository } from '@keywax/stack/tuf';

const repository = createTufRepository({ now: () => new Date() });
repository.addTarget('trusted_root.json', new TextEncoder().encode(JSON.stringify((await createLab()).trustedRoot())));
repository.release();
const server = createServer((request, response) => {
  const file = repository.files.get(request.url.slice(1));
  response.writeHead(file === undefined ? 404 : 200, { connection: 'close' }).end(file);
}).listen(0, '127.0.0.1').unref();
await once(server, 'listening');
const mirrorUrl = 'http://127.0.0.1:' + server.address().port;
const trustedRoot = repository.root();
const directory = mkdtempSync(join(tmpdir(), 'keywax-tuf-'));
process.on('exit', () => rmSync(directory, { recursive: true }));
`,
});
