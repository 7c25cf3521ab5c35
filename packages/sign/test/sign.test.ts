// SPDX-License-Identifier: Apache-2.0

import { generateKeyPairSync, hash } from 'node:crypto';
import { type SerializedBundle, encodeBundle } from '@keywax/bundle';
import type { KeyDetails } from '@keywax/core/algorithms';
import { provideToken } from '@keywax/identity';
import {
  type SignRequest,
  type SignableContent,
  createEphemeralSigner,
  createKeySigner,
  describeKeyHint,
  signContent,
  signContents,
} from '@keywax/sign';
import { type Stack, startStack } from '@keywax/stack';
import { type SelectedServices, decodeSigningConfig, decodeTrustedRoot, selectServices } from '@keywax/trust';
import { type IdentityPolicy, prepareTrust, unsafeNoLog, verifyBundle } from '@keywax/verify';
import { afterAll, describe, expect, test } from 'vitest';

const stack = await startStack();
afterAll(() => stack.close());

const ARTIFACT = Buffer.from('an artifact\n');
const STATEMENT = Buffer.from(
  JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'artifact', digest: { sha256: hash('sha256', ARTIFACT) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {},
  }),
);
const CONTENTS = {
  message: { kind: 'message', artifact: ARTIFACT },
  dsse: { kind: 'dsse', payload: STATEMENT },
} as const satisfies Record<string, SignableContent>;

type Logs = 'v1' | 'v2' | 'both';
const LOGS: readonly Logs[] = ['v1', 'v2', 'both'];
const KINDS = {
  message: {
    v1: ['hashedrekord/0.0.1'],
    v2: ['hashedrekord/0.0.2'],
    both: ['hashedrekord/0.0.1', 'hashedrekord/0.0.2'],
  },
  dsse: { v1: ['dsse/0.0.1'], v2: ['hashedrekord/0.0.2'], both: ['dsse/0.0.1', 'hashedrekord/0.0.2'] },
} as const;
const ALICE: IdentityPolicy = { issuer: stack.urls.oidc, subject: 'alice@example.com' };

const P256 = 'PKIX_ECDSA_P256_SHA_256';
const P384 = 'PKIX_ECDSA_P384_SHA_384';
const P521 = 'PKIX_ECDSA_P521_SHA_512';
const ED25519 = 'PKIX_ED25519';
const SIGNED = 'signed';
/** Rekor v1 verifies envelopes with SHA-256 whatever the key, and no other client signs P-384 with it. */
const SHA256_ALONE = /Rekor v1 verifies envelopes with it alone/;
/** Rekor v1 verifies an envelope as Ed25519, Rekor v2 its digest as Ed25519ph: no signature is both. */
const TWO_FORMS = /one form of Ed25519/;

/** What comes of each content and key, by the logs that are to record it: v1, v2, both. */
const OUTCOMES: readonly (readonly ['message' | 'dsse', KeyDetails, ...(typeof SIGNED | RegExp)[]])[] = [
  ['message', P256, SIGNED, SIGNED, SIGNED],
  ['message', P384, SIGNED, SIGNED, SIGNED],
  ['message', P521, SIGNED, SIGNED, SIGNED],
  ['message', ED25519, SIGNED, SIGNED, SIGNED],
  ['dsse', P256, SIGNED, SIGNED, SIGNED],
  ['dsse', P384, SHA256_ALONE, SIGNED, SHA256_ALONE],
  ['dsse', P521, SHA256_ALONE, SIGNED, SHA256_ALONE],
  ['dsse', ED25519, SIGNED, SIGNED, TWO_FORMS],
];
const ROUND_TRIPS = OUTCOMES.flatMap(([content, algorithm, ...outcomes]) =>
  LOGS.map((logs, i) => ({ content, algorithm, logs, outcome: outcomes[i] ?? SIGNED })),
);

describe.each([
  ['a public key and a proof of possession', false],
  ['a signing request', true],
])('a certificate for %s', (_, csr) => {
  test.each(ROUND_TRIPS.filter(({ outcome }) => outcome === SIGNED))(
    'signs a $content with $algorithm into Rekor $logs, and the bundle verifies',
    async ({ content, algorithm, logs }) => {
      const request = await requestFor(logs, { csr, signer: await createEphemeralSigner(algorithm) });
      const bundle = await signContent(CONTENTS[content], request);
      expect(bundle.entries.map(({ kind, version }) => `${kind}/${version}`)).toEqual(KINDS[content][logs]);
      const { signer, times, statement } = await verifyAnew(encodeBundle(bundle), { logs, identity: ALICE });
      expect(signer).toMatchObject({ kind: 'certificate', identity: { subject: 'alice@example.com' } });
      expect(times.map(({ source }) => source)).toEqual(logs === 'v2' ? ['timestamp'] : ['timestamp', 'log']);
      expect(statement?.predicateType).toBe(content === 'dsse' ? 'https://slsa.dev/provenance/v1' : undefined);
    },
  );
});

describe('nothing is asked of a service where the logs cannot record the signature', () => {
  test.each(ROUND_TRIPS.filter(({ outcome }) => outcome !== SIGNED))(
    '$content with $algorithm into Rekor $logs',
    async ({ content, algorithm, logs, outcome }) => {
      const fetch = () => Promise.reject(new Error('a request was sent'));
      const signer = await createEphemeralSigner(algorithm);
      const request = { ...(await requestFor(logs, { signer })), transport: { fetch } };
      await expect(signContent(CONTENTS[content], request)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(outcome),
      });
    },
  );
});

