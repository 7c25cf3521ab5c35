// SPDX-License-Identifier: Apache-2.0
// What the calls of `verify` are made with that the original and the package in its place both get: an instance, its
// bundles, and ways to spoil them.

import { createHash } from 'node:crypto';
import { type BundleRequest, type Lab, createLab, generateSigningKey, personaIdentity } from '@keywax/stack/lab';
import type { VerifyOptions } from 'sigstore';
import type { DifferenceName } from './compat-differences.js';

/** A bundle as JSON, open to changes. */
// oxlint-disable-next-line typescript/no-explicit-any -- cases change every corner of it
export type OpenBundle = any;

/** One call. */
export interface VerifyCase {
  readonly name: string;
  readonly bundle: () => Promise<OpenBundle>;
  /** The artifact that was signed unless given. */
  readonly data?: Buffer | 'none';
  readonly options?: VerifyOptions;
  /** `accepted`, or the code of the error, or its class where it has no code. */
  readonly expected: string;
  /** What this package does where that is something else, and the row of the table that says so. */
  readonly differs?: { readonly ours: string; readonly row: DifferenceName };
}

/** What was signed. */
export const ARTIFACT: Buffer = Buffer.from('artifact\n');
/** The instance that both trust. */
export const lab: Lab = await createLab();
export const elsewhere = await createLab();
export const managed = generateSigningKey('P-256');
export const stranger = generateSigningKey('P-256');
export const LARGE = Buffer.alloc(3_000_000, 'keywax ');
export const EMAIL = 'alice@example.com';

export const hashOf = (bytes: Uint8Array): Uint8Array => Uint8Array.from(createHash('sha256').update(bytes).digest());

export function pem({ spki }: { readonly spki: Uint8Array }): string {
  return `-----BEGIN PUBLIC KEY-----\n${Buffer.from(spki).toString('base64')}\n-----END PUBLIC KEY-----\n`;
}

export const MESSAGE_V1: BundleRequest = { content: 'message', logs: 'v1' };
export const MESSAGE_V2: BundleRequest = { content: 'message', logs: 'v2' };
export const MESSAGE_BOTH: BundleRequest = { content: 'message', logs: 'both' };
export const DSSE_V1: BundleRequest = { content: 'dsse', logs: 'v1' };
export const DSSE_V2: BundleRequest = { content: 'dsse', logs: 'v2' };
export const GITHUB: BundleRequest = { ...MESSAGE_V1, identity: personaIdentity('github') };
export const MANAGED: BundleRequest = { ...MESSAGE_V1, managedKey: true, key: managed };
export const MANAGED_DSSE: BundleRequest = { ...DSSE_V1, managedKey: true, key: managed };

/** A good bundle, or one that `change` has spoiled; `other` is a good one of the same kind. */
export function make(
  request: BundleRequest,
  change?: (bundle: OpenBundle, other: OpenBundle) => void,
  from: Lab = lab,
): () => Promise<OpenBundle> {
  return async () => {
    const [{ bundle }, other] = [
      await from.makeBundle(request),
      change === undefined ? undefined : await lab.makeBundle(request),
    ];
    const open = structuredClone(bundle) as OpenBundle;
    change?.(open, structuredClone(other?.bundle));
    return open;
  };
}

/** Changes the last bit of some bytes in base64. */
export function flip(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return bytes.toString('base64');
}

export const entryOf = (bundle: OpenBundle): OpenBundle => bundle.verificationMaterial.tlogEntries[0];
