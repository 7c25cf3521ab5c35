// SPDX-License-Identifier: Apache-2.0
// Two images of one signer, in the older format: every mixture of the pieces of their evidence, put beside the first.

import { provideToken } from '@keywax/identity';
import { startStack } from '@keywax/stack';
import { startOciRegistry } from '@keywax/stack/oci-registry';
import { createVerifier } from 'keywax';
import { expect, test } from 'vitest';
import { attestImage, openRepository, parseReference, signImage, verifyImage } from '../src/index.js';
import { MANIFEST, pushImage } from './images.js';

const TYPE = 'https://example.com/scan';
/** Pieces that say nothing: both images have the same chain, envelopes hold their own signature and type. */
const IDLE = {
  sig: ['dev.sigstore.cosign/chain'],
  att: ['dev.sigstore.cosign/chain', 'dev.cosignproject.cosign/signature', 'predicateType'],
} as const;

test.each(['sig', 'att'] as const)('a mixture of two %s layers verifies only where it mixes nothing', async (kind) => {
  await using stack = await startStack();
  await using registry = await startOciRegistry();
  const instance = { trustConfig: stack.clientTrustConfig() };
  const verifier = await createVerifier({ instance });
  const identity = { issuer: stack.urls.oidc, subject: 'alice@example.com' };

  const sign = async (image: string) => {
    const reference = `${registry.host}/${image}:v1`;
    await pushImage(reference);
    const token = await stack.mintToken({ kind: 'email' });
    const options = { instance, identity: provideToken(token), format: 'layer' } as const;
    const [signed] =
      kind === 'sig'
        ? await signImage(reference, options)
        : await attestImage(reference, { ...options, predicateType: TYPE, predicate: {} });
    if (signed === undefined) throw new Error('nothing was signed');
    const repository = openRepository(parseReference(reference));
    const { attached, digest } = signed;
    return { reference, repository, digest, attached, bytes: await repository.fetchBlob(attached) };
  };
  const [own, other] = [await sign('own'), await sign('other')];
  const { repository } = own;
  const names = Object.keys(own.attached.annotations ?? {});
  const config = await repository.uploadBlob(Buffer.from('{}'), 'application/vnd.oci.image.config.v1+json');
  for (const { bytes, attached } of [own, other]) await repository.uploadBlob(bytes, attached.mediaType);

  /** Whether the image verifies with these pieces of the other one. */
  const isVerified = async (taken: readonly string[]): Promise<boolean> => {
    const annotations = names.map((name) => [name, (taken.includes(name) ? other : own).attached.annotations?.[name]]);
    const { mediaType, digest, size } = (taken.includes('payload') ? other : own).attached;
    const layers = [{ mediaType, digest, size, annotations: Object.fromEntries(annotations) as object }];
    const manifest = { schemaVersion: 2, mediaType: MANIFEST, config, layers };
    const tag = `${own.digest.replace(':', '-')}.${kind}`;
    await repository.putManifest(Buffer.from(JSON.stringify(manifest)), MANIFEST, tag);
    const demands = { identity, verifier, ...(kind === 'att' ? { predicateType: TYPE } : {}) };
    return verifyImage(own.reference, demands).then(
      () => true,
      () => false,
    );
  };

  expect(names).toContain('dev.sigstore.cosign/bundle');
  for (const taken of subsets(['payload', ...names])) {
    const mixesNothing = taken.every((name) => (IDLE[kind] as readonly string[]).includes(name));
    expect({ taken, isVerified: await isVerified(taken) }).toEqual({ taken, isVerified: mixesNothing });
  }
});

function subsets(names: readonly string[]): readonly (readonly string[])[] {
  const [first, ...others] = names;
  if (first === undefined) return [[]];
  return subsets(others).flatMap((some) => [some, [first, ...some]]);
}
