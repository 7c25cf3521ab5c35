// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeExamples } from '../../../test/readme.js';
import * as fetches from '../src/create-fetch.node.js';
import * as exported from '../src/index.js';

const root = new URL('../', import.meta.url);

test('the README lists every export', () => {
  const readme = readFileSync(new URL('README.md', root), 'utf8');
  const listed = [...readme.slice(readme.indexOf('## Exports')).matchAll(/`(\w+)`/g)].map(([, name]) => name);
  const notExports = new Set(['SERVICE_INVALID', 'delay']);
  expect(new Set(listed.filter((name) => !notExports.has(name ?? '')))).toEqual(
    new Set([exported, fetches].flatMap(Object.keys)),
  );
});

describeExamples(root, new URL('README.md', root), {
  before: `
import { once } from 'node:events';
import { createServer } from 'node:http';
import { rootCertificates } from 'node:tls';
const authority = rootCertificates[0] ?? '';
const server = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end('{}');
}).listen(0, '127.0.0.1').unref();
await once(server, 'listening');
const url = 'http://127.0.0.1:' + server.address().port;
`,
});
