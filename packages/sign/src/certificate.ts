// SPDX-License-Identifier: Apache-2.0
// The certificate of a signer: a token from its source, and a certificate for token and key from the authority.

import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { fetchConfiguration, requestCertificate, selectIssuer } from '@keywax/fulcio';
import { type IdentityToken, type SubjectRule, checkIdentityToken, readSubject } from '@keywax/identity';
import type { SignRequest } from './request.js';
import type { Signer } from './signer.js';

/**
 * Requests a certificate for a signer; answers with the leaf as DER. Chain and certificate timestamps are verified with
 * the finished bundle.
 * @throws CONFIG_INVALID, TOKEN_…, SERVICE_INVALID, NETWORK_…
 */
export async function requestSignerCertificate(signer: Signer, request: SignRequest): Promise<Uint8Array> {
  const { services, identity, trust, csr = false, transport = {}, now = () => new Date() } = request;
  if (identity === undefined) throw new KeywaxError('CONFIG_INVALID', 'identity: expected a source of identity tokens');
  const url = services.certificateAuthority?.url;
  if (url === undefined)
    throw new KeywaxError('CONFIG_INVALID', 'services: expected a certificate authority, or a key pair with a keyHint');
  const identityToken = await identity(transport);
  checkIdentityToken(identityToken, { now: now() });
  const subject = readSubject(identityToken, await selectRule(identityToken, url, request));
  const { leaf } = await requestCertificate(
    {
      url,
      identityToken,
      subject,
      key: signer,
      proof: csr ? 'csr' : 'challenge',
      now,
      allowDetachedSct: trust.root.ctLogs.length === 0,
    },
    transport,
  );
  return leaf.der;
}

/**
 * What the authority says of the token's issuer. It is asked only where an address leaves open which claim it wants
 * possession proven over, and an authority that does not say is no obstacle.
 */
async function selectRule(
  { email, issuer }: IdentityToken,
  url: string,
  { csr = false, transport }: SignRequest,
): Promise<SubjectRule> {
  if (csr || email === undefined) return {};
  try {
    return selectIssuer(await fetchConfiguration(url, transport), issuer) ?? {};
  } catch (error) {
    if (isKeywaxError(error, 'NETWORK_STATUS')) return {};
    throw error;
  }
}
