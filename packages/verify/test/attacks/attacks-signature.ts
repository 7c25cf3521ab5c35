// SPDX-License-Identifier: Apache-2.0
// Table SG: keys, algorithms and signatures. What the key gate refuses in itself, the tests of core have; here stands one
// case for each way in which a key or a signature comes in.

import { generateKeyPairSync } from 'node:crypto';
import { concatBytes, decodeBase64, encodeBase64, encodeHex } from '@keywax/core/bytes';
import { TAG, encodeBitString, encodeDer } from '@keywax/core/der';
import { encodePae } from '@keywax/core/dsse';
import { hash } from '@keywax/core/hash';
import { OID, encodeOid } from '@keywax/core/oid';
import { importKeyPair } from '@keywax/core/key-pair';
import { encodePem } from '@keywax/core/pem';
import {
  type BundleRequest,
  type BundleSteps,
  type SigningKey,
  describeHashedRekordV1,
  describeHashedRekordV2,
  encodeBody,
  generateSigningKey,
  signBytes,
  signedDigest,
} from '@keywax/stack/lab';
import { createWeakKey } from './authorities.js';
import { type AttackCase, type Make, attacks } from './case.js';
import { encodeScalars, flipS, signPss } from './controls-signature.js';
import { ARTIFACT, asking, changed, edited, flipBit, made, memberAt, replaceMember, seconds } from './forge.js';

type Sign = BundleSteps['sign'];
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** A message in Rekor v2 signed in another way; log and timestamp cover what came out. */
function signedBy(sign: Sign, request: Partial<BundleRequest> = {}): Make {
  return made({ content: 'message', logs: 'v2', ...request, steps: { sign } });
}

const broken = (title: string, id: string, sign: Sign): Omit<AttackCase, 'twin'> => ({
  id,
  title,
  code: 'SIGNATURE_INVALID',
  at: 'artifact.signature',
  make: signedBy(sign),
});

/** A managed key of the caller, whatever it is. */
function withKey(key: () => Uint8Array | string): Make {
  return asking('managed-v2', () => ({ identity: { key: key() } }));
}

/** An Ed25519 key as SubjectPublicKeyInfo. */
function encodeEd25519(raw: Uint8Array): Uint8Array {
  return encodeDer(TAG.sequence, encodeDer(TAG.sequence, encodeOid(OID.ed25519)), encodeBitString(raw));
}

/** A leaf for a key that only has to look like one. */
function leafFor(spki: () => Uint8Array): Make {
  return made(({ lab }) => ({
    content: 'message',
    logs: 'v2',
    steps: { certificate: (_, identity) => lab.issueCertificate(spki(), identity) },
  }));
}

/** A managed RSA key with a named algorithm. */
function managedRsa(sign: Sign, keyDetails: string): Make {
  return async (bench) =>
    asking(made({ content: 'message', logs: 'v1', managedKey: true, key: bench.rsa, steps: { sign } }), {
      identity: { key: { publicKey: bench.rsa.spki, keyDetails } },
    })(bench);
}

async function signEd25519ph(key: SigningKey, data: Uint8Array): Promise<Uint8Array> {
  const pair = await importKeyPair(encodePem('PRIVATE KEY', key.privateKey.export({ type: 'pkcs8', format: 'der' })));
  return pair.sign(data, { scheme: 'ed25519ph', hash: 'sha512' });
}

const SPKI = (key: SigningKey): string => encodePem('PUBLIC KEY', key.spki);
const NOTHING = hash('sha256');
const sha512 = hash('sha512', ARTIFACT);

