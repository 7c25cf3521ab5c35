// SPDX-License-Identifier: Apache-2.0

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { call, makeFolder } from './call.js';

const WHO = ['--certificate-identity', 'a@example.com', '--certificate-oidc-issuer', 'https://id.example.com'];

describe('calls that make no sense', () => {
  test.each([
    ['no command', []],
    ['an unknown command', ['very']],
    ['a name that every object has', ['constructor']],
    ['a flag before the command', ['--json', 'verify']],
    ['verify without a file', ['verify', ...WHO]],
    ['verify without a signer', ['verify', 'file']],
    ['verify without an issuer', ['verify', '--certificate-identity', 'a@example.com', 'file']],
    ['verify without an identity', ['verify', '--certificate-oidc-issuer', 'https://id.example.com', 'file']],
    ['verify with a key and an identity', ['verify', '--key', 'key.pem', ...WHO, 'file']],
    ['verify with an identity in both forms', ['verify', ...WHO, '--certificate-identity-regexp', '.*', 'file']],
    [
      'verify with an empty identity',
      ['verify', '--certificate-identity', '', '--certificate-oidc-issuer', 'https://id.example.com', 'file'],
    ],
    [
      'verify with a pattern that is not understood',
      [
        'verify',
        '--certificate-identity-regexp',
        '(?=x)',
        '--certificate-oidc-issuer',
        'https://id.example.com',
        'file',
      ],
    ],
    ['verify with one bundle for two files', ['verify', ...WHO, '--bundle', 'b', 'file', 'other']],
    ['verify with a digest and no bundle', ['verify', ...WHO, `sha256:${'a'.repeat(64)}`]],
    ['verify with a digest that is too short', ['verify', ...WHO, '--bundle', 'b', 'sha256:abcd']],
    ['verify with a digest in capitals', ['verify', ...WHO, '--bundle', 'b', `sha256:${'A'.repeat(64)}`]],
    ['verify in two forms at once', ['verify', ...WHO, '--explain', '--json', 'file']],
    ['verify with two kinds of trust', ['verify', ...WHO, '--trusted-root', 'a', '--trust-config', 'b', 'file']],
    ['an unknown flag', ['verify', ...WHO, '--online', 'file']],
    ['a flag with a letter too many', ['verify', '--certificate-identityy', 'a@example.com', 'file']],
    ['a flag twice', ['verify', ...WHO, '--bundle', 'a', '--bundle', 'a', 'file']],
    ['a flag without its value', ['verify', ...WHO, 'file', '--bundle']],
    ['a flag whose value looks like a flag', ['verify', '--certificate-identity', '--json', 'file']],
    ['a switch with a value', ['verify', ...WHO, '--json=no', 'file']],
    ['sign without a file', ['sign', '--trust-config', 'c']],
    ['sign with one bundle for two files', ['sign', '--bundle', 'b', 'file', 'other']],
    ['sign with two tokens', ['sign', '--identity-token-file', 'a', '--identity-token-env', 'B', 'file']],
    ['sign without knowing where', ['sign', '--trusted-root', 'root.json', 'file']],
    ['verify with a file and an instance', ['verify', ...WHO, '--trusted-root', 'a', '--instance', 'staging', 'file']],
    ['verify with a file and a mirror', ['verify', ...WHO, '--trust-config', 'a', '--tuf-mirror', 'https://a', 'file']],
    ['verify with two instances', ['verify', ...WHO, '--instance', 'staging', '--tuf-mirror', 'https://a', 'file']],
    ['verify with an unknown instance', ['verify', ...WHO, '--instance', 'nobody', 'file']],
    ['verify with a TUF root and no mirror', ['verify', ...WHO, '--tuf-root', 'a', 'file']],
    ['verify with a bound of age, and online', ['verify', ...WHO, '--max-age', '1', 'file']],
    ['verify with a bound of age that is no number', ['verify', ...WHO, '--offline', '--max-age', '-1', 'file']],
    ['trust show of a file and an instance', ['trust', 'show', '--instance', 'staging', 'a']],
    ['sign as data twice', ['sign', '--json', '--bundle', '-', 'file']],
    ['attest without a predicate', ['attest', '--type', 'x:y', 'file']],
    ['attest with a type that is no URI', ['attest', '--predicate', 'p.json', '--type', 'slsa', 'file']],
    ['attest about two files without a bundle', ['attest', '--predicate', 'p.json', '--type', 'x:y', 'file', 'other']],
    ['inspect without a bundle', ['inspect']],
    ['inspect with two', ['inspect', 'a', 'b']],
    ['stack with an operand', ['stack', 'now']],
    ['stack on a port that is none', ['stack', '--port', '99999']],
    ['stack with a log that is none', ['stack', '--rekor', 'v3']],
    ['trust without a command', ['trust']],
    ['trust with an unknown command', ['trust', 'nobody']],
    ['trust with a flag for a command', ['trust', '--json']],
    ['trust show with two files', ['trust', 'show', 'a', 'b']],
    ['trust create of nothing', ['trust', 'create']],
    ['help for a part of a command', ['help', 'show']],
    ['help for three words', ['help', 'trust', 'show', 'file']],
    ['help for two commands', ['help', 'sign', 'verify']],
    ['help for an unknown command', ['help', 'me']],
    ['version of something', ['version', 'x']],
  ])('%s', async (_, args) => {
    const { code, out, err } = await call(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^keywax: CONFIG_INVALID: [^\n]+\n$/);
  });
});

