// SPDX-License-Identifier: Apache-2.0

import { startStack } from '@keywax/stack';
import { describe, expect, test } from 'vitest';

describe('a stack', () => {
  test('gives each service an origin of its own, and takes them back', async () => {
    const stack = await startStack();
    const origins = new Set(Object.values(stack.urls).map((url) => new URL(url).origin));
    expect(origins.size).toBe(7);
    const health = await fetch(`${stack.urls.fulcio}/healthz`);
    expect(await health.json()).toEqual({ status: 'SERVING' });
    await stack.close();
    await expect(fetch(`${stack.urls.fulcio}/healthz`)).rejects.toThrow();
    await stack.close();
  });

  test('lets a caller stand between a service and its clients', async () => {
    const faults: { fulcio?: () => Response } = {};
    await using stack = await startStack({ faults });
    faults.fulcio = () => new Response('busy', { status: 503, headers: { 'Retry-After': '1' } });
    expect((await fetch(`${stack.urls.fulcio}/healthz`)).status).toBe(503);
    delete faults.fulcio;
    expect((await fetch(`${stack.urls.fulcio}/healthz`)).status).toBe(200);
  });

  test('answers what it does not know with JSON', async () => {
    await using stack = await startStack();
    const response = await fetch(`${stack.urls.rekorV1}/nowhere`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 404 });
  });

  test.each([
    ['v1', [1]],
    ['v2', [2]],
    ['both', [2, 1]],
  ] as const)('describes itself with Rekor %s', async (rekor, versions) => {
    await using stack = await startStack();
    const config = stack.signingConfig({ rekor });
    expect(config.rekorTlogUrls.map(({ majorApiVersion }) => majorApiVersion)).toEqual(versions);
    expect(config.tsaUrls[0]?.url).toBe(stack.urls.tsa);
    expect(stack.clientTrustConfig({ rekor })).toMatchObject({ trustedRoot: stack.trustedRoot, signingConfig: config });
  });
});
