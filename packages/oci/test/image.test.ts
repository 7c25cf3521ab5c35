// SPDX-License-Identifier: Apache-2.0
// Images signed, attested and verified over real HTTP: both formats, keyless and with keys, on every kind of registry.

import { X509Certificate, generateKeyPairSync, verify as verifySignature } from 'node:crypto';
import { provideToken } from '@keywax/identity';
import { createKeySigner, describeKeyHint } from '@keywax/sign';
import { type Stack, startStack } from '@keywax/stack';
import { startOciRegistry } from '@keywax/stack/oci-registry';
import { type IdentityRecord, unsafeNoLog } from 'keywax';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  SIGN_PREDICATE_TYPE,
  type SignImageOptions,
  type VerifyImageOptions,
  attestImage,
  copyImage,
  fetchImageTree,
  openRepository,
  parseReference,
  signImage,
  verifyImage,
} from '../src/index.js';
import {
  describeRegistries,
  describeSkopeo,
  digestOf,
  fetchJson,
  pushImage,
  pushIndex,
  skopeo,
  withLayout,
} from './images.js';

let stack: Stack;
let signing: SignImageOptions;
let verification: { readonly instance: NonNullable<VerifyImageOptions['instance']> };
let alice: IdentityRecord;

beforeAll(async () => {
  stack = await startStack();
  const instance = { trustConfig: stack.clientTrustConfig() };
  signing = { instance, identity: async (options) => provideToken(await stack.mintToken({ kind: 'email' }))(options) };
  verification = { instance };
  alice = { issuer: stack.urls.oidc, subject: 'alice@example.com' };
});
afterAll(() => stack.close());

const FORMATS = ['bundle', 'layer'] as const;
const PREDICATE = { buildDefinition: { buildType: 'https://example.com/build' }, runDetails: { builder: { id: 'x' } } };

