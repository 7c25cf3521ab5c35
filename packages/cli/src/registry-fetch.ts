// SPDX-License-Identifier: Apache-2.0
// A `fetch` that trusts one more authority than the system does, for private registries.

import { request as sendHttp } from 'node:http';
import { type RequestOptions, Agent, request as sendHttps } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { RepositoryOptions } from '@keywax/oci';

type Fetch = NonNullable<NonNullable<RepositoryOptions['transport']>['fetch']>;

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
          ...(body === undefined ? {} : { 'content-length': body.length }),
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
      sent.end(body);
    });
}
