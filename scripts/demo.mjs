// SPDX-License-Identifier: Apache-2.0
// The demo: signs a file (README.md unless one is named) against an instance on this machine, shows what a verification
// proves, and what happens to a file that was changed. Exits with 1 when anything goes otherwise than it says.

import { spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { styleText } from 'node:util';
import { ROOT } from './packages.mjs';
import { runPnpm } from './run.mjs';

const KEYWAX = join(ROOT, 'packages/cli/dist/main.js');
const STACK = new URL('../packages/stack/dist/index.js', import.meta.url).href;
const CORPUS = join(ROOT, '../shared/corpus');
const BUILD = ['exec', 'turbo', 'run', 'build', '--filter=@keywax/cli', '--output-logs=errors-only'];

/** A package of the Python index, signed in production by its release workflow in March 2024. */
const REAL = {
  file: join(CORPUS, 'real/python/bundle_v3_github.whl'),
  identity: 'https://github.com/trailofbits/rfc8785.py/.github/workflows/release.yml@refs/tags/v0.1.2',
  issuer: 'https://token.actions.githubusercontent.com',
};

let step = 0;
const source = resolve(process.env.INIT_CWD ?? process.cwd(), process.argv[2] ?? join(ROOT, 'README.md'));
if (process.argv.length > 3 || !statSync(source, { throwIfNoEntry: false })?.isFile()) {
  console.error('usage: demo [FILE]');
  process.exit(2);
}
process.exitCode = (await build()) && (await demonstrate()) ? 0 : 1;

async function build() {
  console.log(faint('Building what has changed; the first time takes a minute.'));
  // What a build says is shown when it fails.
  return runPnpm(BUILD, { quiet: true }) === 0 || runPnpm(BUILD) === 0;
}

/** The four steps, in a folder that is removed afterwards. Stops at the first surprise. */
async function demonstrate() {
  const folder = mkdtempSync(join(tmpdir(), 'keywax-demo-'));
  const { startStack } = await import(STACK);
  const stack = await startStack();
  try {
    const file = basename(source).replace(/^-/, './-');
    copyFileSync(source, join(folder, file));
    writeFileSync(join(folder, 'instance.json'), JSON.stringify(stack.clientTrustConfig()));
    const who = ['--certificate-identity', 'alice@example.com', '--certificate-oidc-issuer', stack.urls.oidc];
    const verify = ['verify', '--trust-config', 'instance.json', ...who];
    const token = await stack.mintToken({ kind: 'email' });

    tell('A Sigstore instance is running on this machine, in this process.', [
      'It gives out identity tokens, certificates and timestamps, and keeps public logs.',
    ]);
    tell(`Alice signs ${file}, and keeps no key.`, [
      'A new key signs once. A certificate of ten minutes ties it to her token, the log records it,',
      'a timestamp dates it. The bundle was verified before it was written.',
    ]);
    await keywax(['sign', '--trust-config', 'instance.json', file], { folder, env: { SIGSTORE_ID_TOKEN: token } });

    tell('Bob verifies it. He names the signer, and sees what was proven.', []);
    await keywax([...verify, '--explain', file], { folder });

    tell('Mallory flips one bit.', []);
    flipBit(join(folder, file));
    await keywax([...verify, file], { folder, expect: { status: 1, text: 'ARTIFACT_MISMATCH' } });

    if (existsSync(REAL.file)) {
      tell('A real package, signed in production in 2024, without a network.', [
        'The trusted root is the one compiled in.',
      ]);
      const flags = ['--certificate-identity', REAL.identity, '--certificate-oidc-issuer', REAL.issuer];
      await keywax(['verify', '--offline', '--cache-directory', 'cache', ...flags, REAL.file], { folder });
    } else {
      tell('A real package of production would come next.', [
        'There is no corpus beside this repository, so this step is left out.',
      ]);
    }
    console.log(`\n${styleText('green', 'Everything went as told.')}`);
    return true;
  } catch (error) {
    console.error(`\n${styleText('red', `That was a surprise: ${error.message}`)}`);
    return false;
  } finally {
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the command as a person would, shows what it said, and holds it to what was told. */
async function keywax(args, { folder, env = {}, expect = { status: 0, text: '' } }) {
  console.log(`\n${faint(`   $ keywax ${args.map(quote).join(' ')}`)}\n`);
  const { status, output } = await start(args, { folder, env });
  console.log(output.trimEnd().replace(/^(?=.)/gm, '   '));
  if (status !== expect.status) throw new Error(`exit code ${status} in place of ${expect.status}`);
  if (!output.includes(expect.text)) throw new Error(`nothing was said of ${expect.text}`);
}

function start(args, { folder, env }) {
  const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
  const child = spawn(process.execPath, [KEYWAX, ...args], { cwd: folder, env: { ...process.env, ...color, ...env } });
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.on('data', (chunk) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output: Buffer.concat(chunks).toString() }));
  });
}

/** Changes one bit in the middle of a file, or adds a byte to an empty one. */
function flipBit(path) {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  const middle = Math.floor(fstatSync(file).size / 2);
  readSync(file, byte, 0, 1, middle);
  writeSync(file, Buffer.of((byte[0] ?? 0) ^ 1), 0, 1, middle);
  closeSync(file);
}

function tell(title, lines) {
  step += 1;
  console.log(`\n${styleText('bold', `${step}  ${title}`)}`);
  for (const line of lines) console.log(`   ${line}`);
}

function quote(word) {
  return /^[\w./:@=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function faint(text) {
  return styleText('dim', text);
}
