// SPDX-License-Identifier: Apache-2.0
// From artifact to bundle: key, certificate, signature, timestamps and log entries, and at last the same verification
// that everybody else will make. Nothing is returned that does not pass it.

import { type Bundle, type LogEntry, BUNDLE_MEDIA_TYPE, encodeEnvelope } from '@keywax/bundle';
import type { AlgorithmSuite } from '@keywax/core/algorithms';
import { encodeBase64 } from '@keywax/core/bytes';
import { KeywaxError } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import { type Proposal, submitEntry } from '@keywax/rekor';
import type { Service } from '@keywax/trust';
import { requestSignerCertificate } from './certificate.js';
import { type SignableContent, describeContent, selectSigningSuite, signedBytes } from './content.js';
import { type SignRequest, provesTime } from './request.js';
import { type Signer, createEphemeralSigner } from './signer.js';
import { type Signed, verifyMade } from './self-verification.js';
import { requestTimestamp } from './timestamp-client.js';

type Material = Bundle['material'];

/**
 * Signs one content.
 * @throws CONFIG_INVALID, TOKEN_…, SERVICE_INVALID where a service answers what does not verify, NETWORK_…, OPERATION_ABORTED
 */
export async function signContent(content: SignableContent, request: SignRequest): Promise<Bundle> {
  const [bundle] = await signContents([content], request);
  return bundle as Bundle;
}

/**
 * Signs several contents with one key and one certificate.
 * @throws as `signContent`; then none of them is signed
 */
export async function signContents(
  contents: readonly SignableContent[],
  request: SignRequest,
): Promise<readonly Bundle[]> {
  checkServices(request);
  // A copy, so that the caller's later writes change nothing.
  const copies = contents.map(copyContent);
  const signer = request.signer ?? (await createEphemeralSigner());
  const suites = copies.map((content) => selectSigningSuite(content, signer.publicKey, request.services.logs));
  const material = await requestMaterial(signer, request);
  return Promise.all(
    copies.map(async (content, i) => {
      const suite = suites[i] as AlgorithmSuite;
      const signature = await signer.sign(signedBytes(content), suite);
      return witness({ content, suite, signature, material, publicKey: signer.publicKey }, request);
    }),
  );
}

/** client-spec 4.6: something has to prove when it was signed, and something that it was. */
function checkServices({ services, identity, keyHint, signer, unsafeNoLog }: SignRequest): void {
  const { logs, timestampAuthorities } = services;
  if (keyHint === undefined && identity === undefined)
    throw configError('identity', 'a source of identity tokens, or a key pair with a keyHint');
  if (keyHint !== undefined && signer === undefined) throw configError('signer', 'the key pair that keyHint names');
  if (logs.length === 0 && timestampAuthorities.length === 0 && (keyHint === undefined || unsafeNoLog !== true))
    throw configError('services', 'a log or a timestamp authority');
  if (keyHint === undefined && !provesTime(services))
    throw configError('services', 'a timestamp authority, because Rekor v2 proves no time');
}

function copyContent(content: SignableContent): SignableContent {
  return content.kind === 'message'
    ? { ...content, artifact: new Uint8Array(content.artifact) }
    : { ...content, payload: new Uint8Array(content.payload) };
}

async function requestMaterial(signer: Signer, request: SignRequest): Promise<Material> {
  if (request.keyHint !== undefined) return { kind: 'publicKey', hint: request.keyHint };
  return { kind: 'certificate', certificates: [await requestSignerCertificate(signer, request)] };
}

/** Collects timestamps and entries at once, makes the bundle and verifies it. */
async function witness(signed: Signed, request: SignRequest): Promise<Bundle> {
  const { services, transport = {} } = request;
  const controller = new AbortController();
  const linked = { ...transport, signal: linkSignal(controller, transport.signal) };
  try {
    const [timestamps, entries] = await Promise.all([
      Promise.all(
        services.timestampAuthorities.map(({ url }) =>
          requestTimestamp({ url, signature: signed.signature, transport: linked }),
        ),
      ),
      Promise.all(services.logs.map((log) => submit(log, signed, { ...request, transport: linked }))),
    ]);
    return await verifyMade(
      {
        version: '0.3',
        mediaType: BUNDLE_MEDIA_TYPE,
        material: signed.material,
        entries,
        timestamps,
        content: describeContent(signed.content, signed.suite, signed.signature),
      },
      signed,
      request,
    );
  } finally {
    // Where one service failed, the others are not waited for.
    controller.abort();
  }
}

function linkSignal(controller: AbortController, signal: AbortSignal | undefined): AbortSignal {
  return signal === undefined ? controller.signal : AbortSignal.any([controller.signal, signal]);
}

async function submit(
  log: Service,
  { content, suite, signature, material, publicKey }: Signed,
  { trust, transport = {} }: SignRequest,
): Promise<LogEntry> {
  const [leaf] = material.kind === 'certificate' ? material.certificates : [];
  const proposal: Proposal = {
    signature,
    keyDetails: suite.keyDetails,
    verifier: leaf === undefined ? { kind: 'publicKey', spki: publicKey.spki } : { kind: 'certificate', der: leaf },
    digest: { algorithm: suite.hash, value: hash(suite.hash, signedBytes(content)) },
    ...(content.kind === 'message'
      ? {}
      : { envelope: { text: encodeEnvelopeText(content, suite, signature), payload: content.payload } }),
  };
  return submitEntry(log, proposal, { ...transport, knownLogs: trust.root.logs });
}

function encodeEnvelopeText(content: SignableContent, suite: AlgorithmSuite, signature: Uint8Array): string {
  const described = describeContent(content, suite, signature);
  return described.kind === 'dsse' ? JSON.stringify(encodeEnvelope(described)) : '';
}

/** The hint that cosign and others give a key: base64 of the SHA-256 of its SPKI. */
export function describeKeyHint({ publicKey }: Signer): string {
  return encodeBase64(hash('sha256', publicKey.spki));
}

function configError(at: string, expected: string): KeywaxError {
  return new KeywaxError('CONFIG_INVALID', `${at}: expected ${expected}`, { details: { at, expected } });
}
