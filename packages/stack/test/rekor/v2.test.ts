// SPDX-License-Identifier: Apache-2.0

import { createHash, createPublicKey, sign, verify } from 'node:crypto';
import { hash } from '@keywax/core/hash';
import { hashLeaf, verifyInclusion } from '@keywax/core/merkle';
import { computeRoot } from '@keywax/core/merkle-tree';
import { parseCheckpoint } from '@keywax/core/note';
import { type Stack, type StackOptions, startStack } from '@keywax/stack';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createClientKey, hashedRekordV2, postJson, sha256 } from '../requests.js';

const key = createClientKey();
const hashPieces = (...pieces: Uint8Array[]) => hash('sha256', ...pieces);

async function start(options: StackOptions = {}): Promise<Stack> {
  const stack = await startStack(options);
  onTestFinished(() => stack.close());
  return stack;
}

const submit = (stack: Stack, request: unknown) => postJson(`${stack.urls.rekorV2}/api/v2/log/entries`, request);
const read = (stack: Stack, path: string) => fetch(`${stack.urls.rekorV2}/api/v2/${path}`);
const readBytes = async (stack: Stack, path: string) => new Uint8Array(await (await read(stack, path)).arrayBuffer());

interface Entry {
  logIndex: string;
  logId: { keyId: string };
  canonicalizedBody: string;
  inclusionProof: {
    logIndex: string;
    rootHash: string;
    treeSize: string;
    hashes: string[];
    checkpoint: { envelope: string };
  };
}

async function addEntry(stack: Stack, artifact: string): Promise<Entry> {
  const response = await submit(stack, hashedRekordV2(artifact, key));
  expect(response.status).toBe(201);
  return (await response.json()) as Entry;
}

/** The key of the v2 log in the trusted root. */
function trustedLog(stack: Stack) {
  const log = stack.trustedRoot.tlogs.find(({ baseUrl }) => baseUrl === 'http://rekor2.localhost');
  if (log === undefined) throw new Error('no log');
  const key = createPublicKey({ key: Buffer.from(log.publicKey.rawBytes, 'base64'), type: 'spki', format: 'der' });
  return { log, key };
}

function verifyEntry(stack: Stack, entry: Entry) {
  const { log, key: logKey } = trustedLog(stack);
  const proof = entry.inclusionProof;
  const checkpoint = parseCheckpoint(proof.checkpoint.envelope, 'checkpoint');
  const [signature] = checkpoint.signatures;
  expect(checkpoint.origin).toBe('rekor2.localhost');
  expect(signature?.name).toBe('rekor2.localhost');
  expect(entry.logId.keyId).toBe(log.logId.keyId);
  expect(Buffer.from(signature?.keyHint ?? [])).toEqual(Buffer.from(log.logId.keyId, 'base64').subarray(0, 4));
  const hashName = logKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  expect(verify(hashName, checkpoint.signedText, logKey, signature?.signature ?? Buffer.alloc(0))).toBe(true);
  expect(proof.rootHash).toBe(Buffer.from(checkpoint.rootHash).toString('base64'));
  expect(proof.logIndex).toBe(entry.logIndex);
  verifyInclusion(hashPieces, {
    index: BigInt(entry.logIndex),
    size: BigInt(proof.treeSize),
    leafHash: hashLeaf(hashPieces, Buffer.from(entry.canonicalizedBody, 'base64')),
    hashes: proof.hashes.map((text) => Buffer.from(text, 'base64')),
    rootHash: checkpoint.rootHash,
  });
}