describe('help', () => {
  test.each([[['help']], [['--help']], [['-h']], [['help', 'help']], [['help', 'version']]])(
    '%j lists the commands on stdout',
    async (args) => {
      const { code, out, err } = await call(args);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      for (const name of ['sign', 'attest', 'verify', 'inspect', 'trust show', 'trust create', 'stack'])
        expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
    },
  );

  test.each([
    ['sign', '--identity-token-file FILE'],
    ['attest', '--predicate FILE'],
    ['verify', '--certificate-oidc-issuer URL'],
    ['inspect', '--json'],
    ['stack', '--directory DIR'],
  ])('of %s names %s, and is given whatever else is typed', async (name, flag) => {
    const { out } = await call(['help', name]);
    expect(out).toContain(flag);
    expect(await call([name, '--help'])).toEqual({ code: 0, out, err: '' });
    expect(await call([name, '-h'])).toEqual({ code: 0, out, err: '' });
    // Not success: a file may have that name, and nothing was done with it.
    expect(await call([name, '--nonsense', '--help'])).toEqual({ code: 2, out, err: '' });
  });

  test('of a command of two words is given by its words, or for all that begin with one', async () => {
    expect((await call(['help', 'trust', 'create'])).out).toContain('--rekor KEY');
    expect((await call(['trust', 'create', '--help'])).out).toContain('may be given several times');
    const group = await call(['help', 'trust']);
    expect(group.out).toMatch(/^ {2}trust create /m);
    expect(await call(['trust', '--help'])).toEqual(group);
  });

  test('names the one letter of flags that have one, and what is taken where a flag is not given', async () => {
    expect((await call(['help', 'image', 'sign'])).out).toMatch(/--recursive .*-r$/m);
    expect((await call(['help', 'key', 'generate'])).out).toContain('(cosign, unless given)');
    expect((await call(['help', 'key', 'import'])).out).toContain('(import-cosign, unless given)');
  });

  test.each([[['version']], [['--version']]])('%j says the version', async (args) => {
    expect(await call(args)).toEqual({ code: 0, out: '0.0.0-source\n', err: '' });
  });
});

describe('files of another kind', () => {
  test.each([
    ['inspect', ['inspect']],
    ['bundle inspect', ['bundle', 'inspect']],
    ['trust show', ['trust', 'show']],
    ['verify, as a trusted root', ['verify', ...WHO, 'file', '--trusted-root']],
    ['verify, as a trust config', ['verify', ...WHO, 'file', '--trust-config']],
    ['image verify, as a policy', ['image', 'verify', 'localhost:1/app:v1', '--policy']],
  ])('are named by %s', async (_, args) => {
    const path = join(makeFolder(), 'list.json');
    writeFileSync(path, '[');
    const { err } = await call([...args, path]);
    expect(err).toMatch(/^keywax: [A-Z]+_[A-Z_]+: [^\n]+\n$/);
    expect(err).toContain(`: ${path}: `);
  });
});

describe('files that cannot be read', () => {
  test.each([
    [
      'a trusted root that is not there',
      ['verify', ...WHO, '--trusted-root', 'missing.json', 'file'],
      2,
      'FILE_FAILED',
    ],
    ['a trusted root that is a device', ['verify', ...WHO, '--trusted-root', '/dev/zero', 'file'], 2, 'FILE_FAILED'],
    ['a trusted root that is a folder', ['verify', ...WHO, '--trusted-root', '.', 'file'], 2, 'FILE_FAILED'],
    ['a bundle to inspect that is not there', ['inspect', 'missing.json'], 2, 'FILE_FAILED'],
    ['a key that is not there', ['verify', '--key', 'missing.pem', 'file'], 2, 'FILE_FAILED'],
  ])('%s', async (_, args, exit, name) => {
    const { code, out, err } = await call(args);
    expect({ code, out }).toEqual({ code: exit, out: '' });
    expect(err).toContain(`keywax: ${name}: `);
  });

  test('a trusted root that is none is a matter of trust', async () => {
    const path = join(makeFolder(), 'root.json');
    writeFileSync(path, '{"mediaType":"something else"}');
    const { code, err } = await call(['verify', ...WHO, '--trusted-root', path, 'file']);
    expect(code).toBe(3);
    expect(err).toContain('TRUST_INVALID');
  });
});
