// SPDX-License-Identifier: Apache-2.0
// Keys of a registry that have an end: the time of publication decides, from the packument or as a log proves it.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditProject } from '../../src/audit/audit-project.js';
import type { RegistryClientOptions } from '../../src/registry-client.js';
import { type World, packageLock, startWorld } from '../world.js';

const DAY_MS = 86_400_000;

let world: World;
let cacheDirectory: string;
const entries: Record<string, object> = {};

beforeAll(async () => {
  world = await startWorld();
  cacheDirectory = world.makeFolder();
  const now = Date.now();
  const add = async (name: string, publication: object): Promise<void> => {
    entries[name] = { version: '1.0.0', integrity: await world.publish({ name, version: '1.0.0', ...publication }) };
  };
  await add('before', { publishedAt: new Date(now - 2 * DAY_MS) });
  await add('after', { publishedAt: new Date(now) });
  // The log says that it was today, whatever the packument says.
  await add('backdated', { claims: {}, publishAttestation: true, publishedAt: new Date(now - 2 * DAY_MS) });
  await add('timeless', {});
  world.registry.change('timeless', '1.0.0', (served) => {
    served.publishedAt = undefined;
  });
  await world.registry.rotateKey({ expires: new Date(now - DAY_MS) });
  await add('renewed', { publishedAt: new Date(now) });
});
afterAll(() => world[Symbol.asyncDispose]());

async function audit(options: RegistryClientOptions) {
  const directory = world.makeFolder({ 'package-lock.json': packageLock(entries) });
  const tools = await world.openTools({ cacheDirectory, ...options });
  const { packages } = await auditProject({ directory, ...tools });
  const byTime = Object.fromEntries(
    packages.flatMap(({ name, keyTime }) => (keyTime === undefined ? [] : [[name, keyTime]])),
  );
  expect(byTime).toEqual({ before: 'packument' });
  return Object.fromEntries(packages.map(({ name, state, failure }) => [name, failure?.code ?? state]));
}

const EXPECTED = {
  before: 'signature',
  after: 'KEY_OUTSIDE_VALIDITY',
  backdated: 'KEY_OUTSIDE_VALIDITY',
  timeless: 'TIME_MISSING',
  renewed: 'signature',
};

test('a signature holds where the version was published before the end of its key', async () => {
  const before = world.registry.requests.length;
  expect(await audit({})).toEqual(EXPECTED);
  const paths = world.registry.requests.slice(before).map(({ path }) => path);
  // Packuments are for times alone, and only where a time is needed that nothing proves.
  expect(paths).toContain('/before');
  expect(paths).not.toContain('/renewed');
  expect(paths).not.toContain('/backdated');
});

test('the time is kept, so that a second run and one offline say the same', async () => {
  const before = world.registry.requests.length;
  expect(await audit({})).toEqual(EXPECTED);
  expect(world.registry.requests.slice(before).map(({ path }) => path)).not.toContain('/before');
  expect(await audit({ offline: true })).toEqual(EXPECTED);
});
