// SPDX-License-Identifier: Apache-2.0
// What a repository holds that wants to keep a verifier busy: evidence without end, none of which is asked for.

import { type OciRegistry, startOciRegistry } from '@keywax/stack/oci-registry';
import { unsafeNoLog } from 'keywax';
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Repository, openRepository, parseReference, verifyImage } from '../src/index.js';
import { MANIFEST, pushImage } from './images.js';

const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' });
const policy = {
  identity: { key: key.toString() },
  logThreshold: unsafeNoLog,
  instance: { trustedRoot: { mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1' } },
} as const;

let registry: OciRegistry;
let repository: Repository;
let name: string;

beforeAll(async () => {
  registry = await startOciRegistry();
  name = `${registry.host}/flooded:v1`;
  repository = openRepository(parseReference(name));
  await pushImage(name);
});
afterAll(() => registry.close());

/** A bundle that is well-formed, about something else, and signed by nobody. */
function makeOther(): Uint8Array {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest: { sha256: '0'.repeat(64) } }],
    predicateType: 'https://example.com/other',
    predicate: {},
  };
  const payload = Buffer.from(JSON.stringify(statement)).toString('base64');
  return Buffer.from(
    JSON.stringify({
      mediaType: BUNDLE,
      verificationMaterial: { publicKey: { hint: 'x' } },
      dsseEnvelope: { payload, payloadType: 'application/vnd.in-toto+json', signatures: [{ sig: 'AAAA' }] },
    }),
  );
}

describe('a flood of evidence', () => {
  test('that nobody asked for ends the search', { timeout: 60_000 }, async () => {
    const subject = await repository.resolve();
    const config = await repository.uploadBlob(Buffer.from('{}'), 'application/vnd.oci.empty.v1+json');
    const layer = await repository.uploadBlob(makeOther(), BUNDLE);
    for (const i of [0, 1, 2])
      await repository.putReferrer(
        Buffer.from(
          JSON.stringify({
            schemaVersion: 2,
            mediaType: MANIFEST,
            artifactType: BUNDLE,
            config,
            layers: Array.from({ length: 600 }, () => layer),
            subject,
            annotations: { i: `${i}` },
          }),
        ),
        MANIFEST,
      );
    const before = registry.requests.length;
    await expect(verifyImage(name, policy)).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' });
    expect(registry.requests.length - before).toBeLessThan(1_100);
  });

  test('that is huge is held a little at a time', { timeout: 60_000 }, async () => {
    let [now, most] = [0, 0];
    const isLarge = (url: string) => url.includes('/blobs/sha256:');
    await using slow = await startOciRegistry({
      faults: {
        intercept: async (request, next) => {
          if (request.method !== 'GET' || !isLarge(request.url)) return next();
          most = Math.max(most, ++now);
          const answer = await next();
          await new Promise((resolve) => setImmediate(resolve));
          now--;
          return answer;
        },
      },
    });
    const huge = `${slow.host}/huge:v1`;
    await pushImage(huge);
    const place = openRepository(parseReference(huge));
    const subject = await place.resolve();
    for (let i = 0; i < 6; i++) {
      const layers = [{ mediaType: BUNDLE, bytes: Buffer.alloc(12 << 20, `${i}`) }];
      await place.attachReferrer({ subject, artifactType: BUNDLE, layers });
    }
    await expect(verifyImage(huge, policy)).rejects.toMatchObject({ code: 'INPUT_MALFORMED' });
    expect(most).toBe(2);
  });
});
