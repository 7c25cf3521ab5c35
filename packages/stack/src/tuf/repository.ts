// SPDX-License-Identifier: Apache-2.0
// A TUF repository (TUF 1.0.34) in memory: roles with keys, targets, delegations, publication, rotation. What a role says
// can be edited before it is signed, which is how tests make every kind of bad repository with good signatures.

import { hash } from 'node:crypto';
import { encodeHex } from '@keywax/core/bytes';
import { formatRfc3339 } from '@keywax/core/time';
import { type KeyKind, type SigningKey, generateSigningKey } from '../keys.js';
import { type PlainJson, encodeCanonical } from './canonical.js';
import { computeKeyId, encodeTufKey, signTuf } from './keys.js';

/** The signed part of a role, open for edits. */
export type SignedJson = Record<string, PlainJson>;

/** A role: what it says next, and who signs it. */
export interface RoleDocument {
  signed: SignedJson;
  signers: SigningKey[];
}

/** A file of metadata before it is written. */
export interface EnvelopeJson {
  signatures: { keyid: string; sig: string }[];
  signed: SignedJson;
}

/** How a repository is made. */
export interface TufRepositoryOptions {
  readonly now: () => Date;
  /** The kind of all keys: Ed25519 unless given. */
  readonly keyKind?: KeyKind;
  /** True unless given. */
  readonly consistentSnapshot?: boolean;
  /** Whether timestamp and snapshot name length and hash of files too. False unless given. */
  readonly describeFiles?: boolean;
}

/** A delegation to a new role. */
export interface DelegationOptions {
  readonly name: string;
  /** `targets` unless given. */
  readonly from?: string;
  /** Patterns; all paths unless these or prefixes are given. */
  readonly paths?: readonly string[];
  readonly pathHashPrefixes?: readonly string[];
  readonly terminating?: boolean;
  /** A new one unless given. */
  readonly key?: SigningKey;
}

/** A repository. Names of files are paths below its URL, with names of roles percent-encoded. */
export interface TufRepository {
  readonly files: Map<string, Uint8Array>;
  /** A published root, the first unless given. */
  root(version?: number): Uint8Array;
  /** A role, open for edits. */
  role(name: string): RoleDocument;
  /** Puts a target into a role (`targets` unless given); visible once that role is published. */
  addTarget(path: string, content: Uint8Array, role?: string): void;
  delegate(options: DelegationOptions): RoleDocument;
  /** Replaces the keys of a top-level role in the next root, which old root keys sign too. */
  rotate(role: string, keyKind?: KeyKind): void;
  /** Signs a role as it stands and puts the file where clients find it. `finish` may spoil it after that. */
  write(role: string, finish?: (envelope: EnvelopeJson) => PlainJson | Uint8Array): void;
  /** Publishes the next version of each role in turn, and names it in snapshot or timestamp. */
  publish(...roles: readonly string[]): void;
  /** Publishes the given targets roles (`targets` unless given), the snapshot and the timestamp. */
  release(...roles: readonly string[]): void;
  /** Lets what a role publishes next expire as long from now as a new one. */
  renew(role: string): void;
  /** All roles, by name. */
  readonly roles: ReadonlyMap<string, RoleDocument>;
}

