// SPDX-License-Identifier: Apache-2.0
// Verification as callers see it: trust comes from an instance, artifacts in any form, the time from the host.

import { type Bundle, type SerializedBundle, decodeBundle } from '@keywax/bundle';
import { type VerificationRequest, type Verified, planVerification, settle, settleSync } from '@keywax/verify';
import { type Artifact, holdArtifact, isStream, readArtifact } from './artifact.js';
import {
  type Instance,
  type ReadInstance,
  TRUST_OPTION_NAMES,
  type Thresholds,
  type TrustOptions,
  openInstance,
  splitTrustOptions,
} from './instance.js';
import { checkSignal, configError, copyOptions, holdValue, refuseUnknown, typedError } from './options.js';

/** A bundle: the object that comes of parsing its JSON, the text, or its UTF-8 bytes. */
export type BundleInput = SerializedBundle | Uint8Array | string | object;

/** What is to be verified without waiting. Everything but artifact and identity may be left out. */
export interface VerifySyncOptions extends Omit<VerificationRequest, 'trust' | 'now'> {
  /** The present; the clock of the host unless given. */
  readonly now?: Date;
}

/** What is to be verified. Everything but artifact and identity may be left out. */
export interface VerifyOptions extends Omit<VerifySyncOptions, 'artifact'> {
  readonly artifact: Artifact;
  /** Stops the reading of a stream. */
  readonly signal?: AbortSignal;
}

/** Which instance is trusted, how trust is obtained, and the clock for that; the host's unless given. */
export interface VerifierOptions extends TrustOptions {
  /** `'production'` unless given. */
  readonly instance?: Instance;
  readonly now?: () => Date;
}

/** Trust prepared once, for any number of bundles. */
export interface Verifier {
  /**
   * Verifies one bundle. Trust of a named instance or a mirror is kept up to date: after a day it is refreshed in the
   * background, and waited for only once it has expired.
   * @throws as `verify`
   */
  verify(bundle: BundleInput, options: VerifyOptions): Promise<Verified>;
  /**
   * The same without waiting, for bytes and digests, with the trust of the last call that waited. `loadSyncCrypto` has to
   * be awaited once before, for digests and for large artifacts.
   * @throws as `verify`
   */
  verifySync(bundle: BundleInput, options: VerifySyncOptions): Verified;
}

/**
 * Verifies that an allowed identity signed the artifact.
 * @throws KeywaxError with a code that says what is wrong, and the report; see `ERROR_CODES`
 * @example
 * const { signer, statement } = await verify(bundle, {
 *   artifact: await readFile('package.tgz'),
 *   identity: githubActions({ repository: 'octo/app', workflow: 'release.yml', ref: 'refs/tags/v1.0.0' }),
 * });
 */
export async function verify(
  bundle: BundleInput,
  options: VerifyOptions & Omit<VerifierOptions, 'now'>,
): Promise<Verified> {
  try {
    const [own, { instance, ...request }] = splitTrustOptions(copyOptions(options, 'options'));
    const { signal } = own;
    const held = hold(bundle, { ...request, ...(signal === undefined ? {} : { signal }) });
    const source = await openInstance(instance, own, 'verification');
    return await verifyHeld(await source.read(held.options.now ?? new Date(), signal), held);
  } catch (error) {
    throw typedError(error);
  }
}

/**
 * Prepares an instance once, for many bundles: keys are imported and chains settled on first use, and kept.
 * @throws CONFIG_INVALID, TRUST_INVALID, INPUT_MALFORMED, INPUT_TOO_LARGE; for named instances and mirrors TUF_…,
 *   NETWORK_…, FILE_FAILED, OPERATION_ABORTED too
 * @example
 * const verifier = await createVerifier({ instance: { trustedRoot: await readFile('trusted_root.json') } });
 * for (const { bundle, artifact } of packages) await verifier.verify(bundle, { artifact, identity });
 */
export async function createVerifier(options: VerifierOptions = {}): Promise<Verifier> {
  const all = copyOptions(options, 'options');
  refuseUnknown(all, ['instance', 'now', ...TRUST_OPTION_NAMES], 'options');
  const [own, { instance, now = () => new Date() }] = splitTrustOptions(all);
  try {
    return await openVerifier(instance, own, now);
  } catch (error) {
    throw typedError(error);
  }
}

async function openVerifier(instance: Instance | undefined, options: TrustOptions, now: () => Date): Promise<Verifier> {
  const source = await openInstance(instance, options, 'verification');
  let latest = await source.read(now(), options.signal);
  return Object.freeze({
    async verify(bundle: BundleInput, request: VerifyOptions): Promise<Verified> {
      try {
        const held = hold(bundle, request);
        if (!source.isFixed) latest = await source.read(held.options.now ?? now(), held.options.signal);
        return await verifyHeld(latest, held);
      } catch (error) {
        throw typedError(error);
      }
    },
    verifySync(bundle: BundleInput, request: VerifySyncOptions): Verified {
      try {
        return verifySyncWith(latest, bundle, request);
      } catch (error) {
        throw typedError(error);
      }
    },
  });
}

/** What a caller passed, as it was at the call. Options inherit nothing. */
interface Held {
  readonly bundle: Bundle;
  readonly options: VerifyOptions;
}

/** Reads everything that can be read at once, before trust or a stream is waited for. @throws as `verify` */
function hold(bundle: BundleInput, given: VerifyOptions): Held {
  const options = copyOptions(given, 'options');
  refuseTrust(options);
  checkSignal(options.signal);
  if (options.identity === undefined) throw configError('identity', 'a record, a list of records, or a key');
  const decoded = decodeBundle(bundle);
  const { artifact, identity, crypto } = options;
  return {
    bundle: decoded,
    options: Object.assign(options, {
      artifact: holdArtifact(artifact, decoded, { crypto }),
      identity: holdValue(identity),
    }),
  };
}

async function verifyHeld({ trust, thresholds }: ReadInstance, { bundle, options }: Held): Promise<Verified> {
  const { signal, crypto, now = new Date() } = options;
  const artifact = await readArtifact(options.artifact, bundle, { signal, crypto });
  const { signal: _, ...request } = fillIn(options, thresholds);
  return settle(planVerification(bundle, { ...request, trust, now, artifact }));
}

function verifySyncWith(
  { trust, thresholds }: ReadInstance,
  bundle: BundleInput,
  options: VerifySyncOptions,
): Verified {
  const { artifact, now = new Date(), ...request } = copyOptions(options, 'options');
  refuseTrust(request);
  if (isStream(artifact)) throw configError('artifact', 'bytes or digests, as a stream has to be waited for');
  const plan = planVerification(decodeBundle(bundle), { ...fillIn(request, thresholds), trust, now, artifact });
  return settleSync(plan);
}

/** What the instance needs of each kind of evidence, where the caller does not say. */
function fillIn<T extends Thresholds>(request: T, thresholds: Thresholds): T {
  const own = copyOptions(request, 'options');
  const open = Object.entries(thresholds).filter(([name]) => own[name as keyof Thresholds] === undefined);
  return Object.assign(own, Object.fromEntries(open));
}

/** Trust comes of the instance alone; the engine refuses other names that it does not know. */
function refuseTrust(request: object): void {
  if (Object.hasOwn(request, 'trust')) throw configError('options.trust', 'an instance in its place');
}
