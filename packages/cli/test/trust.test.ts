// SPDX-License-Identifier: Apache-2.0
// `trust create` and `trust show`, and trusted roots of several lines.

import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePem } from '@keywax/core/pem';
import { type Lab, LAB_ISSUER, createLab } from '@keywax/stack/lab';
import { decodeClientTrustConfig, decodeTrustedRoot } from '@keywax/trust';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import { call, makeFolder } from './call.js';

const ARTIFACT = new TextEncoder().encode('the artifact\n');
const WHO = ['--certificate-identity', 'alice@example.com', '--certificate-oidc-issuer', LAB_ISSUER];
const SINCE = 'start=2020-01-01';

let lab: Lab;
let folder: string;
/** Files with the chains and keys of the lab. */
let parts: Readonly<Record<'fulcio' | 'rekor' | 'rekor2' | 'ct' | 'tsa', string>>;

beforeAll(async () => {
  lab = await createLab();
});

beforeEach(() => {
  folder = makeFolder();
  const { logs, ctLogs, certificateAuthorities, timestampAuthorities } = decodeTrustedRoot(lab.trustedRoot());
  const writeKey = (name: string, log: (typeof logs)[number] | undefined): string =>
    write(name, encodePem('PUBLIC KEY', log?.key?.spki ?? new Uint8Array()));
  const writeChain = (name: string, [authority]: typeof certificateAuthorities): string =>
    write(name, (authority?.certificates ?? []).map((der) => encodePem('CERTIFICATE', der)).join(''));
  parts = {
    fulcio: writeChain('fulcio.pem', certificateAuthorities),
    rekor: `${writeKey('rekor.pem', logs[0])},url=${logs[0]?.baseUrl}`,
    rekor2: `${writeKey('rekor2.pem', logs[1])},url=${logs[1]?.baseUrl},version=2`,
    ct: writeKey('ct.pem', ctLogs[0]),
    tsa: writeChain('tsa.pem', timestampAuthorities),
  };
});

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

function create(...args: readonly string[]) {
  return call(['trust', 'create', ...args]);
}

function createAll(): readonly string[] {
  return [
    '--fulcio',
    `${parts.fulcio},url=https://fulcio.example`,
    '--rekor',
    `${parts.rekor},${SINCE}`,
    '--rekor',
    `${parts.rekor2},${SINCE}`,
    '--ct',
    `${parts.ct},${SINCE}`,
    '--tsa',
    `${parts.tsa},operator=me`,
  ];
}

async function isVerified(...trust: readonly string[]): Promise<boolean> {
  const { bundle } = await lab.makeBundle({ content: 'message', logs: 'both', artifact: ARTIFACT });
  const file = write('file', ARTIFACT);
  write('file.sigstore.json', JSON.stringify(bundle));
  return (await call(['verify', ...trust, ...WHO, file])).code === 0;
}

