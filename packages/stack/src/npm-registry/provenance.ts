// SPDX-License-Identifier: Apache-2.0
// The provenance that comes with a publication, checked as the registry does before it serves it: the statement is about
// this version and these bytes, a certificate of the stack's Fulcio signed it for the repository that package.json names,
// and its log entry records that signature.
// Not checked here: the evidence of the log and the certificate's timestamp. `verifyProvenance` of the registry's options
// is for that.

import { type Bundle, type EnvelopeContent, decodeBundle, decodeEntryBody, decodeStatement } from '@keywax/bundle';
import { encodeHex, equalBytes } from '@keywax/core/bytes';
import { defaultSuite } from '@keywax/core/algorithms';
import { defaultCrypto } from '@keywax/core/crypto';
import { parseDer, readUtf8String } from '@keywax/core/der';
import { encodePae } from '@keywax/core/dsse';
import { KeywaxError } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import { OID } from '@keywax/core/oid';
import { parsePublicKey } from '@keywax/core/key';
import { type Certificate, parseCertificate } from '@keywax/core/x509';
import { checkPath, findPaths, pathSignatures } from '@keywax/core/x509-path';
import { type CertificateAuthority, decodeTrustedRoot } from '@keywax/trust';
import { toPurl } from './package-name.js';

/** What the provenance has to be about. */
export interface ProvenanceSubject {
  readonly name: string;
  readonly version: string;
  readonly tarball: Uint8Array;
  /** The URL of the source in package.json. */
  readonly repository: string | undefined;
}

const SOURCE_REPOSITORY = '1.3.6.1.4.1.57264.1.12';

/**
 * Checks a bundle against the trusted root of the stack; without one, the subject alone.
 * @throws BUNDLE_INVALID, STATEMENT_INVALID, ARTIFACT_MISMATCH, CERTIFICATE_PATH_INVALID, SIGNATURE_INVALID, ENTRY_MISMATCH,
 * IDENTITY_MISMATCH, and what the decoders throw
 */
export async function checkProvenance(
  input: Uint8Array | string,
  subject: ProvenanceSubject,
  trustedRoot?: object,
): Promise<void> {
  const bundle = decodeBundle(input);
  const { content, material } = bundle;
  if (content.kind !== 'dsse') throw new KeywaxError('BUNDLE_INVALID', 'provenance: expected an envelope');
  if (material.kind !== 'certificate') throw new KeywaxError('BUNDLE_INVALID', 'provenance: expected a certificate');
  checkSubject(content.payload, subject);
  if (trustedRoot === undefined) return;
  const leaf = parseCertificate(material.certificates[0] ?? new Uint8Array(), 'provenance certificate');
  await checkIssuer(leaf, decodeTrustedRoot(trustedRoot).certificateAuthorities);
  await checkEnvelope(leaf, content);
  checkEntries(bundle, content);
  checkRepository(leaf, subject.repository);
}

function checkSubject(payload: Uint8Array, { name, version, tarball }: ProvenanceSubject): void {
  const { subjects } = decodeStatement(payload);
  const [subject] = subjects;
  if (subjects.length !== 1 || subject?.name !== toPurl(name, version)) {
    throw new KeywaxError('STATEMENT_INVALID', 'provenance: its subject is not this version');
  }
  if (subject.digests.get('sha512') !== encodeHex(hash('sha512', tarball))) {
    throw new KeywaxError('ARTIFACT_MISMATCH', 'provenance: its subject is another tarball');
  }
}

async function checkIssuer(leaf: Certificate, authorities: readonly CertificateAuthority[]): Promise<void> {
  for (const { chain } of authorities) {
    const paths = findPaths(leaf, { intermediates: chain.slice(0, -1), anchors: chain.slice(-1) });
    for (const path of paths) {
      checkPath(path, { purpose: OID.codeSigning });
      const isSigned = await Promise.all(
        pathSignatures(path).map(({ certificate, issuer }) =>
          defaultCrypto.verify({
            key: parsePublicKey(issuer.spki, 'issuer'),
            scheme: certificate.signatureScheme,
            signature: certificate.signature,
            data: { kind: 'message', bytes: certificate.tbs },
          }),
        ),
      );
      if (isSigned.every(Boolean)) return;
    }
  }
  throw new KeywaxError('CERTIFICATE_PATH_INVALID', 'provenance: its certificate is not of the instance');
}

async function checkEnvelope(leaf: Certificate, { payload, payloadType, signature }: EnvelopeContent): Promise<void> {
  const key = parsePublicKey(leaf.spki, 'provenance certificate');
  const isSigned = await defaultCrypto.verify({
    key,
    scheme: defaultSuite(key),
    signature,
    data: { kind: 'message', bytes: encodePae(payloadType, payload) },
  });
  if (!isSigned) throw new KeywaxError('SIGNATURE_INVALID', 'provenance: its signature does not verify');
}

function checkEntries({ entries }: Bundle, { signature }: EnvelopeContent): void {
  const isLogged = entries.some((entry) =>
    decodeEntryBody(entry).signatures.some((logged) => equalBytes(logged.signature, signature)),
  );
  if (!isLogged) throw new KeywaxError('ENTRY_MISMATCH', 'provenance: no log entry records its signature');
}

function checkRepository(leaf: Certificate, repository: string | undefined): void {
  const extension = leaf.extensions.get(SOURCE_REPOSITORY);
  const source = extension === undefined ? undefined : readUtf8String(parseDer(extension.value, 'source'), 'source');
  if (source !== undefined && normalizeRepository(repository) === normalizeRepository(source)) return;
  throw new KeywaxError('IDENTITY_MISMATCH', 'provenance: package.json names another repository than its certificate');
}

function normalizeRepository(url: string | undefined): string | undefined {
  return url
    ?.replace(/^git\+/, '')
    .replace(/\.git$/, '')
    .replace(/\/$/, '');
}
