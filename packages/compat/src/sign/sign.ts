// SPDX-License-Identifier: Apache-2.0
// `sign` and `attest`: one call from bytes to a bundle.

import { bundleToJSON } from '../bundle/json.js';
import type { SerializedBundle } from '../bundle/records.js';
import { DSSEBundleBuilder, MessageSignatureBundleBuilder } from './bundle-builder.js';
import { DEFAULT_RETRY, DEFAULT_TIMEOUT, type FetchOptions } from './fetch-options.js';
import { FulcioSigner } from './fulcio-signer.js';
import { CIContextProvider, type IdentityProvider } from './identity.js';
import type { SignOptions } from './options.js';
import { RekorWitness } from './rekor-witness.js';
import type { Signer } from './signer.js';
import { TSAWitness } from './tsa-witness.js';
import type { Witness } from './witness.js';

/** Signs a message. @throws InternalError */
export async function signMessage(payload: Uint8Array, options: SignOptions): Promise<SerializedBundle> {
  const builder = new MessageSignatureBundleBuilder({ signer: makeSigner(options), witnesses: makeWitnesses(options) });
  return bundleToJSON(await builder.create({ data: payload }));
}

/** Signs an envelope around a payload. @throws InternalError */
export async function signEnvelope(
  payload: Uint8Array,
  payloadType: string,
  options: SignOptions,
): Promise<SerializedBundle> {
  const builder = new DSSEBundleBuilder({
    signer: makeSigner(options),
    witnesses: makeWitnesses(options),
    certificateChain: options.legacyCompatibility,
  });
  return bundleToJSON(await builder.create({ data: payload, type: payloadType }));
}

function makeSigner(options: SignOptions): Signer {
  return new FulcioSigner({
    ...fetchOptions(options),
    fulcioBaseURL: options.fulcioURL,
    identityProvider: options.identityProvider ?? makeProvider(options),
  });
}

function makeProvider({ identityToken }: SignOptions): IdentityProvider {
  if (identityToken === undefined || identityToken === '') return new CIContextProvider();
  return { getToken: async () => identityToken };
}

function makeWitnesses(options: SignOptions): Witness[] {
  const { tlogUpload, rekorURL, tsaServerURL, legacyCompatibility } = options;
  const log = new RekorWitness({
    ...fetchOptions(options),
    rekorBaseURL: rekorURL,
    entryType: legacyCompatibility === true ? 'intoto' : 'dsse',
  });
  return [
    ...(tlogUpload === false ? [] : [log]),
    ...(tsaServerURL === undefined ? [] : [new TSAWitness({ ...fetchOptions(options), tsaBaseURL: tsaServerURL })]),
  ];
}

/** Callers hand over all the options that they have, most of them meant for others: only these are taken. */
function fetchOptions(options: SignOptions): FetchOptions {
  const { retry = DEFAULT_RETRY, timeout = DEFAULT_TIMEOUT, fetch, signal } = options;
  return { retry, timeout, fetch, signal };
}
