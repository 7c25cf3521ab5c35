// SPDX-License-Identifier: Apache-2.0
// A `fetch` that trusts one more authority than the system does, for private registries.

import { request as sendHttp } from 'node:http';
import { type RequestOptions, Agent, request as sendHttps } from 'node:https';
import { Readable, pipeline } from 'node:stream';
import { rootCertificates } from 'node:tls';
import type { RepositoryOptions } from '@keywax/oci';

type Fetch = NonNullable<NonNullable<RepositoryOptions['transport']>['fetch']>;

/** The stream of the web as Node declares it; there is one at run time. */
type WebStream = Parameters<typeof Readable.fromWeb>[0];

/** Makes a `fetch` for Node that accepts these certificates (PEM) as authorities beside the system's. */
export function createRegistryFetch(certificates: string): Fetch {
  const ca = [...rootCertificates, certificates];
  const agent = new Agent({ ca, keepAlive: true, minVersion: 'TLSv1.2', rejectUnauthorized: true });
  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const options: RequestOptions = {
        method,
        signal,
        headers: {
          'accept-encoding': 'identity',
          ...headers,
          ...(body instanceof Uint8Array ? { 'content-length': body.length } : {}),
        },
      };
      const sent = url.startsWith('https:') ? sendHttps(url, { ...options, agent }) : sendHttp(url, options);
      sent.once('error', reject);
      sent.once('response', (message) => {
        const entries = Object.entries(message.headersDistinct);
        resolve({
          status: message.statusCode ?? 0,
          headers: {
            forEach: (visit) => {
              for (const [name, values = []] of entries) visit(values.join(', '), name);
            },
          },
          body: message,
        });
      });
      if (body === undefined || body instanceof Uint8Array) sent.end(body);
      // A stream comes with its length in the headers; its failure is that of the request.
      else pipeline(Readable.fromWeb(body as WebStream), sent, () => {});
    });
}
