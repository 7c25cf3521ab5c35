// SPDX-License-Identifier: Apache-2.0
// Has signatures timestamped. The answer is checked to be about the signature and the request.

import { Buffer } from 'node:buffer';
import { joinServiceUrl } from '@keywax/http';
import { requestTimestamp } from '@keywax/sign';
import type { RFC3161SignedTimestamp } from '../bundle/records.js';
import { copyOptions } from '../copy-options.js';
import { failedStep } from './failure.js';
import { type FetchOptions, toTransport } from './fetch-options.js';
import { readSignature } from './proposal.js';
import type { SignatureBundle, Witness } from './witness.js';

/** Where timestamps come from. */
export type TSAWitnessOptions = FetchOptions & {
  /** The origin of an authority, or the whole URL of its endpoint. */
  readonly tsaBaseURL: string;
};

/** Has signatures timestamped by an authority (RFC 3161). */
export class TSAWitness implements Witness {
  readonly #options: TSAWitnessOptions;

  constructor(options: TSAWitnessOptions) {
    this.#options = copyOptions(options);
  }

  /** Obtains a timestamp over a signature. @throws InternalError TSA_CREATE_TIMESTAMP_ERROR */
  async testify(content: SignatureBundle): Promise<{ rfc3161Timestamps: RFC3161SignedTimestamp[] }> {
    try {
      const transport = toTransport(this.#options);
      const { tsaBaseURL } = this.#options;
      // A signing config names the whole endpoint, other callers the origin.
      const isOrigin = new URL(tsaBaseURL).pathname === '/';
      const url = isOrigin ? joinServiceUrl(tsaBaseURL, '/api/v1/timestamp', transport) : tsaBaseURL;
      const signature = selectSignature(content);
      return {
        rfc3161Timestamps: [{ signedTimestamp: Buffer.from(await requestTimestamp({ url, signature, transport })) }],
      };
    } catch (cause) {
      throw failedStep('TSA_CREATE_TIMESTAMP_ERROR', 'error creating timestamp', cause);
    }
  }
}

function selectSignature(content: SignatureBundle): Uint8Array {
  return content.$case === 'dsseEnvelope'
    ? readSignature(content.dsseEnvelope).sig
    : content.messageSignature.signature;
}
