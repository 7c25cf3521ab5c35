// SPDX-License-Identifier: Apache-2.0
import {
  type KeyObject,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
} from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import { concatBytes, decodeBase64, encodeBase64, encodeHex, encodeUtf8 } from '../src/bytes.js';
import { MAX_INT64 } from '../src/decimal.js';
import type { PublicKey } from '../src/key.js';
import { type HashFunction, hashEmptyTree } from '../src/merkle.js';
import {
  type CheckpointBody,
  computeNoteKeyId,
  encodeCheckpoint,
  encodeNote,
  encodeNoteSignature,
  parseCheckpoint,
  parseNote,
} from '../src/note.js';
import { codeOf, faultOf } from './fault.js';

const sha256: HashFunction = (...pieces) =>
  new Uint8Array(
    createHash('sha256')
      .update(concatBytes(...pieces))
      .digest(),
  );
const spkiOf = (key: KeyObject): Uint8Array => new Uint8Array(key.export({ type: 'spki', format: 'der' }));

// The key with the seed 00 01 … 1f.
const privateKey = createPrivateKey({
  key: Buffer.from(`302e020100300506032b657004220420${encodeHex(Uint8Array.from({ length: 32 }, (_, i) => i))}`, 'hex'),
  format: 'der',
  type: 'pkcs8',
});
const spki = spkiOf(createPublicKey(privateKey));
const key: PublicKey = { kind: 'ed25519', spki, raw: spki.slice(-32) };

const text = 'rekor.local\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n';
const logLine =
  '— rekor.local UxRpAHQx3nH8lfZ+aaI1MOhdOqkjDqgAhWbrvRX/SccOWND8TojsZNLhwuWqPB2P2F8WEz1x5LPma/kkx/0sAYKQfQg=\n';
const witnessLine =
  '— witness.local 40kD9AAAAABlU/EAxdEwbAoXZ6Hekz9lOjgCNPlOme4+C9C6T/hpy3J5R4oymd5XGFPzbowOoTlici23qMOv1AVBiFtIBsUGbZ8PCQ==\n';
const note = `${text}\n${logLine}`;

describe('computeNoteKeyId', () => {
  test('hashes name, type and key for Ed25519', () => {
    expect(encodeHex(key.raw)).toBe('03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8');
    expect(encodeHex(computeNoteKeyId('rekor.local', key, sha256))).toBe(
      '531469005ab670208c81b0a9bed2600731b644d89922e4c2cdac3d741f7c4570',
    );
    expect(encodeBase64(computeNoteKeyId('rekor.local', key, sha256))).toBe(
      'UxRpAFq2cCCMgbCpvtJgBzG2RNiZIuTCzaw9dB98RXA=',
    );
    expect(computeNoteKeyId('rekor.locaL', key, sha256)).not.toEqual(computeNoteKeyId('rekor.local', key, sha256));
  });

  test('hashes the SPKI alone for ECDSA', () => {
    const ec: PublicKey = { kind: 'ec', curve: 'P-256', spki, point: new Uint8Array(65) };
    expect(computeNoteKeyId('a', ec, sha256)).toEqual(sha256(spki));
    expect(computeNoteKeyId('b', ec, sha256)).toEqual(sha256(spki));
  });

  test('hashes name, type, scheme and SPKI for RSA', () => {
    const rsaSpki = spkiOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey);
    const rsa: PublicKey = {
      kind: 'rsa',
      bits: 2048,
      spki: rsaSpki,
      modulus: new Uint8Array(256),
      exponent: Uint8Array.of(1, 0, 1),
    };
    const salted = Buffer.concat([Buffer.from('log\n'), Buffer.of(0xff), Buffer.from('PKIX-RSA-PKCS#1v1.5'), rsaSpki]);
    expect(computeNoteKeyId('log', rsa, sha256)).toEqual(sha256(salted));
  });
});

