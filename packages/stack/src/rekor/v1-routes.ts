// SPDX-License-Identifier: Apache-2.0
// Rekor v1 over HTTP.

import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import { encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import {
  type Decoder,
  arrayOf,
  decodeBase64Field,
  decodeJsonValue,
  decodeOpenObject,
  decodeString,
  integerWithin,
  oneOfNames,
  optional,
  withDefault,
} from '@keywax/core/decode';
import { hash } from '@keywax/core/hash';
import type { JsonValue } from '@keywax/core/json';
import { encodePem } from '@keywax/core/pem';
import {
  type Outcome,
  type Refusal,
  answerError,
  attempt,
  done,
  limitBody,
  readIndex,
  readJsonBody,
  refused,
} from '../service.js';
import { encodeVerifierPem } from './body.js';
import { acceptProposal } from './v1-proposal.js';
import { type RekorV1Service, type SearchQuery, describeEntry } from './v1-service.js';
import { readPemVerifier } from './verifier.js';

const MAX_BODY_BYTES = 32 * 1024 * 1024; // as upstream
const MAX_RETRIEVED = 10;
const SCHEMA_CODE = 602;

const NOT_FOUND: Refusal = { status: 404, message: 'entry not found' };
const BAD_SCHEMA: Refusal = { status: 422, code: SCHEMA_CODE, message: 'the request does not fit the schema' };

/** The routes of Rekor v1. */
export function createRekorV1Routes(service: RekorV1Service): Hono {
  const app = new Hono({ strict: false }); // the Python client posts to `retrieve/`
  app.use(cors({ origin: '*', exposeHeaders: ['ETag', 'Location'] }));
  app.use(limitBody(MAX_BODY_BYTES, answerError));
  app.get('/ping', (context) => context.text('pong'));
  app.get('/api/v1/version', (context) =>
    context.json({ version: 'keywax', commit: '', treestate: '', builddate: '' }),
  );
  app.post('/api/v1/log/entries', (context) => addEntry(context, service));
  app.get('/api/v1/log/entries', (context) => answerByIndex(context, service));
  app.post('/api/v1/log/entries/retrieve', (context) => retrieveEntries(context, service));
  app.get('/api/v1/log/entries/:id', (context) => answerById(context, service));
  app.post('/api/v1/index/retrieve', (context) => searchIndex(context, service));
  addLogRoutes(app, service);
  return app;
}

async function addEntry(context: Context, service: RekorV1Service): Promise<Response> {
  const proposal = await readJsonBody(context, decodeJsonValue, MAX_BODY_BYTES);
  if (proposal === undefined) return answerError(context, BAD_SCHEMA);
  const accepted = await acceptProposal(proposal);
  if (accepted.kind === 'refused') return answerError(context, accepted);
  const { index, isNew } = await service.insert(accepted.value);
  const uuid = service.rekor.uuid(index);
  context.header('Location', `/api/v1/log/entries/${uuid}`);
  if (!isNew) {
    const message = `an equivalent entry already exists in the transparency log with UUID ${uuid}`;
    return answerError(context, { status: 409, message });
  }
  context.header('ETag', uuid); // bare, as clients look the entry up by it
  return context.json(describeEntry(service.rekor, index), 201);
}

function answerByIndex(context: Context, service: RekorV1Service): Response {
  const logIndex = readIndex(context.req.query('logIndex'));
  if (logIndex === undefined) return answerError(context, BAD_SCHEMA);
  const index = service.findLogIndex(logIndex);
  return index === undefined ? answerError(context, NOT_FOUND) : context.json(describeEntry(service.rekor, index));
}

function answerById(context: Context, service: RekorV1Service): Response {
  const id = context.req.param('id') ?? '';
  if (!isEntryId(id)) return answerError(context, BAD_SCHEMA);
  const index = service.findUuid(id);
  return index === undefined ? answerError(context, NOT_FOUND) : context.json(describeEntry(service.rekor, index));
}

function isEntryId(id: string): boolean {
  return /^(?:[0-9a-f]{64}|[0-9a-f]{80})$/.test(id);
}

interface RetrieveRequest {
  readonly entryUUIDs: readonly string[];
  readonly logIndexes: readonly number[];
  readonly entries: readonly JsonValue[];
}

const decodeRetrieveRequest: Decoder<RetrieveRequest> = decodeOpenObject<RetrieveRequest>({
  entryUUIDs: arrayOf(decodeString, MAX_RETRIEVED),
  logIndexes: arrayOf(integerWithin(0, Number.MAX_SAFE_INTEGER), MAX_RETRIEVED),
  entries: arrayOf(decodeJsonValue, MAX_RETRIEVED),
});

async function retrieveEntries(context: Context, service: RekorV1Service): Promise<Response> {
  const request = await readJsonBody(context, decodeRetrieveRequest, MAX_BODY_BYTES);
  if (request === undefined) return answerError(context, BAD_SCHEMA);
  const { entryUUIDs, logIndexes, entries } = request;
  const asked = entryUUIDs.length + logIndexes.length + entries.length;
  if (asked === 0 || asked > MAX_RETRIEVED || !entryUUIDs.every(isEntryId)) return answerError(context, BAD_SCHEMA);
  const accepted = await Promise.all(entries.map(acceptProposal));
  const found = [
    ...entryUUIDs.map((id) => service.findUuid(id)),
    ...logIndexes.map((logIndex) => service.findLogIndex(logIndex)),
    ...accepted.map((entry) => (entry.kind === 'done' ? service.findBody(entry.value.body) : undefined)),
  ];
  return context.json(found.filter((index) => index !== undefined).map((index) => describeEntry(service.rekor, index)));
}

interface SearchRequest {
  readonly hash?: string;
  readonly email?: string;
  readonly subject?: string;
  readonly publicKey?: { readonly format: string; readonly content?: Uint8Array };
  readonly operator: 'or' | 'and';
}

const decodeSearchRequest: Decoder<SearchRequest> = decodeOpenObject<SearchRequest>({
  hash: optional(decodeString),
  email: optional(decodeString),
  subject: optional(decodeString),
  publicKey: optional(
    decodeOpenObject<{ readonly format: string; readonly content?: Uint8Array }>({
      format: decodeString,
      content: optional(decodeBase64Field),
    }),
  ),
  operator: withDefault(oneOfNames(['or', 'and']), 'or'),
});

async function searchIndex(context: Context, service: RekorV1Service): Promise<Response> {
  const request = await readJsonBody(context, decodeSearchRequest, MAX_BODY_BYTES);
  if (request === undefined) return answerError(context, BAD_SCHEMA);
  const query = readSearchQuery(request);
  if (query.kind === 'refused') return answerError(context, query);
  return context.json(service.search(query.value).map((index) => service.rekor.uuid(index)));
}

function readSearchQuery({ hash: digest, email, subject, publicKey, operator }: SearchRequest): Outcome<SearchQuery> {
  const names = [email, subject].filter((name) => name !== undefined);
  const digests = digest === undefined ? [] : [digest.includes(':') ? digest : `sha256:${digest}`];
  if (!digests.every((text) => /^(?:sha1:[0-9a-f]{40}|sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/i.test(text))) {
    return { kind: 'refused', ...BAD_SCHEMA };
  }
  const keys = publicKey === undefined ? [] : [hashVerifier(publicKey)];
  if (keys.includes(undefined)) return refused(400, 'the public key could not be parsed');
  const all = [...digests, ...names, ...keys.filter((key) => key !== undefined)];
  return all.length === 0 ? { kind: 'refused', ...BAD_SCHEMA } : done({ keys: all, operator });
}

function hashVerifier({ format, content }: NonNullable<SearchRequest['publicKey']>): string | undefined {
  if (format !== 'x509' || content === undefined) return undefined;
  const verifier = attempt(() => readPemVerifier(content));
  return verifier === undefined
    ? undefined
    : encodeHex(hash('sha256', encodeUtf8(encodeVerifierPem(verifier.verifier))));
}

function addLogRoutes(app: Hono, { rekor }: RekorV1Service): void {
  const { tree } = rekor.log;
  const isOwnTree = (treeId: string | undefined): boolean => treeId === undefined || treeId === String(rekor.treeId);
  app.get('/api/v1/log', (context) =>
    context.json({
      rootHash: encodeHex(tree.root()),
      treeSize: tree.size(),
      signedTreeHead: rekor.checkpoint(),
      treeID: String(rekor.treeId),
      inactiveShards: [],
    }),
  );
  app.get('/api/v1/log/publicKey', (context) => {
    if (!isOwnTree(context.req.query('treeID'))) return answerError(context, { status: 400, message: 'unknown tree' });
    return context.body(encodePem('PUBLIC KEY', rekor.key.spki), 200, { 'Content-Type': 'application/x-pem-file' });
  });
  app.get('/api/v1/log/proof', (context) => {
    const { firstSize = '1', lastSize, treeID } = context.req.query();
    const first = readIndex(firstSize);
    const last = readIndex(lastSize);
    if (first === undefined || last === undefined || first < 1) return answerError(context, BAD_SCHEMA);
    if (first > last || last > tree.size() || !isOwnTree(treeID)) {
      return answerError(context, { status: 400, message: 'no consistency proof between these sizes' });
    }
    return context.json({
      rootHash: encodeHex(tree.root(last)),
      hashes: tree.consistencyProof(first, last).map(encodeHex),
    });
  });
}
