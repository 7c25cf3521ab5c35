// SPDX-License-Identifier: Apache-2.0

import { isKeywaxError } from '@keywax/core/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatReference, parseReference, parseRepositoryName } from '../src/index.js';

const HEX = 'a1'.repeat(32);
const SHA256 = `sha256:${HEX}`;
const SHA512 = `sha512:${'0b'.repeat(64)}`;

describe('an image reference', () => {
  test.each([
    ['debian', 'docker.io/library/debian:latest'],
    ['debian:12', 'docker.io/library/debian:12'],
    ['user/image', 'docker.io/user/image:latest'],
    ['docker.io/debian', 'docker.io/library/debian:latest'],
    ['index.docker.io/debian', 'docker.io/library/debian:latest'],
    ['registry-1.docker.io/user/image', 'docker.io/user/image:latest'],
    ['docker.io/library/debian', 'docker.io/library/debian:latest'],
    [`debian@${SHA256}`, `docker.io/library/debian@${SHA256}`],
    [`debian:12@${SHA256}`, `docker.io/library/debian:12@${SHA256}`],
    [`ghcr.io/o/r@${SHA512}`, `ghcr.io/o/r@${SHA512}`],
    ['localhost/image', 'localhost/image:latest'],
    ['localhost:5000/image', 'localhost:5000/image:latest'],
    ['registry.example:443/a/b/c:V1.0_x-y', 'registry.example:443/a/b/c:V1.0_x-y'],
    ['127.0.0.1:5000/a', '127.0.0.1:5000/a:latest'],
    ['[::1]/a', '[::1]/a:latest'],
    ['[2001:db8::1]:5000/a:b', '[2001:db8::1]:5000/a:b'],
    ['host.example/a.b/c__d/e--f/g_h', 'host.example/a.b/c__d/e--f/g_h:latest'],
    ['localhost5000/a', 'docker.io/localhost5000/a:latest'],
    [`host.example/${HEX}`, `host.example/${HEX}:latest`],
    ['xn--bcher-kva.example/a', 'xn--bcher-kva.example/a:latest'],
    [`host.example/${'a'.repeat(242)}`, `host.example/${'a'.repeat(242)}:latest`],
  ])('%s is %s', (text, canonical) => {
    const reference = parseReference(text);
    expect(formatReference(reference)).toBe(canonical);
    expect(parseReference(canonical)).toEqual(reference);
  });

  test.each([
    ['nothing', ''],
    ['a tag alone', ':latest'],
    ['a digest alone', `@${SHA256}`],
    ['an empty tag', 'debian:'],
    ['an empty digest', 'debian@'],
    ['two tags', 'debian:a:b'],
    ['two digests', `a@${SHA256}@${SHA256}`],
    ['a tag after the digest', `a@${SHA256}:tag`],
    ['a short digest', 'a@sha256:abcd'],
    ['a digest in upper case', `a@${SHA256.toUpperCase()}`],
    ['an algorithm in upper case', `a@SHA256:${HEX}`],
    ['a digest of an unknown algorithm', `a@sha384:${'a'.repeat(96)}`],
    ['a digest with dot segments', `a@sha256:../${HEX.slice(3)}`],
    ['a scheme', 'https://host.example/a'],
    ['a transport', 'docker://host.example/a'],
    ['user information', 'user:password@host.example/a'],
    ['a dot segment', 'host.example/../x'],
    ['a dot segment at the end', 'host.example/x/..'],
    ['one dot', 'host.example/./x'],
    ['a leading slash', '/a'],
    ['a trailing slash', 'host.example/a/'],
    ['an empty component', 'host.example//a'],
    ['a host alone', 'host.example/'],
    ['a backslash', String.raw`host.example\a`],
    ['a host in upper case', 'GHCR.io/a/b'],
    ['a path in upper case', 'host.example/A'],
    ['a name in upper case', 'Debian'],
    ['a host with a trailing dot', 'docker.io./library/debian'],
    ['a host with two dots', 'host..example/a'],
    ['a host that begins with a hyphen', '-host.example/a'],
    ['a host that ends with a hyphen', 'host-.example/a'],
    ['an underscore in a host', 'my_host.example/a'],
    ['an octal address', '0177.0.0.1/a'],
    ['a short address', '127.1/a'],
    ['a hexadecimal address', '0x7f.1/a'],
    ['an IPv6 address in a long form', '[0:0:0:0:0:0:0:1]/a'],
    ['an IPv6 address without brackets', '::1/a'],
    ['a zone', '[fe80::1%eth0]/a'],
    ['an empty port', 'host.example:/a'],
    ['port 0', 'host.example:0/a'],
    ['a port above 65535', 'host.example:65536/a'],
    ['a port with a leading zero', 'host.example:0443/a'],
    ['a port that is no number', 'host.example:http/a'],
    ['64 hexadecimal digits', HEX],
    ['a space', 'host.example/a b'],
    ['a newline', 'debian\n'],
    ['a query', 'host.example/a?b'],
    ['a fragment', 'host.example/a#b'],
    ['percent-encoding', 'host.example/a%2fb'],
    ['a look-alike letter', 'hоst.example/a'],
    ['a separator at the end', 'host.example/a_'],
    ['three underscores', 'host.example/a___b'],
    ['a tag that begins with a hyphen', 'debian:-a'],
    ['a tag of 129 characters', `debian:${'a'.repeat(129)}`],
    ['a name of 256 characters', `host.example/${'a'.repeat(243)}`],
    ['a megabyte', 'a'.repeat(1_000_000)],
  ])('with %s is refused (OC-024)', (_name, text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  test.each([undefined, null, 5, {}, [], ['debian']])('that is no text is refused: %j', (value) => {
    expect(() => parseReference(value as never)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  test('of any text is parsed to one that is canonical, or refused', () => {
    const parts = fc.array(
      fc.constantFrom('a', 'Z', '0', '.', '-', '_', '/', ':', '@', '[', ']', SHA256, 'localhost', 'docker.io', '..'),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          parts.map((pieces) => pieces.join('')),
        ),
        (text) => {
          try {
            const reference = parseReference(text);
            expect(parseReference(formatReference(reference))).toEqual(reference);
            expect(new URL(`https://${reference.registry}/v2/${reference.repository}`).pathname).toBe(
              `/v2/${reference.repository}`,
            );
          } catch (error) {
            if (!isKeywaxError(error, 'CONFIG_INVALID')) throw error;
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('the name of a repository', () => {
  test('is a reference without tag and digest', () => {
    expect(parseRepositoryName('debian')).toEqual({ registry: 'docker.io', repository: 'library/debian' });
    expect(parseRepositoryName('localhost:5000/a')).toEqual({ registry: 'localhost:5000', repository: 'a' });
  });

  test.each(['debian:12', `debian@${SHA256}`, 'a//b'])('is not %s', (text) => {
    expect(() => parseRepositoryName(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
