// SPDX-License-Identifier: Apache-2.0
// Rekor v2 over HTTP: one write, and the tiles (C2SP tlog-tiles) below `/api/v2`.

import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import { decodeJsonValue } from '@keywax/core/decode';
import { parseTilePath, readHashTile, readRecordTile } from '../log/tiles.js';
import { answerGrpcError, limitBody, readIndex, readJsonBody } from '../service.js';
import { createInsertOnce } from './insert.js';
import type { Publisher } from './publisher.js';
import type { RekorV2 } from './v2.js';
import { acceptEntryRequest } from './v2-request.js';

const MAX_BODY_BYTES = 4 * 1024 * 1024; // as upstream
const MAX_ENTRY_BYTES = 65_535; // an entry bundle gives each length two bytes
const IMMUTABLE = { 'Content-Type': 'application/octet-stream', 'Cache-Control': 'max-age=31536000, immutable' };

/** How a Rekor v2 service behaves where there is a choice. */
export interface RekorV2ServiceOptions {
  readonly publisher: Publisher;
  /** Whether the retired request for envelopes is taken. */
  readonly acceptDsse: boolean;
}

/** The routes of Rekor v2. */
export function createRekorV2Routes(rekor: RekorV2, options: RekorV2ServiceOptions): Hono {
  const app = new Hono();
  const insertOnce = createInsertOnce(rekor.log);
  app.use(cors({ origin: '*', exposeHeaders: ['x-log-index'] }));
  app.use(limitBody(MAX_BODY_BYTES, answerGrpcError));
  app.get('/healthz', (context) => context.json({ status: 'SERVING' }));
  app.post('/api/v2/log/entries', (context) => addEntry(context, { rekor, insertOnce, ...options }));
  app.get('/api/v2/checkpoint', (context) =>
    context.body(rekor.checkpoint(options.publisher.size()), 200, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': 'no-cache',
    }),
  );
  app.get('/api/v2/tile/:level/:path{.+}', (context) => {
    const bytes = readTile(rekor, options.publisher.size(), context.req.param());
    return bytes === undefined ? context.notFound() : context.body(Uint8Array.from(bytes), 200, IMMUTABLE);
  });
  return app;
}

interface EntryService extends RekorV2ServiceOptions {
  readonly rekor: RekorV2;
  readonly insertOnce: ReturnType<typeof createInsertOnce>;
}

async function addEntry(
  context: Context,
  { rekor, insertOnce, publisher, acceptDsse }: EntryService,
): Promise<Response> {
  const value = await readJsonBody(context, decodeJsonValue, MAX_BODY_BYTES);
  if (value === undefined) return answerGrpcError(context, { status: 400, message: 'invalid request' });
  const accepted = await acceptEntryRequest(value, { acceptDsse });
  if (accepted.kind === 'refused') return answerGrpcError(context, accepted);
  const body = accepted.value;
  if (body.length > MAX_ENTRY_BYTES) return answerGrpcError(context, { status: 400, message: 'entry too large' });
  const { index, isNew } = await insertOnce(body, () => rekor.append(body));
  if (!isNew) {
    context.header('x-log-index', String(index));
    const message = `an equivalent entry already exists in the transparency log with index ${index}`;
    return answerGrpcError(context, { status: 409, message });
  }
  await publisher.publish(index);
  // The server writes unset fields too.
  return context.json({ ...rekor.entry(index, publisher.size()), integratedTime: '0', inclusionPromise: null }, 201);
}

/** A tile of hashes, or of entries where `level` is `entries`, of the published log. */
function readTile(
  { log }: RekorV2,
  size: number,
  { level = '', path = '' }: Readonly<Record<string, string>>,
): Uint8Array | undefined {
  const name = parseTilePath(path);
  if (name === undefined) return undefined;
  if (level === 'entries') return readRecordTile(log, name, size);
  const height = readIndex(level);
  return height === undefined ? undefined : readHashTile(log.tree, name, { level: height, size });
}
