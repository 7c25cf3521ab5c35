// SPDX-License-Identifier: Apache-2.0
// The error is one class across the entry points of a module format, and recognised across formats.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

const require = createRequire(import.meta.url);

/** What decoding an odd length of hex throws. */
function failWith({ decodeHex }) {
  try {
    decodeHex('abc');
  } catch (error) {
    return error;
  }
  return undefined;
}

test('an error of one ES module is an instance of the class of another', async () => {
  const { KeywaxError } = await import('@keywax/core/errors');
  assert.ok(failWith(await import('@keywax/core/bytes')) instanceof KeywaxError);
});

test('an error of one CommonJS module is an instance of the class of another', () => {
  const { KeywaxError } = require('@keywax/core/errors');
  assert.ok(failWith(require('@keywax/core/bytes')) instanceof KeywaxError);
});

test('isKeywaxError recognises errors of the other format', async () => {
  const { isKeywaxError } = await import('@keywax/core/errors');
  assert.ok(isKeywaxError(failWith(require('@keywax/core/bytes')), 'INPUT_MALFORMED'));
});