describe('an entry', () => {
  test.each(['ed25519', 'P-256'] as const)('of a log with a %s key is proven by its checkpoint', async (v2Key) => {
    const stack = await start({ rekor: { v2Key } });
    for (const artifact of ['a', 'b', 'c']) verifyEntry(stack, await addEntry(stack, artifact));
    const { log, key: logKey } = trustedLog(stack);
    const der = logKey.export({ type: 'spki', format: 'der' });
    const salted = Buffer.concat([Buffer.from('rekor2.localhost\n\x01'), der.subarray(-32)]);
    const keyId = createHash('sha256')
      .update(v2Key === 'ed25519' ? salted : der)
      .digest('base64');
    expect(log.logId.keyId).toBe(keyId);
  });

  test('is answered with all fields, those of version 1 empty', async () => {
    const stack = await start();
    expect(await addEntry(stack, 'a')).toMatchObject({
      logIndex: '0',
      kindVersion: { kind: 'hashedrekord', version: '0.0.2' },
      integratedTime: '0',
      inclusionPromise: null,
    });
  });

  test('is logged once: a second request gets 409 and the index', async () => {
    const stack = await start();
    await addEntry(stack, 'other');
    const request = hashedRekordV2('a', key);
    expect((await submit(stack, request)).status).toBe(201);
    const second = await submit(stack, request);
    expect(second.status).toBe(409);
    expect(second.headers.get('x-log-index')).toBe('1');
    expect(await second.json()).toMatchObject({
      code: 6,
      message: 'an equivalent entry already exists in the transparency log with index 1',
    });
  });

  test('may be asked for in snake case', async () => {
    const stack = await start();
    const { digest, signature } = hashedRekordV2('a', key).hashedRekordRequestV002;
    const verifier = {
      key_details: signature.verifier.keyDetails,
      public_key: { raw_bytes: signature.verifier.publicKey.rawBytes },
    };
    const request = { hashed_rekord_request_v002: { digest, signature: { content: signature.content, verifier } } };
    expect((await submit(stack, request)).status).toBe(201);
  });

  test.each([
    ['P-384', 'sha384', 'PKIX_ECDSA_P384_SHA_384'],
    ['P-521', 'sha512', 'PKIX_ECDSA_P521_SHA_512'],
  ])('of a %s key is signed over a %s digest', async (curve, hashName, keyDetails) => {
    const stack = await start();
    const other = createClientKey(curve, hashName);
    const request = hashedRekordV2('a', other);
    request.hashedRekordRequestV002.digest = createHash(hashName).update('a').digest('base64');
    request.hashedRekordRequestV002.signature.verifier.keyDetails = keyDetails;
    expect((await submit(stack, request)).status).toBe(201);
  });
});

describe('a request is refused', () => {
  const change = (edit: (request: ReturnType<typeof hashedRekordV2>['hashedRekordRequestV002']) => void) => {
    const request = hashedRekordV2('a', key);
    edit(request.hashedRekordRequestV002);
    return request;
  };
  const withBoth = hashedRekordV2('a', key);
  const { verifier } = withBoth.hashedRekordRequestV002.signature;
  Object.assign(verifier, { x509Certificate: { rawBytes: 'MAA=' } });
  test.each<[string, unknown]>([
    ['whose digest is of something else', change((request) => (request.digest = sha256('b').toString('base64')))],
    ['whose digest is too short', change((request) => (request.digest = 'AAAA'))],
    [
      "whose algorithm is not the key's",
      change(({ signature }) => (signature.verifier.keyDetails = 'PKIX_ECDSA_P384_SHA_384')),
    ],
    ['with pure Ed25519', change(({ signature }) => (signature.verifier.keyDetails = 'PKIX_ED25519'))],
    ['with an algorithm that is not known', change(({ signature }) => (signature.verifier.keyDetails = 'NONE'))],
    ['whose key is no key', change(({ signature }) => (signature.verifier.publicKey.rawBytes = 'MAA='))],
    ['with both forms of verifier', withBoth],
    ['with a member that is not known', { ...hashedRekordV2('a', key), extra: {} }],
    ['without content', {}],
    ['that is no JSON', '{'],
    [
      'for an envelope',
      { dsseRequestV002: { envelope: { payload: '', payloadType: '', signatures: [] }, verifiers: [] } },
    ],
  ])('%s', async (_, request) => {
    const response = await submit(await start(), request);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 3, details: [] });
  });
});