describe('a key pair', () => {
  const KEYS = {
    'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    Ed25519: generateKeyPairSync('ed25519'),
    'RSA 3072': generateKeyPairSync('rsa', { modulusLength: 3_072 }),
  } as const;
  const pemOf = (name: keyof typeof KEYS) => ({
    privateKey: KEYS[name].privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: KEYS[name].publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  });
  const cases = (Object.keys(KEYS) as (keyof typeof KEYS)[]).flatMap((name) =>
    (['message', 'dsse'] as const).flatMap((content) =>
      (['v1', 'v2'] as const).map((logs) => ({ name, content, logs })),
    ),
  );

  test.each(cases)(
    '$name signs a $content into Rekor $logs, without a certificate',
    async ({ name, content, logs }) => {
      const { privateKey, publicKey } = pemOf(name);
      const signer = await createKeySigner(privateKey);
      const keyHint = describeKeyHint(signer);
      const bundle = encodeBundle(await signContent(CONTENTS[content], await requestFor(logs, { signer, keyHint })));
      expect(bundle.verificationMaterial.publicKey).toEqual({ hint: keyHint });
      const identity = { key: publicKey };
      const { signer: proven } = await verifyAnew(bundle, { logs, identity });
      expect(proven).toMatchObject({ kind: 'key', hint: keyHint });
    },
  );

  const UNSERVED = { logs: [], timestampAuthorities: [] } as const;

  test.each([
    ['P-256', 'message'],
    ['P-256', 'dsse'],
    ['Ed25519', 'message'],
    ['Ed25519', 'dsse'],
    ['RSA 3072', 'message'],
  ] as const)('%s signs a %s without any service, where that is said', async (name, content) => {
    const { privateKey, publicKey } = pemOf(name);
    const signer = await createKeySigner(privateKey);
    const request: SignRequest = {
      services: UNSERVED,
      trust: prepareTrust(decodeTrustedRoot(stack.trustedRoot)),
      signer,
      keyHint: describeKeyHint(signer),
    };
    await expect(signContent(CONTENTS[content], request)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const bundle = await signContent(CONTENTS[content], { ...request, unsafeNoLog: true });
    const verification = { trust: request.trust, artifact: ARTIFACT, identity: { key: publicKey }, now: new Date() };
    const text = JSON.stringify(encodeBundle(bundle));
    await verifyBundle(text, { ...verification, logThreshold: unsafeNoLog });
    await expect(verifyBundle(text, verification)).rejects.toMatchObject({ code: 'LOG_THRESHOLD' });
    await expect(verifyBundle(text, { ...verification, logThreshold: 'none' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  test('has to be there where there is no authority for certificates', async () => {
    const { services, ...request } = await requestFor('v1');
    const { certificateAuthority: _, ...rest } = services;
    await expect(signContent(CONTENTS.message, { ...request, services: rest })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    const signer = await createKeySigner(pemOf('P-256').privateKey);
    await signContent(CONTENTS.message, { ...request, services: rest, signer, keyHint: 'mine' });
  });

  test('gets a certificate where no hint is given', async () => {
    const signer = await createKeySigner(pemOf('RSA 3072').privateKey);
    const bundle = await signContent(CONTENTS.message, await requestFor('v1', { signer }));
    await verifyAnew(encodeBundle(bundle), { logs: 'v1', identity: ALICE });
  });
});

test('several contents share one key and one certificate', async () => {
  const bundles = await signContents([CONTENTS.message, CONTENTS.dsse], await requestFor('v2'));
  const [message, envelope] = bundles.map(encodeBundle);
  expect(message?.verificationMaterial.certificate).toEqual(envelope?.verificationMaterial.certificate);
  for (const bundle of [message, envelope]) if (bundle) await verifyAnew(bundle, { logs: 'v2', identity: ALICE });
  expect(bundles).toHaveLength(2);
});

test('the identity of a workflow is certified with what its token says', async () => {
  const identity = provideToken(await stack.mintToken({ kind: 'gitlab' }));
  const bundle = await signContent(CONTENTS.message, { ...(await requestFor('v1')), identity });
  await verifyAnew(encodeBundle(bundle), {
    logs: 'v1',
    identity: {
      issuer: `${stack.urls.oidc}/gitlab`,
      subject: 'https://gitlab.com/group/project//.gitlab-ci.yml@refs/heads/main',
      sourceRepositoryUri: 'https://gitlab.com/group/project',
    },
  });
});

async function requestFor(logs: Logs, rest: Partial<SignRequest> = {}): Promise<SignRequest> {
  return {
    services: servicesFor(stack, logs),
    trust: prepareTrust(decodeTrustedRoot(stack.trustedRoot)),
    transport: { allowHttp: 'loopback' },
    identity: provideToken(await stack.mintToken({ kind: 'email' })),
    ...rest,
  };
}

/** A selection takes the newest version of Rekor; both at once are the caller's own choice. */
function servicesFor(instance: Stack, logs: Logs): SelectedServices {
  const select = (rekor: 'v1' | 'v2') =>
    selectServices(decodeSigningConfig(instance.signingConfig({ rekor })), new Date());
  if (logs !== 'both') return select(logs);
  return { ...select('v2'), logs: [...select('v1').logs, ...select('v2').logs] };
}

/** Verifies a bundle that has been written and read again, against a trust root that has as well. */
function verifyAnew(bundle: SerializedBundle, { logs, identity }: { logs: Logs; identity: IdentityPolicy }) {
  return verifyBundle(JSON.stringify(bundle), {
    trust: prepareTrust(decodeTrustedRoot(JSON.stringify(stack.trustedRoot))),
    artifact: ARTIFACT,
    identity,
    now: new Date(),
    logThreshold: logs === 'both' ? 2 : 1,
    timestampThreshold: 1,
  });
}
