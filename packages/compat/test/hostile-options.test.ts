// SPDX-License-Identifier: Apache-2.0
// Options and arguments of types that they do not have: each is refused, and none makes a demand disappear.

import { Buffer } from 'node:buffer';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { createLab, generateSigningKey, personaIdentity } from '@keywax/stack/lab';
import { describe, expect, test } from 'vitest';
import { bundleFromJSON } from '../src/bundle.js';
import { type CompatEvent, type VerifyOptions, createVerifier, verify } from '../src/index.js';
import { trustedRootFromJSON } from '../src/trust/json.js';
import { Verifier, toSignedEntity, toTrustMaterial } from '../src/verify.js';

const lab = await createLab();
const trustedRoot = lab.trustedRoot();
const message = await lab.makeBundle({ content: 'message', logs: 'v1' });
const envelope = await lab.makeBundle({ content: 'dsse', logs: 'v1', identity: personaIdentity('github') });
const unlogged = await lab.makeBundle({ content: 'message', logs: 'none' });
const key = generateSigningKey('P-256');
const managed = await lab.makeBundle({ content: 'message', logs: 'v1', managedKey: true, key });
const sha256 = createHash('sha256').update(message.artifact).digest('hex');

type Loose = (...given: readonly unknown[]) => Promise<unknown>;

/** `accepted`, or the code of the error. */
async function outcomeOf(call: () => unknown): Promise<string> {
  try {
    await call();
    return 'accepted';
  } catch (error) {
    return (error as { readonly code?: string }).code ?? (error as Error).name;
  }
}

function hintOf(bundle: object): string {
  return (bundle as { verificationMaterial: { publicKey: { hint: string } } }).verificationMaterial.publicKey.hint;
}

/** Calls both ways of verifying. */
async function verifyTwice(made: { readonly bundle: object }, data: unknown, options: object): Promise<string> {
  const whole = Object.assign(options, { trustedRoot });
  const once = await outcomeOf(() => (verify as Loose)(made.bundle, data, whole));
  const twice = await outcomeOf(async () => (await createVerifier(whole)).verify(made.bundle as never, data as never));
  expect(twice).toBe(once);
  return once;
}

describe('thresholds', () => {
  test.each([null, undefined])('of %s are 1', async (none) => {
    expect(await verifyTwice(unlogged, unlogged.artifact, { tlogThreshold: none })).toBe('TLOG_ERROR');
    expect(await verifyTwice(message, message.artifact, { ctLogThreshold: none })).toBe('accepted');
  });

  test.each([['1'], ['0'], [''], [false], [true], [[]], [{}], [0n]])('of %o are refused', async (value) => {
    for (const name of ['tlogThreshold', 'ctLogThreshold', 'timestampThreshold'])
      expect(await verifyTwice(unlogged, unlogged.artifact, { [name]: value })).toBe('CONFIG_INVALID');
  });

  test.each([
    [0.5, 'TLOG_ERROR'],
    [Number.NaN, 'TLOG_ERROR'],
    [Number.POSITIVE_INFINITY, 'TLOG_ERROR'],
    [-1, 'accepted'],
  ])('tlogThreshold %d without an entry: %s', async (tlogThreshold, expected) => {
    expect(await verifyTwice(unlogged, unlogged.artifact, { tlogThreshold })).not.toBe(
      expected === 'accepted' ? 'TLOG_ERROR' : 'accepted',
    );
  });
});

