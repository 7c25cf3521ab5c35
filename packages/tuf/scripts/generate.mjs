// SPDX-License-Identifier: Apache-2.0
// Compiles in what the TUF client `@sigstore/tuf` carries of production: the root of its repository, and the trusted root
// that was the last one known when this was built.

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = '@sigstore/tuf';
const FOLDER = fileURLToPath(new URL('../src', import.meta.url));
const NAME = 'production.generated.ts';

const require = createRequire(import.meta.url);
const { version } = require(`${PACKAGE}/package.json`);
const mirrors = Object.values(require(`${PACKAGE}/seeds.json`));
const [mirror] = mirrors;
if (mirrors.length !== 1) throw new Error(`${PACKAGE} ${version} carries other mirrors than one`);
const root = read('root.json', mirror['root.json']);
const trustedRoot = read('trusted_root.json', mirror.targets?.['trusted_root.json']);

const source = `// SPDX-License-Identifier: Apache-2.0
// Made by scripts/generate.mjs. Not edited, not committed.

/** Where the documents below come from: the package, and the SHA-256 of the files in it. */
export const PRODUCTION_SOURCE: {
  readonly package: string;
  readonly version: string;
  /** Of the trusted root. */
  readonly sha256: string;
  /** Of the root of the TUF repository. */
  readonly rootSha256: string;
} = {
  package: '${PACKAGE}',
  version: '${version}',
  sha256: '${trustedRoot.sha256}',
  rootSha256: '${root.sha256}',
};

/** The root of production's TUF repository as JSON text. */
export const PRODUCTION_ROOT: string =
  ${JSON.stringify(root.text)};

/** The trusted root of production as JSON text. */
export const PRODUCTION_TRUSTED_ROOT: string =
  ${JSON.stringify(trustedRoot.text)};
`;
// Unchanged text is left alone, so that watchers see no change.
const written = readdirSync(FOLDER).includes(NAME) ? readFileSync(join(FOLDER, NAME), 'utf8') : undefined;
if (written !== source) writeFileSync(join(FOLDER, NAME), source);

function read(name, encoded) {
  if (typeof encoded !== 'string') throw new Error(`${PACKAGE} ${version} carries no ${name}`);
  const bytes = Buffer.from(encoded, 'base64');
  return { text: bytes.toString('utf8'), sha256: createHash('sha256').update(bytes).digest('hex') };
}
