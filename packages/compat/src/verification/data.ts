// SPDX-License-Identifier: Apache-2.0

import { isSharedArrayBuffer, isUint8Array } from 'node:util/types';
import { refuseOption } from './refuse-option.js';

/**
 * Data as callers give it, of whatever realm; `undefined` for none. Bytes that another thread may change are copied.
 * @throws CONFIG_INVALID for anything but bytes, such as text, or a record that could pass for digests
 */
export function readData(data: unknown): Uint8Array | undefined {
  if (data === undefined || data === null) return undefined;
  if (!isUint8Array(data)) throw refuseOption('data', 'a Uint8Array');
  const { buffer, byteOffset, byteLength } = data;
  if (isSharedArrayBuffer(buffer)) return Uint8Array.from(data);
  return data instanceof Uint8Array ? data : new Uint8Array(buffer, byteOffset, byteLength);
}
