// SPDX-License-Identifier: Apache-2.0
// Names and versions of packages, as they go into URLs, statements and reports.

import { KeywaxError, quoteText } from '@keywax/core/errors';

const NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~_-][a-z0-9._~!'()*-]*$/i; // registries hold old names with capitals
const MAX_NAME_CHARS = 214;
const VERSION = /^\d{1,16}\.\d{1,16}\.\d{1,16}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;
const MAX_VERSION_CHARS = 256;

/** True for a name that a registry can have. */
export function isPackageName(name: string): boolean {
  return name.length <= MAX_NAME_CHARS && NAME.test(name);
}

/** True for one version (Semantic Versioning 2.0.0 §2, §9, §10), without a range or prefix. */
export function isVersion(version: string): boolean {
  return version.length <= MAX_VERSION_CHARS && VERSION.test(version);
}

/** @throws CONFIG_INVALID for a name that no registry can have */
export function expectPackageName(name: string): void {
  if (typeof name !== 'string' || !isPackageName(name)) throw refused('name', 'the name of a package', name);
}

/** @throws CONFIG_INVALID for what is not one version */
export function expectVersion(version: string): void {
  if (typeof version !== 'string' || !isVersion(version)) throw refused('version', 'one version', version);
}

function refused(at: string, expected: string, value: unknown): KeywaxError {
  const actual = typeof value === 'string' ? quoteText(value) : typeof value;
  return new KeywaxError('CONFIG_INVALID', `${at}: expected ${expected}, found ${actual}`, {
    details: { at, expected, actual },
  });
}
