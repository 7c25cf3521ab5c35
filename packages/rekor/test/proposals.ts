// SPDX-License-Identifier: Apache-2.0
// What tests propose: signatures that are made without this package.

import { type BundleRequest, type Lab, type SigningKey, encodeEnvelope, selectKeyDetails } from '@keywax/stack/lab';
import type { Proposal } from '../src/index.js';

/** A proposal with a new signature over a new message or statement. */
export async function makeProposal(lab: Lab, request: Partial<BundleRequest> = {}): Promise<Proposal> {
  const { content = 'message', logs = 'none' } = request;
  const artifact = crypto.getRandomValues(new Uint8Array(16));
  const parts = await lab.makeBundle({ artifact, ...request, content, logs });
  const { signature, verifier, hash, digest, payload } = parts;
  const proposal = { signature, verifier, keyDetails: nameKey(parts.key), digest: { algorithm: hash, value: digest } };
  if (content === 'message') return proposal;
  return { ...proposal, envelope: { text: JSON.stringify(encodeEnvelope(parts)), payload } };
}

/** Rekor v2 sees digests alone, so Ed25519 keys sign those. */
function nameKey(key: SigningKey): string {
  return key.kind === 'ed25519' ? 'PKIX_ED25519_PH' : selectKeyDetails(key);
}
