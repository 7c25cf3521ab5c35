// SPDX-License-Identifier: Apache-2.0
// Every certificate of the corpus: of trusted roots, bundles, timestamp chains and path validation cases.

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { corpus } from '../../../test/corpus.js';
import { encodeHex } from '../src/bytes.js';
import { parsePem } from '../src/pem.js';

/** DER of the distinct certificates in trusted roots and bundles. */
export function readSigstoreCertificates(): readonly Uint8Array[] {
  const found = new Map<string, Uint8Array>();
  for (const file of listFiles(['trust', 'real', 'conformance'])) {
    for (const der of findCertificates(readJson(file))) found.set(encodeHex(der), der);
  }
  return [...found.values()];
}

/** DER of the distinct certificates of PEM files. */
export function readChain(path: string): readonly Uint8Array[] {
  return parsePem(readFileSync(corpus(path), 'utf8'), path).map(({ bytes }) => bytes);
}

/** Paths of the files below these folders of the corpus that hold JSON. */
export function listFiles(folders: readonly string[]): readonly string[] {
  return folders.flatMap((folder) =>
    readdirSync(corpus(folder), { recursive: true })
      .map((name) => `${folder}/${String(name)}`)
      .filter((path) => /\.(json|sigstore)$/.test(path) && statSync(corpus(path)).isFile())
      .sort(),
  );
}

/** The value of a JSON file; `undefined` for those that are broken on purpose. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(corpus(path), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Every `rawBytes` below a member that names certificates. */
function findCertificates(value: unknown, isCertificate = false): readonly Uint8Array[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    if (key === 'rawBytes' && isCertificate && typeof member === 'string')
      return [Uint8Array.from(Buffer.from(member, 'base64'))];
    const holds = key === 'certificate' || key === 'certificates' || (isCertificate && Array.isArray(value));
    return findCertificates(member, holds);
  });
}
