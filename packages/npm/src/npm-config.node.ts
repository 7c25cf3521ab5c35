// SPDX-License-Identifier: Apache-2.0
// npm's configuration as npm itself would read it: the .npmrc files of project, user and machine, and `npm_config_…` of the
// environment. It is npm's own library, loaded on first use. As for npm, a project's .npmrc may name variables of the
// environment, and hosts that their values go to: it is trusted like a script of the project.

// oxlint-disable-next-line typescript/triple-slash-reference -- packages above do not see ambient files otherwise
/// <reference path="./registry/npmcli-config.d.ts" />

import { dirname, join, resolve } from 'node:path';
import { KeywaxError } from '@keywax/core/errors';
import type { NpmConfig } from './registry/settings.js';

/** Whose configuration is read. */
export interface NpmConfigOptions {
  /** A folder of the project. */
  readonly directory: string;
  /** The environment: `HOME` and `npm_config_…` among others. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

type ConfigSource = Readonly<Record<string, unknown>>;
type Flatten = (source: ConfigSource, flat: Record<string, unknown>) => unknown;

interface LoadedConfig {
  readonly flat: ConfigSource;
  isDefault(key: string): boolean;
}

const USER_AGENT = 'npm_config_user_agent';

/**
 * Reads npm's configuration, in the flat form that its libraries take.
 * @throws CONFIG_INVALID for a file that npm would refuse
 */
export async function readNpmConfig({ directory, env }: NpmConfigOptions): Promise<NpmConfig> {
  const [{ default: Config }, { default: definitions }] = await Promise.all([
    import('@npmcli/config'),
    import('@npmcli/config/lib/definitions/index.js'),
  ]);
  const config = new Config({
    ...definitions,
    flatten: (source, flat) => flattenSource(source, flat, definitions.flatten),
    // Where the configuration lies that comes with npm.
    npmPath: join(dirname(dirname(process.execPath)), 'lib', 'node_modules', 'npm'),
    argv: [],
    env: { ...env },
    cwd: resolve(directory),
    warn: false,
  });
  const userAgent = process.env[USER_AGENT];
  try {
    await config.load();
    return withoutDefaults(config);
  } catch (cause) {
    // The library's messages quote what is wrong, which may be a secret.
    const code = (cause as { readonly code?: unknown } | undefined)?.code;
    const reason = typeof code === 'string' ? `: ${code}` : '';
    throw new KeywaxError('CONFIG_INVALID', `npm's configuration cannot be read${reason}`);
  } finally {
    // It tells child processes who npm is.
    if (userAgent === undefined) Reflect.deleteProperty(process.env, USER_AGENT);
    else process.env[USER_AGENT] = userAgent;
  }
}

/** Keeps the name of a `cafile`, which the library would read at once, whatever it is; the last of it and `ca` counts. */
function flattenSource(source: ConfigSource, flat: Record<string, unknown>, flatten: Flatten): void {
  const isOwn = (key: string): boolean => Object.hasOwn(source, key) && source[key] !== null && source[key] !== '';
  const own = Object.assign(Object.create(Object.getPrototypeOf(source) as object) as Record<string, unknown>, source);
  Reflect.deleteProperty(own, 'cafile');
  flatten(own, flat);
  if (isOwn('cafile')) flat['cafile'] = source['cafile'];
  else if (isOwn('ca')) Reflect.deleteProperty(flat, 'cafile');
}

/** The defaults of npm are not those of this package, which are to hold where nobody chose. */
function withoutDefaults(config: LoadedConfig): NpmConfig {
  const { timeout, retry, ...flat } = config.flat;
  return {
    ...flat,
    ...(config.isDefault('fetch-timeout') ? {} : { timeout }),
    ...(config.isDefault('fetch-retries') ? {} : { retry }),
  };
}
