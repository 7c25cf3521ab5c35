// SPDX-License-Identifier: Apache-2.0
// A signer with a certificate: for each signature a token from its source, and for token and key a certificate from the
// authority. No error holds the token.

import { Buffer } from 'node:buffer';
import { parsePublicKeyPem } from '@keywax/core/key';
import { encodePem } from '@keywax/core/pem';
import { requestCertificate } from '@keywax/fulcio';
import {
  type IdentityToken,
  SIGSTORE_AUDIENCE,
  type TokenSubject,
  parseIdentityToken,
  readSubject,
} from '@keywax/identity';
import { InternalError } from '../errors.js';
import { copyOptions } from '../copy-options.js';
import { DEFAULT_FULCIO_URL, selectUrl } from './default-urls.js';
import { failedStep } from './failure.js';
import { type FetchOptions, toTransport } from './fetch-options.js';
import type { IdentityProvider } from './identity.js';
import { type Signature, type Signer, createEphemeralKeyHolder } from './signer.js';

/** How a signer gets its certificates. */
export type FulcioSignerOptions = FetchOptions & {
  readonly identityProvider: IdentityProvider;
  /** Signs with a key of its own; an ephemeral P-256 key unless given. */
  readonly keyHolder?: Signer | undefined;
  /** The public authority unless given. */
  readonly fulcioBaseURL?: string | undefined;
};

/** Signs with a key and a certificate that an authority issues for it. */
export class FulcioSigner implements Signer {
  readonly #options: FulcioSignerOptions;
  readonly #keyHolder: Signer;

  constructor(options: FulcioSignerOptions) {
    this.#options = copyOptions(options);
    this.#keyHolder = this.#options.keyHolder ?? createEphemeralKeyHolder();
  }

  /**
   * Signs; the key of the result is the certificate.
   * @throws InternalError IDENTITY_TOKEN_READ_ERROR, IDENTITY_TOKEN_PARSE_ERROR, CA_CREATE_SIGNING_CERTIFICATE_ERROR
   */
  async sign(data: Buffer): Promise<Signature> {
    const { token, subject } = readToken(await obtainToken(this.#options.identityProvider));
    const challenge = await this.#keyHolder.sign(Buffer.from(subject.challenge.value));
    const certificate = await this.#requestCertificate(token, subject, challenge);
    const { signature } = await this.#keyHolder.sign(data);
    return { signature, key: { $case: 'x509Certificate', certificate } };
  }

  async #requestCertificate(token: IdentityToken, subject: TokenSubject, challenge: Signature): Promise<string> {
    const { key, signature: proof } = challenge;
    if (key.$case !== 'publicKey') {
      const message = 'unexpected format for signing key';
      throw new InternalError({ code: 'CA_CREATE_SIGNING_CERTIFICATE_ERROR', message });
    }
    const url = selectUrl(this.#options.fulcioBaseURL, DEFAULT_FULCIO_URL);
    try {
      const { leaf } = await requestCertificate(
        {
          url,
          identityToken: token,
          subject,
          // The proof is made already, over the one message that there is to sign.
          key: { publicKey: parsePublicKeyPem(key.publicKey, 'key'), sign: async () => proof },
          now: () => new Date(),
          audience: selectAudience(url, token),
          allowDetachedSct: true, // private authorities have no certificate transparency
        },
        toTransport(this.#options),
      );
      return encodePem('CERTIFICATE', leaf.der);
    } catch (cause) {
      throw failedStep('CA_CREATE_SIGNING_CERTIFICATE_ERROR', 'error creating signing certificate', cause);
    }
  }
}

/** The public authority wants tokens for `sigstore`; what others want they do not say beforehand. */
function selectAudience(url: string, { audiences }: IdentityToken): string {
  const isPublic = URL.canParse(url) && new URL(url).origin === DEFAULT_FULCIO_URL;
  return isPublic ? SIGSTORE_AUDIENCE : (audiences[0] ?? SIGSTORE_AUDIENCE);
}

async function obtainToken(provider: IdentityProvider): Promise<string> {
  try {
    return await provider.getToken();
  } catch (cause) {
    throw failedStep('IDENTITY_TOKEN_READ_ERROR', 'error retrieving identity token', cause);
  }
}

function readToken(jwt: string): { readonly token: IdentityToken; readonly subject: TokenSubject } {
  try {
    const token = parseIdentityToken(jwt);
    return { token, subject: readSubject(token) };
  } catch (cause) {
    throw failedStep('IDENTITY_TOKEN_PARSE_ERROR', 'invalid identity token', cause);
  }
}
