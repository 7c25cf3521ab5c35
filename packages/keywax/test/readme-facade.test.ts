// SPDX-License-Identifier: Apache-2.0

import { describeExamples } from '../../../test/readme.js';

describeExamples(new URL('../', import.meta.url), new URL('../README.md', import.meta.url), {
  before: `
    import { startStack } from '@keywax/stack';
    await using stack = await startStack();
    const instance = { trustConfig: stack.clientTrustConfig() };
    const identityToken = await stack.mintToken({ kind: 'email' });
    const issuer = stack.urls.oidc;
    const artifact = new TextEncoder().encode('hello');
    import { mkdtempSync } from 'node:fs';
    import { tmpdir } from 'node:os';
    import { join } from 'node:path';
    const [mirrorUrl, tufRoot] = [stack.urls.tuf, stack.tuf.root()];
    const cacheDirectory = mkdtempSync(join(tmpdir(), 'keywax-readme-'));`,
});
