// SPDX-License-Identifier: Apache-2.0
// The stack that signing is tested against: what it was asked, and what goes wrong.

import { inspect } from 'node:util';
import { type Interceptor, type ServiceName, type Stack, startStack } from '@keywax/stack';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { InternalError } from '../../src/errors.js';
import type { SignOptions } from '../../src/sign/options.js';

type Signing = Extract<ServiceName, 'fulcio' | 'rekorV1' | 'rekorV2' | 'tsa'>;
const SERVICES: readonly Signing[] = ['fulcio', 'rekorV1', 'rekorV2', 'tsa'];

/** A stack that can be disturbed. */
export interface World {
  readonly stack: Stack;
  readonly token: string;
  /** Requests since the test began, as `fulcio POST`. */
  readonly seen: string[];
  /** Stands between a service and its clients until the end of the test. */
  disturb(service: Signing, fault: Interceptor): void;
  /** Options for the services, with one short wait where something is tried again. */
  options(more?: SignOptions): SignOptions;
}

/** Starts the stack of a test file. */
export function useWorld(): () => World {
  const faults: { [name in Signing]?: Interceptor } = {};
  const disturbances: { [name in Signing]?: Interceptor } = {};
  const seen: string[] = [];
  for (const name of SERVICES) {
    faults[name] = (request, next) => {
      seen.push(`${name} ${request.method}`);
      return disturbances[name]?.(request, next) ?? next();
    };
  }
  let world: World | undefined;
  beforeAll(async () => {
    const stack = await startStack({ faults });
    const token = await stack.mintToken({ kind: 'email' });
    const options = (more: SignOptions = {}): SignOptions => ({
      fulcioURL: stack.urls.fulcio,
      rekorURL: stack.urls.rekorV1,
      identityToken: token,
      retry: 1,
      ...more,
    });
    world = { stack, token, seen, options, disturb: (name, fault) => void (disturbances[name] = fault) };
  });
  afterEach(() => {
    seen.length = 0;
    for (const name of SERVICES) delete disturbances[name];
  });
  afterAll(() => world?.stack.close());
  return () => world ?? expect.fail('the stack is not running');
}

/** Demands an `InternalError` with this code, and answers with it. */
export async function failure(code: string, promise: Promise<unknown>): Promise<InternalError> {
  const error = await promise.then(
    () => expect.fail(`expected ${code}`),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InternalError);
  expect(error).toMatchObject({ code, name: 'InternalError' });
  return error as InternalError;
}

/** Everything that an error can be printed as. */
export function print(error: unknown): string {
  const { stack, cause } = error as Error;
  const inspected = [error, cause].map((part) => inspect(part, { depth: 12, showHidden: true, getters: true }));
  return [String(error), stack, JSON.stringify(error), ...inspected].join('\n');
}
