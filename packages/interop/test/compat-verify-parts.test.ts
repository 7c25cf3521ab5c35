// SPDX-License-Identifier: Apache-2.0
// The same calls through `@sigstore/verify` and through the subpath in its place: every option and every kind of policy,
// and real bundles.

import { createPublicKey } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import * as ourBundle from '@keywax/compat/bundle';
import * as ours from '@keywax/compat/verify';
import { createLab, generateSigningKey, personaIdentity } from '@keywax/stack/lab';
import * as theirBundle from '@sigstore/bundle';
import { PublicKeyDetails, TrustedRoot } from '@sigstore/protobuf-specs';
import * as theirs from '@sigstore/verify';
import { describe, expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import type { DifferenceName } from './compat-differences.js';
import { observe, summarize } from './compat-outcome.js';

interface Call {
  readonly bundle: unknown;
  readonly artifact?: Buffer | undefined;
  readonly root: unknown;
  readonly keys?: Parameters<typeof theirs.toTrustMaterial>[1];
  readonly options?: theirs.VerifierOptions;
  readonly policy?: theirs.VerificationPolicy;
}

interface Parts {
  readonly bundle: Pick<typeof theirBundle, 'bundleFromJSON'>;
  readonly verify: Pick<typeof theirs, 'toTrustMaterial' | 'toSignedEntity'> & {
    readonly Verifier: new (
      material: never,
      options?: theirs.VerifierOptions,
    ) => { verify(entity: never, policy?: theirs.VerificationPolicy): theirs.Signer };
  };
}

const THEIRS: Parts = { bundle: theirBundle, verify: theirs };
const OURS: Parts = { bundle: ourBundle, verify: ours as never };

function run({ bundle, verify }: Parts, call: Call): theirs.Signer {
  const material = verify.toTrustMaterial(TrustedRoot.fromJSON(call.root), call.keys);
  const entity = verify.toSignedEntity(bundle.bundleFromJSON(call.bundle), call.artifact);
  return new verify.Verifier(material as never, call.options).verify(entity as never, call.policy);
}

const lab = await createLab();
const managed = generateSigningKey('P-256');
const spki = Buffer.from(managed.spki);
const hostKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
const email = await lab.makeBundle({ content: 'message', logs: 'v1' });
const both = await lab.makeBundle({ content: 'message', logs: 'both' });
const envelope = await lab.makeBundle({ content: 'dsse', logs: 'v2' });
const workflow = await lab.makeBundle({ content: 'dsse', logs: 'v1', identity: personaIdentity('github') });
const keyed = await lab.makeBundle({ content: 'message', logs: 'v1', managedKey: true, key: managed });
const hint = keyed.bundle.verificationMaterial.publicKey?.hint ?? '';
const keyFor = (validFor?: { start?: Date; end?: Date }) => ({
  [hint]: {
    rawBytes: spki,
    keyDetails: PublicKeyDetails.PKIX_ECDSA_P256_SHA_256,
    ...(validFor === undefined ? {} : { validFor: { start: undefined, ...validFor } }),
  },
});
const oid = (id: number[], value: string) => ({ oid: { id }, value: Buffer.from(value) });
const REPOSITORY = [1, 3, 6, 1, 4, 1, 57264, 1, 5];

type Row = readonly [
  name: string,
  made: { readonly bundle: object; readonly artifact: Uint8Array },
  call: Partial<Call>,
  expected: string,
];

describe('the options and policies of a Verifier', () => {
  test.each<Row>([
    ['no policy', email, {}, 'accepted'],
    ['an empty policy', email, { policy: {} }, 'accepted'],
    ['a subject as text', email, { policy: { subjectAlternativeName: 'alice@example.com' } }, 'accepted'],
    ['a part of the subject', email, { policy: { subjectAlternativeName: 'alice' } }, 'accepted'],
    ['a subject as an expression', email, { policy: { subjectAlternativeName: /^alice@example\.com$/ } }, 'accepted'],
    ['an expression with flags', email, { policy: { subjectAlternativeName: /^ALICE@/i } }, 'accepted'],
    ['a global expression', email, { policy: { subjectAlternativeName: /example/g } }, 'accepted'],
    ['a subject of another', email, { policy: { subjectAlternativeName: 'mallory' } }, 'UNTRUSTED_SIGNER_ERROR'],
    ['an expression for another', email, { policy: { subjectAlternativeName: /^https:/ } }, 'UNTRUSTED_SIGNER_ERROR'],
    ['the issuer', email, { policy: { extensions: { issuer: 'https://oidc.localhost' } } }, 'accepted'],
    ['another issuer', email, { policy: { extensions: { issuer: 'https://oidc' } } }, 'UNTRUSTED_SIGNER_ERROR'],
    [
      'an issuer that is undefined',
      email,
      { policy: { extensions: { issuer: undefined } as never } },
      'UNTRUSTED_SIGNER_ERROR',
    ],
    [
      'an extension that nobody knows',
      email,
      { policy: { extensions: { x: 'y' } as never } },
      'UNTRUSTED_SIGNER_ERROR',
    ],
    ['no extensions', email, { policy: { extensions: {} } }, 'accepted'],
    ['an extension by OID', workflow, { policy: { oids: [oid(REPOSITORY, 'octo-org/octo-repo')] } }, 'accepted'],
    [
      'an extension by OID with another value',
      workflow,
      { policy: { oids: [oid(REPOSITORY, 'octo-org/x')] } },
      'UNTRUSTED_SIGNER_ERROR',
    ],
    [
      'an extension by OID that is missing',
      email,
      { policy: { oids: [oid(REPOSITORY, 'octo-org/octo-repo')] } },
      'UNTRUSTED_SIGNER_ERROR',
    ],
    ['no extension by OID', email, { policy: { oids: [] } }, 'accepted'],
    ['tlogThreshold 2 in two logs', both, { options: { tlogThreshold: 2 } }, 'accepted'],
    ['tlogThreshold 2 in one log', email, { options: { tlogThreshold: 2 } }, 'TLOG_ERROR'],
    ['tlogThreshold 0', email, { options: { tlogThreshold: 0 } }, 'accepted'],
    ['ctlogThreshold 0', email, { options: { ctlogThreshold: 0 } }, 'accepted'],
    ['ctlogThreshold 2', email, { options: { ctlogThreshold: 2 } }, 'CERTIFICATE_ERROR'],
    ['timestampThreshold 2: a timestamp and a promise', email, { options: { timestampThreshold: 2 } }, 'accepted'],
    ['timestampThreshold 3', email, { options: { timestampThreshold: 3 } }, 'TIMESTAMP_ERROR'],
    ['timestampThreshold 2 without a promise', envelope, { options: { timestampThreshold: 2 } }, 'TIMESTAMP_ERROR'],
    ['tsaThreshold 2', envelope, { options: { tsaThreshold: 2 } }, 'TIMESTAMP_ERROR'],
    [
      'timestampThreshold before tsaThreshold',
      envelope,
      { options: { timestampThreshold: 1, tsaThreshold: 5 } },
      'accepted',
    ],
    ['a key by its hint', keyed, { keys: keyFor() }, 'accepted'],
    ['a key in its time', keyed, { keys: keyFor({ start: new Date(0) }) }, 'accepted'],
    ['a key after its time', keyed, { keys: keyFor({ end: new Date(0) }) }, 'PUBLIC_KEY_ERROR'],
    ['a key before its time', keyed, { keys: keyFor({ start: new Date(8.64e15) }) }, 'PUBLIC_KEY_ERROR'],
    [
      'a key under another hint',
      keyed,
      { keys: { other: { rawBytes: spki, keyDetails: PublicKeyDetails.PKIX_ECDSA_P256_SHA_256 } } },
      'PUBLIC_KEY_ERROR',
    ],
    ['no keys', keyed, {}, 'PUBLIC_KEY_ERROR'],
    ['a key that a function finds', keyed, { keys: () => ({ publicKey: hostKey, validFor: () => true }) }, 'accepted'],
    [
      'a key that a function finds, at no time',
      keyed,
      { keys: () => ({ publicKey: hostKey, validFor: () => false }) },
      'PUBLIC_KEY_ERROR',
    ],
    [
      'a function that throws',
      keyed,
      {
        keys: () => {
          throw new RangeError('no');
        },
      },
      'RangeError',
    ],
    [
      'a key, and a subject',
      keyed,
      { keys: keyFor(), policy: { subjectAlternativeName: 'x' } },
      'UNTRUSTED_SIGNER_ERROR',
    ],
    [
      'a key, and an issuer',
      keyed,
      { keys: keyFor(), policy: { extensions: { issuer: 'x' } } },
      'UNTRUSTED_SIGNER_ERROR',
    ],
    ['a key, and an empty policy', keyed, { keys: keyFor(), policy: {} }, 'accepted'],
    ['a message without artifact', email, { artifact: undefined }, 'SIGNATURE_ERROR'],
    ['an envelope without artifact', envelope, { artifact: undefined }, 'accepted'],
    ['another artifact', email, { artifact: Buffer.from('other') }, 'SIGNATURE_ERROR'],
  ])('%s', async (_, { bundle, artifact }, call, expected) => {
    const whole = { bundle, artifact: Buffer.from(artifact), root: lab.trustedRoot(), ...call };
    const [their, our] = [await observe(() => run(THEIRS, whole)), await observe(() => run(OURS, whole))];
    expect(summarize(their)).toBe(expected);
    expect(our).toEqual(their);
  });

  test('takes an artifact of megabytes without waiting for anything', async () => {
    const artifact = Buffer.alloc(3_000_000, 'keywax ');
    const { bundle } = await lab.makeBundle({ content: 'message', logs: 'v1', artifact });
    const call = { bundle, root: lab.trustedRoot() };
    expect(run(OURS, { ...call, artifact }).identity?.subjectAlternativeName).toBe('alice@example.com');
    expect(await observe(() => run(OURS, { ...call, artifact: artifact.subarray(1) }))).toEqual({
      error: 'VerificationError',
      code: 'SIGNATURE_ERROR',
    });
  });

  test('takes only what toTrustMaterial and toSignedEntity made (opaque-material)', () => {
    const material = ours.toTrustMaterial(TrustedRoot.fromJSON(lab.trustedRoot()));
    const entity = ours.toSignedEntity(ourBundle.bundleFromJSON(email.bundle), Buffer.from(email.artifact));
    expect(() => new ours.Verifier({ ...material }).verify(entity)).toThrow(TypeError);
    expect(() => new ours.Verifier(material).verify({ ...entity })).toThrow(TypeError);
  });
});

const CORPUS_DIFFERENCES: Readonly<
  Record<string, { readonly theirs: string; readonly ours: string; readonly row: DifferenceName }>
> = {
  'bundle-from-wrong-instance_fail': {
    theirs: 'CERTIFICATE_ERROR',
    ours: 'TLOG_INCLUSION_PROMISE_ERROR',
    row: 'order',
  },
  'incorrect-public-key_fail': { theirs: 'TLOG_INCLUSION_PROMISE_ERROR', ours: 'SIGNATURE_ERROR', row: 'order' },
  'bundle-with-root-cert_fail': { theirs: 'TypeError', ours: 'accepted', row: 'proof-without-checkpoint' },
  'rekor2-timestamp-with-incorrect-time_fail': { theirs: 'CERTIFICATE_ERROR', ours: 'ValidationError', row: 'base64' },
};

describeCorpus('bundles of the conformance suite', () => {
  const folder = corpus('conformance/bundle-verify');
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'bundle-malformed-json_fail')
    .map(({ name }) => name);

  test.each(names)('%s', async (name) => {
    const read = (file: string, otherwise: string): Buffer =>
      readFileSync(existsSync(`${folder}/${name}/${file}`) ? `${folder}/${name}/${file}` : otherwise);
    const keyPath = `${folder}/${name}/key.pub`;
    const key = existsSync(keyPath) ? createPublicKey(readFileSync(keyPath)) : undefined;
    const call: Call = {
      bundle: JSON.parse(read('bundle.sigstore.json', '').toString()),
      artifact: read('artifact', `${folder}/a.txt`),
      root: JSON.parse(read('trusted_root.json', corpus('trust/production/trusted_root.json')).toString()),
      ...(key === undefined ? {} : { keys: () => ({ publicKey: key, validFor: () => true }) }),
    };
    const [their, our] = [await observe(() => run(THEIRS, call)), await observe(() => run(OURS, call))];
    const difference = CORPUS_DIFFERENCES[name];
    if (difference === undefined) expect(our).toEqual(their);
    else expect({ theirs: summarize(their), ours: summarize(our), row: difference.row }).toEqual(difference);
  });
});

