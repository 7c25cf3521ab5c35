// SPDX-License-Identifier: Apache-2.0
// Targets of an instance's repository beside its trust and its services.

import { isUnlisted } from './search.js';
import { raceSignal } from './sharing.js';
import {
  type InstanceTrustOptions,
  type TrustRequest,
  createClient,
  readRequest,
  withDeadline,
} from './trust-request.js';

/**
 * Obtains another target of an instance's repository, such as the keys of a package registry. It is looked for in a state
 * as old as `fetchInstanceTrust` would use; `undefined` where no role in charge lists it. Nothing is compiled in.
 * @throws as `fetchInstanceTrust`
 */
export async function fetchInstanceTarget(
  path: string,
  options: InstanceTrustOptions,
): Promise<Uint8Array | undefined> {
  const signal = options.transport?.signal;
  const request = await readRequest(options);
  return raceSignal(obtainTarget(path, request), signal);
}

async function obtainTarget(path: string, request: TrustRequest): Promise<Uint8Array | undefined> {
  const { offline, maxAgeMs } = request;
  return withDeadline(request, async (transport) => {
    const client = createClient(request, transport);
    if (offline === false) await client.refresh({ maxAgeMs });
    try {
      return await client.fetchTarget(path);
    } catch (error) {
      if (isUnlisted(error)) return undefined;
      throw error;
    }
  });
}