/** What a repository is made of, to be opened again. */
export interface TufRepositoryState {
  readonly roles: ReadonlyMap<string, RoleDocument>;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

const DAY_MS = 86_400_000;
const LIFETIME_DAYS: Readonly<Record<string, number>> = { root: 365, timestamp: 7, snapshot: 365, targets: 365 };
const TOP_LEVEL = ['root', 'timestamp', 'snapshot', 'targets'] as const;
const SPEC_VERSION = '1.0.34';

/** Creates a repository whose first versions are published. */
export function createTufRepository(options: TufRepositoryOptions): TufRepository {
  const repository = describeRepository(createState(options));
  repository.publish('root');
  repository.release();
  return repository;
}

/** Opens a repository as it was. */
export function openTufRepository(options: TufRepositoryOptions, { roles, files }: TufRepositoryState): TufRepository {
  return describeRepository(describeState(options, new Map(roles), new Map(files)));
}

function describeRepository(state: State): TufRepository {
  const { options } = state;
  return {
    files: state.files,
    roles: state.roles,
    root: (version = 1) => state.files.get(`${version}.root.json`) ?? new Uint8Array(),
    role: (name) => state.role(name),
    addTarget: (path, content, role = 'targets') => addTarget(state, { path, content, role }),
    delegate: (delegation) => addDelegation(state, delegation),
    rotate: (role, keyKind = options.keyKind ?? 'ed25519') => rotateKeys(state, role, generateSigningKey(keyKind)),
    write: (role, finish) => writeRole(state, role, finish),
    publish: (...roles) => roles.forEach((role) => publishRole(state, role)),
    release: (...roles) => {
      for (const role of roles.length === 0 ? ['targets'] : roles) publishRole(state, role);
      publishRole(state, 'snapshot');
      publishRole(state, 'timestamp');
    },
    renew: (role) => {
      state.role(role).signed['expires'] = formatExpiry(options, role);
    },
  };
}

interface State {
  readonly options: TufRepositoryOptions;
  readonly files: Map<string, Uint8Array>;
  readonly roles: Map<string, RoleDocument>;
  role(name: string): RoleDocument;
}

function describeState(options: TufRepositoryOptions, roles: State['roles'], files: State['files']): State {
  const role = (name: string): RoleDocument => {
    const found = roles.get(name);
    if (found === undefined) throw new RangeError(`the repository has no role ${name}`);
    return found;
  };
  return { options, files, roles, role };
}

function createState(options: TufRepositoryOptions): State {
  const roles = new Map<string, RoleDocument>();
  const keys = new Map(TOP_LEVEL.map((name) => [name, generateSigningKey(options.keyKind ?? 'ed25519')]));
  const signers = (name: (typeof TOP_LEVEL)[number]): SigningKey[] => [keys.get(name) as SigningKey]; // one for each
  roles.set('root', {
    signed: {
      ...describeRole(options, 'root'),
      consistent_snapshot: options.consistentSnapshot ?? true,
      keys: Object.fromEntries([...keys.values()].map((key) => [computeKeyId(key), encodeTufKey(key)])),
      roles: Object.fromEntries([...keys].map(([name, key]) => [name, { keyids: [computeKeyId(key)], threshold: 1 }])),
    },
    signers: signers('root'),
  });
  const timestamp = { ...describeRole(options, 'timestamp'), meta: { 'snapshot.json': { version: 1 } } };
  roles.set('timestamp', { signed: timestamp, signers: signers('timestamp') });
  const snapshot = { ...describeRole(options, 'snapshot'), meta: { 'targets.json': { version: 1 } } };
  roles.set('snapshot', { signed: snapshot, signers: signers('snapshot') });
  roles.set('targets', { signed: { ...describeRole(options, 'targets'), targets: {} }, signers: signers('targets') });
  return describeState(options, roles, new Map());
}

/** What all roles say; version 0 is not published. */
function describeRole(options: TufRepositoryOptions, name: string): SignedJson {
  const type = name in LIFETIME_DAYS ? name : 'targets';
  return { _type: type, spec_version: SPEC_VERSION, version: 0, expires: formatExpiry(options, name) };
}

function formatExpiry({ now }: TufRepositoryOptions, name: string): string {
  const expires = new Date(now().getTime() + (LIFETIME_DAYS[name] ?? 365) * DAY_MS);
  expires.setUTCMilliseconds(0);
  return formatRfc3339(expires);
}

interface TargetOptions {
  readonly path: string;
  readonly content: Uint8Array;
  readonly role: string;
}

function addTarget(state: State, { path, content, role }: TargetOptions): void {
  const { signed } = state.role(role);
  const sha256 = hash('sha256', content);
  signed['targets'] = { ...objectOf(signed['targets']), [path]: { length: content.length, hashes: { sha256 } } };
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const names = [path, `${folder}${sha256}.${path.slice(folder.length)}`];
  for (const name of names) state.files.set(`targets/${name.split('/').map(encodeURIComponent).join('/')}`, content);
}

function addDelegation(state: State, options: DelegationOptions): RoleDocument {
  const { name, from = 'targets', paths, pathHashPrefixes, terminating = false } = options;
  const key = options.key ?? generateSigningKey(state.options.keyKind ?? 'ed25519');
  const { signed } = state.role(from);
  const { keys, roles } = { keys: {}, roles: [], ...objectOf(signed['delegations']) };
  const inCharge =
    pathHashPrefixes === undefined ? { paths: paths ?? ['*'] } : { path_hash_prefixes: pathHashPrefixes };
  const role = { name, keyids: [computeKeyId(key)], threshold: 1, terminating, ...inCharge };
  signed['delegations'] = {
    keys: { ...objectOf(keys), [computeKeyId(key)]: encodeTufKey(key) },
    roles: [...(roles as readonly PlainJson[]), role],
  };
  const document = state.roles.get(name) ?? {
    signed: { ...describeRole(state.options, name), targets: {} },
    signers: [key],
  };
  state.roles.set(name, document);
  return document;
}

function rotateKeys(state: State, name: string, key: SigningKey): void {
  const root = state.role('root').signed;
  const role = { keyids: [computeKeyId(key)], threshold: 1 };
  root['keys'] = { ...objectOf(root['keys']), [computeKeyId(key)]: encodeTufKey(key) };
  root['roles'] = { ...objectOf(root['roles']), [name]: role };
  const document = state.role(name);
  // The old root keys sign the next root too.
  document.signers = name === 'root' ? [key, ...document.signers] : [key];
}

function publishRole(state: State, name: string): void {
  const { signed } = state.role(name);
  signed['version'] = Number(signed['version']) + 1;
  writeRole(state, name);
  if (name === 'root') return dropOldRootKeys(state);
  if (name === 'timestamp') return;
  const parent = state.role(name === 'snapshot' ? 'timestamp' : 'snapshot').signed;
  parent['meta'] = { ...objectOf(parent['meta']), [`${name}.json`]: describeFile(state, name) };
}

function dropOldRootKeys(state: State): void {
  const root = state.role('root');
  const keyIds = objectOf(objectOf(root.signed['roles'])['root'])['keyids'];
  root.signers = root.signers.filter((key) => Array.isArray(keyIds) && keyIds.includes(computeKeyId(key)));
}

function describeFile(state: State, name: string): PlainJson {
  const { version = 1 } = state.role(name).signed;
  if (state.options.describeFiles !== true) return { version };
  const content = state.files.get(fileName(state, name)) ?? new Uint8Array();
  return { version, length: content.length, hashes: { sha256: hash('sha256', content) } };
}

function writeRole(
  state: State,
  name: string,
  finish: (envelope: EnvelopeJson) => PlainJson | Uint8Array = (envelope) => ({ ...envelope }),
): void {
  const { signed, signers } = state.role(name);
  const payload = encodeCanonical(signed);
  const signatures = signers.map((key) => ({ keyid: computeKeyId(key), sig: encodeHex(signTuf(key, payload)) }));
  const finished = finish({ signatures, signed: structuredClone(signed) });
  const content = finished instanceof Uint8Array ? finished : new TextEncoder().encode(JSON.stringify(finished));
  state.files.set(fileName(state, name), content);
}

function fileName(state: State, name: string): string {
  const { version } = state.role(name).signed;
  const isVersioned = name === 'root' || (name !== 'timestamp' && (state.options.consistentSnapshot ?? true));
  return `${isVersioned ? `${Number(version)}.` : ''}${encodeURIComponent(name)}.json`;
}

function objectOf(value: PlainJson | undefined): Readonly<Record<string, PlainJson>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, PlainJson>>) : {};
}