describe('demands on the identity', () => {
  const texts = [
    'certificateIssuer',
    'certificateIdentityEmail',
    'certificateIdentityURI',
    'certificateIdentity',
    'certificateIdentityRegexp',
    'certificateOidcIssuer',
    'certificateOidcIssuerRegexp',
  ];

  test.each([[{}], [{ pattern: '.*' }], [['.*']], [7], [0], [true], [false], [() => '.*']])(
    'of %o are refused',
    async (value) => {
      for (const name of texts)
        expect(await verifyTwice(message, message.artifact, { [name]: value })).toBe('CONFIG_INVALID');
    },
  );

  test.each([
    [/^alice@/, 'accepted'],
    [/^ALICE@/i, 'accepted'],
    [/^mallory@/g, 'UNTRUSTED_SIGNER_ERROR'],
    [runInNewContext('/^mallory@/') as RegExp, 'UNTRUSTED_SIGNER_ERROR'],
  ])('by the expression %s: %s', async (certificateIdentityEmail, expected) => {
    expect(await verifyTwice(message, message.artifact, { certificateIdentityEmail })).toBe(expected);
  });

  test.each([
    [new Map([['1.2.3', 'x']])],
    [[['1.2.3', 'x']]],
    ['1.2.3=x'],
    [7],
    [true],
    [{ '1.2.3': undefined }],
    [{ '1.2.3': 7 }],
  ])('certificateOIDs of %o are refused', async (certificateOIDs) => {
    const outcome = await verifyTwice(message, message.artifact, { certificateOIDs });
    expect(['CONFIG_INVALID', 'TypeError']).toContain(outcome);
  });

  test.each([
    [Buffer.from('octo-org/octo-repo'), 'accepted'],
    [Buffer.from('octo-org/octo-rep'), 'UNTRUSTED_SIGNER_ERROR'],
    [Buffer.alloc(0), 'UNTRUSTED_SIGNER_ERROR'],
    ['octo-org', 'UNTRUSTED_SIGNER_ERROR'],
  ])('certificateOIDs with the value %o: %s', async (value, expected) => {
    const certificateOIDs = { '1.3.6.1.4.1.57264.1.5': value };
    expect(await verifyTwice(envelope, undefined, { certificateOIDs })).toBe(expected);
  });

  test('that come from a class, or from defaults, count', async () => {
    class Options {
      get certificateIssuer(): string {
        return 'https://other';
      }
    }
    const defaults = Object.assign(Object.create(null) as object, { certificateIssuer: 'https://other' });
    const hidden = Object.defineProperty({}, 'certificateIssuer', { value: 'https://other' });
    for (const options of [
      new Options(),
      Object.create({ certificateIssuer: 'https://other' }),
      Object.create(defaults),
      hidden,
    ])
      expect(await verifyTwice(message, message.artifact, options as object)).toBe('UNTRUSTED_SIGNER_ERROR');
  });

  test('are read once', async () => {
    let reads = 0;
    const options = {
      trustedRoot,
      get certificateIssuer(): string {
        return reads++ === 0 ? 'https://other' : 'https://oidc.localhost';
      },
    };
    const outcome = await outcomeOf(() => verify(message.bundle as never, message.artifact, options));
    expect([outcome, reads]).toEqual(['UNTRUSTED_SIGNER_ERROR', 1]);
  });
});

describe('the arguments', () => {
  const demanding: VerifyOptions = { trustedRoot, certificateIssuer: 'https://other' };
  const others = [
    'text',
    'a'.repeat(9),
    7,
    null,
    [1, 2],
    {},
    { sha256 },
    new ArrayBuffer(8),
    new DataView(new ArrayBuffer(8)),
  ];

  test.each(others.map((value) => [value]))('data that is %o never takes the place of options', async (data) => {
    for (const { bundle } of [message, envelope])
      expect(await outcomeOf(() => (verify as Loose)(bundle, data, demanding))).not.toBe('accepted');
  });

  test.each([['text'], [7], [null], [[1, 2]], [new ArrayBuffer(8)], [Promise.resolve({})], [new Map()], [() => ({})]])(
    'options that are %o are refused',
    async (options) => {
      expect(await outcomeOf(() => (verify as Loose)(envelope.bundle, options))).toBe('TypeError');
      expect(await outcomeOf(() => (createVerifier as Loose)(options))).toBe('TypeError');
    },
  );

  test('digests are not taken for data', async () => {
    const verifier = await createVerifier({ trustedRoot });
    const entity = (artifact: unknown) => toSignedEntity(bundleFromJSON(message.bundle), artifact as never);
    for (const data of [{ sha256 }, { sha256: Buffer.from(sha256, 'hex') }]) {
      expect(await outcomeOf(() => verifier.verify(message.bundle as never, data as never))).toBe('CONFIG_INVALID');
      expect(await outcomeOf(() => entity(data))).toBe('CONFIG_INVALID');
    }
  });

  test('a digest beside data is refused, not passed over', async () => {
    const digest = { sha256: createHash('sha256').update('other').digest() };
    for (const made of [message, envelope])
      expect(await verifyTwice(made, made.artifact, { digest })).toBe('CONFIG_INVALID');
  });

  test('bytes of another realm, and shared ones, are data', async () => {
    const foreign = runInNewContext('Uint8Array.from(bytes)', { bytes: [...message.artifact] }) as Uint8Array;
    const shared = new Uint8Array(new SharedArrayBuffer(message.artifact.length));
    shared.set(message.artifact);
    for (const data of [foreign, shared]) expect(await verifyTwice(message, data, {})).toBe('accepted');
    shared[0] = 0;
    expect(await verifyTwice(message, shared, {})).toBe('SIGNATURE_ERROR');
  });
});

