// SPDX-License-Identifier: Apache-2.0
// As npm verifies attestations: one call for each bundle, with a selector that may be undefined.

import { type VerifyOptions, verify } from 'sigstore';

export async function verifyAttestation(bundle: never, publicKey: { readonly pemkey: string } | undefined) {
  const options: VerifyOptions = {
    tufCachePath: '/cache',
    tufForceCache: true,
    keySelector: publicKey ? () => publicKey.pemkey : undefined,
  };
  try {
    const signer = await verify(bundle, options);
    const issuer: string | undefined = signer.identity?.extensions?.issuer;
    const kind: 'public' | 'private' | 'secret' = signer.key.type;
    const value: Buffer | undefined = signer.identity?.oids?.[0]?.value;
    return { issuer, kind, oid: signer.identity?.oids?.[0]?.oid?.id.join('.'), value };
  } catch (error) {
    throw new Error(`failed to verify attestation: ${(error as Error).message}`, { cause: error });
  }
}

export function selectKeys(keys: ReadonlyMap<string, string>): VerifyOptions {
  return {
    ctLogThreshold: 1,
    tlogThreshold: 1,
    certificateIssuer: 'https://token.actions.githubusercontent.com',
    certificateIdentityURI: '^https://github\\.com/',
    certificateIdentityEmail: '^alice@example\\.com$',
    certificateOIDs: { '1.3.6.1.4.1.57264.1.5': 'octo-org/octo-repo' },
    keySelector: (hint) => keys.get(hint),
    tufMirrorURL: 'https://tuf.example',
    tufRootPath: '/root.json',
    retry: { retries: 2, factor: 10, minTimeout: 10_000, maxTimeout: 60_000 },
    timeout: 300_000,
  };
}

export const wrong: VerifyOptions = {
  // @ts-expect-error thresholds are numbers
  tlogThreshold: '1',
};
