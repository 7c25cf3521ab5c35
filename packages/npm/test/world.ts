// SPDX-License-Identifier: Apache-2.0
// An instance, a registry that it backs, and projects that use its packages.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Stack, startStack } from '@keywax/stack';
import {
  type NpmPackage,
  type NpmRegistry,
  type NpmRegistryOptions,
  packTarball,
  startNpmRegistry,
} from '@keywax/stack/npm-registry';
import { type SerializedBundle, type Verifier, attest, createVerifier } from 'keywax';
import { hash } from '@keywax/core/hash';
import type { AuditOptions } from '../src/audit/audit-project.js';
import { encodePurl } from '../src/purl.js';
import { type RegistryClient, type RegistryClientOptions, openRegistryClient } from '../src/registry-client.js';

/** Claims of the GitHub workflow that publishes, in place of the usual ones. */
export type Claims = Readonly<Record<string, string>>;

/** A package to publish; with claims it has provenance. */
export interface Publication extends Omit<NpmPackage, 'provenance' | 'tarball'> {
  readonly claims?: Claims;
}

/** A running world. */
export interface World extends AsyncDisposable {
  readonly stack: Stack;
  readonly registry: NpmRegistry;
  readonly verifier: Verifier;
  /** Publishes, and gives the integrity. */
  publish(publication: Publication): Promise<string>;
  attestTarball(id: Pick<Publication, 'name' | 'version' | 'claims'>, tarball: Uint8Array): Promise<SerializedBundle>;
  openClient(options?: RegistryClientOptions): Promise<RegistryClient>;
  /** What an audit needs beside its lock file; the keys are those that the registry publishes itself. */
  openTools(options?: RegistryClientOptions): Promise<Pick<AuditOptions, 'client' | 'verifier' | 'keysOf'>>;
  /** A new folder, removed with the world. */
  makeFolder(files?: Readonly<Record<string, string>>): string;
}

/** Starts a world. */
export async function startWorld(options: Omit<NpmRegistryOptions, 'stack'> = {}): Promise<World> {
  const stack = await startStack();
  const registry = await startNpmRegistry({ ...options, stack });
  const verifier = await createVerifier({ instance: { trustedRoot: stack.trustedRoot } });
  const folders: string[] = [];
  const attestTarball: World['attestTarball'] = async ({ name, version, claims }, tarball) =>
    attest(
      {
        subjects: [{ name: encodePurl({ name, version }), digests: { sha512: hash('sha512', tarball) } }],
        predicateType: 'https://slsa.dev/provenance/v1',
        predicate: { buildDefinition: { buildType: 'https://example.com/build' } },
      },
      {
        instance: { trustConfig: stack.clientTrustConfig() },
        identityToken: await stack.mintToken({ kind: 'github', ...claims }),
      },
    );
  const openClient: World['openClient'] = (client = {}) =>
    openRegistryClient({
      npmConfig: { registry: registry.url },
      ...client,
      transport: { allowHttp: 'loopback', retries: 0, ...client.transport },
    });
  return {
    stack,
    registry,
    verifier,
    attestTarball,
    openClient,
    async openTools(options) {
      const client = await openClient(options);
      return { client, verifier, keysOf: (url, signal) => client.fetchKeys(url, signal) };
    },
    async publish({ claims, ...publication }) {
      const { name, version } = publication;
      const tarball = packTarball({ 'package.json': JSON.stringify({ name, version }) });
      const provenance =
        claims === undefined ? {} : { provenance: await attestTarball({ name, version, claims }, tarball) };
      return (await registry.addPackage({ publishAttestation: false, ...publication, tarball, ...provenance }))
        .integrity;
    },
    makeFolder(files = {}) {
      const folder = mkdtempSync(join(tmpdir(), 'keywax-npm-'));
      folders.push(folder);
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      return folder;
    },
    async [Symbol.asyncDispose]() {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
      await registry.close();
      await stack.close();
    },
  };
}

/** The text of a package-lock.json with these packages. */
export function packageLock(packages: Readonly<Record<string, object>>): string {
  return JSON.stringify({
    name: 'project',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name: 'project' },
      ...Object.fromEntries(Object.entries(packages).map(([path, entry]) => [`node_modules/${path}`, entry])),
    },
  });
}
