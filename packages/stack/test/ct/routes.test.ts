// SPDX-License-Identifier: Apache-2.0

import { createPublicKey, verify } from 'node:crypto';
import { encodeUint } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { verifyConsistency, verifyInclusion } from '@keywax/core/merkle';
import { OID } from '@keywax/core/oid';
import { encodeSctInput, parseSctList } from '@keywax/core/sct';
import { parseCertificate } from '@keywax/core/x509';
import { type Stack, startStack } from '@keywax/stack';
import { createLab, generateSigningKey, personaIdentity, readCertificate, signTbs } from '@keywax/stack/lab';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createCtRoutes } from '../../src/ct/routes.js';
import { createClientKey, postJson, requestLeaf } from '../requests.js';

let stack: Stack;
beforeEach(async () => {
  stack = await startStack();
  onTestFinished(() => stack.close());
});

const hashPieces = (...pieces: Uint8Array[]) => hash('sha256', ...pieces);
const url = (path: string) => `${stack.urls.ct}/ct/v1/${path}`;
const readJson = async (path: string) => (await (await fetch(url(path))).json()) as Record<string, never>;
const toDer = (pem: string) => Buffer.from(pem.replaceAll(/-----[^-]+-----|\n/g, ''), 'base64');
const chain = () =>
  stack.trustedRoot.certificateAuthorities[0]?.certChain.certificates.map(({ rawBytes }) => rawBytes) ?? [];

function logKey() {
  const der = Buffer.from(stack.trustedRoot.ctlogs[0]?.publicKey.rawBytes ?? '', 'base64');
  return createPublicKey({ key: der, type: 'spki', format: 'der' });
}

describe('adding a chain', () => {
  test('gives a timestamp over the certificate', async () => {
    const leaf = toDer(await requestLeaf(stack, createClientKey()));
    const response = await postJson(url('add-chain'), { chain: [leaf.toString('base64'), ...chain()] });
    expect(response.status).toBe(200);
    const answer = (await response.json()) as { id: string; timestamp: number; signature: string; extensions: string };
    expect(answer).toMatchObject({ sct_version: 0, id: stack.trustedRoot.ctlogs[0]?.logId.keyId, extensions: '' });
    const signed = Buffer.concat([
      Buffer.from([0, 0]),
      encodeUint(answer.timestamp, 8),
      Buffer.from([0, 0]),
      encodeUint(leaf.length, 3),
      leaf,
      Buffer.from([0, 0]),
    ]);
    const signature = Buffer.from(answer.signature, 'base64');
    expect([...signature.subarray(0, 2)]).toEqual([4, 3]);
    expect(verify('sha256', signed, logKey(), signature.subarray(4))).toBe(true);
  });

  test('takes the root as given', async () => {
    const leaf = toDer(await requestLeaf(stack, createClientKey())).toString('base64');
    expect((await postJson(url('add-chain'), { chain: [leaf, ...chain().slice(0, 1)] })).status).toBe(200);
  });

  test.each<[string, (leaf: string) => unknown]>([
    ['nothing', () => ({ chain: [] })],
    ['no chain', () => ({})],
    ['junk', () => ({ chain: ['AAAA'] })],
    ['no issuer', (leaf) => ({ chain: [leaf] })],
    ['the issuers in another order', (leaf) => ({ chain: [leaf, ...chain().reverse()] })],
    ['a certificate of another authority', (leaf) => ({ chain: [resign(leaf), ...chain()] })],
  ])('%s is refused', async (_, body) => {
    const leaf = toDer(await requestLeaf(stack, createClientKey())).toString('base64');
    expect((await postJson(url('add-chain'), body(leaf))).status).toBe(400);
  });

  const resign = (leaf: string) => {
    const { tbs } = readCertificate(Buffer.from(leaf, 'base64'));
    return Buffer.from(signTbs(tbs, generateSigningKey('P-384'))).toString('base64');
  };

  test('a precertificate is logged as what it will be, and is no certificate', async () => {
    const lab = await createLab();
    const app = createCtRoutes(lab);
    const add = (path: string, chain: readonly Uint8Array[]) =>
      app.request(`/ct/v1/${path}`, {
        method: 'POST',
        body: JSON.stringify({ chain: chain.map((der) => Buffer.from(der).toString('base64')) }),
      });
    const submitted: Uint8Array[][] = [];
    const leaf = await lab.issueCertificate(generateSigningKey('P-256').spki, personaIdentity('email'), {
      requestScts: async (precertificate, issuer) => {
        submitted.push([precertificate, ...issuer.chain]);
        return [];
      },
    });
    const [chain = []] = submitted;
    const answer = (await (await add('add-pre-chain', chain)).json()) as { timestamp: number; signature: string };
    const sct = { timestampMs: BigInt(answer.timestamp), extensions: new Uint8Array() };
    const input = encodeSctInput(sct, hash('sha256', lab.material.fulcio.key.spki), readCertificate(leaf).tbs);
    const signature = Buffer.from(answer.signature, 'base64').subarray(4);
    expect(verify('sha256', input, createPublicKey(lab.ct.key.privateKey), signature)).toBe(true);
    expect((await add('add-chain', chain)).status).toBe(400);
    expect((await add('add-pre-chain', [leaf, ...chain.slice(1)])).status).toBe(400);
    expect((await add('add-chain', [leaf, ...chain.slice(1)])).status).toBe(200);
  });
});

