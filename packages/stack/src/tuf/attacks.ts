// SPDX-License-Identifier: Apache-2.0
// What a mirror that lies, or whoever sits before it, answers in place of the repository's files (TUF 1.0.34 §1.5.2).

import { encodeHex } from '@keywax/core/bytes';
import { generateSigningKey } from '../keys.js';
import { encodeCanonical } from './canonical.js';
import { computeKeyId, signTuf } from './keys.js';
import type { TufRepository } from './repository.js';

/**
 * The classical attacks.
 * `rollback`: the oldest timestamp under the present keys.
 * `freeze`: the timestamp of when the attack began, whatever is published later.
 * `mixAndMatch`: the newest snapshot with the targets of the version before.
 * `endlessData`: a timestamp without an end.
 * `wrongKeys`: a newer timestamp, signed by a key that the root does not know.
 */
export const TUF_ATTACKS = ['rollback', 'freeze', 'mixAndMatch', 'endlessData', 'wrongKeys'] as const;
/** An attack by its name. */
export type TufAttack = (typeof TUF_ATTACKS)[number];

/** What is answered for a path; `undefined` where the repository's own file is. */
export type TufOverlay = (path: string) => Uint8Array | ReadableStream<Uint8Array> | undefined;

/** Begins an attack. `oldestTimestamp` is what a rollback answers. */
export function startAttack(
  attack: TufAttack,
  repository: TufRepository,
  oldestTimestamp: Uint8Array | undefined,
): TufOverlay {
  const { files } = repository;
  switch (attack) {
    case 'rollback':
      return replaceTimestamp(() => oldestTimestamp);
    case 'freeze': {
      const frozen = files.get('timestamp.json');
      return replaceTimestamp(() => frozen);
    }
    case 'mixAndMatch':
      return (path) => {
        const version = Number(repository.role('targets').signed['version']);
        return path === `${version}.targets.json` ? files.get(`${version - 1}.targets.json`) : undefined;
      };
    case 'endlessData':
      return replaceTimestamp(createEndlessBody);
    case 'wrongKeys': {
      const forged = forgeTimestamp(repository);
      return replaceTimestamp(() => forged);
    }
  }
}

function replaceTimestamp(make: () => ReturnType<TufOverlay>): TufOverlay {
  return (path) => (path === 'timestamp.json' ? make() : undefined);
}

function createEndlessBody(): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(65_536).fill(0x20);
  return new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
}

/** The key id is the right one; the key behind it is not. */
function forgeTimestamp(repository: TufRepository): Uint8Array {
  const { signed, signers } = repository.role('timestamp');
  const newer = { ...signed, version: Number(signed['version']) + 1 };
  const signatures = signers.map((key) => ({
    keyid: computeKeyId(key),
    sig: encodeHex(signTuf(generateSigningKey(key.kind), encodeCanonical(newer))),
  }));
  return new TextEncoder().encode(JSON.stringify({ signatures, signed: newer }));
}
