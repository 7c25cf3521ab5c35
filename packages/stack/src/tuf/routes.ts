// SPDX-License-Identifier: Apache-2.0
// The TUF repository over HTTP: files below the base URL, 404 for everything else.

import { Hono } from 'hono';
import { cors } from 'hono/cors';
import type { TufService } from './service.js';

/** The routes of the repository. */
export function createTufRoutes(service: TufService): Hono {
  const app = new Hono();
  app.use(cors({ origin: '*' }));
  app.get('*', async (context) => {
    // As it was sent: names of files are percent-encoded.
    const content = await service.answer(new URL(context.req.url).pathname.slice(1));
    if (content === undefined) return context.notFound();
    const body = content instanceof Uint8Array ? Uint8Array.from(content) : content;
    return context.body(body, 200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  });
  return app;
}
