// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { InternalError, PolicyError, TUFError, ValidationError, VerificationError } from '../src/errors.js';

const ERRORS = [
  ['InternalError', InternalError, new InternalError({ code: 'TLOG_CREATE_ENTRY_ERROR', message: 'why', cause: 7 })],
  ['VerificationError', VerificationError, new VerificationError({ code: 'TLOG_ERROR', message: 'why', cause: 7 })],
  ['PolicyError', PolicyError, new PolicyError({ code: 'UNTRUSTED_SIGNER_ERROR', message: 'why', cause: 7 })],
  ['TUFError', TUFError, new TUFError({ code: 'TUF_READ_TARGET_ERROR', message: 'why', cause: 7 })],
] as const;

describe('the error classes', () => {
  test.each(ERRORS)('%s has its name, code, message and cause', (name, Class, error) => {
    expect(error).toBeInstanceOf(Class);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name, message: 'why', cause: 7 });
    expect(error.constructor.name).toBe(name);
    expect(`${error}`).toBe(`${name}: why`);
  });

  test.each(ERRORS)('%s is no instance of another class', (name, _, error) => {
    const others = ERRORS.filter(([other]) => other !== name);
    expect(others.filter(([, Other]) => error instanceof Other)).toEqual([]);
    expect(error).not.toBeInstanceOf(ValidationError);
  });

  test('an instance of another copy of the package is an instance', () => {
    const copy = Object.defineProperty(new Error('why'), Symbol.for('keywax.compat.error'), { value: 'TUFError' });
    expect(copy).toBeInstanceOf(TUFError);
    expect(copy).not.toBeInstanceOf(PolicyError);
  });

  test('a class that a caller derives has instances of its own alone', () => {
    class Derived extends VerificationError {}
    const error = new Derived({ code: 'TLOG_ERROR', message: 'why' });
    expect(error).toBeInstanceOf(Derived);
    expect(error).toBeInstanceOf(VerificationError);
    expect(error.name).toBe('Derived');
    expect(new VerificationError({ code: 'TLOG_ERROR', message: 'why' })).not.toBeInstanceOf(Derived);
  });

  test.each([null, undefined, 'TUFError', {}, new Error('why')])('%s is no instance', (value) => {
    for (const [, Class] of ERRORS) expect(value instanceof Class).toBe(false);
  });

  test('a ValidationError names the fields', () => {
    const error = new ValidationError('invalid bundle', ['mediaType']);
    expect(error).toMatchObject({ name: 'ValidationError', message: 'invalid bundle', fields: ['mediaType'] });
    expect(error).toBeInstanceOf(ValidationError);
    expect('code' in error).toBe(false);
  });
});
