// SPDX-License-Identifier: Apache-2.0
// Package URLs of npm packages, as provenance names its subject: `pkg:npm/name@1.0.0`, `pkg:npm/%40scope/name@1.0.0`.
// https://github.com/package-url/purl-spec/blob/main/types-doc/npm-definition.md
// Refused: names and versions that a registry would not take, qualifiers, subpaths, and other spellings of the same.

import { KeywaxError, quoteText } from '@keywax/core/errors';
import { isPackageName, isVersion } from './package-name.js';

/** A package and one of its versions. */
export interface PackageId {
  /** With its scope, such as `@scope/name`. */
  readonly name: string;
  readonly version: string;
}

/** The package URL of a version. @throws INPUT_MALFORMED for a name or version that no registry takes */
export function encodePurl({ name, version }: PackageId): string {
  checkPackageId({ name, version });
  return `pkg:npm/${name.replace(/^@/, '%40')}@${version}`;
}

/** Reads a package URL that `encodePurl` could have written. @throws INPUT_MALFORMED */
export function parsePurl(text: string, at = 'purl'): PackageId {
  const [, scope = '', name = '', version = ''] = /^pkg:npm\/(?:%40([^/@]+)\/)?([^/@]+)@([^@]+)$/.exec(text) ?? [];
  const id = { name: scope === '' ? name : `@${scope}/${name}`, version };
  if (!isPackageName(id.name) || !isVersion(version))
    throw malformed(at, 'a package URL such as pkg:npm/a@1.0.0', text);
  return id;
}

/** @throws INPUT_MALFORMED for a name or version that no registry takes */
export function checkPackageId({ name, version }: PackageId, at = 'package'): void {
  if (typeof name !== 'string' || !isPackageName(name))
    throw malformed(`${at}.name`, 'the name of an npm package', name);
  if (typeof version !== 'string' || !isVersion(version))
    throw malformed(`${at}.version`, 'a semantic version', version);
}

function malformed(at: string, expected: string, actual: unknown): KeywaxError {
  const found = typeof actual === 'string' ? quoteText(actual) : typeof actual;
  return new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}, found ${found}`, {
    details: { at, expected, actual: found },
  });
}
