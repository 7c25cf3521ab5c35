// SPDX-License-Identifier: Apache-2.0
// Making attempts: from the lab with steps replaced, or from another attempt with a member, the trusted root or the
// request changed.

import { decodeBase64, encodeBase64, encodeUtf8 } from '@keywax/core/bytes';
import { type BundleRequest, type TrustedRootJson, LAB_ISSUER } from '@keywax/stack/lab';
import type { VerificationRequest } from '../../src/index.js';
import type { Attempt, Bench, Make, Source } from './case.js';

/** When everything happens. */
export const NOW: Date = new Date('2026-03-01T12:00:00Z');
/** The artifact that the lab signs unless told otherwise. */
export const ARTIFACT: Uint8Array = encodeUtf8('artifact\n');
/** The persona that the lab certifies unless told otherwise. */
export const ALICE = { issuer: LAB_ISSUER, subject: 'alice@example.com' } as const;

/** Places in a serialized bundle. */
export const MATERIAL = 'verificationMaterial';
export const ENTRY = `${MATERIAL}.tlogEntries.0`;
export const PROOF = `${ENTRY}.inclusionProof`;
export const STAMPS = `${MATERIAL}.timestampVerificationData.rfc3161Timestamps`;

/** A moment some seconds after that of the bench, or before it. */
export function seconds(offset: number): Date {
  return new Date(NOW.getTime() + 1_000 * offset);
}

/** The attempt that a source stands for. */
export async function resolve(bench: Bench, source: Source): Promise<Attempt> {
  return typeof source === 'string' ? bench.control(source) : source(bench);
}

/** A bundle of the lab. */
export function made(describe: BundleRequest | ((bench: Bench) => BundleRequest | Promise<BundleRequest>)): Make {
  return async (bench) => {
    const request = typeof describe === 'function' ? await describe(bench) : describe;
    const { bundle, artifact, key } = await bench.lab.makeBundle(request);
    const identity = request.managedKey === true ? { key: key.spki } : ALICE;
    return { bundle, request: { artifact, identity } };
  };
}

/** The attempt with the bundle changed. */
export function edited(source: Source, edit: (bundle: never, bench: Bench) => object | string | Uint8Array): Make {
  return async (bench) => {
    const attempt = await resolve(bench, source);
    return { ...attempt, bundle: edit(structuredClone(attempt.bundle) as never, bench) };
  };
}

/** The attempt with one member of the bundle replaced, or left out where the replacement is `undefined`. */
export function changed(source: Source, path: string, value: unknown): Make {
  return edited(source, (bundle) => replaceMember(bundle, path, value));
}

/** A copy of plain JSON with the member at a dotted path replaced. A function gets what was there. */
export function replaceMember<T>(json: T, path: string, value: unknown): T {
  return replaceAt(json, path.split('.'), value) as T;
}

function replaceAt(json: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return typeof value === 'function' ? (value as (old: unknown) => unknown)(json) : value;
  const copy = (Array.isArray(json) ? [...json] : { ...(json as object) }) as Record<string, unknown>;
  const next = replaceAt(copy[name], rest, value);
  if (next !== undefined) copy[name] = next;
  else if (Array.isArray(copy)) copy.splice(Number(name), 1);
  else delete copy[name];
  return copy;
}

/** The member of plain JSON at a dotted path. */
export function memberAt(json: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], json);
}

/** The attempt under a trusted root that was edited in place. */
export function withRoot(
  source: Source,
  edit: (root: TrustedRootJson, bench: Bench) => object | void | Promise<void>,
): Make {
  return async (bench) => {
    const attempt = await resolve(bench, source);
    const root = structuredClone((attempt.trustedRoot ?? bench.lab.trustedRoot()) as TrustedRootJson);
    return { ...attempt, trustedRoot: (await edit(root, bench)) ?? root };
  };
}

/** The attempt under a trusted root with one member replaced, or left out where the replacement is `undefined`. */
export function withRootMember(source: Source, path: string, value: unknown): Make {
  return withRoot(source, (root) => replaceMember(root, path, value));
}

/** The attempt with more, or something else, asked for. */
export function asking(
  source: Source,
  request: Partial<VerificationRequest> | ((attempt: Attempt, bench: Bench) => Partial<VerificationRequest>),
): Make {
  return async (bench) => {
    const attempt = await resolve(bench, source);
    const asked = typeof request === 'function' ? request(attempt, bench) : request;
    return { ...attempt, request: { ...attempt.request, ...asked } };
  };
}

/** The item at a position, which is there. */
export function at<T>(items: readonly T[] | undefined, index: number): T {
  const item = items?.[index];
  if (item === undefined) throw new RangeError(`no item ${index}`);
  return item;
}

/** A copy with one bit of a byte the other way round; negative positions count from the end. */
export function flipBit(bytes: Uint8Array, position = -1, bit = 1): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const index = position < 0 ? copy.length + position : position;
  copy[index] = (copy[index] ?? 0) ^ bit;
  return copy;
}

/** As `flipBit`, in base64. */
export function flipBase64(text: string, position?: number): string {
  return encodeBase64(flipBit(decodeBase64(text), position));
}
