// SPDX-License-Identifier: Apache-2.0
// The commands. Each is loaded when it is called.

import type { Command } from './command.js';

/** A command before it is loaded. */
export interface CommandEntry {
  readonly summary: string;
  load(): Promise<Command>;
}

/** Every command by name, of one word or two, in the order of the help. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  sign: {
    summary: 'sign files with a key that is used once, under your identity',
    load: async () => (await import('./commands/sign.js')).signCommand,
  },
  attest: {
    summary: 'sign a statement about files',
    load: async () => (await import('./commands/attest.js')).attestCommand,
  },
  verify: {
    summary: 'verify that the signer you name signed a file',
    load: async () => (await import('./commands/verify.js')).verifyCommand,
  },
  inspect: {
    summary: 'show what a bundle claims, without verifying it',
    load: async () => (await import('./commands/inspect.js')).inspectCommand,
  },
  'image sign': {
    summary: 'sign container images',
    load: async () => (await import('./commands/image-sign.js')).imageSignCommand,
  },
  'image attest': {
    summary: 'sign a statement about container images',
    load: async () => (await import('./commands/image-attest.js')).imageAttestCommand,
  },
  'image verify': {
    summary: 'verify that the signer you name signed an image, or attested something of it',
    load: async () => (await import('./commands/image-verify.js')).imageVerifyCommand,
  },
  'image tree': {
    summary: 'show what hangs on an image',
    load: async () => (await import('./commands/image-tree.js')).imageTreeCommand,
  },
  'image copy': {
    summary: 'copy an image with its signatures',
    load: async () => (await import('./commands/image-copy.js')).imageCopyCommand,
  },
  'admission serve': {
    summary: 'answer the admission reviews of a cluster by its image policies',
    load: async () => (await import('./commands/admission-serve.js')).admissionServeCommand,
  },
  'bundle create': {
    summary: 'make a bundle of a detached signature, or of an old bundle of cosign',
    load: async () => (await import('./commands/bundle-create.js')).bundleCreateCommand,
  },
  'bundle upgrade': {
    summary: 'write an older bundle as a bundle 0.3',
    load: async () => (await import('./commands/bundle-upgrade.js')).bundleUpgradeCommand,
  },
  'bundle inspect': {
    summary: 'show what a bundle claims, in older forms too',
    load: async () => (await import('./commands/inspect.js')).bundleInspectCommand,
  },
  'key generate': {
    summary: 'make a key pair, its private key encrypted',
    load: async () => (await import('./commands/key-generate.js')).keyGenerateCommand,
  },
  'key import': {
    summary: 'encrypt a private key that another tool made',
    load: async () => (await import('./commands/key-import.js')).keyImportCommand,
  },
  'key public': {
    summary: 'print the public key of a private key',
    load: async () => (await import('./commands/key-public.js')).keyPublicCommand,
  },
  'trust show': {
    summary: 'show whom a trusted root vouches for, and what is valid now',
    load: async () => (await import('./commands/trust-show.js')).trustShowCommand,
  },
  'trust update': {
    summary: 'ask the repository of an instance for its newest trust, and keep it',
    load: async () => (await import('./commands/trust-update.js')).trustUpdateCommand,
  },
  'trust init': {
    summary: 'remember the root by which the repository of an instance is trusted',
    load: async () => (await import('./commands/trust-init.js')).trustInitCommand,
  },
  'trust create': {
    summary: 'make a trusted root from chains and keys, or add to one',
    load: async () => (await import('./commands/trust-create.js')).trustCreateCommand,
  },
  'npm audit': {
    summary: 'verify what the registry says about every package of a project',
    load: async () => (await import('./commands/npm-audit.js')).npmAuditCommand,
  },
  'npm verify': {
    summary: 'verify what the registry says about single packages',
    load: async () => (await import('./commands/npm-verify.js')).npmVerifyCommand,
  },
  'npm trust': {
    summary: 'record who built each package of a project, for later audits',
    load: async () => (await import('./commands/npm-trust.js')).npmTrustCommand,
  },
  stack: {
    summary: 'run a whole Sigstore instance on this machine',
    load: async () => (await import('./commands/stack.js')).stackCommand,
  },
};
