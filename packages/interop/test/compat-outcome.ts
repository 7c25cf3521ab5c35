// SPDX-License-Identifier: Apache-2.0
// What a call came to, in a form in which two implementations can be compared: values without the identity of their
// classes, errors by class and code.

import { KeyObject } from 'node:crypto';

/** A value, or an error. */
export type Outcome =
  | { readonly value: unknown }
  | { readonly error: string; readonly code?: string; readonly fields?: readonly string[] };

/** Runs a call. */
export async function observe(call: () => unknown): Promise<Outcome> {
  try {
    return { value: normalize(await call()) };
  } catch (error) {
    if (!(error instanceof Error)) return { error: String(error) };
    const { code, fields } = error as { code?: string; fields?: readonly string[] };
    return {
      error: error.constructor.name,
      ...(code === undefined ? {} : { code }),
      ...(fields === undefined ? {} : { fields }),
    };
  }
}

/** Keys as their bytes, bytes as hex; members that are `undefined` are left out. */
export function normalize(value: unknown): unknown {
  if (value instanceof KeyObject) return value.export({ format: 'der', type: 'spki' }).toString('hex');
  if (value instanceof Uint8Array)
    return { [Buffer.isBuffer(value) ? 'buffer' : 'bytes']: Buffer.from(value).toString('hex') };
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(normalize);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, normalize(member)]),
  );
}

/** `accepted`, the code of the error, or its class. */
export function summarize(outcome: Outcome): string {
  return 'value' in outcome ? 'accepted' : (outcome.code ?? outcome.error);
}
