// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeHex } from '../src/bytes.js';
import { encodePem, parsePem, parseSinglePem } from '../src/pem.js';
import { codeOf, faultOf } from './fault.js';

const block = '-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n';
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('parsePem', () => {
  test.each([
    ['one block', block, 1],
    ['no line feed at the end', block.trimEnd(), 1],
    ['CRLF', block.replaceAll('\n', '\r\n'), 1],
    ['line feeds around', `\n\n${block}\r\n\n`, 1],
    ['two blocks', block + block, 2],
    ['line feeds between', `${block}\n${block}`, 2],
    ['short lines', block.replace('AQID', 'A\nQI\nD'), 1],
    ['long lines', block.replace('AQID', 'AQID'.repeat(100)), 1],
  ])('reads %s', (_, text, count) => {
    const blocks = parsePem(text, '$');
    expect(blocks.map(({ label }) => label)).toEqual(new Array(count).fill('CERTIFICATE'));
    expect(encodeHex(blocks[0]?.bytes ?? new Uint8Array())).toMatch(/^(010203)+$/);
  });

  test.each([
    ['nothing', ''],
    ['line feeds alone', '\n\r\n'],
    ['text before', `x\n${block}`],
    ['text after', `${block}x`],
    ['text between', `${block}x\n${block}`],
    ['a space before', ` ${block}`],
    ['a byte order mark', `\ufeff${block}`],
    ['headers', block.replace('AQID', 'Proc-Type: 4,ENCRYPTED\n\nAQID')],
    ['a blank line inside', block.replace('AQID', 'AQID\n\nAQID')],
    ['a space at the end of a line', block.replace('AQID', 'AQID ')],
    ['a tab in a line', block.replace('AQID', 'A\tQID')],
    ['a carriage return alone', block.replace('AQID', 'AQID\rAQID')],
    ['two carriage returns', block.replace('AQID', 'AQID\r\r')],
    ['an empty block', block.replace('AQID\n', '')],
    ['missing padding', block.replace('AQID', 'AQI')],
    ['padding inside', block.replace('AQID', 'AQ==\nAQ==')],
    ['unused bits that are set', block.replace('AQID', 'AR==')],
    ['the URL alphabet', block.replace('AQID', '-_-_')],
    ['another END label', block.replace('END CERTIFICATE', 'END PUBLIC KEY')],
    ['no END line', block.replace('-----END CERTIFICATE-----\n', '')],
    ['no BEGIN line', block.replace('-----BEGIN CERTIFICATE-----\n', '')],
    ['a block inside a block', block.replace('AQID', `AQID\n${block}AQID`)],
    ['dashes that are missing', block.replace('-----BEGIN', '----BEGIN')],
    ['more on the BEGIN line', block.replace('CERTIFICATE-----\n', 'CERTIFICATE----- x\n')],
    ['an empty label', block.replaceAll('CERTIFICATE', '')],
    ['a label in lower case', block.replaceAll('CERTIFICATE', 'certificate')],
    ['a label with two spaces', block.replaceAll('CERTIFICATE', 'PUBLIC  KEY')],
  ])('refuses %s', (_, text) => {
    expect(faultOf(() => parsePem(text, '$.pem'))).toBe('INPUT_MALFORMED $.pem');
  });

  test.each([
    ['a megabyte and more', 'A'.repeat((1 << 20) + 1)],
    ['65 blocks', block.repeat(65)],
  ])('refuses %s as too large', (_, text) => {
    expect(codeOf(() => parsePem(text, '$'))).toBe('INPUT_TOO_LARGE');
  });

  test('reads a megabyte and 64 blocks', () => {
    const blocks = block.repeat(64);
    expect(parsePem(blocks + '\n'.repeat((1 << 20) - blocks.length), '$')).toHaveLength(64);
  });

  test('reads what the host writes, and writes what the host writes', () => {
    const der = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
    expect(parseSinglePem(publicKeyPem, 'PUBLIC KEY', '$')).toEqual(der);
    expect(encodePem('PUBLIC KEY', der)).toBe(publicKeyPem);
  });

  test('reads back what encodePem writes, in lines of at most 64 characters', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        const text = encodePem('PUBLIC KEY', bytes);
        expect(parsePem(text, '$')).toEqual([{ label: 'PUBLIC KEY', bytes }]);
        expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(64);
      }),
    );
  });

  test('gives blocks or a KeywaxError for any text', () => {
    const fragment = fc.constantFrom(
      '-----BEGIN A-----',
      '-----END A-----',
      '-----BEGIN B-----',
      '\n',
      '\r\n',
      'AQID',
      'AA==',
      ' ',
      '-',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(fragment, fc.string({ maxLength: 3 })), { maxLength: 12 }), (parts) =>
        ['accepted', 'INPUT_MALFORMED'].includes(codeOf(() => parsePem(parts.join(''), '$'))),
      ),
    );
  });
});

describe('parseSinglePem', () => {
  test.each([
    ['another label', publicKeyPem],
    ['two blocks', block + block],
    ['a private key', privateKeyPem],
  ])('refuses %s', (_, text) => {
    expect(faultOf(() => parseSinglePem(text, 'CERTIFICATE', '$.pem'))).toBe('INPUT_MALFORMED $.pem');
  });

  test('never repeats key material in its errors', () => {
    const secret = privateKeyPem.split('\n')[1] ?? '';
    for (const text of [
      privateKeyPem,
      `x${privateKeyPem}`,
      privateKeyPem.replace('END', 'FIN'),
      privateKeyPem.replace('\n', '\n '),
    ]) {
      expect(() => parseSinglePem(text, 'PUBLIC KEY', '$')).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining(secret.slice(0, 20)) }),
      );
    }
  });
});
