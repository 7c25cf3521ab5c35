// SPDX-License-Identifier: Apache-2.0
// Object identifiers (X.690 §8.19), and the ones that this package knows by name.
// Refused: more than 32 arcs, arcs above 64 bits, arcs with leading zero octets, a truncated last arc.

import { type DerElement, TAG, contentBytes, encodeDer, expectTag } from './der.js';
import { KeywaxError } from './errors.js';

const MAX_ARCS = 32; // ATTACKS 4.3
const MAX_ARC = 0xffff_ffff_ffff_ffffn; // ATTACKS 4.3

/** Object identifiers by the name that their defining document gives them. */
export const OID = {
  // RFC 5912, RFC 8410, RFC 8017: keys and signatures
  ecPublicKey: '1.2.840.10045.2.1',
  prime256v1: '1.2.840.10045.3.1.7',
  secp384r1: '1.3.132.0.34',
  secp521r1: '1.3.132.0.35',
  rsaEncryption: '1.2.840.113549.1.1.1',
  rsassaPss: '1.2.840.113549.1.1.10',
  mgf1: '1.2.840.113549.1.1.8',
  ed25519: '1.3.101.112',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  ecdsaWithSha384: '1.2.840.10045.4.3.3',
  ecdsaWithSha512: '1.2.840.10045.4.3.4',
  sha256WithRsa: '1.2.840.113549.1.1.11',
  sha384WithRsa: '1.2.840.113549.1.1.12',
  sha512WithRsa: '1.2.840.113549.1.1.13',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
  // RFC 5280: certificate extensions
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  anyExtendedKeyUsage: '2.5.29.37.0',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  // RFC 6962: certificate transparency
  sctList: '1.3.6.1.4.1.11129.2.4.2',
  precertificatePoison: '1.3.6.1.4.1.11129.2.4.3',
  // RFC 5652, RFC 3161, RFC 5035: timestamps
  signedData: '1.2.840.113549.1.7.2',
  tstInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const;

/**
 * Reads an OBJECT IDENTIFIER as dotted decimal.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export function readOid(element: DerElement, at: string): string {
  expectTag(element, TAG.oid, at);
  return decodeOid(contentBytes(element), at);
}

/** Dotted decimal of the content octets of an OBJECT IDENTIFIER. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export function decodeOid(content: Uint8Array, at: string): string {
  if (content.length === 0) throw malformed(at, 'at least one arc');
  let text = '';
  let arcs = 0;
  let offset = 0;
  while (offset < content.length) {
    if (content[offset] === 0x80) throw malformed(at, 'arcs without leading zeros');
    let small = 0;
    let large: bigint | undefined;
    let byte: number;
    do {
      if (offset === content.length) throw malformed(at, 'a complete last arc');
      byte = content[offset++] as number;
      const low = byte & 0x7f;
      if (large === undefined && small < 2 ** 45) {
        small = small * 128 + low;
      } else {
        large = (large ?? BigInt(small)) * 128n + BigInt(low);
        if (large > MAX_ARC) throw tooLarge(at, 'arcs of at most 64 bits', 64);
      }
    } while (byte >= 0x80);
    if (++arcs > MAX_ARCS) throw tooLarge(at, `at most ${MAX_ARCS} arcs`, MAX_ARCS);
    if (arcs > 1) {
      text += `.${large ?? small}`;
    } else {
      // X.690 §8.19.4: the first two arcs share one number.
      const top = large !== undefined || small >= 80 ? 2 : small >= 40 ? 1 : 0;
      text = `${top}.${large === undefined ? small - 40 * top : large - 80n}`;
      arcs++;
    }
  }
  return text;
}

/** Encodes dotted decimal, which the caller vouches for, as an OBJECT IDENTIFIER element. */
export function encodeOid(dotted: string): Uint8Array {
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map((arc) => BigInt(arc));
  const octets = [first * 40n + second, ...rest].flatMap((arc) => {
    const base128 = [Number(arc & 0x7fn)];
    for (let more = arc >> 7n; more > 0n; more >>= 7n) base128.unshift(Number(more & 0x7fn) | 0x80);
    return base128;
  });
  return encodeDer(TAG.oid, Uint8Array.from(octets));
}

function malformed(at: string, expected: string): KeywaxError {
  return new KeywaxError('INPUT_MALFORMED', `${at}: expected an object identifier with ${expected}`, {
    details: { at, expected },
  });
}

function tooLarge(at: string, expected: string, limit: number): KeywaxError {
  return new KeywaxError('INPUT_TOO_LARGE', `${at}: expected an object identifier with ${expected}`, {
    details: { at, expected, limit },
  });
}
