// SPDX-License-Identifier: Apache-2.0
// Identity tokens of GitHub Actions.

import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { isJsonObject } from '@keywax/core/json';
import { type HttpResponse, type Transport, parseServiceUrl, request } from '@keywax/http';
import { type AmbientRequest, type Environment, readVariable } from './environment.js';

const MAX_ANSWER_BYTES = 65_536; // a token is at most 16 KiB
const PUBLIC_HOSTS = '.actions.githubusercontent.com';

/**
 * Requests a token from the runner's service.
 * @throws TOKEN_UNAVAILABLE, NETWORK_POLICY for a service that is not GitHub's, NETWORK_TIMEOUT, NETWORK_TLS, OPERATION_ABORTED
 */
export async function requestGithubToken({ environment, audience, transport }: AmbientRequest): Promise<string> {
  const url = makeUrl(environment, audience, transport);
  const credential = readVariable(environment, 'ACTIONS_ID_TOKEN_REQUEST_TOKEN') ?? '';
  if (!/^[\x21-\x7e]+$/.test(credential)) throw unavailable('ACTIONS_ID_TOKEN_REQUEST_TOKEN is not a token');
  const value = readValue(await requestAnswer(url, credential, transport));
  if (typeof value !== 'string') throw unavailable('the service gave no token');
  return value;
}

function makeUrl(environment: Environment, audience: string, transport: Transport): string {
  const url = parseServiceUrl(readVariable(environment, 'ACTIONS_ID_TOKEN_REQUEST_URL') ?? '', transport);
  const isLoopback = url.protocol === 'http:'; // which the transport has allowed
  if (!isLoopback && !isGithubHost(url.hostname, readVariable(environment, 'GITHUB_SERVER_URL'))) {
    throw new KeywaxError('NETWORK_POLICY', 'ACTIONS_ID_TOKEN_REQUEST_URL: expected a host of GitHub Actions');
  }
  url.searchParams.set('audience', audience);
  return url.href;
}

/** The public service, or the host of an enterprise's own server or one below it. */
function isGithubHost(hostname: string, serverUrl: string | undefined): boolean {
  if (hostname.endsWith(PUBLIC_HOSTS)) return true;
  if (serverUrl === undefined) return false;
  const server = parseServiceUrl(serverUrl).hostname;
  return hostname === server || hostname.endsWith(`.${server}`);
}

async function requestAnswer(url: string, credential: string, transport: Transport): Promise<HttpResponse> {
  try {
    return await request(url, {
      ...transport,
      headers: { authorization: `Bearer ${credential}` },
      accept: ['application/json'],
      maxBytes: MAX_ANSWER_BYTES,
      sensitive: true,
      secrets: [credential],
    });
  } catch (cause) {
    const unusable = ['NETWORK_STATUS', 'NETWORK_FAILED', 'INPUT_TOO_LARGE'] as const;
    if (!unusable.some((code) => isKeywaxError(cause, code))) throw cause;
    throw unavailable('the service gave no token', cause);
  }
}

/** The token in `{"value": …}`. What a reader says of the answer may repeat a piece of the token. */
function readValue(answer: HttpResponse): unknown {
  try {
    const value = answer.json();
    return isJsonObject(value) ? value.get('value') : undefined;
  } catch {
    return undefined;
  }
}

function unavailable(reason: string, cause?: unknown): KeywaxError<'TOKEN_UNAVAILABLE'> {
  return new KeywaxError('TOKEN_UNAVAILABLE', `GitHub Actions: ${reason}`, cause === undefined ? {} : { cause });
}