describeRegistries((start) => {
  test.each(FORMATS)('an image that was signed keyless as a %s verifies for its signer', async (format) => {
    await using registry = await start();
    const name = `${registry.host}/library/app`;
    const digest = await pushImage(`${name}:v1`);
    const [signed, ...others] = await signImage(`${name}:v1`, { ...signing, format, annotations: { build: '42' } });
    expect(others).toEqual([]);
    expect(signed).toMatchObject({ digest, reference: `${name}@${digest}`, predicateType: SIGN_PREDICATE_TYPE });
    for (const reference of [`${name}:v1`, `${name}@${digest}`, `${name}:v1@${digest}`]) {
      const image = await verifyImage(reference, { ...verification, identity: alice, annotations: { build: '42' } });
      expect(image).toMatchObject({ digest, reference: `${name}@${digest}`, rejected: [] });
      expect(image.statements).toHaveLength(1);
      const [statement] = image.statements;
      expect(statement).toMatchObject({ format, predicateType: SIGN_PREDICATE_TYPE, annotations: { build: '42' } });
      expect(statement?.signer).toMatchObject({ kind: 'certificate', identity: { subject: 'alice@example.com' } });
      expect(statement?.report.verdict).toBe('verified');
      expect(statement?.statement.subjects[0]?.digests.get('sha256')).toBe(digest.slice(7));
      expect(statement?.times.length).toBeGreaterThan(0);
    }
    const wanted = { ...verification, identity: alice, annotations: { build: '43' } };
    await expect(verifyImage(`${name}:v1`, wanted)).rejects.toMatchObject({ code: 'STATEMENT_INVALID' });
    const mallory = { issuer: stack.urls.oidc, subject: 'mallory@example.com' };
    const refused = verifyImage(`${name}:v1`, { ...verification, identity: mallory });
    await expect(refused).rejects.toMatchObject({ code: 'IDENTITY_MISMATCH', report: { verdict: 'refused' } });
  });

  test.each(FORMATS)('an attestation as a %s verifies for its type alone', async (format) => {
    await using registry = await start();
    const name = `${registry.host}/app`;
    const digest = await pushImage(`${name}:v1`);
    const said = { predicateType: 'slsaprovenance1', predicate: PREDICATE };
    await attestImage(`${name}:v1`, { ...signing, ...said, format });
    const options = { ...verification, identity: alice };
    const { statements } = await verifyImage(`${name}:v1`, { ...options, predicateType: 'slsaprovenance1' });
    expect(statements[0]?.statement).toMatchObject({
      predicateType: 'https://slsa.dev/provenance/v1',
      subjects: [{ name, digests: new Map([['sha256', digest.slice(7)]]) }],
    });
    for (const predicateType of [undefined, 'slsaprovenance', 'https://slsa.dev/provenance/v1.0']) {
      const other = { ...options, ...(predicateType === undefined ? {} : { predicateType }) };
      const refused = verifyImage(`${name}:v1`, other);
      await expect(refused).rejects.toMatchObject({
        code: 'IMAGE_UNSIGNED',
        message: expect.stringMatching(/but 1 of other types$/),
      });
    }
  });

  test('an image without a signature is unsigned, and one that is not there is not found', async () => {
    await using registry = await start();
    const name = `${registry.host}/app`;
    const digest = await pushImage(`${name}:v1`);
    const options = { ...verification, identity: alice };
    for (const reference of [`${name}:v1`, `${name}@${digest}`])
      await expect(verifyImage(reference, options)).rejects.toMatchObject({ code: 'IMAGE_UNSIGNED' });
    for (const reference of [`${name}:v2`, `${name}@${digestOf('absent')}`])
      await expect(verifyImage(reference, options)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
  });

  test.each(FORMATS)('all images of an index are signed as a %s, where that is asked for', async (format) => {
    await using registry = await start();
    const name = `${registry.host}/app`;
    const { digest, images } = await pushIndex(`${name}:v1`);
    const options = { ...verification, identity: alice };
    await signImage(`${name}:v1`, { ...signing, format });
    await expect(verifyImage(`${name}@${images[0]}`, options)).rejects.toMatchObject({ code: 'IMAGE_UNSIGNED' });
    const signed = await signImage(`${name}:v1`, { ...signing, format, recursive: true });
    expect(signed.map((image) => image.digest)).toEqual([digest, ...images]);
    for (const image of [digest, ...images]) {
      const { statements } = await verifyImage(`${name}@${image}`, options);
      expect(statements).toHaveLength(image === digest ? 2 : 1);
    }
  });

  test('signatures that are attached at once are all kept', async () => {
    await using registry = await start();
    const reference = `${registry.host}/app:v1`;
    await pushImage(reference);
    const { alone: key, identity } = await makeKey('P-256');
    const makers = FORMATS.flatMap((format) => Array.from({ length: 6 }, (_, i) => ({ format, n: `${i}` })));
    await Promise.all(makers.map(({ format, n }) => signImage(reference, { ...key, format, annotations: { n } })));
    const { statements } = await verifyImage(reference, { ...verification, identity, logThreshold: unsafeNoLog });
    for (const format of FORMATS) {
      const kept = statements.filter((statement) => statement.format === format);
      expect(kept.map(({ annotations }) => annotations['n']).sort()).toEqual(['0', '1', '2', '3', '4', '5']);
    }
  });

  test.each(FORMATS)('a copy takes a %s along', async (format) => {
    await using registry = await start();
    await using other = await start();
    const source = `${registry.host}/app`;
    const target = `${other.host}/copies/app`;
    const { digest, images } = await pushIndex(`${source}:v1`);
    await signImage(`${source}:v1`, { ...signing, format, recursive: true });
    const [from, to] = [openRepository(parseReference(`${source}:v1`)), openRepository(parseReference(`${target}:v1`))];
    await copyImage({ from, to, referrers: true, signatureTags: true });
    for (const image of [digest, ...images]) {
      const { statements } = await verifyImage(`${target}@${image}`, { ...verification, identity: alice });
      expect(statements).toHaveLength(1);
    }
  });

  test('the tree shows what hangs on an index, and on its images', async () => {
    await using registry = await start();
    const name = `${registry.host}/app`;
    const { digest, images } = await pushIndex(`${name}:v1`);
    const { alone: key } = await makeKey('P-256');
    await signImage(`${name}:v1`, key);
    const said = { predicateType: 'openvex', predicate: { statements: [] } };
    await attestImage(`${name}@${images[0]}`, { ...key, ...said });
    await signImage(`${name}@${images[0]}`, { ...key, format: 'layer' });
    const tree = await fetchImageTree(`${name}:v1`);
    expect(tree).toMatchObject({
      reference: `${name}@${digest}`,
      kind: 'index',
      children: [
        {
          kind: 'image',
          digest: images[0],
          platform: { os: 'linux', architecture: 'amd64' },
          children: [
            { kind: 'bundle', predicateType: 'https://openvex.dev/ns' },
            { kind: 'signature', tag: `${images[0]?.replace(':', '-')}.sig` },
          ],
        },
        { kind: 'image', digest: images[1], children: [] },
        { kind: 'bundle', predicateType: SIGN_PREDICATE_TYPE },
      ],
    });
  });
});

/** A key pair, as options of `sign` without a log, and as a policy. */
async function makeKey(kind: 'P-256' | 'P-384' | 'Ed25519' | 'RSA') {
  const { publicKey, privateKey } = makePair(kind);
  const signer = await createKeySigner(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const keyHint = describeKeyHint(signer);
  return {
    publicKey,
    alone: { signer, keyHint, unsafeNoLog: true },
    logged: { signer, keyHint },
    identity: { key: publicKey.export({ type: 'spki', format: 'pem' }).toString() },
  };
}

function makePair(kind: string) {
  if (kind === 'RSA') return generateKeyPairSync('rsa', { modulusLength: 3_072 });
  if (kind === 'Ed25519') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('ec', { namedCurve: kind });
}

describe('with keys', () => {
  const KINDS = ['P-256', 'P-384', 'Ed25519', 'RSA'] as const;
  const cases = KINDS.flatMap((kind) => FORMATS.map((format) => ({ kind, format })));

  test.each(cases)('an image signed with $kind as a $format verifies without a log', async ({ kind, format }) => {
    await using registry = await startOciRegistry();
    const reference = `${registry.host}/app:v1`;
    await pushImage(reference);
    const { alone, identity } = await makeKey(kind);
    await signImage(reference, { ...alone, format });
    const said = { predicateType: 'custom', predicate: { Data: 'text', Timestamp: '2026-01-01T00:00:00Z' } };
    await attestImage(reference, { ...alone, format, ...said });
    const options = { ...verification, identity, logThreshold: unsafeNoLog } as const;
    const { statements } = await verifyImage(reference, options);
    expect(statements[0]).toMatchObject({ format, signer: { kind: 'key' } });
    expect((await verifyImage(reference, { ...options, predicateType: 'custom' })).statements).toHaveLength(1);
    const { identity: other } = await makeKey('P-256');
    const refused = verifyImage(reference, { ...options, identity: other });
    await expect(refused).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
    await expect(verifyImage(reference, { ...verification, identity })).rejects.toMatchObject({
      code: 'LOG_THRESHOLD',
    });
  });

  test.each(FORMATS)('an image signed with a key and a log as a %s verifies', async (format) => {
    await using registry = await startOciRegistry();
    const reference = `${registry.host}/app:v1`;
    await pushImage(reference);
    const { logged, identity } = await makeKey('P-256');
    await signImage(reference, { ...logged, ...verification, format });
    const { statements } = await verifyImage(reference, { ...verification, identity });
    expect(statements[0]).toMatchObject({
      format,
      signer: { kind: 'key' },
      entries: [{ log: stack.trustedRoot.tlogs[0]?.baseUrl }],
    });
  });

  test('a key does not verify what was signed under a certificate, nor an identity what a key signed', async () => {
    await using registry = await startOciRegistry();
    const reference = `${registry.host}/app:v1`;
    await pushImage(reference);
    const { logged, identity } = await makeKey('P-256');
    await signImage(reference, signing);
    await expect(verifyImage(reference, { ...verification, identity })).rejects.toMatchObject({
      code: 'IDENTITY_MISMATCH',
    });
    await signImage(reference, { ...logged, ...verification });
    const { statements, rejected } = await verifyImage(reference, { ...verification, identity });
    expect([statements.length, rejected.map(({ error }) => error.code)]).toEqual([1, ['IDENTITY_MISMATCH']]);
    const keyless = await verifyImage(reference, { ...verification, identity: alice });
    expect([keyless.statements.length, keyless.rejected.map(({ error }) => error.code)]).toEqual([
      1,
      ['KEY_NOT_FOUND'],
    ]);
  });
});

describe('what is written', () => {
  test('has the manifest of a bundle that refers to an image, as cosign 3 reads it', async () => {
    await using registry = await startOciRegistry();
    const name = `${registry.host}/app`;
    const digest = await pushImage(`${name}:v1`);
    const now = new Date();
    const [signed] = await signImage(`${name}:v1`, { ...signing, now: () => now, annotations: { a: 'b' } });
    const subject = await fetchDescriptor(registry.url, 'v1');
    const bundleText = JSON.stringify(signed?.bundle);
    const type = 'application/vnd.dev.sigstore.bundle.v0.3+json';
    expect(await fetchText(`${registry.url}/v2/app/manifests/${signed?.attached.digest}`)).toBe(
      `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"${type}",` +
        '"config":{"mediaType":"application/vnd.oci.empty.v1+json",' +
        '"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},' +
        `"layers":[{"mediaType":"${type}","digest":"${digestOf(bundleText)}","size":${Buffer.byteLength(bundleText)}}],` +
        `"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"${digest}","size":${subject.size}},` +
        '"annotations":{"dev.sigstore.bundle.content":"dsse-envelope",' +
        `"dev.sigstore.bundle.predicateType":"${SIGN_PREDICATE_TYPE}",` +
        `"org.opencontainers.image.created":"${now.toISOString().slice(0, 19)}Z"}}`,
    );
    expect(await fetchText(`${registry.url}/v2/app/blobs/${digestOf(bundleText)}`)).toBe(bundleText);
    expect(atob(signed?.bundle.dsseEnvelope?.payload ?? '')).toBe(
      `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"${digest.slice(7)}"},"annotations":{"a":"b"}}],` +
        `"predicateType":"${SIGN_PREDICATE_TYPE}","predicate":{}}`,
    );
  });

  test('has the payload and annotations of the older format, as cosign 2 reads them', async () => {
    await using registry = await startOciRegistry();
    const name = `${registry.host}/library/app`;
    const digest = await pushImage(`${name}:v1`);
    const [signed] = await signImage(`${name}:v1`, { ...signing, format: 'layer' });
    await signImage(`${name}:v1`, { ...signing, format: 'layer', annotations: { a: 'b' } });
    const manifest = await fetchJson(`${registry.url}/v2/library/app/manifests/${digest.replace(':', '-')}.sig`);
    const layers = manifest['layers'] as { mediaType: string; digest: string; annotations: Record<string, string> }[];
    expect(manifest).toMatchObject({ config: { mediaType: 'application/vnd.oci.image.config.v1+json' } });
    const payload =
      `{"critical":{"identity":{"docker-reference":"${name}"},"image":{"docker-manifest-digest":"${digest}"},` +
      '"type":"cosign container image signature"},"optional":null}';
    const payloads = await Promise.all(
      layers.map((layer) => fetchText(`${registry.url}/v2/library/app/blobs/${layer.digest}`)),
    );
    expect(payloads).toEqual([payload, payload.replace('null', '{"a":"b"}')]);
    const [{ annotations, mediaType } = NO_LAYER] = layers;
    expect(mediaType).toBe('application/vnd.dev.cosign.simplesigning.v1+json');
    expect(Object.keys(annotations)).toEqual([
      'dev.cosignproject.cosign/signature',
      'dev.sigstore.cosign/certificate',
      'dev.sigstore.cosign/chain',
      'dev.sigstore.cosign/bundle',
      'dev.sigstore.cosign/rfc3161timestamp',
    ]);
    const [entry] = signed?.bundle.verificationMaterial.tlogEntries ?? [];
    expect(annotations['dev.sigstore.cosign/bundle']).toBe(
      `{"SignedEntryTimestamp":"${entry?.inclusionPromise?.signedEntryTimestamp}","Payload":{"body":"${entry?.canonicalizedBody}",` +
        `"integratedTime":${entry?.integratedTime},"logIndex":${entry?.logIndex},` +
        `"logID":"${Buffer.from(entry?.logId.keyId ?? '', 'base64').toString('hex')}"}}`,
    );
    const certificate = new X509Certificate(annotations['dev.sigstore.cosign/certificate'] ?? '');
    const issuer = new X509Certificate(annotations['dev.sigstore.cosign/chain'] ?? '');
    expect(certificate.checkIssued(issuer)).toBe(true);
    const signature = Buffer.from(annotations['dev.cosignproject.cosign/signature'] ?? '', 'base64');
    expect(verifySignature('sha256', Buffer.from(payload), certificate.publicKey, signature)).toBe(true);
    expect(annotations['dev.sigstore.cosign/rfc3161timestamp']).toMatch(/^\{"SignedRFC3161Timestamp":"[^"]+"\}$/);
  });

  test('has the envelope of an older attestation, and its type as an annotation', async () => {
    await using registry = await startOciRegistry();
    const reference = `${registry.host}/app:v1`;
    const digest = await pushImage(reference);
    const said = { predicateType: 'cyclonedx', predicate: { bomFormat: 'CycloneDX' } };
    const [signed] = await attestImage(reference, { ...signing, ...said, format: 'layer' });
    const manifest = await fetchJson(`${registry.url}/v2/app/manifests/${digest.replace(':', '-')}.att`);
    expect(manifest).toMatchObject({
      layers: [
        {
          mediaType: 'application/vnd.dsse.envelope.v1+json',
          annotations: { 'dev.cosignproject.cosign/signature': '', predicateType: 'https://cyclonedx.org/bom' },
        },
      ],
    });
    const { payload, payloadType, signatures } = signed?.bundle.dsseEnvelope ?? {};
    const envelope = { payloadType, payload, signatures: [{ keyid: '', sig: signatures?.[0]?.sig }] };
    expect(await fetchText(`${registry.url}/v2/app/blobs/${signed?.attached.digest}`)).toBe(JSON.stringify(envelope));
  });

  test('goes to another repository where that is asked for', async () => {
    await using registry = await startOciRegistry();
    const reference = `${registry.host}/app:v1`;
    await pushImage(reference);
    const evidence = `${registry.host}/signatures`;
    const { alone, identity } = await makeKey('P-256');
    for (const format of FORMATS) await signImage(reference, { ...alone, format, evidenceRepository: evidence });
    const options = { ...verification, identity, logThreshold: unsafeNoLog } as const;
    await expect(verifyImage(reference, options)).rejects.toMatchObject({ code: 'IMAGE_UNSIGNED' });
    const { statements } = await verifyImage(reference, { ...options, evidenceRepositories: [evidence] });
    expect(statements.map(({ format }) => format).sort()).toEqual(['bundle', 'layer']);
    const tags = await verifyImage(reference, { ...options, evidenceRepositories: [evidence], places: ['tags'] });
    expect(tags.statements.map(({ format }) => format)).toEqual(['layer']);
  });

  test('cannot be of the older format where the log gives no promise', async () => {
    await using registry = await startOciRegistry();
    const reference = `${registry.host}/app:v1`;
    await pushImage(reference);
    const instance = { trustConfig: stack.clientTrustConfig({ rekor: 'v2' }) };
    const refused = signImage(reference, { ...signing, instance, format: 'layer' });
    await expect(refused).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/promise of a Rekor v1/),
    });
    await signImage(reference, { ...signing, instance });
    expect((await verifyImage(reference, { ...verification, instance, identity: alice })).statements).toHaveLength(1);
  });
});

