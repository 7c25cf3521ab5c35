// SPDX-License-Identifier: Apache-2.0
// Table RV2: bodies, proofs and checkpoints of Rekor v2, signed again by its key where the fault lies below a signature.

import { concatBytes, encodeBase64, encodeUtf8 } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { encodeNote } from '@keywax/core/note';
import {
  type BundleParts,
  type NoteSigner,
  authorityStart,
  createNoteSigner,
  describeDsseV2,
  describeHashedRekordV2,
  describeLog,
  encodeBody,
  generateSigningKey,
  selectKeyDetails,
  signNoteText,
  signedDigest,
} from '@keywax/stack/lab';
import type { CheckId } from '../../src/index.js';
import { type AttackCase, type Bench, type Make, type Source, attacks } from './case.js';
import { type ForgedProof, forgeV2, provenInV2 } from './entries.js';
import { ENTRY, NOW, PROOF, changed, flipBase64, flipBit, made, replaceMember, withRoot } from './forge.js';

type Row = Omit<AttackCase, 'twin'> & { readonly twin?: Source };

const P256 = 'PKIX_ECDSA_P256_SHA_256';
const sha256 = (...pieces: readonly Uint8Array[]): Uint8Array => hash('sha256', ...pieces);
const rekord = (parts: BundleParts): object => describeHashedRekordV2(signedDigest(parts), P256);
const SPEC = 'spec.hashedRekordV002';

/** A bundle whose entry has another body, which the log proves. */
const logged = (
  id: string,
  title: string,
  at: CheckId,
  body: (parts: BundleParts) => Uint8Array,
  content: 'message' | 'dsse' = 'message',
): Row => ({
  id,
  title,
  code: 'ENTRY_MISMATCH',
  at,
  twin: content === 'message' ? 'v2-message' : 'v2-dsse',
  make: made({ content, logs: 'v2', steps: { bodyV2: body } }),
});

/** A proof that was changed after its checkpoint was signed. */
const proven = (
  id: string,
  title: string,
  at: CheckId,
  forged: ForgedProof | ((bench: Bench) => ForgedProof),
): Row => ({
  id,
  title,
  code: 'PROOF_INVALID',
  at,
  make: provenInV2(forged),
});

/** A checkpoint that is not the log's, or none. */
const noted = (id: string, title: string, at: CheckId, forged: ForgedProof | ((bench: Bench) => ForgedProof)): Row => ({
  id,
  title,
  code: 'CHECKPOINT_INVALID',
  at,
  make: provenInV2(forged),
});

/** A checkpoint whose text was changed before the log signed it. */
const written = (id: string, title: string, text: (text: string) => string, at: CheckId = 'checkpoint.decode'): Row =>
  noted(id, title, at, { text });

/** A checkpoint whose note was changed after the log signed it. */
const rewritten = (
  id: string,
  title: string,
  change: (note: string) => string,
  at: CheckId = 'checkpoint.decode',
): Row => noted(id, title, at, ({ lab }) => ({ envelope: (text) => change(noteOf(text, [lab.rekorV2.signer])) }));

function noteOf(text: string, signers: readonly NoteSigner[]): string {
  return encodeNote({ text, signatures: signers.map((signer) => signNoteText(text, signer)) });
}

/** A broken signature and a good one of the log, in either order. */
function signedTwice(order: 'first' | 'last'): Make {
  return provenInV2(({ lab }) => ({
    envelope: (text) => {
      const good = signNoteText(text, lab.rekorV2.signer);
      const bad = { ...good, signature: flipBit(good.signature) };
      return encodeNote({ text, signatures: order === 'first' ? [bad, good] : [good, bad] });
    },
  }));
}

/** A second log of another name in the trusted root, whose checkpoint the entry carries. */
const byOtherTrustedLog: Make = async (bench) => {
  const origin = 'rekor3.localhost';
  const signer = createNoteSigner(origin, generateSigningKey('ed25519'));
  const attempt = await provenInV2({ origin, signers: [signer] })(bench);
  return withRoot(
    () => attempt,
    (root) => {
      root.tlogs.push(describeLog(origin, { key: signer.key, logId: signer.keyId }, authorityStart(NOW)));
    },
  )(bench);
};

/** A second key of the same origin signs alone, and the entry names the first. */
const byOtherKeyOfOrigin: Make = async (bench) => {
  const { origin } = bench.lab.rekorV2;
  const signer = createNoteSigner(origin, generateSigningKey('ed25519'));
  const attempt = await provenInV2({ signers: [signer] })(bench);
  return withRoot(
    () => attempt,
    (root) => {
      root.tlogs.push(describeLog(origin, { key: signer.key, logId: signer.keyId }, authorityStart(NOW)));
    },
  )(bench);
};

