// SPDX-License-Identifier: Apache-2.0
// Where caches lie when nobody says so. The environment comes in as an argument: only commands and facades read it.

/** What a host says of itself. */
export interface HostEnvironment {
  /** As `process.platform`: `linux`, `darwin`, `win32` and so on. */
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The folder of caches of this user: below `XDG_DATA_HOME` or `~/.local/share`, on macOS below
 * `~/Library/Application Support`, on Windows below `LOCALAPPDATA`. `undefined` where the host names none of them.
 */
export function defaultCacheDirectory({ platform, env }: HostEnvironment): string | undefined {
  if (platform === 'win32') return below(absolute(env['LOCALAPPDATA'], /^(?:[A-Za-z]:[\\/]|\\\\)/), '\\');
  const home = absolute(env['HOME'], /^\//);
  if (platform === 'darwin') return below(home === undefined ? home : `${home}/Library/Application Support`, '/');
  // XDG Base Directory: a path that is not absolute is to be ignored.
  return below(absolute(env['XDG_DATA_HOME'], /^\//) ?? (home === undefined ? home : `${home}/.local/share`), '/');
}

function absolute(path: string | undefined, pattern: RegExp): string | undefined {
  return path !== undefined && pattern.test(path) ? path.replace(/[\\/]+$/, '') : undefined;
}

function below(folder: string | undefined, separator: string): string | undefined {
  return folder === undefined ? undefined : [folder, 'keywax', 'tuf'].join(separator);
}
