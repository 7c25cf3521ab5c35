// SPDX-License-Identifier: Apache-2.0
// The certificate transparency log over HTTP (RFC 6962 §4). It takes chains that end in the instance's root.

import { type Context, Hono } from 'hono';
import { decodeBase64, encodeBase64, encodeHex, equalBytes } from '@keywax/core/bytes';
import { defaultCrypto } from '@keywax/core/crypto';
import { type Decoder, arrayOf, decodeBase64Field, decodeOpenObject } from '@keywax/core/decode';
import { parsePublicKey } from '@keywax/core/key';
import { type Certificate, parseCertificate } from '@keywax/core/x509';
import type { Instance } from '../instance.js';
import { type Outcome, answerError, attempt, done, limitBody, readIndex, readJsonBody, refused } from '../service.js';
import { type CtLog, isPrecertificate, readCtRecord, readPrecertificate } from './ct-log.js';
import { type LoggedCertificate, type SctFields, encodeDigitallySigned } from './sct.js';

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_CHAIN = 10;
const MAX_ENTRIES = 256; // what one `get-entries` answers at most

const decodeChain: Decoder<{ readonly chain: readonly Uint8Array[] }> = decodeOpenObject({
  chain: arrayOf(decodeBase64Field, MAX_CHAIN),
});

/** The routes of the CT log, below `/ct/v1`. */
export function createCtRoutes(instance: Instance): Hono {
  const app = new Hono().basePath('/ct/v1');
  app.use(limitBody(MAX_BODY_BYTES, answerError));
  app.post('/add-chain', (context) => addChain(context, instance, 'certificate'));
  app.post('/add-pre-chain', (context) => addChain(context, instance, 'precertificate'));
  app.get('/get-roots', (context) => context.json({ certificates: rootsOf(instance).map(encodeBase64) }));
  addReadRoutes(app, instance.ct);
  return app;
}

function rootsOf({ material }: Instance): readonly Uint8Array[] {
  return material.fulcio.chain.slice(-1);
}

async function addChain(context: Context, instance: Instance, kind: LoggedCertificate['kind']): Promise<Response> {
  const request = await readJsonBody(context, decodeChain, MAX_BODY_BYTES);
  if (request === undefined) return answerError(context, { status: 400, message: 'the chain could not be parsed' });
  const chain = await completeChain(request.chain, rootsOf(instance));
  if (chain.kind === 'refused') return answerError(context, chain);
  const [leaf, issuer] = chain.value;
  if (leaf === undefined || issuer === undefined) return answerError(context, { status: 400, message: 'no issuer' });
  if (isPrecertificate(leaf.der) !== (kind === 'precertificate')) {
    return answerError(context, { status: 400, message: `expected a ${kind}` });
  }
  const entry = kind === 'certificate' ? { kind, der: leaf.der } : readPrecertificate(leaf.der, issuer.spki);
  return context.json(
    describeSct(
      instance.ct,
      await instance.ct.append(
        entry,
        chain.value.map(({ der }) => der),
      ),
    ),
  );
}

/** The answer to an addition (RFC 6962 §4.1). */
function describeSct(ct: CtLog, sct: SctFields): object {
  return {
    sct_version: sct.version,
    id: encodeBase64(sct.logId),
    timestamp: Number(sct.timestampMs),
    extensions: encodeBase64(sct.extensions),
    signature: encodeBase64(encodeDigitallySigned(ct.key, sct.signature)),
  };
}

/** The chain with its root, each certificate signed by the next; the root may have been left out. */
async function completeChain(
  submitted: readonly Uint8Array[],
  roots: readonly Uint8Array[],
): Promise<Outcome<readonly Certificate[]>> {
  const parsed = attempt(() => submitted.map((der) => parseCertificate(der, 'chain')));
  const last = submitted.at(-1);
  if (parsed === undefined || last === undefined) return refused(400, 'the chain could not be parsed');
  const anchors = roots.some((root) => equalBytes(root, last))
    ? []
    : roots.map((root) => parseCertificate(root, 'root'));
  const chain = [...parsed, ...anchors];
  for (const [i, certificate] of chain.entries()) {
    const issuer = chain[i + 1];
    if (issuer !== undefined && !(await isIssuedBy(certificate, issuer))) {
      return refused(400, 'the chain does not lead to a root of this log');
    }
  }
  return done(chain);
}

async function isIssuedBy(certificate: Certificate, issuer: Certificate): Promise<boolean> {
  if (!equalBytes(certificate.issuer, issuer.subject)) return false;
  const { signatureScheme: scheme, signature, tbs } = certificate;
  const key = parsePublicKey(issuer.spki, 'issuer');
  return defaultCrypto.verify({ key, scheme, signature, data: { kind: 'message', bytes: tbs } });
}

function addReadRoutes(app: Hono, ct: CtLog): void {
  const { log } = ct;
  const refuse = (context: Context): Response => answerError(context, { status: 400, message: 'no such entries' });
  app.get('/get-sth', (context) => {
    const { size, timestampMs, root, signature } = ct.signTreeHead();
    return context.json({
      tree_size: size,
      timestamp: Number(timestampMs),
      sha256_root_hash: encodeBase64(root),
      tree_head_signature: encodeBase64(signature),
    });
  });
  app.get('/get-sth-consistency', (context) => {
    const first = readIndex(context.req.query('first'));
    const second = readIndex(context.req.query('second'));
    if (first === undefined || second === undefined || first > second || second > log.size()) return refuse(context);
    return context.json({ consistency: log.tree.consistencyProof(first, second).map(encodeBase64) });
  });
  app.get('/get-proof-by-hash', (context) => {
    const size = readIndex(context.req.query('tree_size'));
    const hash = attempt(() => decodeBase64(context.req.query('hash') ?? '', 'hash'));
    const index = hash === undefined ? undefined : log.find(encodeHex(hash));
    if (size === undefined || index === undefined || index >= size || size > log.size()) return refuse(context);
    return context.json({ leaf_index: index, audit_path: log.tree.inclusionProof(index, size).map(encodeBase64) });
  });
  app.get('/get-entries', (context) => {
    const start = readIndex(context.req.query('start'));
    const end = readIndex(context.req.query('end'));
    if (start === undefined || end === undefined || start > end || start >= log.size()) return refuse(context);
    return context.json({ entries: readEntries(log, start, Math.min(end, start + MAX_ENTRIES - 1)) });
  });
}

function readEntries(log: CtLog['log'], start: number, end: number): readonly object[] {
  const records = Array.from({ length: end - start + 1 }, (_, i) => log.record(start + i));
  return records
    .filter((record) => record !== undefined)
    .map(readCtRecord)
    .map(({ leafInput, extraData }) => ({ leaf_input: encodeBase64(leafInput), extra_data: encodeBase64(extraData) }));
}
