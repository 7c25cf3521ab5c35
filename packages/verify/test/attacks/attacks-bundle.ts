// SPDX-License-Identifier: Apache-2.0
// Table BP: bundles that are no bundles, or incomplete ones. The tests of the bundle package have the rest of the table;
// here stands one case for each kind of fault.

import { gzipSync } from 'node:zlib';
import { encodeBase64, encodeUtf8 } from '@keywax/core/bytes';
import { encodePem } from '@keywax/core/pem';
import { decodeBase64 } from '@keywax/core/bytes';
import { type AttackCase, type Make, attacks } from './case.js';
import { withIntermediate, withRootInChain } from './controls-certificate.js';
import { ENTRY, MATERIAL, PROOF, STAMPS, asking, at, changed, edited, made, memberAt } from './forge.js';

/** The control as JSON text, edited. */
function text(source: string, edit: (json: string) => string | Uint8Array): Make {
  return edited(source, (bundle) => edit(JSON.stringify(bundle)));
}

const many = (count: number) => (items: readonly unknown[]) => Array.from({ length: count }, () => at(items, 0));
const MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle+json;version=';
const CHAIN = `${MATERIAL}.x509CertificateChain.certificates`;

export const BUNDLE_ATTACKS: readonly AttackCase[] = attacks('v2-message', [
  { id: 'BP-001', title: 'nothing at all', code: 'INPUT_MALFORMED', make: () => ({ bundle: '' }) },
  {
    id: 'BP-003',
    title: 'a second document behind the bundle',
    code: 'INPUT_MALFORMED',
    make: text('v2-message', (json) => `${json}{}`),
  },
  {
    id: 'BP-004',
    title: 'a byte order mark',
    code: 'INPUT_MALFORMED',
    make: text('v2-message', (json) => encodeUtf8(`\ufeff${json}`)),
  },
  {
    id: 'BP-006',
    title: 'half a surrogate pair in the payload type',
    code: 'INPUT_MALFORMED',
    twin: 'v1-dsse',
    make: text('v1-dsse', (json) => json.replace('"payloadType":"', '"payloadType":"\\ud800')),
  },
  { id: 'BP-007', title: 'an array', code: 'INPUT_MALFORMED', make: text('v2-message', (json) => `[${json}]`) },
  {
    id: 'BP-008',
    title: 'a member twice',
    code: 'INPUT_MALFORMED',
    make: text('v2-message', (json) => json.replace('{', '{"mediaType":"x",')),
  },
  {
    id: 'BP-010',
    title: 'a member twice, once by an escape',
    code: 'INPUT_MALFORMED',
    make: text('v2-message', (json) => json.replace('"signature":', '"\\u0073ignature":"","signature":')),
  },
  {
    id: 'BP-012',
    title: 'snake case',
    code: 'INPUT_MALFORMED',
    make: text('v2-message', (json) => json.replace('"logIndex"', '"log_index"')),
    rulings: ['RUL-7'],
  },
  {
    id: 'BP-013',
    title: 'a member named __proto__',
    code: 'INPUT_MALFORMED',
    make: text('v2-message', (json) => json.replace('{', '{"__proto__":{"polluted":1},')),
  },
  {
    id: 'BP-014',
    title: 'a member that nobody knows',
    code: 'INPUT_MALFORMED',
    make: changed('v2-message', `${ENTRY}.extra`, 1),
    rulings: ['RUL-6'],
  },
  {
    id: 'BP-015',
    title: 'ten thousand levels',
    code: 'INPUT_TOO_LARGE',
    make: () => ({ bundle: '['.repeat(10_000) + ']'.repeat(10_000) }),
  },
  {
    id: 'BP-017',
    title: 'more than 16 MiB',
    code: 'INPUT_TOO_LARGE',
    make: () => ({ bundle: new Uint8Array(16_777_217) }),
  },
  {
    id: 'BP-018',
    title: 'no media type',
    code: 'BUNDLE_INVALID',
    make: changed('v2-message', 'mediaType', undefined),
  },
  {
    id: 'BP-019',
    title: 'a media type with a space behind it',
    code: 'INPUT_UNSUPPORTED',
    make: changed('v2-message', 'mediaType', (type: string) => `${type} `),
  },
  {
    id: 'BP-020',
    title: 'a version to come',
    code: 'INPUT_UNSUPPORTED',
    make: changed('v2-message', 'mediaType', `${MEDIA_TYPE}0.4`),
  },
  {
    id: 'BP-021',
    title: 'an older version than the entry of Rekor v2 belongs to',
    code: 'BUNDLE_INVALID',
    make: changed('v2-message', 'mediaType', `${MEDIA_TYPE}0.1`),
    rulings: ['RUL-8'],
  },
  {
    id: 'BP-022',
    title: 'a newer version than a chain belongs to',
    code: 'BUNDLE_INVALID',
    twin: 'bundle-0.2',
    make: changed('bundle-0.2', 'mediaType', `${MEDIA_TYPE}0.3`),
  },
  {
    id: 'BP-023',
    title: 'a message and an envelope',
    code: 'BUNDLE_INVALID',
    make: async (bench) => {
      const { bundle } = await bench.control('v2-dsse');
      return changed('v2-message', 'dsseEnvelope', memberAt(bundle, 'dsseEnvelope'))(bench);
    },
  },
  {
    id: 'BP-023',
    title: 'neither a message nor an envelope',
    code: 'BUNDLE_INVALID',
    make: changed('v2-message', 'messageSignature', undefined),
  },
  {
    id: 'BP-024',
    title: 'a certificate and a key',
    code: 'BUNDLE_INVALID',
    make: changed('v2-message', `${MATERIAL}.publicKey`, { hint: 'x' }),
  },
  {
    id: 'BP-025',
    title: 'a certificate that is null',
    code: 'BUNDLE_INVALID',
    make: changed('v2-message', `${MATERIAL}.certificate`, null),
    rulings: ['RUL-20'],
  },
  {
    id: 'BP-026',
    title: 'an empty certificate',
    code: 'BUNDLE_INVALID',
    make: changed('v2-message', `${MATERIAL}.certificate.rawBytes`, ''),
  },
  {
    id: 'BP-029',
    title: 'base64 whose last bits are not zero',
    code: 'INPUT_MALFORMED',
    make: changed('v2-message', `${PROOF}.rootHash`, (base64: string) => `${base64.slice(0, -2)}B=`),
  },
  {
    id: 'BP-030',
    title: 'an integer with a leading zero',
    code: 'INPUT_MALFORMED',
    make: changed('v2-message', `${ENTRY}.logIndex`, '05'),
  },
  {
    id: 'BP-032',
    title: 'an integer of 64 bits and a sign',
    code: 'INPUT_MALFORMED',
    make: changed('v2-message', `${ENTRY}.logIndex`, `${2n ** 63n}`),
  },
  {
    id: 'BP-034',
    title: 'an enum by its number',
    code: 'INPUT_MALFORMED',
    make: changed('v2-message', 'messageSignature.messageDigest.algorithm', 1),
    rulings: ['RUL-7'],
  },
  {
    id: 'BP-035',
    title: 'no digest',
    code: 'BUNDLE_INVALID',
    make: changed('v2-message', 'messageSignature.messageDigest', undefined),
  },
  {
    id: 'BP-036',
    title: 'a digest of another length',
    code: 'BUNDLE_INVALID',
    make: changed('v2-message', 'messageSignature.messageDigest.algorithm', 'SHA2_512'),
  },
  {
    id: 'BP-037',
    title: 'an empty signature',
    code: 'BUNDLE_INVALID',
    make: changed('v2-message', 'messageSignature.signature', ''),
  },
  {
    id: 'BP-038',
    title: '33 entries',
    code: 'INPUT_TOO_LARGE',
    make: changed('v2-message', `${MATERIAL}.tlogEntries`, many(33)),
  },
  {
    id: 'BP-038',
    title: '33 timestamps',
    code: 'INPUT_TOO_LARGE',
    make: changed('v2-message', STAMPS, many(33)),
  },
  {
    id: 'BP-039',
    title: '11 certificates',
    code: 'INPUT_TOO_LARGE',
    twin: 'bundle-0.2',
    make: changed('bundle-0.2', CHAIN, many(11)),
  },
  {
    id: 'BP-040',
    title: 'a second entry without a proof',
    code: 'BUNDLE_INVALID',
    twin: 'v1-v2-message',
    make: changed('v1-v2-message', `${MATERIAL}.tlogEntries.1.inclusionProof`, undefined),
    rulings: ['RUL-8'],
  },
  {
    id: 'BP-041',
    title: 'a proof without a checkpoint',
    code: 'BUNDLE_INVALID',
    make: changed('v2-message', `${PROOF}.checkpoint`, undefined),
    rulings: ['RUL-8'],
  },
  {
    id: 'BP-042',
    title: 'a bundle 0.1 without a promise',
    code: 'BUNDLE_INVALID',
    twin: 'bundle-0.1',
    make: changed('bundle-0.1', `${ENTRY}.inclusionPromise`, undefined),
    rulings: ['RUL-8'],
  },
  {
    id: 'BP-043',
    title: 'no body',
    code: 'BUNDLE_INVALID',
    make: changed('v2-message', `${ENTRY}.canonicalizedBody`, undefined),
  },
  {
    id: 'BP-045',
    title: 'a root in the chain',
    code: 'BUNDLE_INVALID',
    at: 'certificate.chain',
    twin: 'root-in-chain',
    make: withRootInChain,
    rulings: ['RUL-11'],
  },
  {
    id: 'BP-046',
    title: "an attacker's own authority in the chain",
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.authority',
    twin: 'private-intermediate',
    make: withIntermediate(async ({ stranger }) => stranger.material.fulcio),
  },
  {
    id: 'BP-046',
    title: "an attacker's own authority in the chain, its root allowed to be there",
    code: 'CERTIFICATE_PATH_INVALID',
    at: 'certificate.authority',
    twin: 'private-intermediate',
    make: asking(
      withIntermediate(async ({ stranger }) => stranger.material.fulcio, { extra: [1] }),
      { allowRootInChain: true },
    ),
    rulings: ['RUL-11'],
  },
  {
    id: 'BP-047',
    title: 'a certificate as PEM',
    code: 'INPUT_MALFORMED',
    at: 'certificate.decode',
    make: changed('v2-message', `${MATERIAL}.certificate.rawBytes`, (base64: string) =>
      encodeBase64(encodeUtf8(encodePem('CERTIFICATE', decodeBase64(base64)))),
    ),
  },
  {
    id: 'BP-048',
    title: 'an empty key hint',
    code: 'KEY_NOT_FOUND',
    twin: 'managed-v2',
    make: changed('managed-v2', `${MATERIAL}.publicKey.hint`, ''),
  },
  {
    id: 'BP-048',
    title: 'a key hint that every object knows',
    code: 'KEY_NOT_FOUND',
    at: 'key.policy',
    twin: 'managed-v2',
    make: asking(changed('managed-v2', `${MATERIAL}.publicKey.hint`, '__proto__'), {
      identity: { key: (hint) => new Map<string, string>().get(hint) },
    }),
  },
  {
    id: 'BP-049',
    title: 'a compressed bundle',
    code: 'INPUT_MALFORMED',
    make: text('v2-message', (json) => Uint8Array.from(gzipSync(json))),
  },
  {
    id: 'TR-030',
    title: 'a trusted root inside the bundle',
    code: 'INPUT_MALFORMED',
    make: edited(made({ content: 'message', logs: 'v2' }), (bundle, { stranger }) => ({
      ...(bundle as object),
      trustedRoot: stranger.trustedRoot(),
    })),
  },
]);