describe('a note with the known signatures', () => {
  test('carries them over its text', () => {
    const { signatures, signedText } = parseCheckpoint(note + witnessLine, '$');
    expect(signatures.map(({ name }) => name)).toEqual(['rekor.local', 'witness.local']);
    const [log, witness] = signatures as [(typeof signatures)[0], (typeof signatures)[0]];
    expect(log.keyHint).toEqual(computeNoteKeyId('rekor.local', key, sha256).slice(0, 4));
    expect(new DataView(log.keyHint.buffer).getUint32(0)).toBe(1393846528);
    expect(verify(null, signedText, createPublicKey(privateKey), log.signature)).toBe(true);
    // A cosignature: eight bytes of time before a signature over a text that begins with the time.
    const cosigned = concatBytes(encodeUtf8('cosignature/v1\ntime 1700000000\n'), signedText);
    expect(verify(null, cosigned, createPublicKey(privateKey), witness.signature.slice(8))).toBe(true);
  });

  test('is what the encoders write', () => {
    const body: CheckpointBody = { origin: 'rekor.local', size: 0n, rootHash: hashEmptyTree(sha256), extensions: [] };
    expect(encodeCheckpoint(body)).toBe(text);
    const keyHint = computeNoteKeyId(body.origin, key, sha256).slice(0, 4);
    const signature = new Uint8Array(sign(null, encodeUtf8(text), privateKey));
    expect(encodeNoteSignature({ name: body.origin, keyHint, signature })).toBe(logLine);
    expect(encodeNote({ text, signatures: [{ name: body.origin, keyHint, signature }] })).toBe(note);
  });
});

const root = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
const signatureLine = (name: string, bytes: number): string => `— ${name} ${encodeBase64(new Uint8Array(bytes))}\n`;

