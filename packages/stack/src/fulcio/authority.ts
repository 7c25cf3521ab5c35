// SPDX-License-Identifier: Apache-2.0
// Fulcio's authority: leaf certificates with timestamps of the CT log in them.

import { type CtLog, readPrecertificate } from '../ct/ct-log.js';
import { POISON, encodeSct, sctListExtension } from '../ct/sct.js';
import { type CertificateIssuer, type CertificateProfile, buildTbs, signMembers } from '../x509/certificate.js';
import { encodeExtension } from '../x509/extensions.js';
import type { LeafSubject } from '../x509/profiles.js';
import type { TbsMembers } from '../x509/tbs.js';
import { type CertifiedIdentity, encodeFulcioExtensions } from './identity.js';

/** Asks a log for serialized timestamps over a precertificate of `issuer`. */
export type RequestScts = (precertificate: Uint8Array, issuer: CertificateIssuer) => Promise<readonly Uint8Array[]>;

/** The steps of issuing a leaf, each of which a test may replace. Each default is what Fulcio does. */
export interface IssueSteps {
  /** Changes the DER members before the precertificate is signed: what the timestamps cover. */
  readonly changePrecertificate?: (members: TbsMembers) => TbsMembers;
  /** The timestamps to embed; none leaves the extension out. */
  readonly requestScts?: RequestScts;
  /** Changes the DER members after the timestamps were added, before the last signature. */
  readonly changeCertificate?: (members: TbsMembers) => TbsMembers;
}

/** Timestamps of a log for a precertificate. */
export function requestSctsFrom(ct: CtLog): RequestScts {
  return async (precertificate, issuer) => {
    const sct = await ct.append(readPrecertificate(precertificate, issuer.key.spki), [precertificate, ...issuer.chain]);
    return [encodeSct(sct)];
  };
}

/** Issues a leaf: signs the precertificate, adds the log's timestamps, signs the certificate. */
export async function issueLeaf(
  profile: CertificateProfile,
  issuer: CertificateIssuer,
  { changePrecertificate = (members) => members, requestScts, changeCertificate = (members) => members }: IssueSteps,
): Promise<Uint8Array> {
  const members = changePrecertificate(await buildTbs(profile, issuer.key));
  const precertificate = signMembers(withExtension(members, encodeExtension(POISON)), issuer.key);
  const scts = (await requestScts?.(precertificate, issuer)) ?? [];
  const complete = scts.length === 0 ? members : withExtension(members, encodeExtension(sctListExtension(scts)));
  return signMembers(changeCertificate(complete), issuer.key);
}

function withExtension(members: TbsMembers, extension: Uint8Array): TbsMembers {
  return { ...members, extensions: [...members.extensions, extension] };
}

/** The part of a leaf's profile that names its holder. */
export function describeSubject({ name, extensions }: CertifiedIdentity): LeafSubject {
  return { names: [name], extensions: encodeFulcioExtensions(extensions) };
}
