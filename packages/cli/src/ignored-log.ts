// SPDX-License-Identifier: Apache-2.0
// Verification without a log, as `--insecure-ignore-tlog` asks for it: by a key alone, where one is named.

import { type VerifyOptions, unsafeNoLog } from 'keywax';
import { type SwitchFlag, refuseTogether } from './flags.js';
import type { ObtainedInstance } from './instance-flags.js';

/** What only makes sense where somebody is trusted. */
const TRUST_NAMES = [
  'instance',
  'tuf-mirror',
  'tuf-root',
  'trusted-root',
  'trust-config',
  'timestamp-threshold',
] as const;

/** The values of the flags that decide whether a log is demanded. */
export type IgnoredLogFlags = {
  readonly [K in (typeof TRUST_NAMES)[number] | 'key' | 'log-threshold']?: string;
} & { readonly 'insecure-ignore-tlog'?: true };

/** The flag that demands no log. */
export const IGNORED_LOG_FLAG: Readonly<Record<'insecure-ignore-tlog', SwitchFlag>> = {
  'insecure-ignore-tlog': { help: 'demand no log: with --key not even a time, else a timestamp' },
};

/** Trust in nobody, for a key that is all that counts. */
export const TRUST_IN_NOBODY: ObtainedInstance = {
  instance: { trustedRoot: { mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1' } },
  thresholds: {},
};

/** A key alone is left where neither a log nor a timestamp is demanded: nobody has to be trusted, or asked. */
export function needsTrust(flags: IgnoredLogFlags): boolean {
  const asked = TRUST_NAMES.some((name) => flags[name] !== undefined);
  return asked || flags.key === undefined || flags['insecure-ignore-tlog'] !== true;
}

/** What is demanded in place of a log. @throws CONFIG_INVALID together with --log-threshold */
export function readIgnoredLog(flags: IgnoredLogFlags): Pick<VerifyOptions, 'logThreshold' | 'timestampThreshold'> {
  if (flags['insecure-ignore-tlog'] !== true) return {};
  refuseTogether(flags, ['insecure-ignore-tlog', 'log-threshold']);
  if (flags['timestamp-threshold'] !== undefined) return { logThreshold: 'none' };
  return flags.key === undefined ? { logThreshold: 'none', timestampThreshold: 1 } : { logThreshold: unsafeNoLog };
}
