// SPDX-License-Identifier: Apache-2.0

import { type ErrorCode, KeywaxError } from '@keywax/core/errors';
import { describe, expect, test } from 'vitest';
import { classifyFailure } from '../src/failure.js';
import { loadFetch } from '../src/fetch.web.js';
import { sendJson, serve } from '../../../test/loopback.js';
import { send } from './hosts.js';

describe('a failure', () => {
  test.each<[string, ErrorCode, boolean]>([
    ['ECONNREFUSED', 'NETWORK_FAILED', true],
    ['ECONNRESET', 'NETWORK_FAILED', true],
    ['ENOTFOUND', 'NETWORK_FAILED', true],
    ['EAI_AGAIN', 'NETWORK_FAILED', true],
    ['UND_ERR_SOCKET', 'NETWORK_FAILED', true],
    ['HPE_INVALID_CONSTANT', 'NETWORK_FAILED', false],
    ['HPE_HEADER_OVERFLOW', 'INPUT_TOO_LARGE', false],
    ['UND_ERR_HEADERS_OVERFLOW', 'INPUT_TOO_LARGE', false],
    ['ETIMEDOUT', 'NETWORK_TIMEOUT', true],
    ['ECONNECTIONTIMEOUT', 'NETWORK_TIMEOUT', true],
    ['UND_ERR_CONNECT_TIMEOUT', 'NETWORK_TIMEOUT', true],
    ['UND_ERR_BODY_TIMEOUT', 'NETWORK_TIMEOUT', true],
    ['CERT_HAS_EXPIRED', 'NETWORK_TLS', false],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'NETWORK_TLS', false],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'NETWORK_TLS', false],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'NETWORK_TLS', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'NETWORK_TLS', false],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'NETWORK_TLS', false],
    ['EPROTO', 'NETWORK_TLS', false],
  ])('of the host with code %s is %s', (hostCode, code, retryable) => {
    const cause = Object.assign(new Error('words'), { code: hostCode });
    for (const thrown of [cause, new TypeError('fetch failed', { cause })]) {
      const failure = classifyFailure(thrown, 'GET https://host/', []);
      expect({ code: failure.error.code, retryable: failure.retryable }).toEqual({ code, retryable });
      expect(failure.error.message).toContain(hostCode);
    }
  });

  test.each<[unknown]>([['text'], [undefined], [null], [{}], [new Error('words')]])(
    'without a code is one of the connection: %s',
    (thrown) => {
      expect(classifyFailure(thrown, 'GET https://host/', [])).toMatchObject({
        error: { code: 'NETWORK_FAILED' },
        retryable: true,
      });
    },
  );

  test('of our own passes', () => {
    const error = new KeywaxError('NETWORK_POLICY', 'no');
    expect(classifyFailure(error, '', [])).toEqual({ error, retryable: false });
  });
});

test('elsewhere than on Node the fetch of the host is the default', async () => {
  const server = await serve((response) => sendJson(response, 200, {}));
  await expect(send(server.url, { fetch: await loadFetch() })).resolves.toMatchObject({ status: 200 });
});
