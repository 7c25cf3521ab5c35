// SPDX-License-Identifier: Apache-2.0
// What Rekor v2 is asked to log. Requests are protobuf JSON, whose names may be written in either case.
// Refused: unknown members, algorithms that the log does not take, signatures that do not verify over the digest.

import { type AlgorithmSuite, matchSuiteKey, selectSuite } from '@keywax/core/algorithms';
import { defaultCrypto } from '@keywax/core/crypto';
import { type Decoder, arrayOf, decodeBase64Field, decodeObject, decodeString, optional } from '@keywax/core/decode';
import { encodePae } from '@keywax/core/dsse';
import { HASH_BYTES, hash } from '@keywax/core/hash';
import { type JsonValue, isJsonArray, isJsonObject } from '@keywax/core/json';
import { type Outcome, attempt, done, refused } from '../service.js';
import { type BodyVerifier, describeDsseV2, describeHashedRekordV2, encodeBody } from './body.js';
import { type ProposedVerifier, readVerifier } from './verifier.js';

const MAX_VERIFIERS = 16;
/** What a Rekor v2 log takes: keys that sign a digest, each with its own hash. */
const SUITES: ReadonlySet<string> = new Set([
  'PKIX_RSA_PKCS1V15_2048_SHA256',
  'PKIX_RSA_PKCS1V15_3072_SHA256',
  'PKIX_RSA_PKCS1V15_4096_SHA256',
  'PKIX_ECDSA_P256_SHA_256',
  'PKIX_ECDSA_P384_SHA_384',
  'PKIX_ECDSA_P521_SHA_512',
  'PKIX_ED25519_PH',
]);

interface RequestedVerifier {
  readonly keyDetails: string;
  readonly x509Certificate?: { readonly rawBytes: Uint8Array };
  readonly publicKey?: { readonly rawBytes: Uint8Array };
}

interface HashedRekordRequest {
  readonly digest: Uint8Array;
  readonly signature: { readonly content: Uint8Array; readonly verifier: RequestedVerifier };
}

interface DsseRequest {
  readonly envelope: {
    readonly payload: Uint8Array;
    readonly payloadType: string;
    readonly signatures: readonly { readonly sig: Uint8Array; readonly keyid?: string }[];
  };
  readonly verifiers: readonly RequestedVerifier[];
}

interface EntryRequest {
  readonly hashedRekordRequestV002?: HashedRekordRequest;
  readonly dsseRequestV002?: DsseRequest;
}

const decodeRawBytes = decodeObject<{ readonly rawBytes: Uint8Array }>({ rawBytes: decodeBase64Field });

const decodeVerifier: Decoder<RequestedVerifier> = decodeObject<RequestedVerifier>({
  keyDetails: decodeString,
  x509Certificate: optional(decodeRawBytes),
  publicKey: optional(decodeRawBytes),
});

const decodeEntryRequest: Decoder<EntryRequest> = decodeObject<EntryRequest>({
  hashedRekordRequestV002: optional(
    decodeObject<HashedRekordRequest>({
      digest: decodeBase64Field,
      signature: decodeObject({ content: decodeBase64Field, verifier: decodeVerifier }),
    }),
  ),
  dsseRequestV002: optional(
    decodeObject<DsseRequest>({
      envelope: decodeObject<DsseRequest['envelope']>({
        payload: decodeBase64Field,
        payloadType: decodeString,
        signatures: arrayOf(
          decodeObject<{ readonly sig: Uint8Array; readonly keyid?: string }>({
            sig: decodeBase64Field,
            keyid: optional(decodeString),
          }),
          MAX_VERIFIERS,
        ),
      }),
      verifiers: arrayOf(decodeVerifier, MAX_VERIFIERS),
    }),
  ),
});

