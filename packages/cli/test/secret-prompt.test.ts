// SPDX-License-Identifier: Apache-2.0

import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { askSecret } from '../src/secret-prompt.js';

/** A terminal of which the keys and the output are in the test's hands. */
function makeTerminal(signal: AbortSignal = new AbortController().signal) {
  const modes: boolean[] = [];
  const shown: string[] = [];
  const input = Object.assign(new PassThrough(), { setRawMode: (mode: boolean) => void modes.push(mode) });
  const output = new PassThrough();
  output.on('data', (chunk: Buffer) => shown.push(chunk.toString()));
  return { terminal: { input, output, signal }, modes, shown, input };
}

describe('a secret that is typed', () => {
  test.each([
    ['is what stands before the line end', ['sec', 'ret', '\r', 'more'], 'secret'],
    ['may end with a line feed', ['secret\n'], 'secret'],
    ['may be empty', ['\r'], ''],
    ['may be corrected', ['secres\u007ft\r'], 'secret'],
    ['may be typed anew', ['wrong\u0015secret\r'], 'secret'],
    ['may have characters of any width', ['pä🔑\b🔑', '\r'], 'pä🔑'],
    ['has no control characters', ['se\u001b\tcret\r'], 'secret'],
    ['has nothing of keys that move', ['se\u001b[D\u001bOC\u001b[3~\u001b[1;5Ccret\r'], 'secret'],
    ['has nothing of how it was pasted', ['\u001b[200~secret\u001b[201~\r'], 'secret'],
  ])('%s', async (_, keys, expected) => {
    const { terminal, modes, shown, input } = makeTerminal();
    const answer = askSecret('Password: ', terminal);
    for (const key of keys) input.write(key);
    expect(await answer).toBe(expected);
    expect(shown.join('')).toBe('Password: \n');
    expect(modes).toEqual([true, false]);
  });

  test.each([
    ['by Ctrl-C', (input: PassThrough) => input.write('sec\u0003')],
    ['by Ctrl-D', (input: PassThrough) => input.write('\u0004')],
    ['by the end of the input', (input: PassThrough) => input.end('sec')],
  ])('is given up %s', async (_, leave) => {
    const { terminal, modes, input } = makeTerminal();
    const answer = askSecret('Password: ', terminal);
    leave(input);
    await expect(answer).rejects.toMatchObject({ code: 'OPERATION_ABORTED' });
    expect(modes).toEqual([true, false]);
  });

  test('is given up by a signal, also by one that has fired', async () => {
    const controller = new AbortController();
    const { terminal } = makeTerminal(controller.signal);
    const answer = askSecret('Password: ', terminal);
    controller.abort();
    await expect(answer).rejects.toMatchObject({ code: 'OPERATION_ABORTED' });
    await expect(askSecret('Password: ', terminal)).rejects.toMatchObject({ code: 'OPERATION_ABORTED' });
  });
});
