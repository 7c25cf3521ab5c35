// SPDX-License-Identifier: Apache-2.0
// What is proposed to a log for a signature.

import type { EntryVerifier } from '@keywax/bundle';
import { defaultSuite } from '@keywax/core/algorithms';
import { encodePae } from '@keywax/core/dsse';
import { KeywaxError } from '@keywax/core/errors';
import { type HashName, hash } from '@keywax/core/hash';
import { parsePublicKey } from '@keywax/core/key';
import { parsePem } from '@keywax/core/pem';
import { parseCertificate } from '@keywax/core/x509';
import type { Proposal } from '@keywax/rekor';
import { envelopeToJSON } from '../bundle/json.js';
import type { Envelope, MessageSignature } from '../bundle/records.js';
import type { SignatureBundle } from './witness.js';

/** Numbers of hash algorithms in protobuf. */
const HASH_NAMES: ReadonlyMap<number, HashName> = new Map([
  [1, 'sha256'],
  [2, 'sha384'],
  [3, 'sha512'],
]);

/**
 * Describes a signature for a log.
 * @throws INPUT_MALFORMED, INPUT_UNSUPPORTED, KEY_REJECTED for a key or digest that no log records
 */
export function makeProposal(content: SignatureBundle, pem: string): Proposal {
  const verifier = readVerifier(pem);
  const { keyDetails, hash: hashName } = selectSuite(verifier);
  return content.$case === 'messageSignature'
    ? { verifier, keyDetails, ...describeMessage(content.messageSignature) }
    : { verifier, keyDetails, ...describeEnvelope(content.dsseEnvelope, hashName) };
}

/** The certificate or key in PEM. @throws INPUT_MALFORMED */
export function readVerifier(pem: string): EntryVerifier {
  const [block] = parsePem(pem, 'publicKey');
  if (block?.label === 'CERTIFICATE') return { kind: 'certificate', der: block.bytes };
  if (block?.label === 'PUBLIC KEY') return { kind: 'publicKey', spki: block.bytes };
  throw new KeywaxError('INPUT_MALFORMED', 'publicKey: expected a CERTIFICATE or a PUBLIC KEY as PEM');
}

/** The algorithm in which a log that records digests verifies with this key. */
function selectSuite(verifier: EntryVerifier) {
  const spki = verifier.kind === 'certificate' ? parseCertificate(verifier.der, 'certificate').spki : verifier.spki;
  return defaultSuite(parsePublicKey(spki, 'publicKey'), { prehash: true });
}

function describeMessage({ messageDigest, signature }: MessageSignature): Pick<Proposal, 'signature' | 'digest'> {
  const algorithm = HASH_NAMES.get(messageDigest.algorithm);
  if (algorithm === undefined)
    throw new KeywaxError('INPUT_UNSUPPORTED', 'messageDigest.algorithm: expected SHA-256, SHA-384 or SHA-512');
  return { signature, digest: { algorithm, value: messageDigest.digest } };
}

function describeEnvelope(
  envelope: Envelope,
  algorithm: HashName,
): Pick<Proposal, 'signature' | 'digest' | 'envelope'> {
  const { payload, payloadType } = envelope;
  return {
    signature: readSignature(envelope).sig,
    digest: { algorithm, value: hash(algorithm, encodePae(payloadType, payload)) },
    envelope: { text: JSON.stringify(envelopeToJSON(envelope)), payload },
  };
}

/** The one signature of an envelope. @throws INPUT_UNSUPPORTED */
export function readSignature({ signatures }: Envelope): Envelope['signatures'][number] {
  const [signature] = signatures;
  if (signature !== undefined && signatures.length === 1) return signature;
  throw new KeywaxError('INPUT_UNSUPPORTED', 'envelope: expected exactly one signature');
}
