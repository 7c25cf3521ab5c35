// SPDX-License-Identifier: Apache-2.0
// What a bundle claims, step by step. Everything here is proven only once the plan has settled.

import type { Bundle, Statement, StatementSubject } from '@keywax/bundle';
import type { AlgorithmSuite } from '@keywax/core/algorithms';
import type { PublicKey } from '@keywax/core/key';
import type { Certificate } from '@keywax/core/x509';
import type { CertificateAuthority, TransparencyLog } from '@keywax/trust';
import type { Ledger } from './checks.js';
import type { SignerIdentity } from './identity.js';
import type { PreparedTrust } from './prepare.js';
import type { ReadRequest } from './request.js';

/** What every step looks at. */
export interface PlanContext {
  readonly bundle: Bundle;
  readonly request: ReadRequest;
  readonly trust: PreparedTrust;
  /** Certificates need a proven time, and keys with a validity window. */
  readonly needsTime: boolean;
}

/** A moment that some checks prove. */
export interface TimeClaim {
  readonly at: Date;
  readonly source: 'timestamp' | 'log';
  /** Who says so, for people. */
  readonly authority: string;
  /** What identifies the authority, for counting. */
  readonly names: readonly string[];
  readonly provenBy: readonly string[];
}

/** What the certificate of a bundle claims. */
export interface CertificateClaim {
  readonly leaf: Certificate;
  readonly key: PublicKey;
  readonly identity: SignerIdentity;
  readonly candidates: readonly PathCandidate[];
}

/** One way to a trusted authority; at least one of them has to settle whole. */
export interface PathCandidate {
  readonly authority: CertificateAuthority;
  readonly path: readonly Certificate[];
  readonly ledger: Ledger;
}

/** An entry of a known log, and what proves it. */
export interface EntryClaim {
  readonly index: bigint;
  readonly log: TransparencyLog;
  readonly provenBy: readonly string[];
}

/** What the signature covers, as far as it was parsed. */
export interface ArtifactClaim {
  readonly statement?: Statement;
  /** The subject of the statement that is the artifact. */
  readonly subject?: StatementSubject;
}

/** What the bundle claims; proven only once the plan has settled. */
export interface Claims {
  readonly times: readonly TimeClaim[];
  readonly entries: readonly EntryClaim[];
  readonly artifact: ArtifactClaim;
  readonly suite: AlgorithmSuite;
  readonly signer:
    | ({ readonly kind: 'certificate' } & CertificateClaim)
    | { readonly kind: 'key'; readonly key: PublicKey; readonly hint: string };
}
