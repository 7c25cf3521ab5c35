// SPDX-License-Identifier: Apache-2.0
// Real timestamps, judged here and by OpenSSL, which have to agree.

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { corpus, describeCorpus, hasCorpus } from '../../../test/corpus.js';
import { encodeHex, equalBytes } from '../src/bytes.js';
import { nodeCrypto } from '../src/crypto.node.js';
import { isKeywaxError } from '../src/errors.js';
import { parsePublicKey } from '../src/key.js';
import { OID } from '../src/oid.js';
import { encodePem } from '../src/pem.js';
import { checkTimestampSigner, encodeTimestampRequest, parseTimestampResponse } from '../src/timestamp.js';
import { type Certificate, isSelfIssued, parseCertificate } from '../src/x509.js';
import { listFiles, readChain, readJson } from './corpus-certificates.js';
import { judgePath } from './judge-path.js';

/** A timestamp, what it stamps where that is known, and the certificates that vouch for authorities. */
interface Stamped {
  readonly der: Uint8Array;
  readonly data: Uint8Array | undefined;
  readonly chain: readonly Certificate[];
}

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'keywax-timestamps-'));
afterAll(() => rmSync(folder, { recursive: true }));

const stamped = hasCorpus ? new Map([...readResponses(), ...readBundles()]) : new Map<string, Stamped>();

describeCorpus('the timestamps of the corpus', () => {
  test.skipIf(!hasOpenssl)('are as valid as OpenSSL finds them', () => {
    const verdicts = [...stamped].map(([name, one]) => [name, judge(one)]);
    expect(verdicts).toEqual([...stamped].map(([name, one]) => [name, judgeWithOpenssl(one)]));
    expect(verdicts.filter(([, valid]) => valid === true).length).toBeGreaterThan(15);
    expect(verdicts.filter(([, valid]) => valid === false).length).toBeGreaterThan(1);
  });

  test.skipIf(!hasOpenssl)('say what OpenSSL reads in them', () => {
    for (const [name, { der }] of stamped) {
      const text = printWithOpenssl(der);
      if (name.includes('untrusted-tsa')) continue; // names no signing certificate, which is refused here
      const { info } = parseTimestampResponse(der, name);
      expect(text).toContain(`Policy OID: ${info.policy}`);
      expect(text).toContain(`Hash Algorithm: ${info.imprint.hash}`);
      expect(findInteger(text, 'Serial number')).toBe(twosComplement(info.serialNumber));
      expect(findInteger(text, 'Nonce')).toBe(info.nonce && twosComplement(info.nonce));
      expect(readTimeWithOpenssl(der)).toBe(Math.floor(info.genTime.getTime() / 1000) * 1000);
    }
  });

  test('response-invalid-signature is refused', () => {
    const one = stamped.get('rfc3161/sigstage/response-invalid-signature.tsr');
    expect(one && judge(one)).toBe(false);
  });
});

test.skipIf(!hasOpenssl).each(['sha256', 'sha384', 'sha512'] as const)(
  'a request with %s is that of OpenSSL',
  (hash) => {
    const digest = Uint8Array.from(createHash(hash).update('artifact').digest());
    const query = ['ts', '-query', '-digest', encodeHex(digest), `-${hash}`, '-no_nonce'];
    expect(encodeTimestampRequest({ hash, digest })).toEqual(
      Uint8Array.from(execFileSync('openssl', query, { stdio: 'pipe' })),
    );
    expect(encodeTimestampRequest({ hash, digest, certReq: true })).toEqual(
      Uint8Array.from(execFileSync('openssl', [...query, '-cert'], { stdio: 'pipe' })),
    );
  },
);

/** What an engine does with a timestamp, short of the windows of a trust root. */
function judge({ der, data, chain }: Stamped): boolean {
  try {
    const { info, signer } = parseTimestampResponse(der, '$');
    if (data !== undefined && !equalBytes(digest(info.imprint.hash, data), info.imprint.digest)) return false;
    const [own] = signer.certificateHashes;
    const leaf = chain.find((one) => own !== undefined && equalBytes(digest(own.hash, one.der), own.value));
    if (leaf === undefined || signer.id.kind !== 'issuerSerial') return false;
    if (!equalBytes(signer.id.issuer, leaf.issuer) || !equalBytes(signer.id.serialNumber, leaf.serialNumber))
      return false;
    checkTimestampSigner(leaf);
    const anchors = chain.filter(isSelfIssued);
    const path = judgePath(leaf, { anchors, intermediates: chain, purpose: OID.timeStamping, times: [info.genTime] });
    const { scheme, signature, signedAttributes: bytes } = signer;
    const input = { key: parsePublicKey(leaf.spki, '$'), scheme, signature, data: { kind: 'message', bytes } } as const;
    return path === 'accepted' && nodeCrypto.verifySync?.(input) === true;
  } catch (error) {
    if (isKeywaxError(error)) return false;
    throw error;
  }
}

