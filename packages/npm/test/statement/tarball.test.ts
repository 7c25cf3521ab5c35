// SPDX-License-Identifier: Apache-2.0

import { gzipSync } from 'node:zlib';
import { encodeUtf8 } from '@keywax/core/bytes';
import { isKeywaxError } from '@keywax/core/errors';
import { packTarball } from '@keywax/stack/npm-registry';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTarballId } from '../../src/index.js';

interface Entry {
  readonly path: string;
  readonly content?: string;
  readonly type?: string;
  readonly size?: string;
  readonly prefix?: string;
}

/** One entry of a tar archive. */
function tarEntry({ path, content = '', type = '0', size, prefix = '' }: Entry): Uint8Array {
  const body = encodeUtf8(content);
  const block = new Uint8Array(512);
  const put = (text: string, offset: number) => block.set(encodeUtf8(text), offset);
  put(path, 0);
  put('0000644\0', 100);
  put(size ?? `${body.length.toString(8).padStart(11, '0')}\0`, 124);
  put('        ', 148);
  put(type, 156);
  put('ustar\x0000', 257);
  put(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padded = new Uint8Array(Math.ceil(body.length / 512) * 512);
  padded.set(body);
  return Buffer.concat([block, padded]);
}

const END = new Uint8Array(1024);
const pack = (...entries: readonly Entry[]): Uint8Array =>
  Uint8Array.from(gzipSync(Buffer.concat([...entries.map(tarEntry), END])));

const MANIFEST = '{"name":"@scope/pkg","version":"1.2.3-beta.1"}';
const manifest: Entry = { path: 'package/package.json', content: MANIFEST };
const readme: Entry = { path: 'package/README.md', content: 'x'.repeat(1000) };
const pax = (record: string): Entry => ({ path: 'pax', type: 'x', content: `${record.length + 4} ${record}\n` });

describe('name and version in a tarball', () => {
  test.each<[string, Uint8Array]>([
    ['that the stack packs', packTarball({ 'package.json': MANIFEST, 'index.js': '' })],
    ['with other files around', pack(readme, manifest, readme)],
    ['with another folder', pack({ ...manifest, path: 'pkg-main/package.json' })],
    ['with a package.json deeper down', pack(manifest, { ...manifest, path: 'package/sub/package.json' })],
    ['with a dot in front', pack({ ...manifest, path: './package/package.json' })],
    ['with a prefix', pack({ ...manifest, path: 'package.json', prefix: 'package' })],
    ['with a pax header', pack(pax('path=package/package.json'), { ...manifest, path: 'x' })],
    ['with a long name', pack({ path: 'L', type: 'L', content: 'package/package.json\0' }, { ...manifest, path: 'x' })],
    ['with folders', pack({ path: 'package/', type: '5', size: '00000001000\0' }, manifest)],
    ['with a global header', pack({ path: 'g', type: 'g', content: '52 comment=x' }, manifest)],
    ['without the blocks at the end', Uint8Array.from(gzipSync(tarEntry(manifest)))],
  ])('are read from one %s', async (_, tarball) => {
    expect(await readTarballId(tarball)).toEqual({ name: '@scope/pkg', version: '1.2.3-beta.1' });
  });

  test('are those that a registry publishes: without build metadata', async () => {
    const tarball = pack({ ...manifest, content: '{"name":"pkg","version":"1.0.0+linux.1"}' });
    expect(await readTarballId(tarball)).toEqual({ name: 'pkg', version: '1.0.0' });
  });

  const written = (content: string) => pack({ ...manifest, content });
  test.each<[string, Uint8Array, string]>([
    ['no bytes', new Uint8Array(), 'INPUT_MALFORMED'],
    ['no gzip', encodeUtf8('hello'), 'INPUT_MALFORMED'],
    ['cut gzip', pack(manifest).slice(0, -9), 'INPUT_MALFORMED'],
    ['no tar', Uint8Array.from(gzipSync(new Uint8Array(2048).fill(1))), 'INPUT_MALFORMED'],
    ['a cut archive', Uint8Array.from(gzipSync(tarEntry(readme).slice(0, 600))), 'INPUT_MALFORMED'],
    ['no entry', pack(), 'INPUT_MALFORMED'],
    ['no package.json', pack(readme), 'INPUT_MALFORMED'],
    ['package.json at the top', pack({ ...manifest, path: 'package.json' }), 'INPUT_MALFORMED'],
    ['package.json twice', pack(manifest, manifest), 'INPUT_MALFORMED'],
    ['package.json in two folders', pack(manifest, { ...manifest, path: 'other/package.json' }), 'INPUT_MALFORMED'],
    [
      'package.json by a pax header too',
      pack(manifest, pax('path=a/package.json'), { ...manifest, path: 'x' }),
      'INPUT_MALFORMED',
    ],
    ['a package.json that is a link', pack({ path: 'package/package.json', type: '2' }), 'INPUT_MALFORMED'],
    ['a package.json that is not JSON', written('{'), 'INPUT_MALFORMED'],
    ['a name that stands twice', written('{"name":"a","name":"b","version":"1.0.0"}'), 'INPUT_MALFORMED'],
    ['no version', written('{"name":"a"}'), 'INPUT_MALFORMED'],
    ['a version that is none', written('{"name":"a","version":"v1.0.0"}'), 'INPUT_MALFORMED'],
    ['a name that is none', written('{"name":"../a","version":"1.0.0"}'), 'INPUT_MALFORMED'],
    ['a size that is no number', pack({ ...manifest, size: '8888' }), 'INPUT_MALFORMED'],
    ['a size in base 256', pack({ ...manifest, size: '\u0080' }), 'INPUT_MALFORMED'],
    ['a size in a pax header', pack(pax('size=46'), manifest), 'INPUT_UNSUPPORTED'],
    [
      'a pax header that lies about its length',
      pack({ path: 'pax', type: 'x', content: '99 path=x\n' }, manifest),
      'INPUT_MALFORMED',
    ],
    ['an endless package.json', pack({ ...manifest, size: '77777777777\0' }), 'INPUT_TOO_LARGE'],
    ['an endless pax header', pack({ path: 'x', type: 'x', size: '77777777777\0' }), 'INPUT_TOO_LARGE'],
  ])('are not read from one with %s', async (_, tarball, code) => {
    await expect(readTarballId(tarball)).rejects.toMatchObject({ code });
  });

  test('are read or refused, whatever a byte is', async () => {
    const archive = Buffer.concat([tarEntry(readme), tarEntry(manifest), END]);
    await fc.assert(
      fc.asyncProperty(fc.nat(archive.length - 1), fc.nat(255), async (offset, byte) => {
        const changed = Uint8Array.from(archive);
        changed[offset] = byte;
        try {
          await readTarballId(Uint8Array.from(gzipSync(changed)));
        } catch (error) {
          if (!isKeywaxError(error) || error.code === 'INTERNAL_ERROR') throw error;
        }
      }),
      { numRuns: 200 },
    );
  });
});
