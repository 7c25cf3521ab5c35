// SPDX-License-Identifier: Apache-2.0
// The smallest TUF repository (https://theupdateframework.github.io/specification/v1.0.34/) that hands out one target,
// for clients that take trust from nowhere else. One Ed25519 key signs everything.

import { type KeyObject, generateKeyPairSync, hash, sign } from 'node:crypto';
import { canonicalizeJson } from '@keywax/core/jcs';
import { readPlainJson } from '@keywax/core/json';

/** The files of a repository by path, without a slash at the beginning. */
export type Repository = ReadonlyMap<string, Buffer>;

const EXPIRES = '2999-01-01T00:00:00Z';
const COMMON = { spec_version: '1.0.34', version: 1, expires: EXPIRES };

/** Makes a repository with one target. */
export function makeRepository(targetName: string, target: Buffer): Repository {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const key = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: raw.toString('hex') } };
  const keyId = hash('sha256', encodeCanonical(key));
  const role = { keyids: [keyId], threshold: 1 };
  const roles = { root: role, timestamp: role, snapshot: role, targets: role };
  const digest = hash('sha256', target);
  const encode = (type: string, members: object): Buffer =>
    signMetadata({ _type: type, ...COMMON, ...members }, { keyId, privateKey });
  return new Map([
    ['1.root.json', encode('root', { consistent_snapshot: true, keys: { [keyId]: key }, roles })],
    ['timestamp.json', encode('timestamp', { meta: { 'snapshot.json': { version: 1 } } })],
    ['1.snapshot.json', encode('snapshot', { meta: { 'targets.json': { version: 1 } } })],
    [
      '1.targets.json',
      encode('targets', { targets: { [targetName]: { length: target.length, hashes: { sha256: digest } } } }),
    ],
    [`targets/${digest}.${targetName}`, target],
  ]);
}

function signMetadata(signed: object, { keyId, privateKey }: { keyId: string; privateKey: KeyObject }): Buffer {
  const signature = sign(null, encodeCanonical(signed), privateKey);
  return Buffer.from(JSON.stringify({ signatures: [{ keyid: keyId, sig: signature.toString('hex') }], signed }));
}

/** TUF's canonical JSON and RFC 8785 agree on plain ASCII and integers, and there is nothing else here. */
function encodeCanonical(value: object): Buffer {
  return Buffer.from(canonicalizeJson(readPlainJson(value, { maxBytes: 1 << 20 })));
}
