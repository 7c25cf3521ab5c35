// SPDX-License-Identifier: Apache-2.0
// Signing as callers see it. The clients are loaded on first use: who only verifies pays nothing for them.

import { type SerializedBundle, encodeBundle } from '@keywax/bundle';
import type { KeyDetails } from '@keywax/core/algorithms';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import type { IdentityProvider } from '@keywax/identity';
import type { SignRequest, SignableContent, Signer } from '@keywax/sign';
import { decodeTrustedRoot, selectServices } from '@keywax/trust';
import { prepareTrust } from '@keywax/verify';
import { type ArtifactStream, collectArtifact } from './artifact.js';
import {
  type Instance,
  type TrustOptions,
  openInstance,
  readHost,
  TRUST_OPTION_NAMES,
  readTransport,
  splitTrustOptions,
} from './instance.js';
import { checkSignal, configError, copyOptions, refuseUnknown, typedError } from './options.js';
import { type StatementInput, readStatement } from './statement.js';

/** How something is signed. Without a token or a provider, the environment is searched for a token. */
export interface SignOptions extends TrustOptions {
  /** An OIDC token that the instance accepts, with the audience `sigstore`. */
  readonly identityToken?: string;
  /** Obtains a token when it is needed. */
  readonly identity?: IdentityProvider;
  /** The instance, which says where to sign; `'production'` unless given. */
  readonly instance?: Instance;
  /** The algorithm of the ephemeral key; `PKIX_ECDSA_P256_SHA_256` unless given. */
  readonly algorithm?: KeyDetails;
  /** Signs in place of an ephemeral key. */
  readonly signer?: Signer;
  /** With a signer that has no certificate: how the bundle names its public key. */
  readonly keyHint?: string;
  /**
   * With a key pair (`signer` and `keyHint`): contacts no service and no instance. Only who names the key, and asks for
   * no log by `unsafeNoLog`, verifies such a bundle.
   */
  readonly unsafeNoLog?: boolean;
  /** Asks for the certificate with a signing request (PKCS#10) instead of the key and a proof of possession. */
  readonly csr?: boolean;
  /** The present; the clock of the host unless given. */
  readonly now?: () => Date;
}

const TRUSTED_ROOT_MEDIA_TYPE = 'application/vnd.dev.sigstore.trustedroot+json;version=0.1';
const OPTION_NAMES = [
  'identityToken',
  'identity',
  'instance',
  'algorithm',
  'signer',
  'keyHint',
  'unsafeNoLog',
  'csr',
  'now',
] as const satisfies readonly (keyof SignOptions)[];

/**
 * Signs an artifact, and verifies the bundle before it is returned. The artifact is held in memory.
 * @throws CONFIG_INVALID, TOKEN_INVALID, TOKEN_UNAVAILABLE, SERVICE_INVALID, the `NETWORK_…` codes, OPERATION_ABORTED,
 *   and those of `verify` for evidence that does not hold
 * @example
 * const bundle = await sign(await readFile('package.tgz'), { identityToken, instance: { trustConfig } });
 * await writeFile('package.tgz.sigstore.json', JSON.stringify(bundle));
 */
export async function sign(
  artifact: Uint8Array | ArtifactStream,
  options: SignOptions = {},
): Promise<SerializedBundle> {
  const own = readSignOptions(options);
  return signWith(own, async () => ({
    kind: 'message',
    artifact: await collectArtifact(artifact, { signal: own.signal }),
  }));
}

/**
 * Signs an in-toto statement about artifacts in a DSSE envelope, and verifies the bundle before it is returned. Bytes are
 * the JSON of a statement, and are signed as they are.
 * @throws STATEMENT_INVALID, and as `sign`
 * @example
 * const bundle = await attest(
 *   { subjects: [{ name: 'package.tgz', artifact }], predicateType: 'https://slsa.dev/provenance/v1', predicate },
 *   { identityToken, instance: { trustConfig } },
 * );
 */
