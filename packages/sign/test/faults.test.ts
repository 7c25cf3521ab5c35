// SPDX-License-Identifier: Apache-2.0

import { provideToken } from '@keywax/identity';
import { signContent } from '@keywax/sign';
import { type Interceptor, type ServiceName, startStack } from '@keywax/stack';
import { decodeSigningConfig, decodeTrustedRoot, selectServices } from '@keywax/trust';
import { prepareTrust } from '@keywax/verify';
import { afterAll, afterEach, describe, expect, test } from 'vitest';

const faults: { [name in ServiceName]?: Interceptor } = {};
const stack = await startStack({ faults });
const elsewhere = await startStack();
afterAll(() => Promise.all([stack.close(), elsewhere.close()]));
afterEach(() => {
  for (const name of Object.keys(faults) as ServiceName[]) delete faults[name];
});

type Changed = 'fulcio' | 'rekorV1' | 'rekorV2' | 'tsa';
const SERVICES: readonly Changed[] = ['fulcio', 'rekorV1', 'rekorV2', 'tsa'];

describe('nothing is returned that does not verify:', () => {
  test.each(SERVICES)('an answer of %s to an earlier request', async (name) => {
    faults[name] = replayFirst();
    await sign(name);
    await expect(sign(name)).rejects.toMatchObject({ code: 'SERVICE_INVALID' });
  });

  test.each(['rekorV1', 'rekorV2', 'tsa'] as const)('an answer of another instance in place of %s', async (name) => {
    faults[name] = forwardTo(new URL(elsewhere.urls[name]).origin);
    await expect(sign(name)).rejects.toMatchObject({ code: 'SERVICE_INVALID' });
  });

  test('a promise that the log did not sign', async () => {
    faults.rekorV1 = async (_, next) => {
      const text = await (await next()).text();
      // Another signature of the same length and encoding.
      const spoiled = text.replace(
        /("signedEntryTimestamp":"[^"]{60})(.)/,
        (_match, before: string, digit: string) => `${before}${digit === 'A' ? 'B' : 'A'}`,
      );
      return new Response(spoiled, { status: 201, headers: { 'content-type': 'application/json' } });
    };
    await expect(sign('rekorV1')).rejects.toMatchObject({ code: 'SERVICE_INVALID', report: expect.anything() });
  });
});

/** Signs so that the named service is asked. */
async function sign(service: Changed) {
  const config = stack.signingConfig({ rekor: service === 'rekorV2' ? 'v2' : 'v1' });
  return signContent(
    { kind: 'message', artifact: Buffer.from('an artifact\n') },
    {
      services: selectServices(decodeSigningConfig(config), new Date()),
      trust: prepareTrust(decodeTrustedRoot(stack.trustedRoot)),
      transport: { allowHttp: 'loopback' },
      identity: provideToken(await stack.mintToken({ kind: 'email' })),
    },
  );
}

/** Answers every POST with what the first was answered with. */
function replayFirst(): Interceptor {
  let first: Response | undefined;
  return async ({ method }, next) => {
    if (method !== 'POST') return next();
    first ??= await next();
    return first.clone();
  };
}

/** Lets another origin answer. */
function forwardTo(origin: string): Interceptor {
  return async (request) => {
    const { method, headers } = request;
    const type = headers.get('content-type') ?? '';
    const body = await request.arrayBuffer();
    const answer = await fetch(origin + new URL(request.url).pathname, {
      method,
      headers: { 'content-type': type },
      body,
    });
    return new Response(await answer.arrayBuffer(), { status: answer.status, headers: answer.headers });
  };
}