const NO_LAYER: { readonly mediaType: string; readonly annotations: Readonly<Record<string, string>> } = {
  mediaType: '',
  annotations: {},
};

async function fetchText(url: string): Promise<string> {
  return (await fetch(url)).text();
}

async function fetchDescriptor(url: string, tag: string) {
  const bytes = await fetchText(`${url}/v2/app/manifests/${tag}`);
  return { size: bytes.length };
}

describeSkopeo('images of skopeo', () => {
  test.each(FORMATS)('are signed as a %s, and come out as they went in', async (format) => {
    await using registry = await startOciRegistry();
    const name = `${registry.host}/app`;
    await withLayout(async (folder, digest) => {
      const flags = ['copy', '-q', '--all', '--preserve-digests', '--dest-tls-verify=false'];
      await skopeo(...flags, `oci:${folder}:v1`, `docker://${name}:v1`);
      await signImage(`${name}:v1`, { ...signing, format, recursive: true });
      const { statements } = await verifyImage(`${name}:v1`, { ...verification, identity: alice });
      expect(statements[0]?.statement.subjects[0]?.digests.get('sha256')).toBe(digest.slice(7));
      // skopeo copies the tag of the older format as it does any image.
      await skopeo(...flags, '--src-tls-verify=false', `docker://${name}:v1`, `docker://${registry.host}/other:v1`);
      if (format === 'layer') {
        const tag = `${digest.replace(':', '-')}.sig`;
        await skopeo(
          ...flags,
          '--src-tls-verify=false',
          `docker://${name}:${tag}`,
          `docker://${registry.host}/other:${tag}`,
        );
        const copied = await verifyImage(`${registry.host}/other:v1`, { ...verification, identity: alice });
        expect(copied.digest).toBe(digest);
      }
      const inspect = ['inspect', '--tls-verify=false', '--format', '{{.Digest}}', `docker://${name}:v1`];
      expect((await skopeo(...inspect)).trim()).toBe(digest);
    });
  });
});
