// SPDX-License-Identifier: Apache-2.0
// Options of a caller, read once.

import { configError } from '../fault.js';
import { copyOptions } from '../options.js';
import { type Annotations, makeAnnotations } from '../registry/descriptor.js';
import { type Reference, formatReference, parseReference } from '../registry/reference.js';
import type { RepositoryOptions } from '../registry/repository.js';

/** A reference as text or record; a record passes the same gate. @throws CONFIG_INVALID */
export function readReference(given: string | Reference): Reference {
  return parseReference(typeof given === 'string' ? given : formatReference(copyOptions(given)));
}

/** Annotations, by names and with values that are text: none that is demanded is left out. @throws CONFIG_INVALID */
export function readAnnotations(annotations: Readonly<Record<string, string>> = {}): Annotations {
  const isObject = typeof annotations === 'object' && annotations !== null;
  const prototype: unknown = isObject ? Object.getPrototypeOf(annotations) : undefined;
  const isRecord = prototype === Object.prototype || prototype === null;
  const entries = isRecord ? Object.entries(annotations) : [];
  if (isRecord && entries.every(([name, value]) => name !== '' && typeof value === 'string'))
    return makeAnnotations(entries);
  throw configError('annotations', 'a record of names and values that are text');
}

/** The same options with the signal of a call, unless they have one. */
export function withSignal(options: RepositoryOptions = {}, signal: AbortSignal | undefined): RepositoryOptions {
  return signal === undefined ? options : { ...options, transport: { signal, ...options.transport } };
}