function judgeWithOpenssl({ der, data, chain }: Stamped): boolean {
  const imprint = (): Uint8Array => parseTimestampResponse(der, '$').info.imprint.digest;
  const what = data === undefined ? ['-digest', encodeHex(imprint())] : ['-data', write('data', data)];
  const trusted = ['-CAfile', writePem('trusted.pem', chain.filter(isSelfIssued))];
  const others = [
    '-untrusted',
    writePem(
      'others.pem',
      chain.filter((one) => !isSelfIssued(one)),
    ),
  ];
  const time = ['-attime', String(readTimeWithOpenssl(der) / 1000)];
  const response = ['-in', write('response.tsr', der)];
  return spawnSync('openssl', ['ts', '-verify', ...response, ...what, ...trusted, ...others, ...time]).status === 0;
}

function printWithOpenssl(der: Uint8Array): string {
  return spawnSync('openssl', ['ts', '-reply', '-in', write('response.tsr', der), '-text'], { encoding: 'utf8' })
    .stdout;
}

/** Milliseconds since 1970, in whole seconds. */
function readTimeWithOpenssl(der: Uint8Array): number {
  return Math.floor(new Date(/Time stamp: (.*)/.exec(printWithOpenssl(der))?.[1] ?? '').getTime() / 1000) * 1000;
}

function readResponses(): readonly (readonly [string, Stamped])[] {
  const names = [
    'sigstage/response-sha256.tsr',
    'sigstage/response-sha384.tsr',
    'sigstage/response-invalid-signature.tsr',
    'sigstore.mock/response-expired.tsr',
    'test_tsa/response.tsr',
    'test_tsa/other_response.tsr',
  ];
  return names.map((name) => {
    const path = `rfc3161/${name}`;
    const data = name.startsWith('sigstore.mock') ? readBytes('rfc3161/sigstore.mock/payload') : undefined;
    return [path, { der: readBytes(path), data, chain: readChain(`${dirname(path)}/ts_chain.pem`).map(parseOne) }];
  });
}

interface Bundle {
  readonly messageSignature?: { readonly signature: string };
  readonly dsseEnvelope?: { readonly signatures: readonly { readonly sig: string }[] };
  readonly verificationMaterial?: {
    readonly timestampVerificationData?: {
      readonly rfc3161Timestamps?: readonly { readonly signedTimestamp: string }[];
    };
  };
}
interface TrustedRoot {
  readonly timestampAuthorities?: readonly {
    readonly certChain: { readonly certificates: readonly { readonly rawBytes: string }[] };
  }[];
}

/** Every timestamp of a bundle, with the authorities of the trusted root beside it, and of production and staging. */
function readBundles(): readonly (readonly [string, Stamped])[] {
  return listFiles(['real', 'conformance']).flatMap((path) => {
    const bundle = readJson(path) as Bundle | undefined;
    const roots = [
      `${dirname(path)}/trusted_root.json`,
      'trust/production/trusted_root.json',
      'trust/staging/trusted_root.json',
    ];
    const chain = roots.flatMap((root) => listAuthorityCertificates(readJson(root) as TrustedRoot | undefined));
    const signature = bundle?.messageSignature?.signature ?? bundle?.dsseEnvelope?.signatures[0]?.sig ?? '';
    const timestamps = bundle?.verificationMaterial?.timestampVerificationData?.rfc3161Timestamps ?? [];
    return timestamps.map(({ signedTimestamp }, index) => {
      return [`${path}[${index}]`, { der: decode(signedTimestamp), data: decode(signature), chain }] as const;
    });
  });
}

function listAuthorityCertificates(root: TrustedRoot | undefined): readonly Certificate[] {
  return (root?.timestampAuthorities ?? []).flatMap(({ certChain }) =>
    certChain.certificates.map(({ rawBytes }) => parseOne(decode(rawBytes))),
  );
}

function parseOne(der: Uint8Array): Certificate {
  return parseCertificate(der, 'corpus');
}

function decode(base64: string): Uint8Array {
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}

function digest(hash: string, data: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash(hash).update(data).digest());
}

function readBytes(path: string): Uint8Array {
  return Uint8Array.from(readFileSync(corpus(path)));
}

function write(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function writePem(name: string, certificates: readonly Certificate[]): string {
  return write(name, certificates.map(({ der }) => encodePem('CERTIFICATE', der)).join(''));
}

function twosComplement(content: Uint8Array): bigint {
  return BigInt.asIntN(8 * content.length, BigInt(`0x${encodeHex(content)}`));
}

/** A number as OpenSSL prints it, such as `0x-1F`. */
function findInteger(text: string, label: string): bigint | undefined {
  const [, sign, digits] = new RegExp(`${label}: 0x(-?)([0-9A-F]+)`).exec(text) ?? [];
  if (digits === undefined) return undefined;
  return sign === '-' ? -BigInt(`0x${digits}`) : BigInt(`0x${digits}`);
}
