// SPDX-License-Identifier: Apache-2.0
// The identity lock: who signed each package of a project when somebody last looked. It is written to be reviewed: sorted,
// a line for each fact, the same for the same facts.
// Refused: unknown members, other formats, signers that do not say what signs, what the strict JSON reader refuses.

import {
  type Decoder,
  arrayOf,
  decodeObject,
  decodeString,
  integerWithin,
  mapOf,
  optional,
  required,
} from '@keywax/core/decode';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { readJson } from '@keywax/core/json';
import { compareText } from '../lock-file/locked-package.js';
import { isPackageName, isVersion } from '../package-name.js';
import { type PackageSigner, locateSigner, pickMembers } from './package-signer.js';

/** What is recorded of a package that has provenance. */
export interface LockedIdentity {
  /** Who signed it; several where versions of it that are in use have different signers. */
  readonly signers: readonly PackageSigner[];
  /** Versions in use that have no provenance, although others have. */
  readonly withoutProvenance?: readonly string[];
}

/** Recorded identities by the name of the package. */
export type IdentityLock = ReadonlyMap<string, LockedIdentity>;

/** The usual name of the file that holds an identity lock. */
export const IDENTITY_LOCK_NAME = 'keywax-npm.json';
/** Bytes of an identity lock; a package takes 300. */
export const MAX_IDENTITY_LOCK_BYTES = 16_777_216;

const FORMAT = 1;
const MAX_PACKAGES = 40_000;
const MAX_SIGNERS = 64; // of one package in one project
const MAX_TEXT_CHARS = 2_048;

const decodeText: Decoder<string> = (value, at) => {
  const text = decodeString(value, at);
  if (text !== '' && text.length <= MAX_TEXT_CHARS) return text;
  throw malformed(at, `1 to ${MAX_TEXT_CHARS} characters`);
};
const decodeSigner: Decoder<PackageSigner> = decodeObject<PackageSigner>({
  issuer: required(decodeText),
  repository: optional(decodeText),
  workflow: optional(decodeText),
  builder: optional(decodeText),
  signer: optional(decodeText),
  repositoryId: optional(decodeText),
  ownerId: optional(decodeText),
});
const decodeIdentity: Decoder<LockedIdentity> = decodeObject<LockedIdentity>({
  signers: arrayOf(decodeSigner, MAX_SIGNERS),
  withoutProvenance: arrayOf(decodeText, MAX_PACKAGES),
});
const decodeLock = decodeObject<{ readonly format: number; readonly packages: IdentityLock }>({
  format: required(integerWithin(FORMAT, FORMAT)),
  packages: mapOf(decodeIdentity, MAX_PACKAGES),
});

/** Reads an identity lock. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export function decodeIdentityLock(input: Uint8Array | string | object): IdentityLock {
  const limits = { maxBytes: MAX_IDENTITY_LOCK_BYTES, maxMembers: MAX_PACKAGES, maxValues: 1_000_000 };
  const { packages } = decodeLock(readJson(input, limits), '$');
  for (const [name, { signers, withoutProvenance = [] }] of packages) {
    const at = `$.packages[${quoteText(name)}]`;
    if (!isPackageName(name)) throw malformed(at, 'the name of a package');
    if (signers.length === 0) throw malformed(`${at}.signers`, 'at least one signer');
    // An issuer vouches for many; without this, each of them would be the recorded one.
    if (signers.some((signer) => locateSigner(signer) === undefined))
      throw malformed(`${at}.signers`, 'signers with a workflow or a signer');
    if (!withoutProvenance.every(isVersion)) throw malformed(`${at}.withoutProvenance`, 'versions');
  }
  return packages;
}

/** The text of an identity lock: sorted, indented by two spaces, with a line break at its end. */
export function encodeIdentityLock(lock: IdentityLock): string {
  const packages = [...lock]
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, identity]) => [name, sortIdentity(identity)]);
  return `${JSON.stringify({ format: FORMAT, packages: Object.fromEntries(packages) }, undefined, 2)}\n`;
}

function sortIdentity({ signers, withoutProvenance = [] }: LockedIdentity): LockedIdentity {
  const texts = new Map(signers.map((signer) => [JSON.stringify(pickMembers(signer)), pickMembers(signer)]));
  const sorted = [...texts].sort(([a], [b]) => compareText(a, b)).map(([, signer]) => signer);
  const versions = [...new Set(withoutProvenance)].sort(compareText);
  return { signers: sorted, ...(versions.length === 0 ? {} : { withoutProvenance: versions }) };
}

function malformed(at: string, expected: string): KeywaxError {
  return new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}`, { details: { at, expected } });
}
