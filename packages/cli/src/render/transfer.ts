// SPDX-License-Identifier: Apache-2.0
// Tells of transfers, a line for each blob that is done and for each further step of a large one.

import type { TransferProgress } from '@keywax/oci';
import type { Output } from '../host.js';
import { escapeText } from './text.js';

/** Tells of transfers. */
export interface TransferLog {
  readonly record: (progress: TransferProgress) => void;
  /** Waits until everything is written. */
  close(): Promise<void>;
}

const STEP_BYTES = 33_554_432; // a line every few seconds on an ordinary connection
const MIN_BYTES = 65_536; // configs and manifests are not worth a line
const DIGEST_CHARS = 19; // `sha256:` and twelve digits
const VERBS = { upload: 'sent', download: 'read', mount: 'mounted', present: 'is there' } as const;

/** A log on `output`, or none. */
export function createTransferLog(output: Output, isShown: boolean): TransferLog {
  const told = new Map<string, number>();
  let written: Promise<void> = Promise.resolve();
  const record = ({ kind, digest, transferred, total }: TransferProgress): void => {
    if (!isShown || total < MIN_BYTES) return;
    const isDone = transferred === total;
    if (!isDone && transferred - (told.get(digest) ?? 0) < STEP_BYTES) return;
    told.set(digest, transferred);
    const size = isDone ? formatBytes(total) : `${formatBytes(transferred)} of ${formatBytes(total)}`;
    const line = `  ${escapeText(digest.slice(0, DIGEST_CHARS))} ${VERBS[kind]}, ${size}\n`;
    written = written.then(() => output.write(line)).catch(() => {}); // of what nobody sees nothing depends
  };
  return { record, close: () => written };
}

/** `1.5 MB` and its like. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
