// SPDX-License-Identifier: Apache-2.0
// What every host of the portable packages has: the few globals of Node, Bun, Deno, browsers and workers that they use.

interface TextDecoderOptions {
  readonly fatal?: boolean;
  readonly ignoreBOM?: boolean;
}
declare class TextDecoder {
  constructor(label?: string, options?: TextDecoderOptions);
  decode(input?: Uint8Array): string;
}
declare class TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
}

declare class URL {
  constructor(url: string, base?: string);
  readonly href: string;
  readonly origin: string;
  readonly protocol: string;
  readonly username: string;
  readonly password: string;
  readonly host: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
  readonly hash: string;
}

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
}

declare function structuredClone<T>(value: T): T;

interface CryptoKey {
  readonly type: string;
}
interface SubtleCrypto {
  importKey(
    format: 'spki',
    data: Uint8Array,
    algorithm: Readonly<Record<string, unknown>>,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<CryptoKey>;
  verify(
    algorithm: Readonly<Record<string, unknown>>,
    key: CryptoKey,
    signature: Uint8Array,
    data: Uint8Array,
  ): Promise<boolean>;
}
declare const crypto: {
  readonly subtle: SubtleCrypto;
};