describeCorpus('bundles of other clients', () => {
  test.each([
    ['real/js/bundleV01-dsse-with-proof.sigstore', 'production'],
    ['real/js/bundleV01-full-cert-chain.sigstore', 'production'],
    ['real/js/bundleV01-intoto-no-proof.sigstore', 'production'],
    ['real/js/bundleV02-dsse.sigstore', 'production'],
    ['real/js/bundleV03-dsse.sigstore', 'production'],
    ['real/npm/bundle-provenance.json', 'production'],
    ['real/go/dsse.sigstore.json', 'production'],
    ['real/python/staging-rekor-v2.txt.sigstore.json', 'staging'],
    ['real/python/bundle_v3.txt.sigstore', 'staging'],
    ['real/python/bundle_v3_github.whl.sigstore', 'production'],
    ['real/python/bundle_no_log_entry.txt.sigstore', 'staging'],
    ['real/python/bundle_invalid_version.txt.sigstore', 'staging'],
  ])('%s', async (path, instance) => {
    const artifactPath = corpus(path.replace(/\.sigstore(\.json)?$/, ''));
    const call: Call = {
      bundle: JSON.parse(readFileSync(corpus(path), 'utf8')),
      artifact: existsSync(artifactPath) ? readFileSync(artifactPath) : undefined,
      root: JSON.parse(readFileSync(corpus(`trust/${instance}/trusted_root.json`), 'utf8')),
    };
    expect(await observe(() => run(OURS, call))).toEqual(await observe(() => run(THEIRS, call)));
  });
});
