// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { isLoopback, selectHttpUrl } from '../src/url.js';

describe('a URL of trust material', () => {
  test.each([
    ['https://rekor.sigstore.dev', 'rekor.sigstore.dev', undefined],
    ['https://rekor.sigstore.dev/', 'rekor.sigstore.dev', undefined],
    ['https://host:443/a/b-c_d.e~f/', 'host', '443'],
    ['http://localhost:8000', 'localhost', '8000'],
    ['http://172.18.255.1', '172.18.255.1', undefined],
    ['http://rekor.172.18.255.1.sslip.io', 'rekor.172.18.255.1.sslip.io', undefined],
    ['http://[::1]:3000/a', '[::1]', '3000'],
    ['https://[2001:db8:0:0:0:0:0:1]', '[2001:db8:0:0:0:0:0:1]', undefined],
    ['https://rekor_server:65535', 'rekor_server', '65535'],
    ['https://UPPER.example', 'UPPER.example', undefined],
    ['https://a/...', 'a', undefined],
  ])('%s has a host, and a port where one is written', (text, host, port) => {
    expect(selectHttpUrl(text)).toMatchObject({ host, ...(port === undefined ? {} : { port }) });
    expect('port' in (selectHttpUrl(text) ?? {})).toBe(port !== undefined);
    expect(new URL(text).hostname).toBe(host.toLowerCase().replace('2001:db8:0:0:0:0:0:1', '2001:db8::1'));
  });

  test.each([
    '',
    'host',
    '//host',
    'https:host',
    'https:/host',
    'https://',
    'HTTPS://host',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/plain,a',
    'ftp://host',
    ' https://host',
    'https://host ',
    'https://ho st',
    'https://ho\tst',
    'https://host\n',
    'https://host\0',
    'https://a@host',
    'https://a:b@host',
    'https://@host',
    'https://host\\@evil',
    'https:\\\\host',
    'https://host/..',
    'https://host/a/../b',
    'https://host/.',
    'https://host/%2e%2e/a',
    'https://host//a',
    'https://host/a//',
    'https://host?a',
    'https://host/#a',
    'https://host:',
    'https://host:0',
    'https://host:080',
    'https://host:65536',
    'https://host:99999',
    'https://host:a',
    'https://host.',
    'https://.host',
    'https://a..b',
    'https://-a',
    'https://a-',
    `https://${'a'.repeat(64)}`,
    `https://host/${'a'.repeat(2_048)}`,
    'https://h\u00f6st',
    'https://\uff48ost',
    'https://ho\u00adst',
    'https://ho%73t',
    'https://127.1',
    'https://0177.0.0.1',
    'https://0x7f.0.0.1',
    'https://0x7f.1',
    'https://2130706433',
    'https://0x7f000001',
    'https://256.0.0.1',
    'https://1.2.3.4.5',
    'https://1.2.3.04',
    'https://127.0.0.1.',
    'https://a.1',
    'https://[::1',
    'https://::1',
    'https://[::1%25lo]',
    'https://[1:2:3]',
    'https://[1::2::3]',
    'https://[:::]',
    'https://[::ffff:127.0.0.1]',
    'https://[1:2:3:4:5:6:7:8:9]',
    'https://[1:2:3:4::5:6:7:8]',
  ])('%j is not one', (text) => {
    expect(selectHttpUrl(text)).toBeUndefined();
  });

  test.each([
    ['localhost', true],
    ['127.0.0.1', true],
    ['127.255.0.9', true],
    ['[::1]', true],
    ['localhost.example', false],
    ['127.0.0.1.example', false],
    ['128.0.0.1', false],
    ['0.0.0.0', false],
    ['[::]', false],
    ['LOCALHOST', false],
  ])('the host %s is this machine: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });
});
