// SPDX-License-Identifier: Apache-2.0
// As a generator of provenance reports what went wrong.

import { InternalError, PolicyError, TUFError, ValidationError, VerificationError, attest, verify } from 'sigstore';

export async function attestAndVerify(statement: Buffer): Promise<string> {
  try {
    const bundle = await attest(statement, 'application/vnd.in-toto+json');
    await verify(bundle, statement);
    return 'verified';
  } catch (error) {
    if (error instanceof InternalError) return `${error.code}: ${error.cause?.message ?? ''}`;
    if (error instanceof VerificationError || error instanceof PolicyError) return error.code;
    if (error instanceof ValidationError) return error.fields.join(', ');
    if (error instanceof TUFError) return error.name;
    throw error;
  }
}

export const made = [
  new InternalError({ code: 'TLOG_CREATE_ENTRY_ERROR', message: 'no entry', cause: new Error('why') }),
  new VerificationError({ code: 'SIGNATURE_ERROR', message: 'no signature' }),
  new PolicyError({ code: 'UNTRUSTED_SIGNER_ERROR', message: 'no' }),
  new TUFError({ code: 'TUF_READ_TARGET_ERROR', message: 'no target' }),
  // @ts-expect-error no such code
  new VerificationError({ code: 'NOTHING', message: 'no signature' }),
];