/** Checks a request and makes the canonical body. `acceptDsse` lets the retired request for envelopes through. */
export async function acceptEntryRequest(
  value: JsonValue,
  { acceptDsse }: { readonly acceptDsse: boolean },
): Promise<Outcome<Uint8Array>> {
  const request = attempt(() => decodeEntryRequest(renameMembers(value), '$'));
  if (request === undefined) return refused(400, 'invalid request');
  const { hashedRekordRequestV002: hashedRekord, dsseRequestV002: dsse } = request;
  if (hashedRekord !== undefined && dsse === undefined) return acceptHashedRekord(hashedRekord);
  if (dsse !== undefined && hashedRekord === undefined && acceptDsse) return acceptEnvelope(dsse);
  return refused(400, 'invalid request');
}

/** `snake_case` member names as `lowerCamelCase`. */
function renameMembers(value: JsonValue): JsonValue {
  if (isJsonArray(value)) return value.map(renameMembers);
  if (!isJsonObject(value)) return value;
  const rename = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return new Map([...value].map(([name, member]) => [rename(name), renameMembers(member)]));
}

interface ReadyVerifier extends ProposedVerifier {
  readonly suite: AlgorithmSuite;
}

/** The verifier behind the key gate, with its suite; `undefined` where the log does not take it. */
function readRequestedVerifier({
  keyDetails,
  x509Certificate,
  publicKey,
}: RequestedVerifier): ReadyVerifier | undefined {
  const forms: readonly BodyVerifier[] = [
    ...(x509Certificate === undefined ? [] : [{ kind: 'certificate', der: x509Certificate.rawBytes } as const]),
    ...(publicKey === undefined ? [] : [{ kind: 'publicKey', spki: publicKey.rawBytes } as const]),
  ];
  const [form, ...others] = forms;
  const suite = SUITES.has(keyDetails) ? selectSuite(keyDetails) : undefined;
  if (form === undefined || others.length > 0 || suite === undefined) return undefined;
  const verifier = attempt(() => readVerifier(form));
  return verifier !== undefined && matchSuiteKey(suite, verifier.key) ? { ...verifier, suite } : undefined;
}

function isSigned({ key, suite }: ReadyVerifier, digest: Uint8Array, signature: Uint8Array): Promise<boolean> {
  return defaultCrypto.verify({ key, scheme: suite, signature, data: { kind: 'digest', bytes: digest } });
}

async function acceptHashedRekord({ digest, signature }: HashedRekordRequest): Promise<Outcome<Uint8Array>> {
  const verifier = readRequestedVerifier(signature.verifier);
  if (verifier === undefined || digest.length !== HASH_BYTES[verifier.suite.hash]) {
    return refused(400, 'invalid hashedrekord request');
  }
  if (!(await isSigned(verifier, digest, signature.content))) return refused(400, 'invalid signature');
  const signed = { algorithm: verifier.suite.hash, digest, signature: signature.content, verifier: verifier.verifier };
  return done(encodeBody(describeHashedRekordV2(signed, verifier.suite.keyDetails)));
}

async function acceptEnvelope({ envelope, verifiers }: DsseRequest): Promise<Outcome<Uint8Array>> {
  const ready = verifiers.map(readRequestedVerifier).filter((verifier) => verifier !== undefined);
  const pae = encodePae(envelope.payloadType, envelope.payload);
  const signatures = [];
  for (const { sig } of envelope.signatures) {
    const signer = await findSigner(ready, pae, sig);
    if (signer === undefined) return refused(400, 'invalid signature');
    signatures.push({ signature: sig, verifier: signer.verifier, keyDetails: signer.suite.keyDetails });
  }
  if (signatures.length === 0 || ready.length !== verifiers.length) return refused(400, 'invalid dsse request');
  return done(encodeBody(describeDsseV2(envelope.payload, signatures)));
}

async function findSigner(
  verifiers: readonly ReadyVerifier[],
  pae: Uint8Array,
  signature: Uint8Array,
): Promise<ReadyVerifier | undefined> {
  for (const verifier of verifiers) {
    if (await isSigned(verifier, hash(verifier.suite.hash, pae), signature)) return verifier;
  }
  return undefined;
}
