// SPDX-License-Identifier: Apache-2.0
// The cases of the client conformance suite, and what each has to give.

import { existsSync, readFileSync } from 'node:fs';
import type { ErrorCode } from '@keywax/core/errors';
import type { IdentityPolicy } from '@keywax/verify';
import { corpus } from '../../../test/corpus.js';

/** Each case by its folder: `undefined` where it verifies, else the code of the refusal. */
export const CASES: Readonly<Record<string, ErrorCode | undefined>> = {
  'bundle-empty-certificate-chain_fail': 'BUNDLE_INVALID',
  'bundle-from-wrong-instance_fail': 'TIME_MISSING', // its logs are unknown, and nothing else tells the time
  'bundle-malformed-json_fail': 'INPUT_MALFORMED',
  'bundle-unknown-version_fail': 'INPUT_UNSUPPORTED',
  'bundle-with-root-cert_fail': 'BUNDLE_INVALID',
  'checkpoint-bad-keyhint_fail': 'CHECKPOINT_INVALID',
  'dsse-invalid-sig_fail': 'ENTRY_MISMATCH', // the log has another signature, which is compared first (RUL-27)
  'dsse-mismatch-envelope_fail': 'ENTRY_MISMATCH',
  'happy-path-intoto-in-dsse-v3': undefined,
  'happy-path-v0.1': undefined,
  'happy-path-v0.3': undefined,
  'happy-path-v0.3-new-mediaType': undefined,
  'incorrect-public-key_fail': 'ENTRY_MISMATCH',
  'intoto-expired-certificate_fail': 'CERTIFICATE_PATH_INVALID',
  'intoto-missing-inclusion-proof_fail': 'BUNDLE_INVALID',
  'intoto-set-outside-signing-cert-validity_fail': 'CERTIFICATE_PATH_INVALID',
  'intoto-with-custom-trust-root': undefined,
  'invalid-checkpoint-signature_fail': 'CHECKPOINT_INVALID',
  'invalid-ct-key_fail': 'SCT_INVALID',
  'invalid-inclusion-proof_fail': 'BUNDLE_INVALID', // it lacks the checkpoint
  'managed-key-happy-path': undefined,
  'managed-key-no-key_fail': 'KEY_NOT_FOUND',
  'message-digest-mismatch_fail': 'ENTRY_MISMATCH',
  'rekor2-checkpoint-cosigned': undefined,
  'rekor2-checkpoint-missing-origin_fail': 'CHECKPOINT_INVALID',
  'rekor2-checkpoint-missing-root-hash_fail': 'CHECKPOINT_INVALID',
  'rekor2-checkpoint-multiple-cosigs': undefined,
  'rekor2-checkpoint-no-matching-signature_fail': 'CHECKPOINT_INVALID',
  'rekor2-checkpoint-two-sigs-from-origin': undefined,
  'rekor2-dsse-happy-path': undefined,
  'rekor2-dsse-invalid-sig_fail': 'ENTRY_MISMATCH',
  'rekor2-dsse-mismatch-envelope_fail': 'ENTRY_MISMATCH',
  'rekor2-happy-path': undefined,
  'rekor2-no-inclusion-proof_fail': 'BUNDLE_INVALID',
  'rekor2-timestamp-outside-trust-root-tsa-validity_fail': 'TIMESTAMP_INVALID',
  'rekor2-timestamp-outside-tsa-cert-validity_fail': 'TIMESTAMP_INVALID',
  'rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail': 'TIMESTAMP_INVALID', // it names its signer by SHA-1
  'rekor2-timestamp-with-embedded-cert': undefined,
  'rekor2-timestamp-with-incorrect-time_fail': 'INPUT_MALFORMED', // its base64 holds line feeds
  'rekor2-timestamp-without-embedded-cert': undefined,
  'signature-mismatch_fail': 'ENTRY_MISMATCH',
  'trust-root-tlog-validity-end-inclusive': undefined,
  'trust-root-tsa-validity-end-inclusive': undefined,
  'wrong-hashedrekord-artifact_fail': 'ENTRY_MISMATCH',
  'wrong-hashedrekord-entry_fail': 'ENTRY_MISMATCH',
  'wrong-material_fail': 'ARTIFACT_MISMATCH',
};

/** The folder of the cases, below the corpus. */
export const CASES_FOLDER = 'conformance/bundle-verify';

const BEACON =
  'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main';
const BEACON_ISSUER = 'https://token.actions.githubusercontent.com';

/** One case with the paths of its files. */
export interface ConformanceCase {
  readonly name: string;
  readonly bundlePath: string;
  readonly artifactPath: string;
  readonly trustedRootPath: string;
  readonly keyPath: string | undefined;
  readonly subject: string;
  readonly issuer: string;
}

/** The files of a case, or those that the suite takes where it has none of its own. */
export function findCase(name: string): ConformanceCase {
  const own = (file: string): string | undefined => {
    const path = corpus(`${CASES_FOLDER}/${name}/${file}`);
    return existsSync(path) ? path : undefined;
  };
  const text = (file: string, otherwise: string): string => {
    const path = own(file);
    return path === undefined ? otherwise : readFileSync(path, 'utf8').trim();
  };
  return {
    name,
    bundlePath: corpus(`${CASES_FOLDER}/${name}/bundle.sigstore.json`),
    artifactPath: own('artifact') ?? corpus(`${CASES_FOLDER}/a.txt`),
    trustedRootPath: own('trusted_root.json') ?? corpus('trust/production/trusted_root.json'),
    keyPath: own('key.pub'),
    subject: text('identity', BEACON),
    issuer: text('issuer', BEACON_ISSUER),
  };
}

/** Who may have signed a case. */
export function identityOf({ keyPath, subject, issuer }: ConformanceCase): IdentityPolicy {
  return keyPath === undefined ? { subject, issuer } : { key: readFileSync(keyPath, 'utf8') };
}