/**
 * A checkpoint whose root takes the body for an inner node: were leaves not told from nodes, its two halves would be
 * leaves of the tree.
 */
const asNode: Make = made((bench) => ({
  content: 'message',
  logs: 'v2',
  steps: {
    entryV2: async (body) =>
      forgeV2(bench.lab, body, {
        index: 0n,
        size: 1n,
        text: (text) => text.replace(/\n[^\n]{44}\n/, `\n${encodeBase64(sha256(Uint8Array.of(1), body))}\n`),
        change: (proof) => ({ ...proof, rootHash: encodeBase64(sha256(Uint8Array.of(1), body)) }),
      }),
  },
}));

export const REKOR_V2_ATTACKS: readonly AttackCase[] = attacks('proven-v2', [
  {
    id: 'RV2-001',
    title: 'no timestamp',
    code: 'TIME_MISSING',
    at: 'time.proven',
    twin: 'v2-message',
    make: made({ content: 'message', logs: 'v2', steps: { timestamps: () => [] } }),
  },
  {
    id: 'RV2-002',
    title: 'an integrated time',
    code: 'BUNDLE_INVALID',
    make: changed('proven-v2', `${ENTRY}.integratedTime`, '1'),
    rulings: ['RUL-8'],
  },
  {
    id: 'RV2-002',
    title: 'a promise',
    code: 'BUNDLE_INVALID',
    make: changed('proven-v2', `${ENTRY}.inclusionPromise`, { signedEntryTimestamp: 'AAAA' }),
    rulings: ['RUL-8'],
  },
  logged('RV2-003', 'a body with another signature', 'entry.signature', (parts) =>
    encodeBody(describeHashedRekordV2({ ...signedDigest(parts), signature: flipBit(parts.signature) }, P256)),
  ),
  logged('RV2-003', 'a body with the digest of another artifact', 'entry.digest', (parts) =>
    encodeBody(describeHashedRekordV2({ ...signedDigest(parts), digest: sha256() }, P256)),
  ),
  logged('RV2-003', 'a body with a digest by another algorithm', 'entry.digest', (parts) =>
    encodeBody(
      describeHashedRekordV2(
        { ...signedDigest(parts), algorithm: 'sha512', digest: hash('sha512', parts.artifact) },
        P256,
      ),
    ),
  ),
  logged('RV2-003', 'a body with another key', 'entry.key', (parts) =>
    encodeBody(
      describeHashedRekordV2(
        { ...signedDigest(parts), verifier: { kind: 'publicKey', spki: generateSigningKey('P-256').spki } },
        P256,
      ),
    ),
  ),
  logged('RV2-004', 'a body with the bare key', 'entry.key', (parts) =>
    encodeBody(
      describeHashedRekordV2({ ...signedDigest(parts), verifier: { kind: 'publicKey', spki: parts.key.spki } }, P256),
    ),
  ),
  logged('RV2-005', 'a body for another algorithm of the key', 'entry.key', (parts) =>
    encodeBody(describeHashedRekordV2(signedDigest(parts), 'PKIX_ECDSA_P384_SHA_256')),
  ),
  logged('RV2-006', 'a body with white space', 'entry.body', (parts) =>
    concatBytes(encodeBody(rekord(parts)), encodeUtf8('\n')),
  ),
  logged('RV2-006', 'a body in another order', 'entry.body', (parts) =>
    encodeUtf8(JSON.stringify(reverseMembers(rekord(parts)))),
  ),
  logged('RV2-006', 'a body with a member that nobody knows', 'entry.body', (parts) =>
    encodeBody(replaceMember(rekord(parts), `${SPEC}.extra`, 1)),
  ),
  logged('RV2-006', 'a body with an arm that is null', 'entry.body', (parts) =>
    encodeBody(replaceMember(rekord(parts), `${SPEC}.signature.verifier.publicKey`, null)),
  ),
  proven('RV2-007', 'another root hash beside the checkpoint', 'entry.rootHash', {
    change: (proof) => ({ ...proof, rootHash: flipBase64(proof.rootHash) }),
  }),
  proven('RV2-008', 'another tree size beside the checkpoint', 'entry.treeSize', {
    change: (proof) => ({ ...proof, treeSize: '7' }),
  }),
  {
    id: 'RV2-009',
    title: 'another index of the entry than of the proof',
    code: 'PROOF_INVALID',
    at: 'entry.index',
    make: changed('proven-v2', `${ENTRY}.logIndex`, '4'),
  },
  {
    id: 'RV2-010',
    title: 'an index that is the size',
    code: 'PROOF_INVALID',
    at: 'entry.inclusion',
    make: changed(changed('proven-v2', `${ENTRY}.logIndex`, '6'), `${PROOF}.logIndex`, '6'),
  },
  {
    id: 'RV2-010',
    title: 'a tree without leaves',
    code: 'PROOF_INVALID',
    at: 'entry.inclusion',
    make: provenInV2({
      text: (text) => text.replace('\n6\n', '\n0\n'),
      change: (proof) => ({ ...proof, treeSize: '0' }),
    }),
  },
  proven('RV2-011', 'a hash missing', 'entry.inclusion', {
    change: (proof) => ({ ...proof, hashes: (proof.hashes ?? []).slice(1) }),
  }),
  proven('RV2-011', 'a hash too many', 'entry.inclusion', {
    change: (proof) => ({ ...proof, hashes: [...(proof.hashes ?? []), proof.rootHash] }),
  }),
  proven('RV2-011', 'hashes in another order', 'entry.inclusion', {
    change: (proof) => ({ ...proof, hashes: [...(proof.hashes ?? [])].reverse() }),
  }),
  {
    id: 'RV2-011',
    title: 'a hash of 31 bytes',
    code: 'PROOF_INVALID',
    make: changed('proven-v2', `${PROOF}.hashes.0`, encodeBase64(new Uint8Array(31))),
  },
  { id: 'RV2-012', title: 'a leaf that would be a node', code: 'PROOF_INVALID', at: 'entry.inclusion', make: asNode },
  proven('RV2-013', 'a proof for another size', 'entry.inclusion', {
    index: 5n,
    size: 8n,
    text: (text) => text.replace('\n8\n', '\n6\n'),
    change: (proof) => ({ ...proof, treeSize: '6' }),
  }),
  {
    id: 'RV2-015',
    title: 'an index that differs above 32 bits',
    code: 'PROOF_INVALID',
    at: 'entry.inclusion',
    twin: 'leaf-4294967296-of-4611686018427387904',
    make: changed(
      changed('leaf-4294967296-of-4611686018427387904', `${ENTRY}.logIndex`, '0'),
      `${PROOF}.logIndex`,
      '0',
    ),
  },
  {
    id: 'RV2-016',
    title: '64 hashes',
    code: 'INPUT_TOO_LARGE',
    make: changed('proven-v2', `${PROOF}.hashes`, (own: readonly string[]) => Array.from({ length: 64 }, () => own[0])),
  },
  rewritten(
    'RV2-017',
    'a checkpoint with one bit of its signature the other way round',
    flipNote,
    'checkpoint.signature',
  ),
  noted('RV2-017', 'a checkpoint that the log signed with another root', 'checkpoint.signature', ({ lab }) => ({
    envelope: (text) =>
      encodeNote({ text, signatures: [signNoteText(text.replace('\n6\n', '\n7\n'), lab.rekorV2.signer)] }),
  })),
  noted('RV2-018', 'the checkpoint of a log that nobody knows', 'checkpoint.origin', ({ stranger }) => ({
    origin: 'evil.localhost',
    signers: [{ ...stranger.rekorV2.signer, name: 'evil.localhost' }],
  })),
  noted('RV2-018', 'the checkpoint of another log with the same name', 'checkpoint.signer', ({ stranger }) => ({
    signers: [stranger.rekorV2.signer],
  })),
  noted('RV2-019', 'another origin, signed by the key of the log', 'checkpoint.origin', ({ lab }) => ({
    origin: 'other.localhost',
    signers: [{ ...lab.rekorV2.signer, name: 'other.localhost' }],
  })),
  noted('RV2-020', 'another name of the signature than the origin', 'checkpoint.signer', ({ lab }) => ({
    signers: [{ ...lab.rekorV2.signer, name: 'other.localhost' }],
  })),
  noted('RV2-020', 'a name that is the beginning of the origin', 'checkpoint.signer', ({ lab }) => ({
    signers: [{ ...lab.rekorV2.signer, name: 'rekor2' }],
  })),
  rewritten('RV2-020', 'a name with a plus', (note) => note.replace('— rekor2.', '— rekor2+')),
  noted('RV2-021', 'another key hint', 'checkpoint.signer', ({ lab }) => ({
    signers: [{ ...lab.rekorV2.signer, keyId: flipBit(lab.rekorV2.signer.keyId, 0) }],
  })),
  rewritten('RV2-021', 'a signature of three bytes', (note) => note.replace(/ [A-Za-z0-9+/=]+\n$/, ' AAAA\n')),
  rewritten('RV2-022', 'no signatures', (note) => note.slice(0, note.indexOf('\n\n') + 2)),
  noted('RV2-022', 'a cosignature alone', 'checkpoint.signer', ({ lab }) => ({
    signers: [createNoteSigner('witness', lab.rekorV2.key)],
  })),
  ...(['first', 'last'] as const).map(
    (order): Row => ({
      id: 'RV2-024',
      title: `two signatures of the log, of which the ${order} is broken`,
      code: 'CHECKPOINT_INVALID',
      at: 'checkpoint.signature',
      make: signedTwice(order),
      rulings: ['RUL-4'],
    }),
  ),
  written('RV2-026', 'no tree size', (text) => text.replace('\n6\n', '\n')),
  written('RV2-026', 'an empty line', (text) => text.replace('\n6\n', '\n\n6\n')),
  rewritten('RV2-026', 'no line feed at the end', (note) => note.slice(0, -1)),
  written('RV2-026', 'carriage returns', (text) => text.replaceAll('\n', '\r\n')),
  written('RV2-026', 'a tab', (text) => text.replace('\n6\n', '\n6\t\n')),
  rewritten('RV2-026', 'a hyphen in place of the dash', (note) => note.replace('—', '-')),
  written('RV2-027', 'a tree size with a leading zero', (text) => text.replace('\n6\n', '\n06\n')),
  written('RV2-027', 'a tree size with a sign', (text) => text.replace('\n6\n', '\n+6\n')),
  written('RV2-027', 'a tree size in full-width digits', (text) => text.replace('\n6\n', '\n６\n')),
  written('RV2-028', 'a root of 31 bytes', (text) =>
    text.replace(/\n[^\n]{44}\n/, `\n${encodeBase64(new Uint8Array(31))}\n`),
  ),
  written('RV2-028', 'a root in the alphabet of URLs', (text) =>
    text.replace(/\n[^\n]{44}\n/, `\n${'-'.repeat(43)}=\n`),
  ),
  rewritten('RV2-029', 'two blank lines', (note) => note.replace('\n\n', '\n\nmore\n\n')),
  {
    id: 'RV2-031',
    title: '65 signatures',
    code: 'INPUT_TOO_LARGE',
    at: 'checkpoint.decode',
    make: provenInV2(({ lab }) => ({ signers: Array.from({ length: 65 }, () => lab.rekorV2.signer) })),
  },
  {
    // RUL-18: such a log is kept and unusable.
    id: 'RV2-032',
    title: 'a key id by the formula of another kind of key',
    code: 'KEY_REJECTED',
    at: 'entry.log',
    make: async (bench) => {
      const logId = sha256(encodeUtf8('x'), bench.lab.rekorV2.key.spki);
      const attempt = await changed('proven-v2', `${ENTRY}.logId.keyId`, encodeBase64(logId))(bench);
      return withRoot(
        () => attempt,
        (root) => {
          for (const log of root.tlogs.slice(1)) log.logId.keyId = encodeBase64(logId);
        },
      )(bench);
    },
    rulings: ['RUL-18', 'RUL-24'],
  },
  {
    id: 'RV2-034',
    title: 'the checkpoint of another trusted log than the entry names',
    code: 'CHECKPOINT_INVALID',
    at: 'checkpoint.origin',
    make: byOtherTrustedLog,
  },
  {
    id: 'RV2-033',
    title: 'the checkpoint by another key of the log than the entry names',
    code: 'CHECKPOINT_INVALID',
    at: 'checkpoint.signer',
    twin: 'two-keys',
    make: byOtherKeyOfOrigin,
  },
  {
    ...logged('RV2-035', 'an entry of a version to come', 'entry.body', (parts) =>
      encodeBody({ ...rekord(parts), apiVersion: '0.0.3' }),
    ),
    code: 'INPUT_UNSUPPORTED',
  },
  {
    ...logged(
      'RV2-035',
      'an envelope whose entry is dsse 0.0.2 of another payload',
      'entry.digest',
      ({ signature, verifier, key }) =>
        encodeBody(describeDsseV2(new Uint8Array(), [{ signature, verifier, keyDetails: selectKeyDetails(key) }])),
      'dsse',
    ),
    twin: 'v2-dsse-kind',
    rulings: ['RUL-17'],
  },
  logged(
    'RV2-036',
    'an envelope whose entry has the digest of the payload',
    'entry.digest',
    (parts) => encodeBody(describeHashedRekordV2({ ...signedDigest(parts), digest: sha256(parts.payload) }, P256)),
    'dsse',
  ),
  noted('RV2-038', 'a checkpoint with the number of a tree, as Rekor v1 has it', 'checkpoint.origin', ({ lab }) => ({
    origin: `${lab.rekorV2.origin} - 1`,
  })),
]);

/** One bit of the last signature the other way round. */
function flipNote(note: string): string {
  const at = note.lastIndexOf(' ') + 1;
  return `${note.slice(0, at)}${flipBase64(note.slice(at, -1))}\n`;
}

function reverseMembers(value: object): object {
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, typeof member === 'object' ? reverseMembers(member as object) : member]),
  );
}
