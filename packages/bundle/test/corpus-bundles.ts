// SPDX-License-Identifier: Apache-2.0
// Every bundle of the corpus, with the code that decoding it ends in. What is accepted here may still be refused by
// verification: most of the cases that must fail are well-formed.

import { readFileSync } from 'node:fs';
import { corpus } from '../../../test/corpus.js';

const CONFORMANCE: readonly (readonly [name: string, code: string])[] = [
  ['bundle-empty-certificate-chain_fail', 'BUNDLE_INVALID'],
  ['bundle-from-wrong-instance_fail', 'accepted'],
  ['bundle-malformed-json_fail', 'INPUT_MALFORMED'],
  ['bundle-unknown-version_fail', 'INPUT_UNSUPPORTED'],
  ['bundle-with-root-cert_fail', 'accepted'],
  ['checkpoint-bad-keyhint_fail', 'accepted'],
  ['dsse-invalid-sig_fail', 'accepted'],
  ['dsse-mismatch-envelope_fail', 'accepted'],
  ['happy-path-intoto-in-dsse-v3', 'accepted'],
  ['happy-path-v0.1', 'accepted'],
  ['happy-path-v0.3', 'accepted'],
  ['happy-path-v0.3-new-mediaType', 'accepted'],
  ['incorrect-public-key_fail', 'accepted'],
  ['intoto-expired-certificate_fail', 'accepted'],
  ['intoto-missing-inclusion-proof_fail', 'BUNDLE_INVALID'],
  ['intoto-set-outside-signing-cert-validity_fail', 'accepted'],
  ['intoto-with-custom-trust-root', 'accepted'],
  ['invalid-checkpoint-signature_fail', 'accepted'],
  ['invalid-ct-key_fail', 'accepted'],
  ['invalid-inclusion-proof_fail', 'BUNDLE_INVALID'],
  ['managed-key-happy-path', 'accepted'],
  ['managed-key-no-key_fail', 'accepted'],
  ['message-digest-mismatch_fail', 'accepted'],
  ['rekor2-checkpoint-cosigned', 'accepted'],
  ['rekor2-checkpoint-missing-origin_fail', 'accepted'],
  ['rekor2-checkpoint-missing-root-hash_fail', 'accepted'],
  ['rekor2-checkpoint-multiple-cosigs', 'accepted'],
  ['rekor2-checkpoint-no-matching-signature_fail', 'accepted'],
  ['rekor2-checkpoint-two-sigs-from-origin', 'accepted'],
  ['rekor2-dsse-happy-path', 'accepted'],
  ['rekor2-dsse-invalid-sig_fail', 'accepted'],
  ['rekor2-dsse-mismatch-envelope_fail', 'accepted'],
  ['rekor2-happy-path', 'accepted'],
  ['rekor2-no-inclusion-proof_fail', 'BUNDLE_INVALID'],
  ['rekor2-timestamp-outside-trust-root-tsa-validity_fail', 'accepted'],
  ['rekor2-timestamp-outside-tsa-cert-validity_fail', 'accepted'],
  ['rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail', 'accepted'],
  ['rekor2-timestamp-with-embedded-cert', 'accepted'],
  // Its timestamp was made wrong by cutting the base64.
  ['rekor2-timestamp-with-incorrect-time_fail', 'INPUT_MALFORMED'],
  ['rekor2-timestamp-without-embedded-cert', 'accepted'],
  ['signature-mismatch_fail', 'accepted'],
  ['trust-root-tlog-validity-end-inclusive', 'accepted'],
  ['trust-root-tsa-validity-end-inclusive', 'accepted'],
  ['wrong-hashedrekord-artifact_fail', 'accepted'],
  ['wrong-hashedrekord-entry_fail', 'accepted'],
  ['wrong-material_fail', 'accepted'],
];

const REAL: readonly (readonly [path: string, code: string])[] = [
  ['go/dsse.sigstore.json', 'accepted'],
  ['js/bundleV01-dsse-with-proof.sigstore', 'accepted'],
  ['js/bundleV01-full-cert-chain.sigstore', 'accepted'],
  ['js/bundleV01-intoto-no-proof.sigstore', 'accepted'],
  ['js/bundleV02-dsse.sigstore', 'accepted'],
  ['js/bundleV03-dsse.sigstore', 'accepted'],
  ['npm/bundle-provenance.json', 'accepted'],
  ['npm/bundle-publish.json', 'accepted'],
  ['python/bundle_invalid_version.txt.sigstore', 'INPUT_UNSUPPORTED'],
  // Without entries a bundle is complete; verification misses the time.
  ['python/bundle_no_log_entry.txt.sigstore', 'accepted'],
  ['python/bundle_v3.txt.sigstore', 'accepted'],
  ['python/bundle_v3_github.whl.sigstore', 'accepted'],
  ['python/staging-rekor-v2.txt.sigstore.json', 'accepted'],
];

/** Paths below the corpus, and the code that decoding ends in. */
export const CORPUS_BUNDLES: readonly (readonly [path: string, code: string])[] = [
  ...CONFORMANCE.map(([name, code]) => [`conformance/bundle-verify/${name}/bundle.sigstore.json`, code] as const),
  ...REAL.map(([path, code]) => [`real/${path}`, code] as const),
];

/** Paths of the bundles that decode. */
export const DECODABLE_BUNDLES: readonly string[] = CORPUS_BUNDLES.filter(([, code]) => code === 'accepted').map(
  ([path]) => path,
);

export function readCorpus(path: string): Uint8Array {
  return readFileSync(corpus(path));
}