export const SIGNATURE_ATTACKS: readonly AttackCase[] = attacks('v2-message', [
  broken('a signature with one bit the other way round', 'SG-001', (key, data, name) =>
    flipBit(signBytes(key, data, name)),
  ),
  broken('a signature over another artifact', 'SG-001', (key, data, name) =>
    signBytes(key, concatBytes(data, data), name),
  ),
  {
    id: 'SG-002',
    title: 'a digest of another artifact in bundle and log, the signature right',
    code: 'ARTIFACT_MISMATCH',
    at: 'artifact.digest',
    twin: 'v1-message',
    make: made({
      content: 'message',
      logs: 'v1',
      steps: {
        bodyV1: (parts) => encodeBody(describeHashedRekordV1({ ...signedDigest(parts), digest: NOTHING })),
        bundle: (bundle) => replaceMember(bundle, 'messageSignature.messageDigest.digest', encodeBase64(NOTHING)),
      },
    }),
  },
  {
    id: 'SG-002',
    title: 'another artifact',
    code: 'ARTIFACT_MISMATCH',
    at: 'artifact.digest',
    make: asking('v2-message', { artifact: concatBytes(ARTIFACT, ARTIFACT) }),
  },
  {
    id: 'SG-003',
    title: 'half of a SHA-512 digest as a SHA-256 digest',
    code: 'ARTIFACT_MISMATCH',
    at: 'artifact.digest',
    twin: 'digest',
    make: asking('v2-message', { artifact: { sha256: encodeHex(sha512.subarray(0, 32)) } }),
  },
  {
    id: 'SG-003',
    title: 'a SHA-512 digest as a SHA-256 digest',
    code: 'CONFIG_INVALID',
    twin: 'digest',
    make: asking('v2-message', { artifact: { sha256: sha512 } }),
    rulings: ['RUL-25'],
  },
  {
    id: 'SG-003',
    title: 'a digest by another algorithm than was signed',
    code: 'CONFIG_INVALID',
    twin: 'digest',
    make: asking('v2-message', { artifact: { sha512 } }),
    rulings: ['RUL-25'],
  },
  broken('a P-256 key with SHA-512', 'SG-004', (key, data) => signBytes(key, data, 'sha512')),
  {
    id: 'SG-005',
    title: 'a P-384 key with SHA-256 that no log has named',
    code: 'SIGNATURE_INVALID',
    at: 'artifact.signature',
    twin: 'p-384-sha-256',
    make: asking(
      made(() => ({ content: 'message', logs: 'none', key: generateSigningKey('P-384'), hash: 'sha256' })),
      { logThreshold: 'none', timestampThreshold: 1 },
    ),
    rulings: ['RUL-9'],
  },
  {
    id: 'SG-005',
    title: 'an envelope signed by a P-384 key with SHA-256',
    code: 'SIGNATURE_INVALID',
    at: 'artifact.signature',
    twin: 'p-384-sha-256',
    make: made(() => ({ content: 'dsse', logs: 'v1', key: generateSigningKey('P-384'), hash: 'sha256' })),
    rulings: ['RUL-9'],
  },
  {
    id: 'SG-006',
    title: 'RSA-PSS where PKCS #1 is expected',
    code: 'SIGNATURE_INVALID',
    at: 'artifact.signature',
    twin: 'rsa-pss',
    make: managedRsa(signPss(32), 'PKIX_RSA_PKCS1V15_2048_SHA256'),
  },
  {
    id: 'SG-006',
    title: 'PKCS #1 where RSA-PSS is expected',
    code: 'SIGNATURE_INVALID',
    at: 'artifact.signature',
    twin: 'rsa-pss',
    make: managedRsa(signBytes, 'PKIX_RSA_PSS_2048_SHA256'),
  },
  {
    id: 'SG-007',
    title: 'RSA-PSS with a salt longer than the digest',
    code: 'SIGNATURE_INVALID',
    at: 'artifact.signature',
    twin: 'rsa-pss',
    make: managedRsa(signPss(222), 'PKIX_RSA_PSS_2048_SHA256'),
    rulings: ['RUL-22'],
  },
  {
    id: 'SG-008',
    title: 'a managed RSA key with an exponent below 65,537',
    code: 'KEY_REJECTED',
    twin: 'managed-v2',
    make: withKey(() => {
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048, publicExponent: 3 });
      return Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }));
    }),
    rulings: ['RUL-21'],
  },
  {
    id: 'SG-009',
    title: 'a managed RSA key of 1,024 bits',
    code: 'KEY_REJECTED',
    twin: 'managed-v2',
    make: withKey(() => createWeakKey().spki),
  },
  {
    id: 'SG-009',
    title: 'a leaf with an RSA key of 1,024 bits',
    code: 'KEY_REJECTED',
    at: 'certificate.key',
    make: leafFor(() => createWeakKey().spki),
  },
  {
    id: 'SG-012',
    title: 'a leaf with a point that is not on its curve',
    code: 'KEY_REJECTED',
    at: 'certificate.key',
    make: leafFor(() => flipBit(generateSigningKey('P-256').spki)),
  },
  {
    id: 'SG-014',
    title: 'a managed key on secp256k1',
    code: 'INPUT_UNSUPPORTED',
    twin: 'managed-v2',
    make: withKey(() => {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
      return Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }));
    }),
  },
  ...([0n, P256_ORDER] as const).flatMap((number) => [
    broken(`an ECDSA signature whose r is ${number === 0n ? 'zero' : 'the order'}`, 'SG-015', () =>
      encodeScalars(number, 1n),
    ),
    broken(`an ECDSA signature whose s is ${number === 0n ? 'zero' : 'the order'}`, 'SG-015', () =>
      encodeScalars(1n, number),
    ),
  ]),
  broken('an ECDSA signature with a byte behind it', 'SG-016', (key, data, name) =>
    concatBytes(signBytes(key, data, name), new Uint8Array(1)),
  ),
  broken('an ECDSA signature without DER', 'SG-017', (key, data, name) => {
    const der = signBytes(key, data, name);
    const rLength = der[3] ?? 0;
    const pad = (bytes: Uint8Array): Uint8Array => concatBytes(new Uint8Array(32), bytes).slice(-32);
    return concatBytes(pad(der.subarray(4, 4 + rLength)), pad(der.subarray(6 + rLength)));
  }),
  {
    id: 'SG-018',
    title: 'the other signature that verifies, stamped anew, in Rekor v1',
    code: 'ENTRY_MISMATCH',
    at: 'entry.signature',
    twin: 'v1-message',
    make: edited(made({ content: 'message', logs: 'v1', steps: { timestamps: () => [] } }), (bundle) =>
      replaceMember(bundle as object, 'messageSignature.signature', (old: string) =>
        encodeBase64(flipS(decodeBase64(old))),
      ),
    ),
  },
  {
    id: 'SG-018',
    title: 'the other signature that verifies, stamped anew, in Rekor v2',
    code: 'ENTRY_MISMATCH',
    at: 'entry.signature',
    make: edited('v2-message', (bundle, { lab }) => {
      const signature = flipS(decodeBase64(memberAt(bundle, 'messageSignature.signature') as string));
      const der = lab.timestamp({ imprint: { algorithm: 'sha256', digest: hash('sha256', signature) } });
      const signed = replaceMember(bundle as object, 'messageSignature.signature', encodeBase64(signature));
      const path = 'verificationMaterial.timestampVerificationData.rfc3161Timestamps.0.signedTimestamp';
      return replaceMember(signed, path, encodeBase64(der));
    }),
  },
  {
    id: 'SG-019',
    title: 'a leaf with an Ed25519 key of small order',
    code: 'KEY_REJECTED',
    at: 'certificate.key',
    twin: 'ed25519ph',
    make: leafFor(() => encodeEd25519(Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0)))),
  },
  {
    id: 'SG-019',
    title: 'an Ed25519 signature whose S is not below the order',
    code: 'SIGNATURE_INVALID',
    at: 'artifact.signature',
    twin: 'ed25519ph',
    make: (bench) =>
      signedBy(async (key, data) => addOrder(await signEd25519ph(key, data)), { key: generateSigningKey('ed25519') })(
        bench,
      ),
  },
  {
    id: 'SG-020',
    title: 'Ed25519 where Ed25519ph is expected',
    code: 'SIGNATURE_INVALID',
    at: 'artifact.signature',
    twin: 'ed25519ph',
    make: (bench) => signedBy(signBytes, { key: generateSigningKey('ed25519') })(bench),
  },
  {
    id: 'SG-020',
    title: 'Ed25519ph where Ed25519 is expected',
    code: 'SIGNATURE_INVALID',
    at: 'artifact.signature',
    twin: 'ed25519',
    make: (bench) =>
      signedBy(signEd25519ph, { content: 'dsse', logs: 'v1', key: generateSigningKey('ed25519') })(bench),
  },
  {
    // The log cannot have checked such a signature, and the key of the bundle does not stand for the algorithm it names.
    id: 'SG-021',
    title: 'an envelope signed with Ed25519 in a hashedrekord that says so',
    code: 'ENTRY_MISMATCH',
    at: 'entry.key',
    twin: 'ed25519ph',
    make: (bench) =>
      made({
        content: 'dsse',
        logs: 'v2',
        key: generateSigningKey('ed25519'),
        steps: {
          sign: (key, data) => signBytes(key, data),
          bodyV2: (parts) => encodeBody(describeHashedRekordV2(signedDigest(parts), 'PKIX_ED25519')),
        },
      })(bench),
  },
  {
    id: 'SG-022',
    title: 'a managed X25519 key',
    code: 'INPUT_UNSUPPORTED',
    twin: 'managed-v2',
    make: withKey(() =>
      Uint8Array.from(generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' })),
    ),
  },
  {
    id: 'SG-023',
    title: 'text before the PEM of a managed key',
    code: 'INPUT_MALFORMED',
    twin: 'managed-v2',
    make: withKey(() => `key:\n${SPKI(generateSigningKey('P-256'))}`),
  },
  {
    id: 'SG-023',
    title: 'two managed keys in one PEM',
    code: 'INPUT_MALFORMED',
    twin: 'managed-v2',
    make: withKey(() => SPKI(generateSigningKey('P-256')).repeat(2)),
  },
  {
    id: 'SG-024',
    title: 'a private key as managed key',
    code: 'KEY_REJECTED',
    twin: 'managed-v2',
    make: withKey(() => generateSigningKey('P-256').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
  },
  ...(['start', 'end'] as const)
    .map(
      (edge): Omit<AttackCase, 'twin'> => ({
        id: 'SG-025',
        title: `a managed key one second outside its window, at its ${edge}`,
        code: 'KEY_OUTSIDE_VALIDITY',
        at: 'key.validity',
        make: (bench) => {
          const key = generateSigningKey('P-256');
          const validFor = edge === 'start' ? { start: seconds(1) } : { start: seconds(-60), end: seconds(-1) };
          return asking(made({ content: 'message', logs: 'v2', managedKey: true, key }), {
            identity: { key: { publicKey: key.spki, validFor } },
          })(bench);
        },
        rulings: ['RUL-23'],
      }),
    )
    .map((attack) => ({ ...attack, twin: 'managed-window' })),
  {
    id: 'SG-025',
    title: 'a managed key with a window and no proven time, in Rekor v2',
    code: 'TIME_MISSING',
    at: 'time.proven',
    twin: 'managed-window',
    make: (bench) => {
      const key = generateSigningKey('P-256');
      const steps = { timestamps: () => [] };
      return asking(made({ content: 'message', logs: 'v2', managedKey: true, key, steps }), {
        identity: { key: { publicKey: key.spki, validFor: { start: seconds(-60) } } },
      })(bench);
    },
    rulings: ['RUL-23'],
  },
  {
    id: 'SG-025',
    title: 'a managed key that the caller knows under another hint',
    code: 'KEY_NOT_FOUND',
    at: 'key.policy',
    twin: 'managed-v2',
    make: asking('managed-v2', {
      identity: { key: (hint) => (hint === 'another' ? generateSigningKey('P-256').spki : undefined) },
    }),
  },
  {
    id: 'SG-025',
    title: 'a bundle with a key hint, and no key of the caller',
    code: 'KEY_NOT_FOUND',
    at: 'key.policy',
    twin: 'managed-v2',
    make: asking('managed-v2', { identity: { issuer: 'a', subject: 'b' } }),
  },
  {
    // The entry was made for another key, which comes before any signature.
    id: 'SG-025',
    title: 'another managed key than the one that signed',
    code: 'ENTRY_MISMATCH',
    at: 'entry.key',
    twin: 'managed-v2',
    make: withKey(() => generateSigningKey('P-256').spki),
    rulings: ['RUL-27'],
  },
  {
    id: 'SG-026',
    title: 'a managed key for a bundle with a certificate',
    code: 'CONFIG_INVALID',
    make: asking('v2-message', () => ({ identity: { key: generateSigningKey('P-256').spki } })),
    rulings: ['RUL-25'],
  },
  {
    id: 'SG-027',
    title: 'a digest by SHA-1',
    code: 'INPUT_UNSUPPORTED',
    make: changed('v2-message', 'messageSignature.messageDigest.algorithm', 'SHA1'),
  },
  {
    // The body of the entry is compared before any signature is checked.
    id: 'SG-030',
    title: 'a signature that is cut short',
    code: 'ENTRY_MISMATCH',
    at: 'entry.signature',
    twin: 'v1-message',
    make: changed(
      made({ content: 'message', logs: 'v1', steps: { timestamps: () => [] } }),
      'messageSignature.signature',
      (old: string) => encodeBase64(decodeBase64(old).subarray(0, 16)),
    ),
    rulings: ['RUL-27'],
  },
  {
    id: 'DS-003',
    title: 'an envelope whose payload is signed without its encoding',
    code: 'SIGNATURE_INVALID',
    at: 'artifact.signature',
    twin: 'v2-dsse',
    make: signedBy((key, data, name) => signBytes(key, data.subarray(data.indexOf(0x7b)), name), {
      content: 'dsse',
    }),
  },
  {
    id: 'DS-004',
    title: 'an envelope signed with other lengths in its encoding',
    code: 'SIGNATURE_INVALID',
    at: 'artifact.signature',
    twin: 'v2-dsse',
    make: signedBy((key, data, name) => signBytes(key, encodePae('', data), name), { content: 'dsse' }),
  },
]);

/** The signature with the order of the group added to S, which means the same number. */
function addOrder(signature: Uint8Array): Uint8Array {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${encodeHex(signature.slice(32).reverse())}`) + order;
  const encoded = Uint8Array.from(Buffer.from(s.toString(16).padStart(64, '0'), 'hex')).reverse();
  return concatBytes(signature.subarray(0, 32), encoded);
}
