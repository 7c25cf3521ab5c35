// SPDX-License-Identifier: Apache-2.0
// Registries of ill will for tests: answers by path, on loopback or under names of the public network, and what an error
// may not hold.

import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { type ErrorCode, isKeywaxError } from '@keywax/core/errors';
import type { Fetch } from '@keywax/http';
import { expect } from 'vitest';
import { type Answer, type Loopback, serve } from '../../../test/loopback.js';
import { MEDIA_TYPES, type Repository, type RepositoryOptions, openRepository, parseReference } from '../src/index.js';

/** What no error may hold, and no other host may see. */
export const CANARY = 'CANARY-s3cr3t';
/** The same as it stands in a header of basic authentication with the user `user`. */
export const CANARY_BASIC: string = Buffer.from(`user:${CANARY}`).toString('base64');

/** Options that wait for nothing between attempts. */
export const EAGER = { delay: async (): Promise<void> => {} } as const;

/** The digest of bytes or text. */
export function digestOf(content: string | Uint8Array, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`;
}

/** An OCI manifest of one layer, as text, with other or further members. */
export function manifestText(changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: { mediaType: MEDIA_TYPES.ociConfig, digest: digestOf('{}'), size: 2 },
    layers: [{ mediaType: 'application/vnd.example.layer', digest: digestOf('layer'), size: 5 }],
    ...changes,
  });
}

/** An OCI index of the given entries, as text. */
export function indexText(manifests: readonly unknown[], changes: Record<string, unknown> = {}): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests, ...changes });
}

/** A registry on loopback, and the repository `a/b` in it. */
export async function serveRegistry(
  answer: Answer,
  options: RepositoryOptions = {},
): Promise<{ readonly server: Loopback; readonly repository: Repository; readonly host: string }> {
  const server = await serve(answer);
  const host = server.url.replace('http://', '');
  const repository = openRepository(parseReference(`${host}/a/b:latest`), {
    ...options,
    transport: { retries: 0, ...EAGER, ...options.transport },
  });
  return { server, repository, host };
}

/** A request as a host of the public network got it. */
export interface Contact {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A `fetch` that reaches every host, and remembers what it sent where. */
export function recordFetch(answer: (contact: Contact, count: number) => Response): {
  readonly fetch: Fetch;
  readonly contacts: Contact[];
} {
  const contacts: Contact[] = [];
  const fetch: Fetch = async (url, { method, headers, body }) => {
    const contact = { url, method, headers, body: await new Response(body ?? null).text() };
    contacts.push(contact);
    return answer(contact, contacts.length - 1);
  };
  return { fetch, contacts };
}

/** Demands that a promise fails with `code`, without the canary in anything that a program might print. */
export async function failure(code: ErrorCode, promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    (value) => expect.fail(`expected ${code}, found ${inspect(value)}`),
    (thrown: unknown) => thrown,
  );
  expect(isKeywaxError(error) ? error.code : error, String(error)).toBe(code);
  expectNoCanary(error);
  return error as Error;
}

/** Demands that neither the error, nor its causes, stacks and properties hold the canary. */
export function expectNoCanary(error: unknown): void {
  const chain: unknown[] = [];
  for (let current = error; current !== undefined && chain.length < 10; current = (current as Error).cause)
    chain.push(current);
  const texts = chain.map((link) => `${String(link)}\n${(link as Error).stack}\n${JSON.stringify(link)}`);
  const printed = [...texts, inspect(error, { depth: 10, showHidden: true })].join('\n');
  expect(printed).not.toContain(CANARY);
  expect(printed).not.toContain(CANARY_BASIC);
}

/** Reads a stream to its end. */
export async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
