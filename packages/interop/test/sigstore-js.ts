// SPDX-License-Identifier: Apache-2.0
// The client on npm, `sigstore` with its parts, as signer and as verifier.

import type { Stack } from '@keywax/stack';
import { type SerializedBundle, bundleFromJSON, bundleToJSON } from '@sigstore/bundle';
import { SigningConfig, TrustedRoot } from '@sigstore/protobuf-specs';
import {
  type IdentityProvider,
  DSSEBundleBuilder,
  FulcioSigner,
  MessageSignatureBundleBuilder,
  RekorWitness,
  TSAWitness,
  bundleBuilderFromSigningConfig,
} from '@sigstore/sign';
import { type Signer, type VerificationPolicy, Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';
import { ARTIFACT, STATEMENT, STATEMENT_TYPE, type SigningCase } from './keywax.js';

/** Signs with the parts of the client: signer, log and timestamp authority. */
export async function signWithParts(stack: Stack, { content, rekor }: SigningCase): Promise<SerializedBundle> {
  const { fulcio, rekorV1, rekorV2, tsa } = stack.urls;
  const parts = {
    signer: new FulcioSigner({ fulcioBaseURL: fulcio, identityProvider: provideToken(stack) }),
    witnesses: [
      rekor === 'v1'
        ? new RekorWitness({ rekorBaseURL: rekorV1, majorApiVersion: 1 })
        : new RekorWitness({ rekorBaseURL: rekorV2, majorApiVersion: 2 }),
      new TSAWitness({ tsaBaseURL: tsa }),
    ],
  };
  const bundle =
    content === 'message'
      ? await new MessageSignatureBundleBuilder(parts).create({ data: ARTIFACT })
      : await new DSSEBundleBuilder(parts).create({ data: STATEMENT, type: STATEMENT_TYPE });
  return bundleToJSON(bundle);
}

/** Signs where a signing config says. */
export async function signByConfig(stack: Stack, { content, rekor }: SigningCase): Promise<SerializedBundle> {
  const builder = bundleBuilderFromSigningConfig({
    signingConfig: SigningConfig.fromJSON(stack.signingConfig({ rekor })),
    identityProvider: provideToken(stack),
    bundleType: content === 'message' ? 'messageSignature' : 'dsseEnvelope',
  });
  const artifact = content === 'message' ? { data: ARTIFACT } : { data: STATEMENT, type: STATEMENT_TYPE };
  return bundleToJSON(await builder.create(artifact));
}

function provideToken(stack: Stack): IdentityProvider {
  return { getToken: () => stack.mintToken({ kind: 'email' }) };
}

/** Verifies with `@sigstore/verify`; throws its errors. An artifact is looked at only beside a message signature. */
export function verifyWithPeer(
  stack: Stack,
  bundle: object,
  { artifact = ARTIFACT, policy }: { readonly artifact?: Buffer; readonly policy?: VerificationPolicy } = {},
): Signer {
  const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(stack.trustedRoot)));
  return verifier.verify(toSignedEntity(bundleFromJSON(bundle), artifact), policy);
}
