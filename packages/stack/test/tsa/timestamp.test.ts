// SPDX-License-Identifier: Apache-2.0

import { encodeUtf8 } from '@keywax/core/bytes';
import { encodeInteger } from '@keywax/core/der';
import { hash } from '@keywax/core/hash';
import { encodePem } from '@keywax/core/pem';
import { type Lab, createLab, encodeResponse, encodeStatus } from '@keywax/stack/lab';
import { beforeAll, describe, expect, test } from 'vitest';
import { runOpenssl, testOpenssl } from '../openssl.js';

const now = new Date('2026-03-01T12:00:00.700Z');
const data = encodeUtf8('signature bytes');
let lab: Lab;
beforeAll(async () => {
  lab = await createLab({ now: () => now });
});

function chainFiles() {
  const [leaf, root] = lab.material.tsa.chain.map((der) => encodePem('CERTIFICATE', der));
  return { 'leaf.pem': leaf ?? '', 'root.pem': root ?? '' };
}

const VERIFY = [
  'ts',
  '-verify',
  '-data',
  'data',
  '-in',
  'response.tsr',
  '-CAfile',
  'root.pem',
  '-untrusted',
  'leaf.pem',
];
const AT_TIME = ['-attime', String(Math.floor(now.getTime() / 1000))];

describe('a timestamp', () => {
  testOpenssl('is verified by openssl ts, with and without the certificate inside', () => {
    for (const certificates of [undefined, lab.material.tsa.chain.slice(0, 1), lab.material.tsa.chain]) {
      const query = { imprint: { algorithm: 'sha256', digest: hash('sha256', data) } } as const;
      const response = lab.timestamp(certificates === undefined ? query : { ...query, certificates });
      const printed = runOpenssl([...VERIFY, ...AT_TIME], { ...chainFiles(), data, 'response.tsr': response });
      expect(printed).toContain('Verification: OK');
    }
  });

  testOpenssl('carries the nonce, the policy and the time that were asked for', () => {
    const nonce = encodeInteger(0xc102030405060708n);
    const imprint = { algorithm: 'sha512', digest: hash('sha512', data) } as const;
    const text = runOpenssl(['ts', '-reply', '-in', 'response.tsr', '-text'], {
      'response.tsr': lab.timestamp({ imprint, nonce, policy: '1.2.3.4' }),
    });
    expect(text).toContain('Status: Granted.');
    expect(text).toContain('Nonce: 0xC102030405060708');
    expect(text).toContain('Policy OID: 1.2.3.4');
    expect(text).toContain('Time stamp: Mar  1 12:00:00 2026 GMT');
    expect(text).toContain('Hash Algorithm: sha512');
  });

  testOpenssl('over other data is refused by openssl', () => {
    const response = lab.timestamp({ imprint: { algorithm: 'sha256', digest: hash('sha256', encodeUtf8('other')) } });
    expect(() => runOpenssl([...VERIFY, ...AT_TIME], { ...chainFiles(), data, 'response.tsr': response })).toThrow();
  });

  testOpenssl('whose attributes were changed before the signature is still well signed', () => {
    const imprint = { algorithm: 'sha256', digest: hash('sha256', data) } as const;
    const response = lab.timestamp({ imprint }, { changeAttributes: (attributes) => [...attributes].reverse() });
    const text = runOpenssl(['ts', '-reply', '-in', 'response.tsr', '-text'], { 'response.tsr': response });
    expect(text).toContain('Status: Granted.');
  });

  test('that is refused is a status without a token', () => {
    const response = encodeResponse({ statusInfo: encodeStatus(2, 5) });
    expect(Buffer.from(response).toString('hex')).toBe('3009300702010203020204');
  });
});