describe('keySelector', () => {
  const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(key.spki).toString('base64')}\n-----END PUBLIC KEY-----\n`;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const secret = privateKey.export({ format: 'pem', type: 'pkcs8' });

  test.each([
    ['a promise', Promise.resolve(pem)],
    ['two keys', pem + pem],
    ['a private key', secret],
    ['the DER of a private key', privateKey.export({ format: 'der', type: 'pkcs8' })],
    ['null', null],
    ['a number', 7],
    ['a record', { publicKey: pem }],
    ['a key with text before it', `key:\n${pem}`],
  ])('that answers with %s finds no key', async (_, answer) => {
    const options = { keySelector: () => answer };
    expect(await verifyTwice(managed, managed.artifact, options)).toBe('PUBLIC_KEY_ERROR');
    const error = await (verify as Loose)(managed.bundle, managed.artifact, options).catch((thrown: unknown) => thrown);
    expect(`${(error as Error).message} ${(error as Error).stack}`).not.toContain(secret.slice(30, 60));
  });

  test('that is no function finds no key', async () => {
    for (const keySelector of [pem, {}, 7, true])
      expect(await verifyTwice(managed, managed.artifact, { keySelector })).not.toBe('accepted');
  });

  test('names the hint so that a terminal can show it', async () => {
    const bundle = structuredClone(managed.bundle) as { verificationMaterial: { publicKey: { hint: string } } };
    bundle.verificationMaterial.publicKey.hint = '\u001b[31mred';
    const error = await verify(bundle as never, managed.artifact, { trustedRoot }).catch((thrown: unknown) => thrown);
    expect((error as Error).message).toBe('key not found: "\\u001b[31mred"');
  });
});

describe('the Verifier', () => {
  const root = trustedRootFromJSON(trustedRoot);
  const verifyWith = (options: object, policy: object = {}, made = message) =>
    outcomeOf(() =>
      new Verifier(toTrustMaterial(root), options).verify(
        toSignedEntity(bundleFromJSON(made.bundle), made.artifact),
        policy,
      ),
    );

  test.each(['tlogThreshold', 'ctlogThreshold', 'timestampThreshold', 'tsaThreshold'])(
    '%s is a number',
    async (name) => {
      for (const value of ['0', '', false, []]) expect(await verifyWith({ [name]: value })).toBe('CONFIG_INVALID');
      expect(await verifyWith({ [name]: null })).toBe('accepted');
    },
  );

  test('demands a log where the threshold is null', async () => {
    expect(await verifyWith({ tlogThreshold: null }, {}, unlogged)).toBe('TLOG_ERROR');
  });

  test.each([
    [{ extensions: Object.create({ issuer: 'https://other' }) as object }],
    [Object.create({ extensions: { issuer: 'https://other' } }) as object],
    [{ extensions: { issuer: undefined } }],
    [{ extensions: { issuer: { pattern: '.*' } } }],
    [{ extensions: { runner: 'x' } }],
  ])('a policy %o that the signer does not meet is refused', async (policy) => {
    expect(await verifyWith({}, policy)).toBe('UNTRUSTED_SIGNER_ERROR');
  });

  test.each([[{}], [{ pattern: '.*' }], [7], [true]])('a subjectAlternativeName of %o is refused', async (name) => {
    expect(await verifyWith({}, { subjectAlternativeName: name })).toBe('CONFIG_INVALID');
  });

  const ended = { start: new Date(0), end: new Date(1_000) };

  test('refuses a key that has ended where nothing proves when it signed', async () => {
    const made = await lab.makeBundle({
      content: 'message',
      logs: 'none',
      managedKey: true,
      key,
      steps: { timestamps: () => [] },
    });
    const verifyAt = (validFor: { start: Date; end?: Date } | undefined) =>
      outcomeOf(() =>
        new Verifier(
          toTrustMaterial(root, {
            [hintOf(managed.bundle)]: { rawBytes: Buffer.from(key.spki), keyDetails: 5, validFor },
          }),
          {
            tlogThreshold: 0,
            timestampThreshold: 0,
          },
        ).verify(toSignedEntity(bundleFromJSON(made.bundle), made.artifact)),
      );
    expect(await verifyAt(undefined)).toBe('accepted');
    expect(await verifyAt({ start: new Date(0) })).toBe('accepted');
    expect(await verifyAt(ended)).toBe('PUBLIC_KEY_ERROR');
  });

  test.each([[() => Promise.resolve(true)], [() => 1], [() => undefined]])(
    'takes %s for no validity',
    async (validFor) => {
      const { publicKey } = toTrustMaterial(root, {
        [hintOf(managed.bundle)]: { rawBytes: Buffer.from(key.spki), keyDetails: 5 },
      });
      const material = toTrustMaterial(root, (hint) => ({ ...publicKey(hint), validFor: validFor as never }));
      const entity = toSignedEntity(bundleFromJSON(managed.bundle), managed.artifact);
      expect(await outcomeOf(() => new Verifier(material).verify(entity))).toBe('PUBLIC_KEY_ERROR');
    },
  );
});

describe('the event identityUnanchored', () => {
  test.each([
    ['^alice@example\\.com$', []],
    ['^(?:alice|bob)@example\\.com$', []],
    ['^alice@example\\.com[|]?$', []],
    ['^alice|bob$', ['identityUnanchored']],
    ['^alice@example\\.com\\$|alice', ['identityUnanchored']],
    ['^alice.*\\$?', ['identityUnanchored']],
    [/^alice@example\.com$/m, ['identityUnanchored']],
    ['alice', ['identityUnanchored']],
  ])('of %s: %j', async (certificateIdentityEmail, kinds) => {
    const events: CompatEvent[] = [];
    const onEvent = (event: CompatEvent): number => events.push(event);
    await (verify as Loose)(message.bundle, message.artifact, { trustedRoot, certificateIdentityEmail, onEvent });
    expect(events.map(({ kind }) => kind)).toEqual(kinds);
  });

  test('a listener that throws ends the call', async () => {
    const onEvent = (): never => {
      throw new RangeError('no');
    };
    expect(await verifyTwice(message, message.artifact, { onEvent })).toBe('RangeError');
  });
});

describe('bundles that change, or are not what they seem', () => {
  const root = trustedRootFromJSON(trustedRoot);
  const verifyEntity = (entity: ReturnType<typeof toSignedEntity>) =>
    outcomeOf(() => new Verifier(toTrustMaterial(root)).verify(entity));

  test('what is written into a bundle after it was joined with its artifact changes nothing', async () => {
    const bundle = bundleFromJSON(message.bundle);
    const entity = toSignedEntity(bundle, message.artifact);
    if (bundle.content.$case === 'messageSignature') bundle.content.messageSignature.signature.fill(0);
    for (const entry of bundle.verificationMaterial.tlogEntries) entry.canonicalizedBody.fill(0);
    bundle.verificationMaterial.tlogEntries.length = 0;
    entity.signature.signature.fill(0);
    expect(await verifyEntity(entity)).toBe('accepted');
  });

  test('the artifact counts as it is when it is verified', async () => {
    const artifact = Buffer.from(message.artifact);
    const entity = toSignedEntity(bundleFromJSON(message.bundle), artifact);
    artifact.fill(0);
    expect(await verifyEntity(entity)).toBe('SIGNATURE_ERROR');
  });

  test.each<[string, (bundle: ReturnType<typeof bundleFromJSON>) => unknown]>([
    ['no kind', (bundle) => Object.assign(bundle.content, { $case: 'other' })],
    ['the kind of the other content', (bundle) => Object.assign(bundle.content, { $case: 'dsseEnvelope' })],
    ['no kind of key', ({ verificationMaterial }) => Object.assign(verificationMaterial.content, { $case: 'other' })],
    [
      'the kind of another key',
      ({ verificationMaterial }) => Object.assign(verificationMaterial.content, { $case: 'publicKey' }),
    ],
  ])('one whose $case says %s is refused', async (_name, edit) => {
    const bundle = bundleFromJSON(message.bundle);
    edit(bundle);
    const outcome = await outcomeOf(async () => {
      new Verifier(toTrustMaterial(root)).verify(toSignedEntity(bundle, message.artifact));
    });
    expect(outcome).not.toBe('accepted');
  });

  test.each([
    ['inherits its members', () => Object.create(message.bundle) as object],
    ['is of a class', () => Object.assign(new Error('bundle'), message.bundle)],
    ['is text', () => JSON.stringify(message.bundle)],
    ['is bytes', () => Buffer.from(JSON.stringify(message.bundle))],
    ['is a list', () => [message.bundle]],
    ['is a promise', () => Promise.resolve(message.bundle)],
  ])('one that %s is refused', async (_name, make) => {
    expect(await verifyTwice({ bundle: make() as object }, message.artifact, {})).toBe('ValidationError');
  });

  test.each(['messageSignature', 'verificationMaterial'] as const)(
    'one whose %s is another with each look is judged by one of them',
    async (name) => {
      const other: Readonly<Record<string, unknown>> = { ...unlogged.bundle };
      const good: Readonly<Record<string, unknown>> = { ...message.bundle };
      for (const first of [0, 1]) {
        let reads = first;
        const get = (): unknown => (reads++ % 2 === 0 ? good : other)[name];
        const bundle = Object.defineProperty({ ...message.bundle }, name, { enumerable: true, get });
        const outcome = await outcomeOf(() => verify(bundle as never, message.artifact, { trustedRoot }));
        const judged = Object.defineProperty({ ...message.bundle }, name, {
          enumerable: true,
          value: (reads % 2 === 1 ? good : other)[name],
        });
        expect(outcome).toBe(await outcomeOf(() => verify(judged as never, message.artifact, { trustedRoot })));
      }
    },
  );
});
