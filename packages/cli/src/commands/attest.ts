// SPDX-License-Identifier: Apache-2.0

import { basename } from 'node:path';
import { isJsonObject, parseJson, toPlainJson } from '@keywax/core/json';
import { type SubjectInput, attest, digestArtifact } from 'keywax';
import { withArtifactFile } from '../artifact-file.js';
import { bundlePathOf } from '../bundle-file.js';
import { type Command, defineCommand } from '../command.js';
import { readDocument } from '../document-file.js';
import { EXIT } from '../exit.js';
import { usageError } from '../flags.js';
import type { Host } from '../host.js';
import { SIGN_FLAGS, runSigning } from '../signing.js';

const MAX_PREDICATE_BYTES = 16_777_216; // ATTACKS 4.3, as for statements

/** `keywax attest`. */
export const attestCommand: Command = defineCommand({
  operands: '--predicate FILE --type URI [FLAGS] FILE …',
  about: `Signs one in-toto statement about the files: a predicate of a type, and the SHA-256 of each file. The rest is as
with \`keywax sign\`.`,
  flags: {
    predicate: { value: 'FILE', help: 'what is said about the files, as a JSON object' },
    type: { value: 'URI', help: 'the type of the predicate, such as https://slsa.dev/provenance/v1' },
    ...SIGN_FLAGS,
  },
  async run({ flags, operands }, host) {
    const [first] = operands;
    if (first === undefined) throw usageError('no file to attest');
    if (flags.predicate === undefined || flags.type === undefined)
      throw usageError('--predicate and --type are needed');
    if (flags.bundle === undefined && operands.length > 1)
      throw usageError('one statement about several files needs --bundle');
    if (!/^[A-Za-z][A-Za-z0-9+.-]*:\S+$/.test(flags.type)) throw usageError('--type is a URI');
    const predicateType = flags.type;
    const predicate = await readPredicate(flags.predicate);
    const task = {
      name: operands.join(', '),
      inputs: [...operands, flags.predicate],
      output: flags.bundle ?? bundlePathOf(first),
      sign: async (options: Parameters<typeof attest>[1]) =>
        attest({ subjects: await describeSubjects(operands, host), predicateType, predicate }, options),
    };
    await runSigning([task], flags, host);
    return EXIT.ok;
  },
});

async function readPredicate(path: string): Promise<object> {
  const value = parseJson(
    await readDocument(path, MAX_PREDICATE_BYTES),
    { maxBytes: MAX_PREDICATE_BYTES },
    'predicate',
  );
  if (!isJsonObject(value)) throw usageError('--predicate is a JSON object');
  return toPlainJson(value) as object;
}

async function describeSubjects(files: readonly string[], { signal }: Host): Promise<readonly SubjectInput[]> {
  const subjects: SubjectInput[] = [];
  for (const file of files) {
    const { sha256 } = await withArtifactFile(file, (artifact) => digestArtifact(artifact, { signal }));
    if (sha256 !== undefined) subjects.push({ name: basename(file), digests: { sha256 } });
  }
  return subjects;
}
