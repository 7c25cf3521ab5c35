// SPDX-License-Identifier: Apache-2.0
// From an artifact to a bundle: signed by one signer, then given to all witnesses at once.

import { Buffer } from 'node:buffer';
import { encodePae } from '@keywax/core/dsse';
import { KeywaxError } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import { parsePem } from '@keywax/core/pem';
import { toDSSEBundle, toMessageSignatureBundle } from '../bundle/build.js';
import type { Bundle, BundleWithDsseEnvelope, BundleWithMessageSignature } from '../bundle/records.js';
import type { KeyMaterial, Signature, Signer } from './signer.js';
import type { Witness } from './witness.js';

/** What is signed; `type` is the payload type of an envelope. */
export interface Artifact {
  data: Uint8Array;
  type?: string;
}

/** Who takes part. */
export interface BundleBuilderOptions {
  signer: Signer;
  witnesses: Witness[];
}

/** Who takes part, and the form of the result. */
export interface DSSEBundleBuilderOptions extends BundleBuilderOptions {
  /** Makes a bundle 0.2 with a chain of one certificate; 0.3 with the certificate alone unless given. */
  certificateChain?: boolean | undefined;
}

/** Makes bundles. */
export interface BundleBuilder {
  create: (artifact: Artifact) => Promise<Bundle>;
}

/** Makes bundles with a signature over the artifact itself, of version 0.2. */
export class MessageSignatureBundleBuilder implements BundleBuilder {
  readonly #options: BundleBuilderOptions;

  constructor(options: BundleBuilderOptions) {
    this.#options = options;
  }

  /** Signs an artifact. Rejects with what a signer or witness rejects with. */
  async create({ data }: Artifact): Promise<BundleWithMessageSignature> {
    const message = Buffer.from(data); // a copy, so that the caller's later writes change nothing
    const signature = await this.#options.signer.sign(message);
    const bundle = toMessageSignatureBundle({
      digest: hash('sha256', message),
      certificateChain: true,
      ...describeKey(signature),
    });
    return addEvidence(bundle, signature.key, this.#options.witnesses);
  }
}

/** Makes bundles with a signature over a DSSE envelope. */
export class DSSEBundleBuilder implements BundleBuilder {
  readonly #options: DSSEBundleBuilderOptions;

  constructor(options: DSSEBundleBuilderOptions) {
    this.#options = options;
  }

  /** Signs an artifact as the payload of an envelope. Rejects with what a signer or witness rejects with. */
  async create({ data, type: artifactType = '' }: Artifact): Promise<BundleWithDsseEnvelope> {
    const { signer, witnesses, certificateChain } = this.#options;
    const artifact = Buffer.from(data); // a copy, as above
    const signature = await signer.sign(Buffer.from(encodePae(artifactType, artifact)));
    const bundle = toDSSEBundle({ artifact, artifactType, certificateChain, ...describeKey(signature) });
    return addEvidence(bundle, signature.key, witnesses);
  }
}

/** Of a chain the first certificate counts. @throws INPUT_MALFORMED for anything but certificates in PEM, such as a key */
function describeKey({ signature, key }: Signature) {
  if (key.$case === 'publicKey') return { signature, keyHint: key.hint };
  const [leaf] = parsePem(key.certificate, 'certificate');
  if (leaf?.label === 'CERTIFICATE') return { signature, certificate: leaf.bytes };
  throw new KeywaxError('INPUT_MALFORMED', 'certificate: expected a CERTIFICATE as PEM');
}

/** Adds what the witnesses of a bundle say, in the order of the witnesses. */
async function addEvidence<T extends Bundle>(bundle: T, key: KeyMaterial, witnesses: readonly Witness[]): Promise<T> {
  const pem = key.$case === 'publicKey' ? key.publicKey : key.certificate;
  const evidence = await Promise.all(witnesses.map((witness) => witness.testify(bundle.content, pem)));
  bundle.verificationMaterial.tlogEntries = evidence.flatMap(({ tlogEntries = [] }) => tlogEntries);
  bundle.verificationMaterial.timestampVerificationData = {
    rfc3161Timestamps: evidence.flatMap(({ rfc3161Timestamps = [] }) => rfc3161Timestamps),
  };
  return bundle;
}
