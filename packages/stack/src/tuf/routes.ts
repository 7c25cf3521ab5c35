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
    const content = await service.answer(spellPath(new URL(context.req.url).pathname.slice(1)));
    if (content === undefined) return context.notFound();
    const body = content instanceof Uint8Array ? Uint8Array.from(content) : content;
    return context.body(body, 200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  });
  return app;
}

/** The path as the repository names its files: clients differ in what they percent-encode within a segment. */
function spellPath(path: string): string {
  try {
    return path
      .split('/')
      .map((segment) => encodeURIComponent(decodeURIComponent(segment)))
      .join('/');
  } catch {
    return path; // not well encoded, and no file of that name
  }
}
