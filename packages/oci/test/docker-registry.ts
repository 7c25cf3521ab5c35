// SPDX-License-Identifier: Apache-2.0
// Debian's docker-registry, a second registry that is not ours: no referrers API, so the fallback tag.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';

/** A running registry with an empty store. */
export interface DockerRegistry extends AsyncDisposable {
  readonly url: string;
  /** As in references, `127.0.0.1:PORT`. */
  readonly host: string;
  close(): Promise<void>;
}

const isInstalled = spawnSync('docker-registry', ['--version']).status === 0;

/** Describes tests that need docker-registry; skipped, visibly, where it is not installed. */
export function describeDockerRegistry(name: string, body: () => void): void {
  describe.skipIf(!isInstalled)(isInstalled ? name : `${name} (docker-registry is not installed)`, body);
}

/** Starts docker-registry on a free port of loopback, with a folder of its own that goes when it is closed. */
export async function startDockerRegistry(): Promise<DockerRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'keywax-docker-registry-'));
  const config = join(folder, 'config.yml');
  await writeFile(config, configuration(join(folder, 'store')));
  const child = spawn('docker-registry', ['serve', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const close = async (): Promise<void> => {
    child.kill();
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const host = `127.0.0.1:${await readPort(child)}`;
    return { host, url: `http://${host}`, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The system chooses the port, and the log names it. */
function configuration(store: string): string {
  return [
    'version: 0.1',
    'log: { level: info, accesslog: { disabled: true } }',
    `storage: { filesystem: { rootdirectory: ${JSON.stringify(store)} }, delete: { enabled: true } }`,
    'http: { addr: "127.0.0.1:0" }',
    '',
  ].join('\n');
}

function readPort(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-65_536);
      const port = /listening on 127\.0\.0\.1:(\d+)/.exec(log)?.[1];
      if (port !== undefined) resolve(port);
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`docker-registry ended: ${log}`)));
  });
}
