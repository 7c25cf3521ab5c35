// SPDX-License-Identifier: Apache-2.0
// Identity tokens that a program of the CI system writes to its output.

import { runCommand } from '#machine';
import { KeywaxError } from '@keywax/core/errors';
import { type AmbientRequest, readVariable } from './environment.js';
import { parseIdentityToken } from './token.js';

const TIMEOUT_MS = 30_000;

/** Requests a token from Buildkite's agent. @throws TOKEN_UNAVAILABLE, OPERATION_ABORTED */
export async function requestBuildkiteToken(request: AmbientRequest): Promise<string> {
  return requestOutput(
    'Buildkite',
    ['buildkite-agent', 'oidc', 'request-token', '--audience', request.audience],
    request,
  );
}

/**
 * The token that CircleCI gives to every job, where it is for the audience; by default it is for the organization, and
 * CircleCI's program makes one that fits.
 * @throws TOKEN_UNAVAILABLE, OPERATION_ABORTED
 */
export async function requestCircleToken(request: AmbientRequest): Promise<string> {
  const given = readVariable(request.environment, 'CIRCLE_OIDC_TOKEN_V2');
  if (given !== undefined && isFor(given, request.audience)) return given;
  const claims = JSON.stringify({ aud: request.audience });
  return requestOutput('CircleCI', ['circleci', 'run', 'oidc', 'get', '--claims', claims], request);
}

function isFor(jwt: string, audience: string): boolean {
  try {
    return parseIdentityToken(jwt).audiences.includes(audience);
  } catch {
    return false;
  }
}

async function requestOutput(
  name: string,
  [file = '', ...args]: readonly string[],
  { environment, transport }: AmbientRequest,
): Promise<string> {
  const { signal, timeoutMs = TIMEOUT_MS } = transport;
  const output = await runCommand({ file, args, environment, timeoutMs, ...(signal === undefined ? {} : { signal }) });
  if (signal?.aborted === true)
    throw new KeywaxError('OPERATION_ABORTED', `${name}: aborted by the caller`, { cause: signal.reason });
  const token = output?.trim() ?? '';
  if (token === '') throw new KeywaxError('TOKEN_UNAVAILABLE', `${name}: ${file} gave no token`);
  return token;
}
