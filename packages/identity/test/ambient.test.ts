// SPDX-License-Identifier: Apache-2.0

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { isKeywaxError } from '@keywax/core/errors';
import { afterAll, describe, expect, test } from 'vitest';
import { AMBIENT_PROVIDERS, detectIdentityToken, requestAmbientToken } from '../src/index.js';
import { hasTokenFile, readTokenFile } from '../src/token-file.js';
import { PERSON, jwt } from './jwt.js';

const CANARY = 'CANARY-TOKEN';
const folder = mkdtempSync(join(tmpdir(), 'keywax-ambient-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A folder with one program, for `PATH`. It writes each argument on a line where the environment asks for it. */
function program(name: string, script: string): string {
  const directory = mkdtempSync(join(folder, 'bin-'));
  writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, name), 0o755);
  return directory;
}

function printArguments(name: string): string {
  return program(name, `[ "$*" = "$EXPECTED" ] && echo " $TOKEN "`);
}

const SOURCES = [
  {
    name: 'Buildkite',
    present: { BUILDKITE: 'true' },
    file: 'buildkite-agent',
    args: 'oidc request-token --audience sigstore',
  },
  {
    name: 'CircleCI',
    present: { CIRCLECI: 'true' },
    file: 'circleci',
    args: 'run oidc get --claims {"aud":"sigstore"}',
  },
] as const;

describe.each(SOURCES)('$name', ({ present, file, args }) => {
  test('is asked by its program, for the audience', async () => {
    const environment = { ...present, PATH: printArguments(file), EXPECTED: args, TOKEN: jwt(PERSON) };
    expect((await detectIdentityToken(environment)).subject).toBe('subject-1');
  });

  test.each([
    ['is missing', ''],
    ['fails, whatever it wrote', `echo ${CANARY}; echo ${CANARY} >&2; exit 3`],
    ['writes nothing', 'true'],
    ['writes without end', `while :; do echo ${CANARY}; done`],
  ])('gives no token where its program %s', async (_name, script) => {
    const environment = { ...present, PATH: script === '' ? folder : program(file, script) };
    const error = await detectIdentityToken(environment).catch((thrown: unknown) => thrown);
    expect(isKeywaxError(error, 'TOKEN_UNAVAILABLE')).toBe(true);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(CANARY);
  });

  test('ends its program with the deadline', async () => {
    const environment = { ...present, PATH: `${program(file, 'exec sleep 60')}:/bin:/usr/bin` };
    const error = await detectIdentityToken(environment, { timeoutMs: 200 }).catch((thrown: unknown) => thrown);
    expect(isKeywaxError(error, 'TOKEN_UNAVAILABLE')).toBe(true);
  });

  test('ends its program where there is no time at all', async () => {
    const environment = { ...present, PATH: `${program(file, 'exec sleep 60')}:/bin:/usr/bin` };
    const waiting = detectIdentityToken(environment, { timeoutMs: 0 });
    await expect(waiting).rejects.toMatchObject({ code: 'TOKEN_UNAVAILABLE' });
  });

  test.each([
    ['a variable with a zero byte', { SECRET: `${CANARY}\0` }, {}],
    ['a time that is no number', {}, { timeoutMs: Number.NaN }],
  ])('gives no token for %s, and repeats nothing', async (_name, more, options) => {
    const environment = { ...present, PATH: program(file, `echo ${jwt(PERSON)}`), ...more };
    const error = await detectIdentityToken(environment, options).catch((thrown: unknown) => thrown);
    expect(isKeywaxError(error, 'TOKEN_UNAVAILABLE')).toBe(true);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(CANARY);
  });

  test('ends its program with the signal', async () => {
    const environment = { ...present, PATH: `${program(file, 'exec sleep 60')}:/bin:/usr/bin` };
    const waiting = detectIdentityToken(environment, { signal: AbortSignal.timeout(200) });
    await expect(waiting).rejects.toMatchObject({ code: 'OPERATION_ABORTED' });
  });
});

describe('CircleCI', () => {
  test('is not asked for a token that the job has', async () => {
    const environment = {
      CIRCLECI: 'true',
      CIRCLE_OIDC_TOKEN_V2: jwt({ ...PERSON, aud: 'organization' }),
      PATH: folder,
    };
    expect((await detectIdentityToken(environment, { audience: 'organization' })).subject).toBe('subject-1');
    await expect(detectIdentityToken(environment)).rejects.toMatchObject({ code: 'TOKEN_UNAVAILABLE' });
  });
});

describe('a projected file', () => {
  test('gives its token without the newline at its end', async () => {
    const path = join(folder, 'token');
    writeFileSync(path, `${jwt(PERSON)}\n`);
    expect(await hasTokenFile(path)).toBe(true);
    expect(await readTokenFile(path)).toBe(jwt(PERSON));
  });

  test.each([
    ['is absent', undefined],
    ['is empty', '\n'],
    ['is large', 'a'.repeat(70_000)],
  ])('gives no token where it %s', async (_name, text) => {
    const path = join(folder, `token-${text?.length}`);
    if (text !== undefined) writeFileSync(path, text);
    await expect(readTokenFile(path)).rejects.toMatchObject({ code: 'TOKEN_UNAVAILABLE' });
  });
});

test('a row can be asked alone, and says where it is not present', async () => {
  const [variable] = AMBIENT_PROVIDERS;
  const request = { audience: 'sigstore', transport: {} };
  const ask = (environment: Record<string, string>) =>
    variable === undefined ? expect.fail('no row') : requestAmbientToken(variable, { ...request, environment });
  expect(await ask({ SIGSTORE_ID_TOKEN: 'as it is' })).toBe('as it is');
  await expect(ask({})).rejects.toMatchObject({ code: 'TOKEN_UNAVAILABLE' });
});
