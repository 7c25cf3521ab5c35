// SPDX-License-Identifier: Apache-2.0
// Calls of the parts of `@sigstore/sign` 5: signers, witnesses and builders, those of the caller among them.

import { createHash, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import type { Interceptor } from '@keywax/stack';
import { HashAlgorithm, SigningConfig } from '@sigstore/protobuf-specs';
import type { Signature, SignatureBundle, Signer, Witness } from '@sigstore/sign';
import type { SigningApi, SigningCase, World } from './compat-sign-cases.js';
import { ARTIFACT, STATEMENT, STATEMENT_TYPE } from './keywax.js';

const part = { isBundle: false } as const;

/** A signer of the caller's, with a key that it names. */
function createSigner(hint?: string, namedCurve = 'P-256', hash = 'sha256'): Signer & { readonly pem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return {
    pem,
    sign: async (data: Buffer): Promise<Signature> => ({
      signature: signBytes(hash, data, privateKey),
      key: { $case: 'publicKey', publicKey: pem, ...(hint === undefined ? {} : { hint }) },
    }),
  };
}

async function signMessage(signer: Signer): Promise<SignatureBundle> {
  const { signature } = await signer.sign(ARTIFACT);
  const digest = createHash('sha256').update(ARTIFACT).digest();
  return {
    $case: 'messageSignature',
    messageSignature: { messageDigest: { algorithm: HashAlgorithm.SHA2_256, digest }, signature },
  };
}

async function signEnvelope(signer: Signer, keyid = ''): Promise<SignatureBundle> {
  const pae = `DSSEv1 ${STATEMENT_TYPE.length} ${STATEMENT_TYPE} ${STATEMENT.length} ${STATEMENT.toString()}`;
  const { signature: sig } = await signer.sign(Buffer.from(pae));
  const envelope = { payload: STATEMENT, payloadType: STATEMENT_TYPE, signatures: [{ sig, keyid }] };
  return { $case: 'dsseEnvelope', dsseEnvelope: envelope };
}

function fulcioSigner(api: SigningApi, { stack, token }: World, keyHolder?: Signer): Signer {
  return new api.FulcioSigner({
    fulcioBaseURL: stack.urls.fulcio,
    identityProvider: { getToken: async () => token },
    ...(keyHolder === undefined ? {} : { keyHolder }),
  });
}

const SIGNER_CASES: readonly SigningCase[] = [
  { ...part, name: 'FulcioSigner', call: (api, world) => fulcioSigner(api, world).sign(ARTIFACT) },
  {
    ...part,
    name: 'FulcioSigner, twice with one key',
    call: async (api, world) => {
      const signer = fulcioSigner(api, world);
      return [await signer.sign(ARTIFACT), await signer.sign(STATEMENT)];
    },
  },
  {
    ...part,
    name: 'FulcioSigner with a key of the caller',
    call: (api, world) => fulcioSigner(api, world, createSigner()).sign(ARTIFACT),
  },
  {
    ...part,
    name: 'FulcioSigner with a P-384 key of the caller',
    call: (api, world) => fulcioSigner(api, world, createSigner(undefined, 'P-384', 'sha384')).sign(ARTIFACT),
  },
  {
    ...part,
    name: 'FulcioSigner with a key of the caller that the authority does not take',
    call: (api, world) => fulcioSigner(api, world, createSigner(undefined, 'P-224')).sign(ARTIFACT),
    differs: 'useless-keys',
  },
  {
    ...part,
    name: 'FulcioSigner with a key holder that has a certificate',
    call: (api, world) => {
      const key = { $case: 'x509Certificate', certificate: 'any' } as const;
      return fulcioSigner(api, world, { sign: async () => ({ signature: Buffer.alloc(1), key }) }).sign(ARTIFACT);
    },
  },
];

interface WitnessCase {
  readonly name: string;
  readonly make: (signer: Signer) => Promise<SignatureBundle>;
  readonly options?: Partial<ConstructorParameters<SigningApi['RekorWitness']>[0]>;
}

const witnessCases: readonly WitnessCase[] = [
  { name: 'v1, a message', make: signMessage },
  { name: 'v1, an envelope', make: signEnvelope },
  { name: 'v1, an envelope with a key id', make: (signer) => signEnvelope(signer, 'name') },
  { name: 'v1, an envelope as intoto', make: signEnvelope, options: { entryType: 'intoto' } },
  {
    name: 'v1, an envelope with a key id as intoto',
    make: (signer) => signEnvelope(signer, 'name'),
    options: { entryType: 'intoto' },
  },
  { name: 'v1, a message with entryType intoto', make: signMessage, options: { entryType: 'intoto' } },
  { name: 'another version, which counts as v1', make: signMessage, options: { majorApiVersion: 7 } },
];

const LOG_CASES: readonly SigningCase[] = [
  ...witnessCases.flatMap(({ name, make, options = {} }): SigningCase[] => [
    {
      ...part,
      name: `RekorWitness: ${name}`,
      call: async (api, { stack }) => {
        const signer = createSigner();
        const witness = new api.RekorWitness({ rekorBaseURL: stack.urls.rekorV1, ...options });
        return witness.testify(await make(signer), signer.pem);
      },
    },
    ...[undefined, true, false].map((fetchOnConflict) => ({
      ...part,
      name: `RekorWitness: ${name}, that the log has already, with fetchOnConflict ${fetchOnConflict}`,
      call: async (api: SigningApi, { stack }: World) => {
        const signer = createSigner();
        const content = await make(signer);
        const more = fetchOnConflict === undefined ? {} : { fetchOnConflict };
        const witness = new api.RekorWitness({ rekorBaseURL: stack.urls.rekorV1, ...options, ...more });
        await witness.testify(content, signer.pem);
        return witness.testify(content, signer.pem);
      },
    })),
  ]),
  ...([signMessage, signEnvelope] as const).map(
    (make): SigningCase => ({
      ...part,
      name: `RekorWitness: v2, ${make.name}`,
      call: async (api, world) => {
        const key = await fulcioSigner(api, world).sign(ARTIFACT); // theirs takes no bare key here
        const pem = key.key.$case === 'x509Certificate' ? key.key.certificate : '';
        const messageDigest = {
          algorithm: HashAlgorithm.SHA2_256,
          digest: createHash('sha256').update(ARTIFACT).digest(),
        };
        const content: SignatureBundle =
          make === signMessage
            ? { $case: 'messageSignature', messageSignature: { messageDigest, signature: key.signature } }
            : await signEnvelope(createSigner());
        return new api.RekorWitness({ rekorBaseURL: world.stack.urls.rekorV2, majorApiVersion: 2 }).testify(
          content,
          pem,
        );
      },
    }),
  ),
  {
    ...part,
    name: 'RekorWitness: v2, a bare key',
    call: async (api, { stack }) => {
      const signer = createSigner();
      const witness = new api.RekorWitness({ rekorBaseURL: stack.urls.rekorV2, majorApiVersion: 2 });
      return witness.testify(await signMessage(signer), signer.pem);
    },
    differs: 'keys-in-rekor-v2',
  },
  {
    ...part,
    name: 'RekorWitness: an entry that the log has and does not give',
    call: async (api, { stack }) => {
      const signer = createSigner();
      const content = await signMessage(signer);
      const witness = new api.RekorWitness({ rekorBaseURL: stack.urls.rekorV1 });
      await witness.testify(content, signer.pem);
      return witness.testify(content, signer.pem);
    },
    faults: {
      rekorV1: (): Interceptor => (request, next) =>
        request.method === 'GET' ? Response.json({ code: 400, message: 'no' }, { status: 400 }) : next(),
    },
  },
  {
    ...part,
    name: 'RekorWitness: a signature of another key',
    call: async (api, { stack }) =>
      new api.RekorWitness({ rekorBaseURL: stack.urls.rekorV1 }).testify(
        await signMessage(createSigner()),
        createSigner().pem,
      ),
  },
];

const TIMESTAMP_CASES: readonly SigningCase[] = [signMessage, signEnvelope].map((make) => ({
  ...part,
  name: `TSAWitness: ${make.name}`,
  call: async (api, { stack }) =>
    new api.TSAWitness({ tsaBaseURL: stack.urls.tsa }).testify(await make(createSigner())),
}));

/** A witness of the caller's that says what it was given. */
function createWitness(seen: unknown[]): Witness {
  return {
    testify: async (content, pem) => {
      seen.push([content, pem]);
      return { rfc3161Timestamps: [{ signedTimestamp: Buffer.from('stamp') }] };
    },
  };
}

const BUILDER_CASES: readonly SigningCase[] = [
  ...(['hint', '', undefined] as const).flatMap((hint) =>
    (['MessageSignatureBundleBuilder', 'DSSEBundleBuilder'] as const).map(
      (name): SigningCase => ({
        ...part,
        name: `${name} with a key named ${hint}, and a witness of the caller's`,
        call: async (api) => {
          const seen: unknown[] = [];
          const builder = new api[name]({
            signer: createSigner(hint),
            witnesses: [createWitness(seen), createWitness(seen)],
          });
          return { bundle: await builder.create({ data: ARTIFACT, type: 'text/plain' }), seen };
        },
      }),
    ),
  ),
  ...([true, false, undefined] as const).map(
    (certificateChain): SigningCase => ({
      name: `DSSEBundleBuilder with certificateChain ${certificateChain}`,
      call: async (api, world) => {
        const witnesses = [new api.RekorWitness({ rekorBaseURL: world.stack.urls.rekorV1 })];
        const chain = certificateChain === undefined ? {} : { certificateChain };
        const builder = new api.DSSEBundleBuilder({ signer: fulcioSigner(api, world), witnesses, ...chain });
        return builder.create({ data: STATEMENT, type: STATEMENT_TYPE });
      },
    }),
  ),
  {
    ...part,
    name: 'DSSEBundleBuilder without a type and without witnesses',
    call: (api) => new api.DSSEBundleBuilder({ signer: createSigner('k'), witnesses: [] }).create({ data: ARTIFACT }),
  },
  {
    ...part,
    name: 'a builder whose signer fails',
    call: (api) => {
      const signer = { sign: () => Promise.reject(new TypeError('no key')) };
      return new api.MessageSignatureBundleBuilder({ signer, witnesses: [] }).create({ data: ARTIFACT });
    },
  },
  {
    ...part,
    name: 'a builder whose witness fails',
    call: (api) => {
      const witness = { testify: () => Promise.reject(new RangeError('no time')) };
      const parts = { signer: createSigner(), witnesses: [createWitness([]), witness] };
      return new api.DSSEBundleBuilder(parts).create({ data: ARTIFACT, type: 'x' });
    },
  },
  {
    ...part,
    name: 'a builder with a witness that has nothing to say',
    call: (api) => {
      const parts = { signer: createSigner(), witnesses: [{ testify: async () => ({}) }] };
      return new api.DSSEBundleBuilder(parts).create({ data: ARTIFACT, type: 'x' });
    },
  },
];

type Config = ReturnType<typeof SigningConfig.fromJSON>;

function fromConfig(
  name: string,
  bundleType: 'messageSignature' | 'dsseEnvelope',
  { edit, rekor = 'v1', ...rest }: Partial<SigningCase> & { edit?: (config: Config) => void; rekor?: 'v1' | 'v2' } = {},
): SigningCase {
  return {
    name: `bundleBuilderFromSigningConfig: ${bundleType}, ${name}`,
    call: async (api, { stack, token }) => {
      const signingConfig = SigningConfig.fromJSON(stack.signingConfig({ rekor }));
      edit?.(signingConfig);
      const identityProvider = { getToken: async () => token };
      const builder = api.bundleBuilderFromSigningConfig({ signingConfig, identityProvider, bundleType });
      return builder.create(
        bundleType === 'messageSignature' ? { data: ARTIFACT } : { data: STATEMENT, type: STATEMENT_TYPE },
      );
    },
    ...rest,
  };
}

const past = { start: new Date(0), end: new Date(1) };

const CONFIG_CASES: readonly SigningCase[] = [
  fromConfig('Rekor v1', 'messageSignature'),
  fromConfig('Rekor v1', 'dsseEnvelope'),
  fromConfig('Rekor v2', 'messageSignature', { rekor: 'v2' }),
  fromConfig('Rekor v2', 'dsseEnvelope', { rekor: 'v2', differs: 'envelopes-in-rekor-v2' }),
  fromConfig('without a timestamp authority', 'dsseEnvelope', { edit: (config) => (config.tsaConfig = undefined) }),
  fromConfig('without a log', 'dsseEnvelope', { edit: (config) => (config.rekorTlogConfig = undefined) }),
  fromConfig('with a second authority that has ended', 'messageSignature', {
    edit: ({ caUrls: [first], caUrls }) =>
      first !== undefined && caUrls.unshift({ ...first, url: 'http://127.0.0.1:1', validFor: past }),
  }),
  fromConfig('with every log', 'messageSignature', {
    edit: ({ rekorTlogConfig }) => Object.assign(rekorTlogConfig ?? {}, { selector: 1 }),
    differs: 'selectors',
  }),
  fromConfig('with every timestamp authority', 'messageSignature', {
    edit: ({ tsaConfig }) => Object.assign(tsaConfig ?? {}, { selector: 1 }),
    differs: 'selectors',
  }),
  ...(['caUrls', 'rekorTlogUrls', 'tsaUrls'] as const).map((name) =>
    fromConfig(`whose ${name} have ended`, 'messageSignature', {
      ...part,
      edit: (config) => config[name].forEach((service) => (service.validFor = past)),
      differs: 'config-errors',
    }),
  ),
];

/** The calls of signers, witnesses and builders. */
export const PART_CASES: readonly SigningCase[] = [
  ...SIGNER_CASES,
  ...LOG_CASES,
  ...TIMESTAMP_CASES,
  ...BUILDER_CASES,
  ...CONFIG_CASES,
];