describe('reading the log', () => {
  test('proves inclusion of every logged precertificate and that the log only grew', async () => {
    const heads = [];
    for (let i = 0; i < 5; i++) {
      await requestLeaf(stack, createClientKey());
      heads.push(await readJson('get-sth'));
    }
    const head = (sth: Record<string, unknown> | undefined) => ({
      size: BigInt(Number(sth?.['tree_size'])),
      rootHash: new Uint8Array(Buffer.from(String(sth?.['sha256_root_hash']), 'base64')),
    });
    const last = head(heads[4]);
    const { entries } = (await readJson('get-entries?start=0&end=999')) as unknown as {
      entries: { leaf_input: string }[];
    };
    expect(entries).toHaveLength(5);
    for (const { leaf_input } of entries) {
      const leafHash = hashPieces(Uint8Array.of(0), Buffer.from(leaf_input, 'base64'));
      const query = new URLSearchParams({ hash: Buffer.from(leafHash).toString('base64'), tree_size: '5' });
      const proof = (await readJson(`get-proof-by-hash?${query}`)) as unknown as {
        leaf_index: number;
        audit_path: string[];
      };
      const hashes = proof.audit_path.map((text) => new Uint8Array(Buffer.from(text, 'base64')));
      verifyInclusion(hashPieces, { index: BigInt(proof.leaf_index), leafHash, hashes, ...last });
    }
    for (const sth of heads) {
      const { consistency } = (await readJson(`get-sth-consistency?first=${head(sth).size}&second=5`)) as unknown as {
        consistency: string[];
      };
      const hashes = consistency.map((text) => new Uint8Array(Buffer.from(text, 'base64')));
      verifyConsistency(hashPieces, { first: head(sth), second: last, hashes });
    }
  });

  test('gives a signed tree head', async () => {
    const sth = (await readJson('get-sth')) as unknown as {
      timestamp: number;
      sha256_root_hash: string;
      tree_head_signature: string;
    };
    const root = Buffer.from(sth.sha256_root_hash, 'base64');
    const signed = Buffer.concat([Buffer.from([0, 1]), encodeUint(sth.timestamp, 8), encodeUint(0, 8), root]);
    expect(verify('sha256', signed, logKey(), Buffer.from(sth.tree_head_signature, 'base64').subarray(4))).toBe(true);
  });

  test.each([
    'get-entries?start=0&end=0',
    'get-entries?start=1',
    'get-sth-consistency?first=1&second=2',
    'get-proof-by-hash?hash=AAAA&tree_size=1',
    'get-proof-by-hash?hash=!&tree_size=1',
  ])('%s of an empty log is refused', async (path) => {
    expect((await fetch(url(path))).status).toBe(400);
  });

  test('tells the roots', async () => {
    expect(await readJson('get-roots')).toEqual({ certificates: chain().slice(-1) });
  });
});

test('timestamps of a log of the static kind carry the leaf index', async () => {
  await using other = await startStack({ sctLeafIndex: true });
  await requestLeaf(other, createClientKey());
  const leaf = parseCertificate(toDer(await requestLeaf(other, createClientKey())), 'leaf');
  const [sct] = parseSctList(leaf.extensions.get(OID.sctList)?.value ?? new Uint8Array(), 'list');
  expect([...(sct?.extensions ?? [])]).toEqual([0, 0, 5, 0, 0, 0, 0, 1]);
});
