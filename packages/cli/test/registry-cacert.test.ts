// SPDX-License-Identifier: Apache-2.0

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startOciRegistry } from '@keywax/stack/oci-registry';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type TestAuthority, hasOpenssl, makeAuthority, makeFolder, serveProxy } from '../../../test/tls.js';
import { type Called, call } from './call.js';

const { folder, remove } = makeFolder();
const before = process.env['HTTPS_PROXY'];
let ca: TestAuthority;

beforeAll(() => {
  if (hasOpenssl) ca = makeAuthority(folder);
});
afterEach(() => {
  if (before === undefined) Reflect.deleteProperty(process.env, 'HTTPS_PROXY');
  else process.env['HTTPS_PROXY'] = before;
});
afterAll(remove);

function tree(image: string, ...flags: readonly string[]): Promise<Called> {
  return call(['image', 'tree', ...flags, image], { env: { HOME: folder } });
}

describe.skipIf(!hasOpenssl)(`--registry-cacert${hasOpenssl ? '' : ' (openssl is absent)'}`, () => {
  test('holds behind the proxy of the environment', async () => {
    const { cert, key } = ca.issue('registry');
    await using registry = await startOciRegistry({ https: { cert, key } });
    const proxy = await serveProxy();
    process.env['HTTPS_PROXY'] = proxy.url.replace('//', '//user:CANARY@');
    const image = `${registry.host}/app:v1`;
    expect((await tree(image, '--registry-cacert', ca.certFile)).err).toContain('IMAGE_NOT_FOUND');
    expect(proxy.asked.map(([target]) => target)).toContain(registry.host);
    const other = makeAuthority(folder, 'other');
    const refused = await tree(image, '--registry-cacert', other.certFile);
    expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('NETWORK_TLS') as string });
    process.env['HTTPS_PROXY'] = 'http://user:CANARY@127.0.0.1:9';
    const down = await tree(image, '--registry-cacert', ca.certFile);
    expect(down).toMatchObject({ code: 3, err: expect.stringContaining('NETWORK_FAILED') as string });
    expect(down.err + refused.err).not.toContain('CANARY');
  });

  test.each([
    ['a key', () => ca.keyFile],
    ['no PEM', () => join(folder, 'text')],
  ])('refuses %s', async (_, path) => {
    writeFileSync(join(folder, 'text'), 'CANARY');
    const { code, err } = await tree('127.0.0.1:9/app:v1', '--registry-cacert', path());
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('--registry-cacert') as string });
    expect(err).not.toContain('CANARY');
  });
});
