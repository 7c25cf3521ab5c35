// SPDX-License-Identifier: Apache-2.0
// The table of what the registry answers.

import { answerEmpty, answerFault } from './answer.js';
import {
  answerBlob,
  answerUploadState,
  cancelUpload,
  deleteBlob,
  finishUpload,
  startUpload,
  takeChunk,
} from './blob-routes.js';
import { answerManifest, answerTags, deleteManifest, takeManifest } from './manifest-routes.js';
import { answerReferrers } from './referrer-routes.js';
import type { Exchange } from './exchange.js';

type Handler = (exchange: Exchange) => Response | Promise<Response>;

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const NAME = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const PATH = /^\/v2\/([^?]{1,255}?)\/(manifests|blobs\/uploads|blobs|tags|referrers)\/([^/]*)$/;

/** What is done for `METHOD kind`. */
const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['HEAD manifests', answerManifest],
  ['GET manifests', answerManifest],
  ['PUT manifests', takeManifest],
  ['DELETE manifests', deleteManifest],
  ['GET tags', answerTags],
  ['GET referrers', answerReferrers],
  ['HEAD blobs', answerBlob],
  ['GET blobs', answerBlob],
  ['DELETE blobs', deleteBlob],
  ['POST blobs/uploads', startUpload],
  ['GET blobs/uploads', answerUploadState],
  ['PATCH blobs/uploads', takeChunk],
  ['PUT blobs/uploads', finishUpload],
  ['DELETE blobs/uploads', cancelUpload],
]);

/** The repository of a request, `undefined` for `/v2/` and for what is no path of the registry. */
export function readRepositoryName(path: string): string | undefined {
  return PATH.exec(path)?.[1];
}

/** Answers a request that is allowed. */
export async function answerExchange(
  request: Request,
  { store, options }: Pick<Exchange, 'store' | 'options'>,
): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname === '/v2/') return answerEmpty(200, { 'Docker-Distribution-Api-Version': 'registry/2.0' });
  const [, name = '', kind, reference = ''] = PATH.exec(url.pathname) ?? [];
  if (kind === undefined) return answerFault('NAME_UNKNOWN', 'no such path');
  if (!NAME.test(name)) return answerFault('NAME_INVALID', 'no name of a repository');
  const handler = HANDLERS.get(`${request.method} ${kind}`);
  if (handler === undefined) return answerFault('UNSUPPORTED', 'no such method');
  return handler({ request, url, store, options, name, reference: decodeURIComponent(reference) });
}
