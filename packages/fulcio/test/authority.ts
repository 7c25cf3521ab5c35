// SPDX-License-Identifier: Apache-2.0
// A certificate authority for tests, built with @peculiar/x509, which knows nothing of the readers under test.

import 'reflect-metadata';
import { encodeSctList } from '@keywax/core/sct';
import * as x509 from '@peculiar/x509';

/** What an authority puts into a certificate; every field has a good value. */
export interface Profile {
  readonly spki: Uint8Array;
  readonly names?: readonly { readonly type: 'email' | 'url' | 'dns'; readonly value: string }[];
  /** Values of the extensions .8 and .1; `undefined` leaves one out. */
  readonly issuer?: string | undefined;
  readonly rawIssuer?: string | undefined;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly sctList?: Uint8Array | undefined;
}

/** An authority with one root. */
export interface Authority {
  readonly rootPem: string;
  /** A certificate as PEM, by default without a newline at its end. */
  issue(profile: Profile): Promise<string>;
}

export const NOW: Date = new Date('2026-08-22T12:00:00Z');
export const ISSUER = 'https://issuer.example';
export const EMAIL = 'alice@example.com';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A list with one timestamp that nobody signed. */
export function makeSctList(): Uint8Array {
  return encodeSctList([
    {
      logId: new Uint8Array(32),
      timestampMs: BigInt(NOW.getTime()),
      extensions: new Uint8Array(),
      scheme: { scheme: 'ecdsa', hash: 'sha256' },
      signature: Uint8Array.of(0x30, 0x06, 2, 1, 1, 2, 1, 1),
    },
  ]);
}

export async function makeAuthority(): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify']);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'O=example, CN=root',
    keys,
    serialNumber: '01',
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2036-01-01T00:00:00Z'),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return { rootPem: root.toString('pem'), issue: (profile) => issue(profile, root, keys.privateKey) };
}

async function issue(profile: Profile, root: x509.X509Certificate, signingKey: CryptoKey): Promise<string> {
  const { names = [{ type: 'email', value: EMAIL }], sctList = makeSctList() } = profile;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: '02',
    subject: '',
    issuer: root.subject,
    notBefore: profile.notBefore ?? new Date(NOW.getTime() - 1_000),
    notAfter: profile.notAfter ?? new Date(NOW.getTime() + 600_000),
    signingKey,
    signingAlgorithm: ALGORITHM,
    publicKey: new x509.PublicKey(new Uint8Array(profile.spki)),
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.3']),
      ...(names.length === 0
        ? []
        : [
            new x509.SubjectAlternativeNameExtension(
              names.map((name) => ({ ...name })),
              true,
            ),
          ]),
      ...textExtension('1.3.6.1.4.1.57264.1.1', 'rawIssuer' in profile ? profile.rawIssuer : ISSUER, (text) => text),
      ...textExtension('1.3.6.1.4.1.57264.1.8', 'issuer' in profile ? profile.issuer : ISSUER, (text) =>
        Buffer.concat([Uint8Array.of(0x0c, Buffer.byteLength(text)), Buffer.from(text)]),
      ),
      ...('sctList' in profile && profile.sctList === undefined
        ? []
        : [new x509.Extension('1.3.6.1.4.1.11129.2.4.2', false, new Uint8Array(sctList))]),
    ],
  });
  return certificate.toString('pem');
}

function textExtension(
  id: string,
  text: string | undefined,
  encode: (text: string) => string | Uint8Array,
): x509.Extension[] {
  return text === undefined ? [] : [new x509.Extension(id, false, toBytes(encode(text)))];
}

function toBytes(value: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(typeof value === 'string' ? new TextEncoder().encode(value) : value);
}
