// SPDX-License-Identifier: Apache-2.0
// How an action attests builds, with parts that it puts together itself.

import { type Bundle, type SerializedBundle, bundleToJSON } from '@sigstore/bundle';
import {
  type Artifact,
  type BundleBuilder,
  type FulcioSignerOptions,
  type IdentityProvider,
  type RekorWitnessOptions,
  type Signature,
  type SignatureBundle,
  type Signer,
  type TSAWitnessOptions,
  type VerificationMaterial,
  type Witness,
  CIContextProvider,
  DEFAULT_FULCIO_URL,
  DSSEBundleBuilder,
  FulcioSigner,
  InternalError,
  MessageSignatureBundleBuilder,
  RekorWitness,
  TSAWitness,
} from '@sigstore/sign';

const TIMEOUT = 10_000;
const RETRIES = 3;

/** Where to sign. */
export interface Services {
  fulcioURL: string;
  rekorURL?: string;
  tsaServerURL?: string;
}

/** Signs a statement, and returns the bundle as it is. */
export async function signPayload(payload: { body: Buffer; type: string }, services: Services): Promise<Bundle> {
  const artifact: Artifact = { data: payload.body, type: payload.type };
  return makeBuilder(services).create(artifact);
}

function makeBuilder({ fulcioURL, rekorURL, tsaServerURL }: Services): BundleBuilder {
  const identityProvider = new CIContextProvider('sigstore');
  const witnesses: Witness[] = [];
  const signer = new FulcioSigner({ identityProvider, fulcioBaseURL: fulcioURL, timeout: TIMEOUT, retry: RETRIES });
  if (rekorURL !== undefined) {
    witnesses.push(
      new RekorWitness({ rekorBaseURL: rekorURL, fetchOnConflict: true, timeout: TIMEOUT, retry: RETRIES }),
    );
  }
  if (tsaServerURL !== undefined) {
    witnesses.push(new TSAWitness({ tsaBaseURL: tsaServerURL, timeout: TIMEOUT, retry: RETRIES }));
  }
  return new DSSEBundleBuilder({ signer, witnesses });
}

/** The certificate of a bundle, for its summary. */
export function readCertificate(bundle: Bundle): string {
  const { content } = bundle.verificationMaterial;
  const bytes: Buffer | undefined =
    content.$case === 'certificate'
      ? content.certificate.rawBytes
      : content.$case === 'x509CertificateChain'
        ? content.x509CertificateChain.certificates[0]?.rawBytes
        : undefined;
  return bytes?.toString('base64') ?? '';
}

/** The bundle for the store, and where it was recorded. */
export function describeAttestation(bundle: Bundle): { json: SerializedBundle; tlogID: string | undefined } {
  const { tlogEntries } = bundle.verificationMaterial;
  return { json: bundleToJSON(bundle), tlogID: tlogEntries.length > 0 ? tlogEntries[0]?.logIndex : undefined };
}

/** A key service that signs. */
export class KeyService implements Signer {
  async sign(data: Buffer): Promise<Signature> {
    return { signature: data.subarray(0, 1), key: { $case: 'publicKey', publicKey: 'PEM', hint: 'name' } };
  }
}

/** A witness that only watches. */
export class Watcher implements Witness {
  async testify(content: SignatureBundle, publicKey: string): Promise<VerificationMaterial> {
    const bytes = content.$case === 'dsseEnvelope' ? content.dsseEnvelope.payload : content.messageSignature.signature;
    return {
      rfc3161Timestamps: [{ signedTimestamp: Buffer.concat([bytes, Buffer.from(publicKey)]) }],
      tlogEntries: [],
    };
  }
}

/** Tokens from elsewhere. */
export class Vault implements IdentityProvider {
  getToken = async (): Promise<string> => 'a.b.c';
}

/** Every part with every option. */
export async function signWithEverything(data: Buffer): Promise<SerializedBundle> {
  const signing: FulcioSignerOptions = {
    identityProvider: new Vault(),
    keyHolder: new KeyService(),
    fulcioBaseURL: DEFAULT_FULCIO_URL,
    retry: { retries: 1 },
  };
  const logging: RekorWitnessOptions = { majorApiVersion: 1, entryType: 'intoto', retry: false, timeout: 1 };
  const stamping: TSAWitnessOptions = { tsaBaseURL: 'https://timestamp.example' };
  const builder = new MessageSignatureBundleBuilder({
    signer: new FulcioSigner(signing),
    witnesses: [new RekorWitness(logging), new TSAWitness(stamping), new Watcher()],
  });
  const bundle = await builder.create({ data });
  const signature: Buffer = bundle.content.messageSignature.signature;
  return signature.length > 0 ? bundleToJSON(bundle) : Promise.reject(new Error('empty'));
}

/** True for errors of signing. */
export function isSigningError(error: unknown): error is InternalError {
  return error instanceof InternalError;
}

// @ts-expect-error -- a builder needs witnesses
export const witnessless: BundleBuilder = new DSSEBundleBuilder({ signer: new KeyService() });
// @ts-expect-error -- an authority needs a place
export const placeless: Witness = new TSAWitness({});
