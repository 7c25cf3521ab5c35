// SPDX-License-Identifier: Apache-2.0
// Evidence of both formats as one thing that the engine can verify.

import { type Statement, decodeBundle, decodeStatement, encodeBundle } from '@keywax/bundle';
import type { SerializedBundle } from '@keywax/bundle';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import type { Annotations } from '../registry/descriptor.js';
import type { Evidence, EvidencePlace } from './evidence.js';
import { makeLayerBundle } from './layer.js';
import { SIGN_PREDICATE_TYPE } from './predicate.js';
import { decodeSimpleSigning } from './simple-signing.js';
import { PAYLOAD_TYPE, encodeImageStatement, readSubjectAnnotations } from './statement.js';

/** Something that may be a signature of an image. Nothing of it is proven. */
export interface Candidate {
  readonly place: EvidencePlace;
  readonly format: 'bundle' | 'layer';
  /** Digest of the manifest that holds it. */
  readonly manifest: string;
  readonly bundle: SerializedBundle;
  readonly material: 'certificate' | 'publicKey';
  /** Whether the signature covers a statement or, in the older format, the payload itself. */
  readonly covers: 'statement' | 'payload';
  readonly payload: Uint8Array;
  /** What the payload says; for a payload of the older format, the statement that means the same. */
  readonly statement: Statement;
  readonly predicateType: string;
  /** The digest that a payload of the older format names; a statement names it in its subjects. */
  readonly digest?: string;
  readonly annotationsOf: (digest: string) => Annotations;
}

/**
 * Reads evidence as a candidate.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED, BUNDLE_INVALID, STATEMENT_INVALID, and as `decodeBundle`
 */
export function readCandidate({ kind, bytes, annotations, place, manifest }: Evidence): Candidate {
  const isLayer = kind !== 'bundle';
  const bundle = decodeBundle(isLayer ? makeLayerBundle({ kind, bytes, annotations }) : bytes);
  const common = {
    place,
    manifest,
    format: isLayer ? ('layer' as const) : ('bundle' as const),
    bundle: encodeBundle(bundle),
    material: bundle.material.kind,
  };
  const { content } = bundle;
  if (content.kind === 'dsse') return { ...common, ...readEnvelope(content.payload, content.payloadType) };
  if (kind === 'signature') return { ...common, ...readPayload(bytes) };
  throw new KeywaxError('STATEMENT_INVALID', 'the bundle signs bytes, and says nothing about an image', {
    details: { expected: 'a bundle with a statement', actual: 'a signature over bytes' },
  });
}

type Content = Pick<Candidate, 'covers' | 'payload' | 'statement' | 'predicateType' | 'digest' | 'annotationsOf'>;

function readEnvelope(payload: Uint8Array, payloadType: string): Content {
  if (payloadType !== PAYLOAD_TYPE) {
    const actual = quoteText(payloadType);
    throw new KeywaxError('STATEMENT_INVALID', `expected a payload of type ${PAYLOAD_TYPE}, found ${actual}`, {
      details: { expected: PAYLOAD_TYPE, actual },
    });
  }
  const statement = decodeStatement(payload);
  return {
    covers: 'statement',
    payload,
    statement,
    predicateType: statement.predicateType,
    annotationsOf: (digest) => readSubjectAnnotations(statement, digest),
  };
}

function readPayload(payload: Uint8Array): Content {
  const { digest, name, annotations } = decodeSimpleSigning(payload);
  const predicateType = SIGN_PREDICATE_TYPE;
  const described = encodeImageStatement({ digest, name, predicateType, predicate: {}, annotations });
  const statement = decodeStatement(described);
  return { covers: 'payload', payload, statement, predicateType, digest, annotationsOf: () => annotations };
}
