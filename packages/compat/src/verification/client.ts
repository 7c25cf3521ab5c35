// SPDX-License-Identifier: Apache-2.0
// `verify` and `createVerifier` of the package root: trust, then one bundle after another.

import { loadSyncCrypto } from '@keywax/core/crypto';
import type { PreparedTrust } from '@keywax/verify';
import { bundleFromJSON } from '../bundle/json.js';
import type { SerializedBundle } from '../bundle/records.js';
import { copyOptions } from '../copy-options.js';
import { decodeStrictly } from './decode.js';
import { readData } from './data.js';
import { type VerifyOptions, selectKeyFinder, selectPolicy, selectThresholds, selectTrustSource } from './options.js';
import { refuseOption } from './refuse-option.js';
import { type Signer, type VerificationTask, runTask, runTaskSync } from './run.js';
import { loadTrust } from './trust.js';

/** Verifies bundles under trust that was obtained once. */
export interface BundleVerifier {
  /** @throws ValidationError, VerificationError, PolicyError */
  verify(bundle: SerializedBundle, data?: Uint8Array): Signer;
}

/** Verifies one bundle. @throws ValidationError, VerificationError, PolicyError, TUFError, CONFIG_INVALID, TypeError */
export async function verifyOnce(bundle: SerializedBundle, data: unknown, given: VerifyOptions = {}): Promise<Signer> {
  const options = copyOptions(given);
  const describe = prepareOptions(options);
  const trust = await loadTrust(selectTrustSource(options));
  return runTask(describe(trust, bundle, data));
}

/** Obtains trust for many bundles. @throws TUFError, CONFIG_INVALID, TypeError */
export async function openVerifier(given: VerifyOptions): Promise<BundleVerifier> {
  const options = copyOptions(given);
  const describe = prepareOptions(options);
  const [trust] = await Promise.all([loadTrust(selectTrustSource(options)), loadSyncCrypto()]);
  return { verify: (bundle, data) => runTaskSync(describe(trust, bundle, data)) };
}

type Describe = (trust: PreparedTrust, bundle: unknown, data: unknown) => VerificationTask;

/** Reads the options once. */
function prepareOptions(options: VerifyOptions): Describe {
  const { digest, onEvent } = options;
  const rest = {
    findKey: selectKeyFinder(options),
    thresholds: selectThresholds(options),
    policy: selectPolicy(options),
    report: onEvent ?? (() => {}),
  };
  return (trust, bundle, given) => {
    const data = readData(given);
    if (data !== undefined && digest !== undefined) throw refuseOption('options', 'digest or data, and not both');
    bundleFromJSON(bundle); // says which members are wrong, in the words that callers know
    return { ...rest, trust, bundle: decodeStrictly(bundle), data, digests: digest };
  };
}
