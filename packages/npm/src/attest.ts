// SPDX-License-Identifier: Apache-2.0
// Provenance for a package that is about to be published: signed, and in the shape that a publish request attaches.

import type { SerializedBundle } from '@keywax/bundle';
import { encodeUtf8 } from '@keywax/core/bytes';
import { quoteText } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import { type SignOptions, attest } from 'keywax';
import { encodeIntegrity } from './integrity.js';
import { refusal } from './package-report.js';
import type { PackageId } from './purl.js';
import { type ProvenanceInput, createProvenance } from './statement/provenance.js';
import type { ProvenanceV02, ProvenanceV1 } from './statement/slsa.js';
import { readTarballId } from './statement/tarball.js';

/** What provenance says, and how it is signed. Without a token or a provider, `env` is searched for a token. */
export interface AttestPackageOptions extends SignOptions, Pick<ProvenanceInput, 'env' | 'provider' | 'form'> {
  /** What the tarball has to be called; what its package.json says unless given. */
  readonly name?: string;
  /** Which version the tarball has to be. */
  readonly version?: string;
}

/** A member of `_attachments` of a publish request. */
export interface PublishAttachment {
  /** The media type of the bundle. */
  readonly content_type: string;
  /** The bundle as JSON text. */
  readonly data: string;
  /** Of `data` in UTF-16 code units, as npm counts it. */
  readonly length: number;
}

/** Signed provenance of a package. */
export interface PackageAttestation extends PackageId {
  /** Of the tarball, `sha512-…`. */
  readonly integrity: string;
  readonly statement: ProvenanceV1 | ProvenanceV02;
  readonly bundle: SerializedBundle;
  /** The one member to add to `_attachments`: `<name>-<version>.sigstore`. */
  readonly attachments: Readonly<Record<string, PublishAttachment>>;
}

/**
 * Signs provenance for a tarball. Name and version are those of its package.json, without build metadata, as registries
 * publish them; what the caller expects of them is held against that.
 * @throws CONFIG_INVALID for an environment that lacks something, ARTIFACT_MISMATCH for another name or version,
 *   INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED for the tarball, and as `attest` of `keywax`
 * @example
 * const { bundle, attachments } = await attestPackage(await readFile('pkg-1.0.0.tgz'), { env: process.env });
 */
export async function attestPackage(tarball: Uint8Array, options: AttestPackageOptions): Promise<PackageAttestation> {
  if (!(tarball instanceof Uint8Array)) throw refusal('CONFIG_INVALID', 'tarball', { expected: 'bytes' });
  if (typeof options !== 'object' || options === null)
    throw refusal('CONFIG_INVALID', 'options', { expected: 'a record with the environment of the build' });
  const { env, provider, form, name, version, ...sign } = Object.assign(
    Object.create(null) as AttestPackageOptions,
    options,
  );
  const sha512 = hash('sha512', tarball);
  const id = await readTarballId(tarball);
  checkExpected('name', name, id.name);
  checkExpected('version', version, id.version);
  const statement = createProvenance({
    ...id,
    sha512,
    env,
    ...(provider === undefined ? {} : { provider }),
    ...(form === undefined ? {} : { form }),
  });
  const bundle = await attest(encodeUtf8(JSON.stringify(statement)), await selectIdentity(sign, env));
  const data = JSON.stringify(bundle);
  return Object.freeze({
    ...id,
    integrity: encodeIntegrity(new Map([['sha512', sha512]])),
    statement,
    bundle,
    attachments: Object.freeze({
      [`${id.name}-${id.version}.sigstore`]: { content_type: bundle.mediaType, data, length: data.length },
    }),
  });
}

function checkExpected(what: 'name' | 'version', expected: string | undefined, actual: string): void {
  if (expected !== undefined && expected !== actual)
    throw refusal('ARTIFACT_MISMATCH', `tarball ${what}`, {
      expected: quoteText(expected),
      actual: quoteText(actual),
    });
}

/** The token of the build whose environment is described, and of no other. */
async function selectIdentity(options: SignOptions, env: AttestPackageOptions['env']): Promise<SignOptions> {
  const { identityToken, identity, keyHint } = options;
  if (identityToken !== undefined || identity !== undefined || keyHint !== undefined) return options;
  const { provideAmbientToken } = await import('@keywax/identity');
  return { ...options, identity: provideAmbientToken(env) };
}