export async function attest(
  statement: StatementInput | Uint8Array,
  options: SignOptions = {},
): Promise<SerializedBundle> {
  const own = readSignOptions(options);
  return signWith(own, async () => ({ kind: 'dsse', payload: await readStatement(statement, own) }));
}

function readSignOptions(options: SignOptions): SignOptions {
  const own = copyOptions(options, 'options');
  refuseUnknown(own, [...OPTION_NAMES, ...TRUST_OPTION_NAMES], 'options');
  if (own.identityToken !== undefined && own.identity !== undefined)
    throw configError('identityToken', 'a token or a provider, and not both');
  if (own.keyHint !== undefined && (own.identityToken !== undefined || own.identity !== undefined))
    throw configError('keyHint', 'a key pair or an identity, and not both');
  if (own.unsafeNoLog === true && (own.keyHint === undefined || own.instance !== undefined))
    throw configError('unsafeNoLog', 'a key pair with a keyHint, and no instance');
  if (own.signer !== undefined && own.algorithm !== undefined)
    throw configError('algorithm', 'a signer or an algorithm, and not both');
  return own;
}

async function signWith(options: SignOptions, readContent: () => Promise<SignableContent>): Promise<SerializedBundle> {
  try {
    return await requestBundle(options, readContent);
  } catch (error) {
    throw typedError(error);
  }
}

async function requestBundle(
  options: SignOptions,
  readContent: () => Promise<SignableContent>,
): Promise<SerializedBundle> {
  const { now = () => new Date(), keyHint, csr, signal } = options;
  checkSignal(signal);
  const { trust, services } = options.unsafeNoLog === true ? makeEmptyPlace() : await readPlace(options, now());
  const { createEphemeralSigner, signContent } = await import('@keywax/sign');
  const identity = keyHint === undefined ? await selectIdentity(options) : undefined;
  const signer =
    options.signer ?? (options.algorithm === undefined ? undefined : await createEphemeralSigner(options.algorithm));
  const bundle = await signContent(await readContent(), {
    services,
    trust,
    now,
    transport: readTransport(options),
    ...(identity === undefined ? {} : { identity }),
    ...(signer === undefined ? {} : { signer }),
    ...(keyHint === undefined ? {} : { keyHint }),
    ...(csr === undefined ? {} : { csr }),
    ...(options.unsafeNoLog === undefined ? {} : { unsafeNoLog: options.unsafeNoLog }),
  });
  return encodeBundle(bundle);
}

type Place = Pick<SignRequest, 'services' | 'trust'>;

async function readPlace(options: SignOptions, now: Date): Promise<Place> {
  const source = await openInstance(options.instance, splitTrustOptions(options)[0], 'signing');
  const { trust, signingConfig } = await source.read(now, options.signal);
  if (signingConfig === undefined) throw configError('instance', 'a signing config, which says where to sign');
  return { trust, services: selectServices(signingConfig, now) };
}

/** A place without services, whose word would not count. */
function makeEmptyPlace(): Place {
  const trust = prepareTrust(decodeTrustedRoot({ mediaType: TRUSTED_ROOT_MEDIA_TYPE }));
  return { trust, services: { logs: [], timestampAuthorities: [] } };
}

async function selectIdentity({ identityToken, identity }: SignOptions): Promise<IdentityProvider> {
  if (identity !== undefined) return guardProvider(identity);
  const { provideAmbientToken, provideToken } = await import('@keywax/identity');
  if (identityToken !== undefined) return provideToken(identityToken);
  return provideAmbientToken(readHost().env);
}

/** What a provider of the caller throws becomes ours. */
function guardProvider(identity: IdentityProvider): IdentityProvider {
  return async (options) => {
    try {
      return await identity(options);
    } catch (cause) {
      if (isKeywaxError(cause)) throw cause;
      throw new KeywaxError('TOKEN_UNAVAILABLE', 'the identity provider has failed', { cause });
    }
  };
}
