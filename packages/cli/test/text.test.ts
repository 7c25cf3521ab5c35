// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createStyle, encodeJsonText, escapeText, formatInstant } from '../src/render/text.js';

describe('text from outside', () => {
  test.each([
    ['plain text', 'a b-c/é中😀', 'a b-c/é中😀'],
    ['a colour', '\u001b[31mred', '\\u001b[31mred'],
    ['a title of a window', '\u001b]0;title\u0007', '\\u001b]0;title\\u0007'],
    ['a control character of eight bits', '\u009b31m', '\\u009b31m'],
    ['a new line', 'a\nb', 'a\\u000ab'],
    ['a return to the start of the line', 'bad\rgood', 'bad\\u000dgood'],
    ['text that runs backwards', 'a\u202eb', 'a\\u202eb'],
    ['a space of no width', 'a\u200bb', 'a\\u200bb'],
    ['half a character', 'a\ud800b', 'a\\ud800b'],
    ['a command of GitHub Actions', '::set-output name=x::y', '\\u003a:set-output name=x::y'],
    ['such a command after spaces', '  ::add-mask::x', '  \\u003a:add-mask::x'],
    ['an older one, anywhere', 'a ##[command]x', 'a \\u0023#[command]x'],
    ['a scope', 'std::string', 'std::string'],
  ])('%s', (_, text, escaped) => {
    expect(escapeText(text)).toBe(escaped);
  });

  test('is one line without control characters, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeText(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]|##\[|^\s*::/);
      }),
    );
  });
});

describe('JSON', () => {
  test('is escaped by its own means, and means the same', () => {
    const value = { text: '\u001b[31m\u202e\u007f##[command] ::x::\n', list: ['é', '😀'] };
    const text = encodeJsonText(value);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]|##\[|^\s*::/m);
    expect(JSON.parse(text)).toEqual(value);
  });

  test('of any value means the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(encodeJsonText(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

test('colours are there only where they may be', () => {
  expect(createStyle({ color: false }).good('x')).toBe('x');
  expect(createStyle({ color: true }).good('x')).toBe('\u001b[32mx\u001b[39m');
});

test('instants are in UTC, to the second', () => {
  expect(formatInstant(new Date(Date.UTC(2024, 1, 29, 23, 59, 58, 999)))).toBe('2024-02-29 23:59:58 UTC');
});
