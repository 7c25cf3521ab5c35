// SPDX-License-Identifier: Apache-2.0
// The registry over HTTP: packuments, tarballs, keys, attestations, publication. Below `path`, 404 for everything else.

import { Hono, type Context } from 'hono';
import { isKeywaxError } from '@keywax/core/errors';
import { encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import {
  ABBREVIATED_TYPE,
  type ServedPackage,
  type ServedVersion,
  describeAbbreviated,
  describePackument,
} from './documents.js';
import { tarballName } from './package-name.js';
import { MAX_PUBLISH_BYTES, type PublishRequest, decodePublishRequest } from './publish-request.js';
import type { NpmKeysJson } from './registry-key.js';

/** A request that the registry got. */
export interface NpmRequest {
  readonly method: string;
  /** As it was sent, with the query. */
  readonly path: string;
  /** Whether it had the token of the registry; without one, whether it had any. */
  readonly authorized: boolean;
}

/** The registry as its routes see it. */
export interface NpmRegistryState {
  /** The path of the base URL, with a slash at both ends. */
  readonly path: string;
  readonly token: string | undefined;
  readonly packages: ReadonlyMap<string, ServedPackage>;
  readonly requests: NpmRequest[];
  keys(): NpmKeysJson;
  /** Publishes a version; false where there is one already. @throws KeywaxError where it is not what it should be */
  publish(request: PublishRequest): Promise<boolean>;
}

type Answer = (context: Context, name: string, rest: string) => Response | Promise<Response>;

const NAME = '((?:@[^/]+/)?[^/@-][^/@]*)';

/** The routes of the registry: a pattern of the decoded path below the base URL, and what answers it. */
export function createNpmRoutes(state: NpmRegistryState): Hono {
  const find = (name: string, version: string): ServedVersion | undefined =>
    state.packages.get(name)?.versions.get(version);
  const routes: readonly (readonly [method: string, pattern: RegExp, answer: Answer])[] = [
    ['GET', /^-\/npm\/v1\/keys$/, (context) => answerJson(context, state.keys())],
    [
      'GET',
      pattern(`-/npm/v1/attestations/${NAME}@([^/]+)`),
      (context, name, version) => {
        const served = find(name, version);
        if (served === undefined || served.attestations.length === 0) return answerMissing(context);
        return answerJson(context, { attestations: served.attestations });
      },
    ],
    [
      'GET',
      pattern(`-/package/${NAME}/visibility`),
      (context, name) => (state.packages.has(name) ? answerJson(context, { public: true }) : answerMissing(context)),
    ],
    [
      'GET',
      pattern(`${NAME}/-/([^/]+)`),
      (context, name, file) => answerTarball(context, state.packages.get(name), file),
    ],
    ['GET', pattern(NAME), (context, name) => answerPackument(context, state.packages.get(name))],
    [
      'GET',
      pattern(`${NAME}/([^/]+)`),
      (context, name, version) => {
        const served = find(name, state.packages.get(name)?.tags.get(version) ?? version);
        return served === undefined ? answerMissing(context) : answerJson(context, served.manifest);
      },
    ],
    ['PUT', pattern(NAME), (context, name) => answerPublication(context, name, state)],
  ];
  const app = new Hono();
  app.all('*', (context) => {
    const { method } = context.req;
    const { pathname, search } = new URL(context.req.url);
    const authorized = isAuthorized(context.req.header('authorization'), state.token);
    state.requests.push({ method, path: pathname + search, authorized });
    if (state.token !== undefined && !authorized) return answerRefusal(context, 401, 'a token is needed');
    const path = decodePath(pathname, state.path);
    for (const [routeMethod, routePattern, answer] of routes) {
      const [, name = '', rest = ''] = routePattern.exec(path ?? '') ?? ['', ''];
      if (routeMethod === method && path !== undefined && routePattern.test(path)) return answer(context, name, rest);
    }
    return answerMissing(context);
  });
  return app;
}

function pattern(source: string): RegExp {
  return new RegExp(`^${source}$`, 'u');
}

/** The path below the base path, decoded; `undefined` where it lies elsewhere or is not well encoded. */
function decodePath(pathname: string, base: string): string | undefined {
  if (!pathname.startsWith(base)) return undefined;
  try {
    return decodeURIComponent(pathname.slice(base.length));
  } catch {
    return undefined;
  }
}

function isAuthorized(header: string | undefined, token: string | undefined): boolean {
  const given = /^bearer (\S+)$/i.exec(header ?? '')?.[1];
  return token === undefined ? given !== undefined : given === token;
}

/** Answers a document, or 304 where the client has it. */
function answerJson(context: Context, document: object, type = 'application/json'): Response {
  const body = JSON.stringify(document);
  const tag = `"${encodeHex(hash('sha256', encodeUtf8(body)).subarray(0, 16))}"`;
  const headers = { 'Content-Type': type, ETag: tag, Vary: 'accept' };
  return context.req.header('if-none-match') === tag
    ? context.body(null, 304, headers)
    : context.body(body, 200, headers);
}

function answerRefusal(context: Context, status: 401 | 403 | 404 | 413 | 422, error: string): Response {
  return context.json({ error }, status);
}

function answerMissing(context: Context): Response {
  return answerRefusal(context, 404, 'not found');
}

function answerPackument(context: Context, served: ServedPackage | undefined): Response {
  if (served === undefined) return answerMissing(context);
  return context.req.header('accept')?.includes(ABBREVIATED_TYPE) === true
    ? answerJson(context, describeAbbreviated(served), ABBREVIATED_TYPE)
    : answerJson(context, describePackument(served));
}

function answerTarball(context: Context, served: ServedPackage | undefined, file: string): Response {
  for (const [version, { tarball }] of served?.versions ?? []) {
    if (served === undefined || file !== tarballName(served.name, version)) continue;
    return context.body(Uint8Array.from(tarball), 200, { 'Content-Type': 'application/octet-stream' });
  }
  return answerMissing(context);
}

async function answerPublication(context: Context, name: string, state: NpmRegistryState): Promise<Response> {
  const body = new Uint8Array(await context.req.arrayBuffer());
  if (body.length > MAX_PUBLISH_BYTES) return answerRefusal(context, 413, 'the publication is too large');
  try {
    const request = decodePublishRequest(body, name);
    if (!(await state.publish(request))) return answerRefusal(context, 403, `${request.version} was published before`);
    return context.json({ ok: 'created new package', success: true }, 201);
  } catch (error) {
    if (!isKeywaxError(error)) throw error;
    return answerRefusal(context, 422, `${error.code}: ${error.message}`);
  }
}
