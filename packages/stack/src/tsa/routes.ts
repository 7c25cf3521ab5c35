// SPDX-License-Identifier: Apache-2.0
// The timestamp authority over HTTP.

import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import { encodePem } from '@keywax/core/pem';
import type { Instance } from '../instance.js';
import { answerError, limitBody, refused } from '../service.js';
import { readDerRequest, readJsonRequest } from './request.js';

const MAX_BODY_BYTES = 1024 * 1024; // as upstream

/** The routes of the timestamp authority. */
export function createTsaRoutes(instance: Instance): Hono {
  const { chain } = instance.material.tsa;
  const app = new Hono();
  app.use(cors({ origin: '*' }));
  app.use(limitBody(MAX_BODY_BYTES, answerError));
  app.get('/ping', (context) => context.text('pong'));
  app.get('/api/v1/timestamp/certchain', (context) => {
    const pem = chain.map((der) => encodePem('CERTIFICATE', der)).join('');
    return context.body(pem, 200, { 'Content-Type': 'application/pem-certificate-chain' });
  });
  app.post('/api/v1/timestamp', (context) => answerQuery(context, instance));
  return app;
}

async function answerQuery(context: Context, instance: Instance): Promise<Response> {
  const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  const body = new Uint8Array(await context.req.arrayBuffer());
  const request =
    type === 'application/timestamp-query'
      ? readDerRequest(body)
      : type === 'application/json'
        ? readJsonRequest(body)
        : refused(415, 'unsupported media type');
  if (request.kind === 'refused') return answerError(context, request);
  const { algorithm, digest, nonce, wantsCertificates } = request.value;
  const response = instance.timestamp({
    imprint: { algorithm, digest },
    ...(nonce === undefined ? {} : { nonce }),
    ...(wantsCertificates ? { certificates: instance.material.tsa.chain.slice(0, 1) } : {}),
  });
  return context.body(Uint8Array.from(response), 201, { 'Content-Type': 'application/timestamp-reply' });
}
