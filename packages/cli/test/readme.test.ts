// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeExamples } from '../../../test/readme.js';
import { COMMANDS } from '../src/commands.js';

const readme = new URL('../README.md', import.meta.url);

describeExamples(new URL('../', import.meta.url), readme);

const calls = [
  ...readFileSync(readme, 'utf8').matchAll(
    /^keywax ((?:trust|image|bundle|key|npm|admission) \w+|\w+) ?(.*?)(?: *#.*)?$/gm,
  ),
];

test('the README shows every command', () => {
  expect([...new Set(calls.map(([, name]) => name))].sort()).toEqual(Object.keys(COMMANDS).sort());
});

test.each(calls.map(([call, name = '', args = '']) => [call, name, args] as const))(
  '%s: its flags exist',
  async (_, name, args) => {
    const command = await COMMANDS[name]?.load();
    for (const [, flag = ''] of args.matchAll(/--([a-z-]+)/g))
      expect(Object.keys(command?.flags ?? {})).toContain(flag);
  },
);
