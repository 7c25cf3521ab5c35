// SPDX-License-Identifier: Apache-2.0

import { startStack } from '@keywax/stack';
import { createLab } from '@keywax/stack/lab';
import { decodeClientTrustConfig, decodeSigningConfig, decodeTrustedRoot, selectServices } from '@keywax/trust';
import { describe, expect, test } from 'vitest';

describe('the trusted root', () => {
  test.each(['ed25519', 'P-256'] as const)(
    'of an instance with a %s log is usable in every part',
    async (rekorV2Key) => {
      const lab = await createLab({ rekorV2Key });
      const root = decodeTrustedRoot(lab.trustedRoot());
      const parts = [...root.logs, ...root.ctLogs, ...root.certificateAuthorities, ...root.timestampAuthorities];
      expect(parts).toHaveLength(5);
      for (const part of parts) expect(part.unusable).toBe(undefined);
      expect(root.logs.map(({ origin }) => origin)).toEqual(['rekor.localhost', 'rekor2.localhost']);
    },
  );

  test('is a new copy each time', async () => {
    const lab = await createLab();
    lab.trustedRoot().tlogs.length = 0;
    expect(lab.trustedRoot().tlogs).toHaveLength(2);
  });
});

describe('the signing config', () => {
  test.each([
    ['v1', 1],
    ['v2', 2],
    ['both', 2],
  ] as const)('with Rekor %s leads to version %i', async (rekor, version) => {
    await using stack = await startStack();
    const config = stack.signingConfig({ rekor });
    const services = selectServices(decodeSigningConfig(config), new Date());
    expect(services.logs.map(({ majorApiVersion }) => majorApiVersion)).toEqual([version]);
    expect(services.certificateAuthority.url).toBe(stack.urls.fulcio);
    expect(services.timestampAuthorities[0]?.url).toBe(stack.urls.tsa);
    const both = decodeClientTrustConfig(stack.clientTrustConfig({ rekor }));
    expect(both.trustedRoot).toEqual(decodeTrustedRoot(stack.trustedRoot));
  });
});
