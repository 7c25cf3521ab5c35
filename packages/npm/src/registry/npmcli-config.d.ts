// SPDX-License-Identifier: Apache-2.0
// The part of @npmcli/config that is used; it ships no types.

declare module '@npmcli/config' {
  interface ConfigOptions {
    readonly definitions: object;
    readonly shorthands: object;
    readonly flatten: (...args: readonly never[]) => unknown;
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
    readonly flat: Readonly<Record<string, unknown>>;
  }
}

declare module '@npmcli/config/lib/definitions/index.js' {
  interface Definitions {
    readonly definitions: object;
    readonly shorthands: object;
    readonly flatten: (...args: readonly never[]) => unknown;
    readonly nerfDarts: readonly string[];
  }
  const definitions: Definitions;
  export default definitions;
}
