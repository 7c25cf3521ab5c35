// SPDX-License-Identifier: Apache-2.0
// How package managers publish with provenance.

import * as sigstore from 'sigstore';
import { type Bundle, type IdentityProvider, type SignOptions, InternalError, attest, sign } from 'sigstore';

const INTOTO_TYPE = 'application/vnd.in-toto+json';

/** What is attached to a publication. */
export interface Attachment {
  content_type: string;
  data: string;
  length: number;
}

/** Hands over whatever options there are. */
export async function attachProvenance(statement: object, options: SignOptions): Promise<Attachment> {
  const bundle = await sigstore.attest(Buffer.from(JSON.stringify(statement)), INTOTO_TYPE, options);
  const data = JSON.stringify(bundle);
  return { content_type: bundle.mediaType, data, length: data.length };
}

/** Says where the provenance was recorded. */
export function describeTransparency(bundle: Bundle): string | undefined {
  const index: string | undefined = bundle.verificationMaterial.tlogEntries[0]?.logIndex;
  return index === undefined ? undefined : `${sigstore.DEFAULT_REKOR_URL}/?logIndex=${index}`;
}

/** Has no options. */
export function attestPlainly(payload: Buffer, options?: sigstore.SignOptions): Promise<sigstore.Bundle> {
  return attest(payload, INTOTO_TYPE, options);
}

/** Looks at what went wrong. */
export async function signOrExplain(payload: Buffer, identityProvider: IdentityProvider): Promise<string> {
  try {
    const options: SignOptions = {
      identityProvider,
      fulcioURL: sigstore.DEFAULT_FULCIO_URL,
      rekorURL: sigstore.DEFAULT_REKOR_URL,
      tsaServerURL: 'https://timestamp.example',
      tlogUpload: true,
      legacyCompatibility: false,
      retry: { retries: 2, factor: 10, minTimeout: 1, maxTimeout: 2, randomize: true },
      timeout: 1_000,
    };
    const bundle = await sign(payload, options);
    return bundle.messageSignature?.signature ?? '';
  } catch (error) {
    if (!(error instanceof InternalError)) throw error;
    const cause: unknown = error.cause;
    switch (error.code) {
      case 'IDENTITY_TOKEN_READ_ERROR':
      case 'IDENTITY_TOKEN_PARSE_ERROR':
        return 'identity';
      case 'CA_CREATE_SIGNING_CERTIFICATE_ERROR':
      case 'TLOG_CREATE_ENTRY_ERROR':
      case 'TLOG_FETCH_ENTRY_ERROR':
      case 'TSA_CREATE_TIMESTAMP_ERROR':
        return `${error.name}: ${error.message} ${String(cause)}`;
    }
  }
}

/** Makes errors of its own. */
export const failed: Error = new InternalError({ code: 'TLOG_CREATE_ENTRY_ERROR', message: 'no', cause: 'nothing' });

/** Tries again in every way. */
export const RETRIES: readonly SignOptions[] = [
  { retry: 3 },
  { retry: true },
  { retry: { retries: 1 } },
  { timeout: 5 },
];

// @ts-expect-error -- an envelope has a type
export const untyped: Promise<Bundle> = attest(Buffer.from(''));
// @ts-expect-error -- a URL is text
export const wrongUrl: SignOptions = { fulcioURL: 7 };
// @ts-expect-error -- a code that no error has
export const wrongCode: Error = new InternalError({ code: 'OTHER', message: '' });
