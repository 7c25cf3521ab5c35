// SPDX-License-Identifier: Apache-2.0
// The part of @npmcli/config that is used; it ships no types.

declare module '@npmcli/config' {
  /** Adds what one file, or one other source, says; what comes later counts. */
  type Flatten = (source: Readonly<Record<string, unknown>>, flat: Record<string, unknown>) => unknown;
  interface ConfigOptions {
    readonly definitions: object;
    readonly shorthands: object;
    readonly flatten: Flatten;
    readonly nerfDarts: readonly string[];
    readonly npmPath: string;
    readonly argv: readonly string[];
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly cwd: string;
    readonly warn: boolean;
  }
  export default class Config {
    constructor(options: ConfigOptions);
    load(): Promise<void>;
    /** Whether no source but the defaults has the key. */
    isDefault(key: string): boolean;
    readonly flat: Readonly<Record<string, unknown>>;
  }
}

declare module '@npmcli/config/lib/definitions/index.js' {
  type Flatten = (source: Readonly<Record<string, unknown>>, flat: Record<string, unknown>) => unknown;
  interface Definitions {
    readonly definitions: object;
    readonly shorthands: object;
    readonly flatten: Flatten;
    readonly nerfDarts: readonly string[];
  }
  const definitions: Definitions;
  export default definitions;
}
