// SPDX-License-Identifier: Apache-2.0
// The client in Python, `sigstore`, on the command line. It is installed into a virtual environment below node_modules
// when tests first need it; where Python or the package cannot be had, they are skipped and say why.

import { type SpawnSyncReturns, execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';

const VERSION = '4.5.0';
const ENVIRONMENT = fileURLToPath(new URL(`../node_modules/.cache/sigstore-python-${VERSION}`, import.meta.url));
/** The interpreter that has the client. */
export const PYTHON: string = join(ENVIRONMENT, 'bin/python3');
const INSTALL = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '1', '--timeout', '20'];

const absence = installClient();

/** A `describe` that is skipped, visibly, where the client cannot be had. */
export function describePython(name: string, body: () => void): void {
  describe.skipIf(absence !== undefined)(absence === undefined ? name : `${name} (${absence})`, body);
}

/** Installs the client unless it is there; says what is missing where that fails. */
function installClient(): string | undefined {
  if (existsSync(PYTHON)) return undefined;
  // Complete or not there: another run may be installing too.
  const draft = `${ENVIRONMENT}.${process.pid}`;
  try {
    const created = spawnSync('python3', ['-m', 'venv', draft]);
    if (created.status !== 0) return `Python is absent: ${describeFailure(created)}`;
    const installed = spawnSync(join(draft, 'bin/python3'), [...INSTALL, `sigstore==${VERSION}`]);
    if (installed.status !== 0) return `sigstore ${VERSION} cannot be installed: ${describeFailure(installed)}`;
    if (existsSync(PYTHON)) return undefined;
    rmSync(ENVIRONMENT, { recursive: true, force: true }); // of a Python that has gone
    renameSync(draft, ENVIRONMENT);
    return undefined;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function describeFailure({ error, stderr }: SpawnSyncReturns<Buffer>): string {
  return error?.message ?? stderr.toString().trim().split('\n').at(-1) ?? '';
}

/** What a run of the client ended with. */
export interface Outcome {
  readonly status: number;
  readonly output: string;
}

/** A folder that the client works in, and a home of its own. */
export interface PythonClient extends Disposable {
  readonly folder: string;
  /** Files that the client keeps for itself, such as the state of TUF. */
  listHome(): readonly string[];
  /** Runs a command of the client. */
  run(...args: readonly string[]): Promise<Outcome>;
}

/** Sets up the client with files in its folder. Only loopback can be reached: everything else goes to a closed port. */
export function createPythonClient(files: Readonly<Record<string, string | Uint8Array>>): PythonClient {
  const folder = mkdtempSync(join(tmpdir(), 'keywax-python-'));
  const home = join(folder, 'home');
  mkdirSync(home);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const nowhere = 'http://127.0.0.1:9';
  const proxies = { HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, NO_PROXY: '127.0.0.1' };
  const env = { PATH: process.env['PATH'], HOME: home, COLUMNS: '1000', ...proxies };
  return {
    folder,
    listHome: () => readdirSync(home),
    run: (...args) =>
      new Promise((resolve) => {
        execFile(PYTHON, ['-m', 'sigstore', ...args], { cwd: folder, env }, (error, stdout, stderr) => {
          resolve({ status: error === null ? 0 : Number(error.code), output: stdout + stderr });
        });
      }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