describe('parseCheckpoint', () => {
  test.each<[string, string, Partial<CheckpointBody>]>([
    [
      'an origin with a tree id',
      note.replace('rekor.local', 'rekor.sigstore.dev - 2605736670972794746'),
      { origin: 'rekor.sigstore.dev - 2605736670972794746' },
    ],
    ['the largest size', note.replace('\n0\n', '\n9223372036854775807\n'), { size: MAX_INT64 }],
    [
      'extension lines',
      note.replace('\n\n', '\nTimestamp: 1\nmore — ü\n\n'),
      { extensions: ['Timestamp: 1', 'more — ü'] },
    ],
    ['several signatures of one name', `${note}${logLine}${witnessLine}`, {}],
    ['a signature of one byte', `${text}\n${signatureLine('a', 5)}`, {}],
    ['names of other scripts', `${text}\n${signatureLine('лог.example/ü', 5)}`, {}],
    ['64 signatures', `${text}\n${signatureLine('a', 5).repeat(64)}`, {}],
    ['64 KiB', `${text}${'x'.repeat(64 * 1024 - encodeUtf8(note).length - 1)}\n\n${logLine}`, { size: 0n }],
    ['64 lines', `${text}${'x\n'.repeat(61)}\n${logLine}`, {}],
  ])('reads %s', (_, envelope, expected) => {
    const { signedText, signatures, ...body } = parseCheckpoint(envelope, '$');
    expect(body).toMatchObject(expected);
    expect(new TextDecoder().decode(signedText)).toBe(envelope.slice(0, envelope.indexOf('\n\n') + 1));
    expect(signatures.length).toBe(envelope.split('— ').length - 1 - (envelope.includes('more — ') ? 1 : 0));
  });

  test.each<[string, string]>([
    ['nothing', ''],
    ['line feeds alone', '\n\n\n'],
    ['no signature lines', text],
    ['no signature lines after the blank line', `${text}\n`],
    ['no blank line', text + logLine],
    ['no text', `\n${logLine}`],
    ['a blank line before everything', `\n\n${logLine}`],
    ['a missing origin', note.replace('rekor.local\n', '')],
    ['an empty origin', note.replace('rekor.local\n', '\n')],
    ['a missing size', note.replace('\n0\n', '\n')],
    ['a missing root', `rekor.local\n0\n\n${logLine}`],
    ['an origin alone', `rekor.local\n\n${logLine}`],
    ['an empty line among the extensions', note.replace('\n\n', '\n\nx\n\n')],
    ['two blank lines before the signatures', note.replace('\n\n', '\n\n\n')],
    ['a blank line among the signatures', `${note}\n${witnessLine}`],
    ['a blank line at the end', `${note}\n`],
    ['another note after it', note + note],
    ['no final line feed', note.slice(0, -1)],
    ['another character in place of the final line feed', `${note.slice(0, -1)}x`],
    ['CRLF', note.replaceAll('\n', '\r\n')],
    ['a tab', note.replace('rekor.local\n', 'rekor\tlocal\n')],
    ['NUL', note.replace('rekor.local\n', 'rekor.local\0\n')],
    ['DEL', note.replace('rekor.local\n', 'rekor.local\u007f\n')],
    ['a C1 control character', note.replace('rekor.local\n', 'rekor.local\u0085\n')],
    ['a lone surrogate', note.replace('rekor.local\n', 'rekor.local\ud800\n')],
    ['a hyphen as prefix', note.replace('— ', '- ')],
    ['an en dash as prefix', note.replace('— ', '– ')],
    ['a dash without space', note.replace('— ', '—')],
    ['a no-break space after the dash', note.replace('— ', '—\u00a0')],
    ['an unsigned line among the signatures', `${note}hello\n`],
    ['a malformed line of an unknown signer', `${note}— x !\n`],
    ['a name with a space', `${text}\n— rekor local ${root}\n`],
    ['a name with a no-break space', `${text}\n— rekor\u00a0local ${root}\n`],
    ['a name with a plus', `${text}\n— rekor+local ${root}\n`],
    ['an empty name', `${text}\n—  ${root}\n`],
    ['a name alone', `${text}\n— rekor.local\n`],
    ['two spaces', `${text}\n— rekor.local  ${root}\n`],
    ['a space at the end', `${text}\n— rekor.local ${root} \n`],
    ['three bytes of signature', `${text}\n${signatureLine('a', 3)}`],
    ['a key hint alone', `${text}\n${signatureLine('a', 4)}`],
    ['a signature in the URL alphabet', `${text}\n— a -_-_-_-_\n`],
    ['a signature without padding', `${text}\n— a AAAAAAA\n`],
    ['a signature with set unused bits', `${text}\n— a AAAAAAB=\n`],
    ...['01', '+1', '1e3', '-1', '-0', '', ' 1', '1 ', '0x1', '1.0', '9223372036854775808', '9'.repeat(30), '１'].map(
      (size): [string, string] => [`the size ${JSON.stringify(size)}`, note.replace('\n0\n', `\n${size}\n`)],
    ),
    ...[
      root.slice(0, -1),
      root.replaceAll('+', '-').replaceAll('/', '_'),
      `${root} `,
      ` ${root}`,
      encodeBase64(new Uint8Array(31)),
      encodeBase64(new Uint8Array(33)),
      encodeBase64(new Uint8Array(0)),
      encodeHex(decodeBase64(root)),
      '*',
    ].map((written): [string, string] => [`the root ${JSON.stringify(written)}`, note.replace(root, written)]),
  ])('refuses %s', (_, envelope) => {
    expect(faultOf(() => parseCheckpoint(envelope, '$.checkpoint'))).toBe('CHECKPOINT_INVALID $.checkpoint');
  });

  test.each<[string, string]>([
    ['65 KiB', `${text}${'x'.repeat(65 * 1024)}\n\n${logLine}`],
    ['more than 64 KiB in bytes, although not in characters', `${text}${'é'.repeat(33 * 1024)}\n\n${logLine}`],
    ['65 lines', `${text}${'x\n'.repeat(62)}\n${logLine}`],
    ['65 signatures', `${text}\n${signatureLine('a', 5).repeat(65)}`],
    ['1,000 signatures', note + witnessLine.repeat(1_000)],
    ['a mebibyte of line feeds', '\n'.repeat(1 << 20)],
    ['a mebibyte of dashes', '— '.repeat(1 << 19)],
    ['a mebibyte of lines', 'a\n'.repeat(1 << 19)],
  ])('refuses %s as too large', (_, envelope) => {
    expect(faultOf(() => parseCheckpoint(envelope, '$.checkpoint'))).toBe('INPUT_TOO_LARGE $.checkpoint');
  });

  test('quotes and cuts what it found', () => {
    expect(() => parseCheckpoint(note.replace('\n0\n', `\n"${'z'.repeat(500)}\n`), '$')).toThrow(/found "\\"z{98}…"$/);
  });

  test('reads back what the encoders write', () => {
    const line = fc.stringMatching(/^[a-zA-Z0-9 ./:—é-]{1,20}$/);
    const body = fc.record({
      origin: line,
      size: fc.bigInt(0n, MAX_INT64),
      rootHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      extensions: fc.array(line, { maxLength: 5 }),
    });
    const signature = fc.record({
      name: fc.stringMatching(/^[a-zA-Z0-9./:—é-]{1,20}$/),
      keyHint: fc.uint8Array({ minLength: 4, maxLength: 4 }),
      signature: fc.uint8Array({ minLength: 1, maxLength: 80 }),
    });
    fc.assert(
      fc.property(body, fc.array(signature, { minLength: 1, maxLength: 5 }), (checkpoint, signatures) => {
        const signed = encodeCheckpoint(checkpoint);
        const expected = { ...checkpoint, signedText: encodeUtf8(signed), signatures };
        expect(parseCheckpoint(encodeNote({ text: signed, signatures }), '$')).toEqual(expected);
      }),
    );
  });

  test('gives a checkpoint or a KeywaxError for any text', () => {
    const fragment = fc.constantFrom('\n', '\n\n', '— ', 'a ', text, logLine, root, '0\n', 'x', '+');
    fc.assert(
      fc.property(fc.array(fc.oneof(fragment, fc.string({ maxLength: 3 })), { maxLength: 10 }), (parts) =>
        ['accepted', 'CHECKPOINT_INVALID'].includes(codeOf(() => parseCheckpoint(parts.join(''), '$'))),
      ),
    );
  });
});

describe('parseNote', () => {
  test('takes any text, and keeps views of nothing', () => {
    const { text: signed, signatures } = parseNote(`one line\n\n${witnessLine}`, '$');
    expect(signed).toBe('one line\n');
    expect(signatures[0]?.keyHint.buffer.byteLength).toBe(4);
  });
});

interface RealEntry {
  readonly inclusionProof?: {
    readonly checkpoint?: { readonly envelope?: string };
    readonly treeSize: string;
    readonly rootHash: string;
  };
}

describeCorpus('parseCheckpoint on real bundles', () => {
  const folder = 'conformance/bundle-verify';
  const envelopes = () =>
    readdirSync(corpus(folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.endsWith('_fail'))
      .flatMap(({ name }) => {
        const bundle = JSON.parse(readFileSync(corpus(`${folder}/${name}/bundle.sigstore.json`), 'utf8')) as {
          verificationMaterial: { tlogEntries?: readonly RealEntry[] };
        };
        return (bundle.verificationMaterial.tlogEntries ?? []).map(({ inclusionProof }) => ({ name, inclusionProof }));
      })
      .filter(({ inclusionProof }) => inclusionProof?.checkpoint?.envelope !== undefined);

  test('reads every checkpoint, and what it says is what the proof says', () => {
    expect(envelopes().length).toBeGreaterThan(8);
    for (const { name, inclusionProof } of envelopes()) {
      const checkpoint = parseCheckpoint(inclusionProof?.checkpoint?.envelope ?? '', '$');
      expect(String(checkpoint.size), name).toBe(inclusionProof?.treeSize);
      expect(encodeBase64(checkpoint.rootHash), name).toBe(inclusionProof?.rootHash);
      expect(encodeNote({ text: encodeCheckpoint(checkpoint), signatures: checkpoint.signatures }), name).toBe(
        inclusionProof?.checkpoint?.envelope,
      );
    }
  });

  test.each(['missing-origin', 'missing-root-hash'])('refuses the checkpoint with %s', (defect) => {
    const bundle = JSON.parse(
      readFileSync(corpus(`${folder}/rekor2-checkpoint-${defect}_fail/bundle.sigstore.json`), 'utf8'),
    ) as {
      verificationMaterial: { tlogEntries: readonly [RealEntry] };
    };
    const envelope = bundle.verificationMaterial.tlogEntries[0].inclusionProof?.checkpoint?.envelope ?? '';
    expect(codeOf(() => parseCheckpoint(envelope, '$'))).toBe('CHECKPOINT_INVALID');
  });
});
