// SPDX-License-Identifier: Apache-2.0
// The reference implementation of TUF, which comes with the Python client: as a client, and as a maker of repositories.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PYTHON } from './sigstore-python.js';

const READ = `
import os, sys
from tuf.ngclient import Updater

folder, url, path = sys.argv[1:]
metadata, targets = os.path.join(folder, 'metadata'), os.path.join(folder, 'targets')
os.makedirs(metadata)
os.makedirs(targets)
with open(os.path.join(folder, 'root.json'), 'rb') as file:
    updater = Updater(metadata, url + '/', targets, url + '/targets/', bootstrap=file.read())
info = updater.get_targetinfo(path)
updater.download_target(info, os.path.join(folder, 'target'))
`;

/** A root of two kinds of keys, a delegation with succinct roles below it, lengths and hashes, members of its own. */
const WRITE = `
import os, sys
from datetime import datetime, timezone
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (DelegatedRole, Delegations, Metadata, MetaFile, Root, Snapshot, SuccinctRoles, TargetFile,
                              Targets, Timestamp)
from tuf.api.serialization.json import JSONSerializer

folder = sys.argv[1]
expires = datetime(2099, 1, 1, tzinfo=timezone.utc)
make = {'rsa': CryptoSigner.generate_rsa, 'ecdsa': CryptoSigner.generate_ecdsa, 'ed25519': CryptoSigner.generate_ed25519}
signers = {
    'root': [make['rsa'](), make['ed25519']()],
    'timestamp': [make['ed25519']()],
    'snapshot': [make['ecdsa']()],
    'targets': [make['rsa'](), make['ecdsa']()],
}

def write(name, signed, keys):
    document = Metadata(signed)
    for signer in keys:
        document.sign(signer, append=True)
    data = document.to_bytes(JSONSerializer())
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(data)
    return MetaFile.from_data(1, data, ['sha256', 'sha512'])

def add_target(targets, path, content):
    info = TargetFile.from_data(path, content, ['sha256', 'sha512'])
    targets.targets[path] = info
    for digest in info.hashes.values():
        head, tail = os.path.split(path)
        place = os.path.join(folder, 'targets', head, digest + '.' + tail)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, 'wb') as file:
            file.write(content)

outer, inner = make['ecdsa'](), make['ed25519']()
bins = SuccinctRoles([], 1, 3, 'bin')
delegations = {
    'targets': Delegations({}, roles={'out/er': DelegatedRole('out/er', [], 1, True, ['dir/*'])}),
    'out/er': Delegations({}, None, bins),
}
roles = {name: Targets(expires=expires, delegations=delegations[name]) for name in delegations}
roles['targets'].add_key(outer.public_key, 'out/er')
roles['out/er'].add_key(inner.public_key)
roles['targets'].unrecognized_fields['x-note'] = {'é "quoted" \\\\ \\n': [1, True, None, '\\U0001f600']}
add_target(roles['targets'], 'plain', b'plain')
for name in bins.get_roles():
    roles[name] = Targets(expires=expires)
add_target(roles[bins.get_role_for_target('dir/binned')], 'dir/binned', b'binned')

root = Root(expires=expires)
for name, keys in signers.items():
    for signer in keys:
        root.add_key(signer.public_key, name)
    root.roles[name].threshold = len(keys)
write('1.root.json', root, signers['root'])
snapshot = Snapshot(expires=expires)
for name, signed in roles.items():
    keys = signers['targets'] if name == 'targets' else [outer] if name == 'out/er' else [inner]
    snapshot.meta[name + '.json'] = write('1.' + name.replace('/', '%2F') + '.json', signed, keys)
meta = write('1.snapshot.json', snapshot, signers['snapshot'])
write('timestamp.json', Timestamp(expires=expires, snapshot_meta=meta), signers['timestamp'])
`;

/** Fetches a target, from a mirror and a trusted root. @throws where the client refuses it, with its last words */
export function readWithPython(trustedRoot: Uint8Array, mirrorUrl: string, path: string): Promise<Uint8Array> {
  return inFolder(async (folder) => {
    writeFileSync(join(folder, 'root.json'), trustedRoot);
    await runPython(READ, folder, mirrorUrl, path);
    return new Uint8Array(readFileSync(join(folder, 'target')));
  });
}

/** Makes a repository whose targets are `plain` and, by two delegations, `dir/binned`: its files by path. */
export function writeWithPython(): Promise<ReadonlyMap<string, Uint8Array>> {
  return inFolder(async (folder) => {
    await runPython(WRITE, folder);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = files.map(({ parentPath, name }) => join(parentPath, name));
    return new Map(paths.map((path) => [path.slice(folder.length + 1), new Uint8Array(readFileSync(path))]));
  });
}

async function runPython(program: string, ...args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(PYTHON, ['-c', program, ...args], { env: { PATH: process.env['PATH'], NO_PROXY: '*' } });
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new Error(stderr.trim().split('\n').at(-1), { cause: error });
  }
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'keywax-python-tuf-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
