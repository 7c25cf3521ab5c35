// SPDX-License-Identifier: Apache-2.0
// The verdict over all paths of a leaf, in the way that an engine joins the parts: one path has to hold whole.

import { nodeCrypto } from '../src/crypto.node.js';
import { isKeywaxError } from '../src/errors.js';
import { parsePublicKey } from '../src/key.js';
import type { Certificate } from '../src/x509.js';
import {
  type CertificatePath,
  checkLeaf,
  checkPath,
  checkPathValidity,
  findPaths,
  pathSignatures,
} from '../src/x509-path.js';

/** What a path is judged for. */
export interface PathRequest {
  readonly anchors: readonly Certificate[];
  readonly intermediates?: readonly Certificate[];
  readonly purpose: string;
  readonly times: readonly Date[];
}

/** Gates the leaf's key, then: `'accepted'`, or the code of the fault of the first path; without any path `CERTIFICATE_PATH_INVALID`. */
export function judgePath(leaf: Certificate, request: PathRequest): string {
  const faults: string[] = [];
  try {
    parsePublicKey(leaf.spki, 'leaf');
    for (const path of findPaths(leaf, { intermediates: [], ...request })) {
      const fault = judgeOne(path, request);
      if (fault === undefined) return 'accepted';
      faults.push(fault);
    }
  } catch (error) {
    return codeFor(error);
  }
  return faults[0] ?? 'CERTIFICATE_PATH_INVALID';
}

function judgeOne(path: CertificatePath, request: PathRequest): string | undefined {
  try {
    const [leaf] = path;
    if (leaf !== undefined) checkLeaf(leaf, request);
    checkPath(path, request);
    for (const time of request.times) checkPathValidity(path, time);
    return pathSignatures(path).every(verifies) ? undefined : 'CERTIFICATE_PATH_INVALID';
  } catch (error) {
    return codeFor(error);
  }
}

/** True when the signature of the one verifies under the key of the other. */
export function verifies({ certificate, issuer }: { certificate: Certificate; issuer: Certificate }): boolean {
  return (
    nodeCrypto.verifySync?.({
      key: parsePublicKey(issuer.spki, 'issuer'),
      scheme: certificate.signatureScheme,
      signature: certificate.signature,
      data: { kind: 'message', bytes: certificate.tbs },
    }) === true
  );
}

function codeFor(error: unknown): string {
  if (isKeywaxError(error)) return error.code;
  throw error;
}
