// SPDX-License-Identifier: Apache-2.0
// What is told while blobs and manifests go over the network.

/** A step of a transfer. */
export interface TransferProgress {
  /** `present`: it was there already; `mount`: the registry took it from another of its repositories. */
  readonly kind: 'download' | 'upload' | 'mount' | 'present';
  readonly digest: string;
  /** In bytes, so far. */
  readonly transferred: number;
  /** In bytes. */
  readonly total: number;
}

/** Is told of every step; what it throws ends the transfer. */
export type OnProgress = (progress: TransferProgress) => void;

/** Passes chunks on and tells of them. */
export async function* reportChunks(
  chunks: AsyncIterable<Uint8Array>,
  { kind, digest, total, onProgress }: Omit<TransferProgress, 'transferred'> & { readonly onProgress: OnProgress },
): AsyncGenerator<Uint8Array, void, undefined> {
  let transferred = 0;
  for await (const chunk of chunks) {
    transferred += chunk.length;
    onProgress({ kind, digest, transferred, total });
    yield chunk;
  }
}
