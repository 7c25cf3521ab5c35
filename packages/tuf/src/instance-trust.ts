// SPDX-License-Identifier: Apache-2.0
// What is obtained of an instance: whom it trusts, where it signs, and where that comes from.

import type { SigningConfig, TrustedRoot } from '@keywax/trust';
import type { InstanceDescription } from './instances.js';
import type { TufState } from './client.js';

/** That trust is the one compiled in, and where the build had it from. */
export interface CompiledState {
  readonly source: 'compiled';
  readonly package: string;
  readonly version: string;
  /** Of the trusted root, in hex. */
  readonly sha256: string;
}

/** Whom an instance trusts and where it signs. */
export interface InstanceTrust {
  readonly instance: InstanceDescription;
  readonly trustedRoot: TrustedRoot;
  /** With the purpose `signing`, where there is one. */
  readonly signingConfig?: SigningConfig;
  /** The documents as they were published. */
  readonly documents: InstanceDocumentBytes;
  /** Where this comes from, how old it is, and what of it has expired. */
  readonly state: TufState | CompiledState;
  /** A refresh that this call has begun or found in the background, until it ends. Never rejects. */
  readonly refreshing?: Promise<void>;
}

/** Documents as files. */
export interface InstanceDocumentBytes {
  readonly trustedRoot: Uint8Array;
  /** Absent where it is a known instance's own table, or not asked for. */
  readonly signingConfig?: Uint8Array;
}