describe('trust create', () => {
  test('makes a trusted root with which bundles verify', async () => {
    const out = join(folder, 'root.json');
    expect(await create(...createAll(), '--out', out)).toEqual({ code: 0, out: '', err: '' });
    const root = decodeTrustedRoot(readFileSync(out));
    expect(root.logs.map(({ logId }) => logId)).toEqual(
      decodeTrustedRoot(lab.trustedRoot()).logs.map(({ logId }) => logId),
    );
    expect(await isVerified('--trusted-root', out)).toBe(true);
    expect(await create(...createAll(), '--out', out)).toMatchObject({ code: 2 });
    expect(await create(...createAll(), '--out', out, '--force')).toMatchObject({ code: 0 });
  });

  test('prints it where it goes to no file', async () => {
    const { code, out, err } = await create('--ct', `${parts.ct},${SINCE},end=2020-12-31,url=https://ct.example`);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(decodeTrustedRoot(out).ctLogs).toMatchObject([
      {
        baseUrl: 'https://ct.example',
        validFor: { start: new Date('2020-01-01T00:00:00Z'), end: new Date('2020-12-31T23:59:59.999Z') },
      },
    ]);
  });

  test('adds to one that exists', async () => {
    const [, ...others] = createAll();
    const some = write('some.json', (await create(...others.slice(1))).out);
    expect(await isVerified('--trusted-root', some)).toBe(false);
    const all = await create('--from', some, '--fulcio', parts.fulcio);
    expect(await isVerified('--trusted-root', write('all.json', all.out))).toBe(true);
  });

  test('makes a trust config together with a signing config', async () => {
    const config = {
      mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
      caUrls: [
        { url: 'https://ca.example', majorApiVersion: 1, validFor: { start: '2020-01-01T00:00:00Z' }, operator: 'a' },
      ],
    };
    const { out } = await create(...createAll(), '--signing-config', write('config.json', JSON.stringify(config)));
    expect(decodeClientTrustConfig(out).signingConfig.certificateAuthorities).toMatchObject([
      { url: 'https://ca.example' },
    ]);
    expect(await isVerified('--trust-config', write('trust.json', out))).toBe(true);
  });

  test('reads DER as well, and names of files with commas', async () => {
    const der = execFileSync('openssl', ['pkey', '-pubin', '-in', parts.ct, '-outform', 'DER']);
    const path = write('a,b.der', der);
    expect((await create('--ct', `${path},${SINCE}`)).code).toBe(0);
  });

  test.each<readonly [string, (given: typeof parts) => readonly string[]]>([
    ['nothing', () => []],
    ['an operand', ({ fulcio }) => ['--fulcio', fulcio, 'more']],
    ['no file', () => ['--fulcio', 'url=https://fulcio.example']],
    ['a name that is none', ({ fulcio }) => ['--fulcio', `${fulcio},uri=https://fulcio.example`]],
    ['a name twice', ({ fulcio }) => ['--fulcio', `${fulcio},operator=a,operator=b`]],
    ['an empty value', ({ fulcio }) => ['--fulcio', `${fulcio},operator=`]],
    ['a log without a URL', ({ ct }) => ['--rekor', `${ct},${SINCE}`]],
    ['a log without a start', ({ rekor }) => ['--rekor', rekor]],
    ['a certificate log without a start', ({ ct }) => ['--ct', ct]],
    ['a version that is none', ({ rekor }) => ['--rekor', `${rekor},${SINCE},version=3`]],
    ['a day that is none', ({ ct }) => ['--ct', `${ct},start=2026-02-30`]],
    ['a file that is missing', () => ['--ct', `missing.pem,${SINCE}`]],
  ])('is used wrongly with %s', async (_, args) => {
    expect(await create(...args(parts))).toMatchObject({ code: 2, out: '' });
  });

  test('shows nothing of a private key', async () => {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const { code, out, err } = await create('--ct', `${write('private.pem', pem)},${SINCE}`);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('KEY_REJECTED');
    expect(err).not.toContain(pem.split('\n')[1]);
  });
});

describe('a file of several trusted roots', () => {
  test('is trusted as a whole', async () => {
    const other = (await create('--ct', `${parts.ct},${SINCE}`)).out;
    const lines = [JSON.parse(other), lab.trustedRoot()].map((root) => JSON.stringify(root));
    expect(await isVerified('--trusted-root', write('roots.jsonl', lines.join('\n')))).toBe(true);
    expect(await isVerified('--trusted-root', write('other.jsonl', `${lines[0]}\n`))).toBe(false);
  });

  test('is refused as a whole', async () => {
    const path = write('roots.jsonl', `${JSON.stringify(lab.trustedRoot())}\n{}`);
    expect(await call(['verify', '--trusted-root', path, ...WHO, write('file', 'a')])).toMatchObject({ code: 3 });
  });
});

