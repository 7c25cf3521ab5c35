// SPDX-License-Identifier: Apache-2.0
// The keys and certificates of an instance in one JSON file, written once and as a whole.
// Refused: a file of another version, with unknown members, or with a chain whose first certificate is not of its key.

import { open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeBase64, equalBytes } from '@keywax/core/bytes';
import {
  type Decoder,
  arrayOf,
  decodeBase64Field,
  decodeInt64,
  decodeObject,
  decodeRfc3339,
  decodeString,
  integerWithin,
  transform,
} from '@keywax/core/decode';
import { KeywaxError } from '@keywax/core/errors';
import { parseJson } from '@keywax/core/json';
import { formatRfc3339 } from '@keywax/core/time';
import type { InstanceMaterial } from '../instance.js';
import { type SigningKey, encodeSigningKey, parseSigningKey } from '../keys.js';
import type { CertificateIssuer } from '../x509/certificate.js';
import { readCertificate, readTbs } from '../x509/tbs.js';

/** What outlives a restart: the instance's material, and the key of its token issuers. */
export interface StoredMaterial extends InstanceMaterial {
  readonly oidcKey: SigningKey;
}

const VERSION = 1;
const MAX_BYTES = 65_536;
const MAX_CHAIN = 4;

const decodeKey: Decoder<SigningKey> = transform(decodeString, parseSigningKey);

const decodeIssuer: Decoder<CertificateIssuer> = transform(
  decodeObject({ key: decodeKey, chain: arrayOf(decodeBase64Field, MAX_CHAIN) }),
  ({ key, chain }, at) => {
    const [certificate] = chain;
    const members = certificate === undefined ? undefined : readTbs(readCertificate(certificate).tbs);
    if (members === undefined || !equalBytes(members.spki, key.spki)) {
      throw new KeywaxError('INPUT_MALFORMED', `${at}: expected a chain that starts with a certificate of the key`);
    }
    return { key, chain, name: members.subject };
  },
);

const decodeMaterial: Decoder<StoredMaterial & { readonly version: number }> = decodeObject({
  version: integerWithin(VERSION, VERSION),
  start: decodeRfc3339,
  treeId: decodeInt64,
  firstIndex: integerWithin(0, Number.MAX_SAFE_INTEGER),
  fulcio: decodeIssuer,
  tsa: decodeIssuer,
  ctKey: decodeKey,
  rekorV1Key: decodeKey,
  rekorV2Key: decodeKey,
  oidcKey: decodeKey,
});

function encodeMaterial(material: StoredMaterial): string {
  const issuer = ({ key, chain }: CertificateIssuer) => ({
    key: encodeSigningKey(key),
    chain: chain.map(encodeBase64),
  });
  const document = {
    version: VERSION,
    start: formatRfc3339(material.start),
    treeId: String(material.treeId),
    firstIndex: material.firstIndex,
    fulcio: issuer(material.fulcio),
    tsa: issuer(material.tsa),
    ctKey: encodeSigningKey(material.ctKey),
    rekorV1Key: encodeSigningKey(material.rekorV1Key),
    rekorV2Key: encodeSigningKey(material.rekorV2Key),
    oidcKey: encodeSigningKey(material.oidcKey),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Reads the material at `path`, or makes it with `create` and writes it. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export async function openMaterial(path: string, create: () => Promise<StoredMaterial>): Promise<StoredMaterial> {
  const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (content !== undefined) return decodeMaterial(parseJson(content, { maxBytes: MAX_BYTES }), '$');
  const material = await create();
  await writeWhole(path, encodeMaterial(material));
  return material;
}

/** Writes a file so that after a crash there is either nothing or all of it. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const draft = join(dirname(path), `draft.${process.pid}`);
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncDirectory(dirname(path));
}

/** Makes the names in a folder as durable as the files. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some systems do not flush folders, and need it not.
    if (!['EPERM', 'EISDIR', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await handle.close();
  }
}
