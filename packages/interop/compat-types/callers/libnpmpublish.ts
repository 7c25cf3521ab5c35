// SPDX-License-Identifier: Apache-2.0
// As npm publishes with provenance: all of npm's options are handed on, a few members of the bundle are read.

import * as sigstore from 'sigstore';

interface FlatOptions extends sigstore.SignOptions {
  readonly registry: string;
  readonly tufCache: string;
  readonly [name: string]: unknown;
}

export async function generateProvenance(statement: object, options: FlatOptions): Promise<sigstore.Bundle> {
  return sigstore.attest(Buffer.from(JSON.stringify(statement)), 'application/vnd.in-toto+json', options);
}

export function describeBundle(bundle: sigstore.Bundle) {
  const [entry] = bundle.verificationMaterial.tlogEntries;
  const index: string | undefined = entry?.logIndex;
  const contentType: string = bundle.mediaType;
  // @ts-expect-error an index is text
  const number: number | undefined = entry?.logIndex;
  return { index, contentType, number, data: JSON.stringify(bundle) };
}

export async function verifyProvenance(text: string): Promise<void> {
  const bundle = JSON.parse(text);
  await sigstore.verify(bundle);
  // @ts-expect-error a bundle is no number
  await sigstore.verify(7);
}
