// SPDX-License-Identifier: Apache-2.0
// Compiles in production's trusted root, as the TUF client `@sigstore/tuf` carries it: the last one known when this was built.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const PACKAGE = '@sigstore/tuf';
const TARGET = 'trusted_root.json';
const OUTPUT = fileURLToPath(new URL('../src/production.generated.ts', import.meta.url));

const require = createRequire(import.meta.url);
const { version } = require(`${PACKAGE}/package.json`);
const mirrors = Object.values(require(`${PACKAGE}/seeds.json`));
const [mirror] = mirrors;
const encoded = mirror?.targets?.[TARGET];
if (mirrors.length !== 1 || typeof encoded !== 'string') throw new Error(`${PACKAGE} ${version} carries no ${TARGET}`);

const bytes = Buffer.from(encoded, 'base64');
const sha256 = createHash('sha256').update(bytes).digest('hex');
const source = `// SPDX-License-Identifier: Apache-2.0
// Made by scripts/generate.mjs. Not edited, not committed.

/** Where the trusted root below comes from: the package, and the SHA-256 of the file in it. */
export const PRODUCTION_SOURCE: { readonly package: string; readonly version: string; readonly sha256: string } = {
  package: '${PACKAGE}',
  version: '${version}',
  sha256: '${sha256}',
};

/** The trusted root of production as JSON text. */
export const PRODUCTION_TRUSTED_ROOT: string =
  ${JSON.stringify(bytes.toString('utf8'))};
`;
// Unchanged text is left alone, so that watchers see no change.
if (!existsSync(OUTPUT) || readFileSync(OUTPUT, 'utf8') !== source) writeFileSync(OUTPUT, source);
