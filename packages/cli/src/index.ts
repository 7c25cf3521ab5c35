// SPDX-License-Identifier: Apache-2.0
// The commands as functions, for programs that offer them under another name.

export { EXIT, type ExitCode } from './exit.js';
export { type Host, type Output, createProcessHost } from './host.js';
export { runCommand } from './run.js';
export { runConformance } from './conformance.js';