describe('trust show', () => {
  test('shows the entries with their keys, and what is valid now', async () => {
    const path = write(
      'root.json',
      (
        await create(
          ...createAll(),
          '--ct',
          `${parts.ct},start=2019-01-01,end=2019-12-31,operator=\u001b[31mx`,
          '--ct',
          `${parts.ct},start=9000-01-01`,
        )
      ).out,
    );
    const { code, out, err } = await call(['trust', 'show', path]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^.*root\.json vouches for\n\n {2}Certificate authorities\n {4}valid {5}https:\/\/fulcio\.example\n/,
    );
    expect(out).toMatch(
      /^ {4}ended {5}without a name\n {14}from 2019-01-01 to 2019-12-31 23:59:59 UTC, run by \\u001b/m,
    );
    expect(out).toMatch(
      /^ {4}to come {3}without a name\n {14}from 9000-01-01 on\n {14}PKIX_\w+, key id [0-9a-f]{64}$/m,
    );
  });

  test('says what cannot be used', async () => {
    const { tlogs, ...rest } = lab.trustedRoot();
    const broken = tlogs.map((log) => ({ ...log, hashAlgorithm: 'SHA2_512' }));
    const { out } = await call(['trust', 'show', write('root.json', JSON.stringify({ ...rest, tlogs: broken }))]);
    expect(out).toMatch(/^ {4}unusable {2}http.*\n.*\n {14}hash algorithm "SHA2_512" is not supported$/m);
  });

  test('says where nobody is trusted', async () => {
    const root = { mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1' };
    expect((await call(['trust', 'show', write('root.json', JSON.stringify(root))])).out).toContain(
      'Nobody is trusted.',
    );
  });

  test('prints JSON', async () => {
    const path = write('root.json', JSON.stringify(lab.trustedRoot()));
    const { code, out } = await call(['trust', 'show', '--json', path]);
    expect(code).toBe(0);
    const { source, authorities } = JSON.parse(out) as {
      source: string;
      authorities: { kind: string; state: string }[];
    };
    expect(source).toBe(path);
    expect(new Set(authorities.map(({ kind }) => kind))).toEqual(
      new Set(['certificate authority', 'log', 'certificate log', 'timestamp authority']),
    );
    expect(authorities.every(({ state }) => state === 'now')).toBe(true);
  });

  test('names the services of a signing config that are used now, or says that none can be', async () => {
    const validFor = { start: '2020-01-01T00:00:00Z' };
    const service = (url: string, operator: string) => ({ url, majorApiVersion: 1, validFor, operator });
    const config = {
      mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
      caUrls: [service('https://ca.example', 'a')],
      rekorTlogUrls: [service('https://a.example', 'a'), service('https://b.example', 'b')],
      rekorTlogConfig: { selector: 'ANY' },
    };
    const { out } = await call(['trust', 'show', write('config.json', JSON.stringify(config))]);
    expect(out).toContain('config.json signs with\n');
    expect(out).toMatch(
      /a\.example\n +version 1, used now, from 2020-01-01 on, run by a\n.*b\.example\n +version 1, from/,
    );
    const undecided = { ...config, rekorTlogConfig: undefined };
    expect((await call(['trust', 'show', write('undecided.json', JSON.stringify(undecided))])).out).toContain(
      'expected a selector',
    );
  });

  test.each([
    ['no document', 'not JSON', 1],
    ['a document of another kind', '{"mediaType":"application/json"}', 3],
  ])('refuses %s', async (_, content, code) => {
    expect(await call(['trust', 'show', write('file', content)])).toMatchObject({ code, out: '' });
  });
});

describeCorpus('the documents of production', () => {
  test.each(['trusted_root.json', 'signing_config.v0.2.json', 'signing_config.json'])('%s is shown', async (name) => {
    const { code, out } = await call(['trust', 'show', corpus(`trust/production/${name}`)]);
    expect(code).toBe(0);
    expect(out).toContain('https://rekor.sigstore.dev');
  });
});
