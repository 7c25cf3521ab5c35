// SPDX-License-Identifier: Apache-2.0
// The subpath `@keywax/compat/verify`, in place of `@sigstore/verify` 4.1: without network, files or waiting.

import { Buffer } from 'node:buffer';
import type { KeyObject } from 'node:crypto';
import type { Bundle as EngineBundle } from '@keywax/bundle';
import { decodeTrustedRoot } from '@keywax/trust';
import { type PreparedTrust, prepareTrust } from '@keywax/verify';
import { bundleToJSON } from './bundle/json.js';
import type { Bundle } from './bundle/records.js';
import { PolicyError } from './errors.js';
import type { CompatListener } from './events.js';
import { copyOptions } from './copy-options.js';
import { trustedRootToJSON } from './trust/json.js';
import type { PublicKey, TrustedRoot } from './trust/records.js';
import { decodeStrictly } from './verification/decode.js';
import { readData } from './verification/data.js';
import { exportKey, missingKey, readPublicKey, toKeyObject } from './verification/key.js';
import { readCount, readSearch } from './verification/options.js';
import type { ObjectIdentifierValuePair, SignerPolicy } from './verification/policy.js';
import { type EvidenceThresholds, type FoundKey, type Signer, runTaskSync } from './verification/run.js';

export { PolicyError, VerificationError } from './errors.js';
export type { CompatEvent, CompatListener } from './events.js';
export type { ObjectIdentifierValuePair } from './verification/policy.js';
export type { Signer } from './verification/run.js';

/** Finds the key that a bundle names. @throws VerificationError PUBLIC_KEY_ERROR where there is none */
export type KeyFinderFunc = (hint: string) => {
  publicKey: KeyObject;
  validFor(date: Date): boolean;
};

/** Whom to trust, prepared for many bundles. Made by `toTrustMaterial`; what else it holds is its own. */
export interface TrustMaterial {
  readonly publicKey: KeyFinderFunc;
}

/** A bundle with its artifact. Made by `toSignedEntity`; what it holds is its own. */
export interface SignedEntity {
  readonly signature: { readonly signature: Buffer };
}

/** Who may have signed. Members that are absent are not looked at. */
export interface VerificationPolicy {
  /** A regular expression that is searched for in the subject: text is the source of one. */
  subjectAlternativeName?: string | RegExp;
  extensions?: { issuer?: string };
  /** Extensions that the certificate has, byte for byte. */
  oids?: ObjectIdentifierValuePair[];
}

/** How much evidence is demanded, 1 of each unless given. */
export interface VerifierOptions {
  tlogThreshold?: number;
  ctlogThreshold?: number;
  /** @deprecated `timestampThreshold` in its place. */
  tsaThreshold?: number;
  /** Distinct authorities and logs that vouch for a time. */
  timestampThreshold?: number;
  /** Takes what a verification leaves open (an addition). */
  onEvent?: CompatListener;
}

interface Material {
  readonly trust: PreparedTrust;
}

interface Entity {
  readonly bundle: EngineBundle;
  readonly data: Uint8Array | undefined;
}

const materials = new WeakMap<object, Material>();
const entities = new WeakMap<object, Entity>();

/**
 * Prepares a trusted root, and the keys that bundles may name by hint.
 * @throws the errors of `decodeTrustedRoot`
 */
export function toTrustMaterial(root: TrustedRoot, keys?: Record<string, PublicKey> | KeyFinderFunc): TrustMaterial {
  const trust = prepareTrust(decodeTrustedRoot(trustedRootToJSON(root)));
  const material = Object.freeze({ publicKey: typeof keys === 'function' ? keys : locateIn(keys ?? {}) });
  materials.set(material, { trust });
  return material;
}

/** Joins a bundle with the artifact that it signs, which is read when it is verified. @throws ValidationError, CONFIG_INVALID */
export function toSignedEntity(bundle: Bundle, artifact?: Uint8Array): SignedEntity {
  const decoded = decodeStrictly(bundleToJSON(bundle));
  const entity = Object.freeze({ signature: Object.freeze({ signature: Buffer.from(decoded.content.signature) }) });
  entities.set(entity, { bundle: decoded, data: readData(artifact) });
  return entity;
}

/** Verifies signed entities under one trust root. */
export class Verifier {
  readonly #material: TrustMaterial;
  readonly #thresholds: EvidenceThresholds;
  readonly #report: CompatListener;

  constructor(trustMaterial: TrustMaterial, options: VerifierOptions = {}) {
    this.#material = trustMaterial;
    const { tlogThreshold, ctlogThreshold, timestampThreshold, tsaThreshold, onEvent } = copyOptions(options);
    this.#thresholds = {
      logs: readCount('tlogThreshold', tlogThreshold),
      certificateLogs: readCount('ctlogThreshold', ctlogThreshold),
      timestamps: readCount('timestampThreshold', timestampThreshold) ?? readCount('tsaThreshold', tsaThreshold),
    };
    this.#report = onEvent ?? (() => {});
  }

  /** @throws VerificationError, PolicyError, and what the finder of keys throws */
  verify(entity: SignedEntity, policy: VerificationPolicy = {}): Signer {
    const { bundle, data } = select(entities, entity, 'toSignedEntity');
    const { trust } = select(materials, this.#material, 'toTrustMaterial');
    return runTaskSync({
      bundle,
      trust,
      data,
      findKey: (hint) => findKey(this.#material, hint),
      thresholds: this.#thresholds,
      policy: readPolicy(policy),
      report: this.#report,
    });
  }
}

function select<T>(made: WeakMap<object, T>, value: object, maker: string): T {
  const found = made.get(value);
  if (found === undefined) throw new TypeError(`expected a value that ${maker} made`);
  return found;
}

function findKey({ publicKey: find }: TrustMaterial, hint: string): FoundKey {
  const found = find(hint);
  return { publicKey: readPublicKey(exportKey(found.publicKey)), validFor: (date) => found.validFor(date) };
}

function readPolicy(policy: VerificationPolicy): SignerPolicy {
  const { subjectAlternativeName, extensions: given = {}, oids = [] } = copyOptions(policy, 'policy');
  const extensions = copyOptions(given, 'policy.extensions');
  for (const [extension, value] of Object.entries(extensions)) {
    if (extension === 'issuer' && typeof value === 'string') continue;
    const message = `invalid certificate extension - expected ${extension}=${value}, which no certificate has`;
    throw new PolicyError({ code: 'UNTRUSTED_SIGNER_ERROR', message });
  }
  return {
    issuer: extensions.issuer,
    search: readSearch('policy.subjectAlternativeName', subjectAlternativeName),
    extensions: oids.map(({ oid, value }) => [oid?.id.join('.'), value]),
  };
}

function locateIn(keys: Record<string, PublicKey>): KeyFinderFunc {
  return (hint) => {
    const key = Object.hasOwn(keys, hint) ? keys[hint] : undefined;
    if (key?.rawBytes === undefined) throw missingKey(hint);
    const { rawBytes, validFor } = key;
    return {
      publicKey: toKeyObject(readPublicKey(rawBytes)),
      validFor: (date) =>
        (validFor?.start === undefined || validFor.start <= date) &&
        (validFor?.end === undefined || date <= validFor.end),
    };
  };
}
