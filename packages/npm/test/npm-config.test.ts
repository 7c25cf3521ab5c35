// SPDX-License-Identifier: Apache-2.0

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readNpmConfig } from '../src/npm-config.node.js';
import { openRegistryClient } from '../src/registry-client.js';

let home: string;
let directory: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'keywax-npmrc-'));
  directory = join(home, 'project');
  mkdirSync(directory);
  writeFileSync(join(directory, 'package.json'), '{"name":"project"}');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe("npm's configuration", () => {
  test('is that of the project before that of the user', async () => {
    writeFileSync(
      join(home, '.npmrc'),
      'registry=https://user.example/\n@s:registry=https://s.example/npm/\n//s.example/npm/:_authToken=from-user\n',
    );
    writeFileSync(
      join(directory, '.npmrc'),
      'registry=https://project.example/\n//project.example/:_authToken=${TEAM_TOKEN}\n',
    );
    const config = await readNpmConfig({ directory, env: { HOME: home, TEAM_TOKEN: 'from-env' } });
    expect(config).toMatchObject({
      registry: 'https://project.example/',
      '@s:registry': 'https://s.example/npm/',
      '//s.example/npm/:_authToken': 'from-user',
      '//project.example/:_authToken': 'from-env',
    });
    const client = await openRegistryClient({ npmConfig: config });
    expect(client.registryOf('@s/a')).toBe('https://s.example/npm/');
  });

  test('is that of the environment before both', async () => {
    writeFileSync(join(directory, '.npmrc'), 'registry=https://project.example/\n');
    const config = await readNpmConfig({ directory, env: { HOME: home, npm_config_registry: 'https://env.example/' } });
    expect(config).toMatchObject({ registry: 'https://env.example/' });
  });

  test('has a default registry where no file names one', async () => {
    const { registry } = await readNpmConfig({ directory, env: { HOME: home } });
    expect(registry).toMatch(/^https:\/\//);
  });

  test('leaves the environment of the process alone', async () => {
    const before = { ...process.env };
    await readNpmConfig({ directory, env: { HOME: home } });
    expect({ ...process.env }).toEqual(before);
  });

  test('has the network settings that somebody chose, and no others', async () => {
    const none = await readNpmConfig({ directory, env: { HOME: home } });
    expect(none).not.toHaveProperty('timeout');
    expect(none).not.toHaveProperty('retry');
    const lines = ['https-proxy=http://proxy.example:3128/', 'noproxy[]=a.example', 'noproxy[]=b.example'];
    writeFileSync(join(directory, '.npmrc'), [...lines, 'fetch-timeout=7000', 'fetch-retries=0', ''].join('\n'));
    expect(await readNpmConfig({ directory, env: { HOME: home } })).toMatchObject({
      httpsProxy: 'http://proxy.example:3128/',
      noProxy: 'a.example,b.example',
      timeout: 7000,
      retry: { retries: 0, factor: 10 },
    });
  });

  test.each([
    ['cafile', 'cafile=./ca.pem', '', 'ca.pem'],
    ['cafile', 'cafile=./ca.pem', 'ca="PEM"', 'ca.pem'],
    ['ca', 'ca="PEM"', 'cafile=./ca.pem', 'PEM'],
    ['cafile', 'ca="PEM"\ncafile=./ca.pem', '', 'ca.pem'],
  ])('names %s, and opens no file, with %j of the project and %j of the user', async (key, project, user, value) => {
    mkdirSync(join(directory, 'ca.pem')); // reading it would throw
    writeFileSync(join(directory, '.npmrc'), project);
    writeFileSync(join(home, '.npmrc'), user);
    const config = await readNpmConfig({ directory, env: { HOME: home } });
    expect(String(config[key])).toContain(value);
    if (key === 'ca') expect(config).not.toHaveProperty('cafile');
  });
});