describe('the retired request for envelopes', () => {
  test('is taken where that is switched on', async () => {
    const stack = await start({ rekor: { acceptDsse: true } });
    const payload = Buffer.from('{}');
    const sig = sign('sha256', Buffer.concat([Buffer.from('DSSEv1 4 type 2 '), payload]), key.privateKey);
    const { verifier } = hashedRekordV2('a', key).hashedRekordRequestV002.signature;
    const envelope = {
      payload: payload.toString('base64'),
      payloadType: 'type',
      signatures: [{ sig: sig.toString('base64'), keyid: '' }],
    };
    const response = await submit(stack, { dsseRequestV002: { envelope, verifiers: [verifier] } });
    expect(response.status).toBe(201);
    const entry = (await response.json()) as Entry;
    verifyEntry(stack, entry);
    expect(entry).toMatchObject({ kindVersion: { kind: 'dsse', version: '0.0.2' } });
    expect(
      (await submit(stack, { dsseRequestV002: { envelope: { ...envelope, payloadType: 'x' }, verifiers: [verifier] } }))
        .status,
    ).toBe(400);
  });
});

describe('tiles', () => {
  test('hold every leaf and entry, and lead to the root', async () => {
    const stack = await start();
    const entries = [];
    for (let i = 0; i < 5; i++) entries.push(await addEntry(stack, String(i)));
    const checkpoint = parseCheckpoint(await (await read(stack, 'checkpoint')).text(), 'checkpoint');
    const tile = await readBytes(stack, 'tile/0/000.p/5');
    const leaves = Array.from({ length: 5 }, (_, i) => tile.subarray(32 * i, 32 * i + 32));
    expect(leaves).toEqual(
      entries.map(({ canonicalizedBody }) => hashLeaf(hashPieces, Buffer.from(canonicalizedBody, 'base64'))),
    );
    expect(computeRoot(hashPieces, leaves)).toEqual(checkpoint.rootHash);
    const bundle = Buffer.from(await readBytes(stack, 'tile/entries/000.p/5'));
    const bodies = [];
    for (let offset = 0; offset < bundle.length; offset += 2 + bundle.readUInt16BE(offset)) {
      bodies.push(bundle.subarray(offset + 2, offset + 2 + bundle.readUInt16BE(offset)).toString('base64'));
    }
    expect(bodies).toEqual(entries.map(({ canonicalizedBody }) => canonicalizedBody));
  });

  test.each([
    'tile/0/000',
    'tile/0/000.p/3',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/001.p/1',
    'tile/0/x000/000.p/1',
    'tile/1/000.p/1',
    'tile/8/000.p/1',
    'tile/x/000.p/1',
    'tile/0/00.p/1',
    'tile/entries/000',
    'tile/entries/000.p/3',
  ])('%s of a log with two entries is not there', async (path) => {
    const stack = await start();
    await addEntry(stack, 'a');
    await addEntry(stack, 'b');
    expect((await read(stack, path)).status).toBe(404);
  });

  test('are cached for ever, the checkpoint never', async () => {
    const stack = await start();
    await addEntry(stack, 'a');
    expect((await read(stack, 'tile/0/000.p/1')).headers.get('cache-control')).toContain('immutable');
    expect((await read(stack, 'checkpoint')).headers.get('cache-control')).toBe('no-cache');
    expect((await read(stack, 'checkpoint')).headers.get('content-type')).toBe('text/plain; charset=utf-8');
  });
});

describe('a log that publishes later', () => {
  test('answers once the entry is in a published checkpoint, which it shows until then without it', async () => {
    const stack = await start({ rekor: { publicationDelayMs: 300 } });
    const pending = Promise.all([addEntry(stack, 'a'), addEntry(stack, 'b')]);
    const sizeOf = async () => parseCheckpoint(await (await read(stack, 'checkpoint')).text(), 'checkpoint').size;
    expect(await sizeOf()).toBe(0n);
    for (const entry of await pending) {
      expect(entry.inclusionProof.treeSize).toBe('2');
      verifyEntry(stack, entry);
    }
    expect(await sizeOf()).toBe(2n);
  });
});
