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
interface CryptoKeyPair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}
interface JsonWebKey {
  readonly kty?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
}
type WebAlgorithm = Readonly<Record<string, unknown>>;
interface SubtleCrypto {
  importKey(
    format: 'spki' | 'pkcs8',
    data: Uint8Array,
    algorithm: WebAlgorithm,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<CryptoKey>;
  importKey(
    format: 'jwk',
    data: JsonWebKey,
    algorithm: WebAlgorithm,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<CryptoKey>;
  exportKey(format: 'spki', key: CryptoKey): Promise<ArrayBuffer>;
  exportKey(format: 'jwk', key: CryptoKey): Promise<JsonWebKey>;
  generateKey(algorithm: WebAlgorithm, extractable: boolean, usages: readonly string[]): Promise<CryptoKeyPair>;
  sign(algorithm: WebAlgorithm, key: CryptoKey, data: Uint8Array): Promise<ArrayBuffer>;
  verify(algorithm: WebAlgorithm, key: CryptoKey, signature: Uint8Array, data: Uint8Array): Promise<boolean>;
}
declare const crypto: {
  readonly subtle: SubtleCrypto;
  getRandomValues(array: Uint8Array): Uint8Array;
};
