// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { joinServiceUrl, parseServiceUrl } from '../src/index.js';
import { failure, printed, send } from './hosts.js';

const REFUSED: readonly (readonly [string, string])[] = [
  ['plain http', 'http://host.example/'],
  ['http to an address that is not loopback', 'http://10.0.0.1/'],
  ['http to a name that begins like loopback', 'http://localhost.example/'],
  ['http to an address that begins like loopback', 'http://127.0.0.1.example/'],
  ['a file', 'file:///etc/passwd'],
  ['data', 'data:,x'],
  ['a script', 'javascript:alert(1)'],
  ['another scheme', 'ftp://host.example/'],
  ['no scheme', 'host.example/path'],
  ['no host', 'https:///path'],
  ['one slash', 'https:/host.example/'],
  ['no slashes', 'https:host.example'],
  ['user information', 'https://user:CANARY@host.example/'],
  ['user information before one slash', 'https:/user:CANARY@host.example/'],
  ['user information with a question mark', 'https://user:CANA?RY@host.example/?CANARY'],
  ['an empty user', 'https://@host.example/'],
  ['a host as user', 'https://good.example@evil.example/'],
  ['a backslash', String.raw`https://good.example\@evil.example/`],
  ['backslashes for slashes', String.raw`https:\\host.example`],
  ['a tab', 'https://host.exa\tmple/'],
  ['a newline', 'https://host.example/\n'],
  ['a space in front', ' https://host.example/'],
  ['a look-alike letter', 'https://hоst.example/'],
  ['full-width letters', 'https://ｈost.example/'],
  ['a full-width full stop', 'https://host．example/'],
  ['a soft hyphen', 'https://ho\u00adst.example/'],
  ['a trailing dot', 'https://host.example./'],
  ['two dots', 'https://host..example/'],
  ['an octal address', 'https://0177.0.0.1/'],
  ['a hexadecimal address', 'https://0x7f000001/'],
  ['a short address', 'https://127.1/'],
  ['an address as a number', 'https://2130706433/'],
  ['a percent-encoded host', 'https://%68ost.example/'],
  ['a long IPv6 form', 'https://[0:0:0:0:0:0:0:1]/'],
  ['a zone', 'https://[fe80::1%25eth0]/'],
  ['a port above 65535', 'https://host.example:65536/'],
  ['a port that is not a number', 'https://host.example:a/'],
  ['an empty port', 'https://host.example:/'],
  ['a fragment', 'https://host.example/#CANARY'],
  ['dot segments', 'https://host.example/a/../b'],
  ['encoded dot segments', 'https://host.example/a/%2e%2E/b'],
  ['a space in the path', 'https://host.example/a b'],
  ['an unencoded quote in the query', 'https://host.example/?a="'],
  ['5,000 characters', `https://host.example/${'a'.repeat(5_000)}`],
  ['nothing', ''],
];

describe('the URL policy', () => {
  test.each(REFUSED)('refuses %s (NW-023, NW-024)', async (_name, url) => {
    const error = await failure('NETWORK_POLICY', send(url, { fetch: () => expect.fail('contacted') }));
    expect(printed(error)).not.toMatch(/CANA|RY/);
    expect(error.message.length).toBeLessThan(300);
  });

  test.each([
    'https://host.example',
    'https://HOST.example/',
    'https://host.example:8443/a/b?c=d&e=%20f',
    'https://host.example:443/',
    'https://xn--bcher-kva.example/',
    'https://192.0.2.1/',
    'https://[2001:db8::1]:8443/',
    'https://under_score.example/@scope/name',
    'https://host.example/a%2fb',
    'http://127.0.0.1:8080/',
    'http://127.8.8.8/',
    'http://localhost:1/',
    'http://[::1]:8080/',
  ])('takes %s', (url) => {
    expect(parseServiceUrl(url, { allowHttp: 'loopback' }).href).toBe(new URL(url).href);
  });

  test('takes http to loopback only where it is allowed', () => {
    expect(() => parseServiceUrl('http://127.0.0.1/')).toThrow(expect.objectContaining({ code: 'NETWORK_POLICY' }));
  });
});

test('http to any host is taken only where that is asked for', () => {
  expect(parseServiceUrl('http://host.example:5000/', { allowHttp: 'any' }).host).toBe('host.example:5000');
  for (const url of ['ftp://host.example/', 'http://user@host.example/', 'http://0177.0.0.1/'])
    expect(() => parseServiceUrl(url, { allowHttp: 'any' })).toThrow(
      expect.objectContaining({ code: 'NETWORK_POLICY' }),
    );
});

describe('a path below a base URL', () => {
  test.each([
    ['https://host.example', 'https://host.example/api/v1'],
    ['https://host.example/', 'https://host.example/api/v1'],
    ['https://host.example/log//', 'https://host.example/log/api/v1'],
    ['https://host.example:8443/log', 'https://host.example:8443/log/api/v1'],
  ])('is appended to %s', (base, url) => {
    expect(joinServiceUrl(base, '/api/v1')).toBe(url);
  });

  test.each(['https://host.example/?a=b', 'http://host.example', ''])('is not appended to %j', (base) => {
    expect(() => joinServiceUrl(base, '/api/v1')).toThrow(expect.objectContaining({ code: 'NETWORK_POLICY' }));
  });
});
