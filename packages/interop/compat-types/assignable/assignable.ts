// SPDX-License-Identifier: Apache-2.0
// What the package exports can stand wherever the original's is expected, and takes what the original makes.

import * as compat from '@keywax/compat';
import * as ourBundle from '@keywax/compat/bundle';
import * as ourTuf from '@keywax/compat/tuf';
import * as ourVerify from '@keywax/compat/verify';
import type * as theirBundle from '@sigstore/bundle';
import type * as theirTuf from '@sigstore/tuf';
import type * as theirVerify from '@sigstore/verify';
import type * as sigstore from 'sigstore';

type Classes = 'InternalError' | 'PolicyError' | 'TUFError' | 'ValidationError' | 'VerificationError';

export const root: Omit<typeof sigstore, Classes> = compat;
export const bundle: Omit<typeof theirBundle, Classes> = ourBundle;
export const tuf: Omit<typeof theirTuf, Classes> = ourTuf;
export const names: Record<keyof typeof sigstore | Classes, unknown> = compat;
export const verifyNames: Record<keyof typeof theirVerify, unknown> = ourVerify;

export const errors = (): readonly [
  sigstore.InternalError,
  sigstore.VerificationError,
  sigstore.PolicyError,
  sigstore.TUFError,
  sigstore.ValidationError,
] => [
  new compat.InternalError({ code: 'TLOG_CREATE_ENTRY_ERROR', message: '' }),
  new compat.VerificationError({ code: 'TLOG_ERROR', message: '', cause: 7 }),
  new compat.PolicyError({ code: 'UNTRUSTED_SIGNER_ERROR', message: '' }),
  new compat.TUFError({ code: 'TUF_FIND_TARGET_ERROR', message: '' }),
  new compat.ValidationError('', ['mediaType']),
];

export const options = (given: sigstore.VerifyOptions): compat.VerifyOptions => given;
export const signOptions = (given: sigstore.SignOptions): compat.SignOptions => given;
export const json = (given: sigstore.Bundle): compat.Bundle => given;
export const backJson = (given: compat.Bundle): sigstore.Bundle => given;
export const decoded = (given: theirBundle.Bundle): ourBundle.Bundle => given;
export const backDecoded = (given: ourBundle.Bundle): theirBundle.Bundle => given;
export const signer = (given: compat.Signer): theirVerify.Signer => given;
export const policy = (given: theirVerify.VerificationPolicy): ourVerify.VerificationPolicy => given;
export const finder = (given: theirVerify.KeyFinderFunc): ourVerify.KeyFinderFunc => given;
export const thresholds = (given: theirVerify.VerifierOptions): ourVerify.VerifierOptions => given;
export const tufOptions = (given: theirTuf.TUFOptions): ourTuf.TUFOptions => given;
// @ts-expect-error a policy of ours is no option of theirs
export const wrong = (given: ourVerify.VerificationPolicy): sigstore.VerifyOptions => given.oids;
