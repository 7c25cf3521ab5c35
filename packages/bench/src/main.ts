// SPDX-License-Identifier: Apache-2.0
// `pnpm bench`: Keywax, the reference client and the floor, on the same bundles, in one run. Ratios hold from machine to
// machine; absolute times do not.

import { createRequire } from 'node:module';
import { arch, cpus, platform } from 'node:os';
import { loadSyncCrypto } from '@keywax/core/crypto';
import { timeProcesses } from './cold.ts';
import { floor, keywax, keywaxSync, reference } from './contenders.ts';
import { makeFixtures } from './fixtures.ts';
import { type Latency, measureThroughput, timeInTurns } from './latency.ts';
import { measureAudits } from './npm-audit.ts';
import { readNpmVersion } from './npm-host.ts';
import { measureInstalled } from './size.ts';
import { measureSnapshots } from './snapshot.ts';

const { version } = createRequire(import.meta.url)('@sigstore/verify/package.json') as { readonly version: string };
const ms = (value: number): string => value.toFixed(2);
const times = (value: number): string => `${value.toFixed(1)} ×`;

function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`| ${head.join(' | ')} |`);
  console.log(`|${head.map(() => ' --- ').join('|')}|`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
  console.log();
}

const WARM_UP = 100;
const { trustedRoot, sets } = await makeFixtures(WARM_UP + 1_000);
await loadSyncCrypto();
console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? arch()}, ${platform()}; reference: @sigstore/verify ${version}\n`,
);

console.log('Verifying one bundle, warm, parsing included (ms, median; ratios of medians, of minima in brackets)\n');
const latencyRows: string[][] = [];
for (const set of sets) {
  const contenders = [keywax, keywaxSync, reference, floor].map((make) => make(trustedRoot, set));
  const inputs = set.fixtures.slice(0, WARM_UP + 400);
  const latencies = await timeInTurns(contenders, { inputs, warmUp: WARM_UP });
  const [ours, sync, theirs, least] = latencies as [Latency, Latency, Latency, Latency];
  const ratio = (a: Latency, b: Latency): string => `${times(a.median / b.median)} (${times(a.min / b.min)})`;
  latencyRows.push([
    set.name,
    ...latencies.map(({ median }) => ms(median)),
    ratio(theirs, ours),
    ratio(theirs, sync),
    ratio(sync, least),
  ]);
}
printTable(
  ['bundle', 'keywax', 'keywax, sync', 'reference', 'floor', 'reference / keywax', 'reference / sync', 'sync / floor'],
  latencyRows,
);

console.log('1,000 distinct bundles, one after the other and 16 in flight (bundles per second)\n');
const throughputRows: string[][] = [];
for (const set of sets) {
  const fixtures = set.fixtures.slice(WARM_UP);
  const one = await measureThroughput(keywax(trustedRoot, set), { fixtures, inFlight: 1 });
  const many = await measureThroughput(keywax(trustedRoot, set), { fixtures, inFlight: 16 });
  const theirs = await measureThroughput(reference(trustedRoot, set), { fixtures, inFlight: 1 });
  throughputRows.push([
    set.name,
    ...[one, many, theirs].map((rate) => rate.toFixed(0)),
    times(one / theirs),
    times(many / theirs),
  ]);
}
printTable(
  ['bundle', 'keywax', 'keywax, 16 in flight', 'reference', 'keywax / reference', '16 in flight / reference'],
  throughputRows,
);

console.log('New process, over an empty one (ms of processor time, median)\n');
const { bundle, artifact } = sets[0]?.fixtures[0] ?? {};
const data = JSON.stringify({ trustedRoot, bundle, artifact: Buffer.from(artifact ?? []).toString('base64') });
const prepareOurs = `const f = ${data}; const { prepareTrust, verifyBundle, unsafeAnyIdentity } = await import('@keywax/verify'); const { decodeTrustedRoot } = await import('@keywax/trust');`;
const prepareTheirs = `const f = ${data}; const { Verifier, toSignedEntity, toTrustMaterial } = await import('@sigstore/verify'); const { bundleFromJSON } = await import('@sigstore/bundle'); const { TrustedRoot } = await import('@sigstore/protobuf-specs');`;
const verifyOurs = `await verifyBundle(f.bundle, { trust: prepareTrust(decodeTrustedRoot(f.trustedRoot)), artifact: Buffer.from(f.artifact, 'base64'), identity: unsafeAnyIdentity, now: new Date() });`;
const verifyTheirs = `new Verifier(toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(f.trustedRoot)))).verify(toSignedEntity(bundleFromJSON(JSON.parse(f.bundle)), Buffer.from(f.artifact, 'base64')));`;
const requireScript = (name: string): string =>
  `import { createRequire } from 'node:module'; createRequire(import.meta.url)('${name}');`;
const [importOurs, importTheirs, firstOurs, firstTheirs, swapped, original] = timeProcesses(
  [
    prepareOurs,
    prepareTheirs,
    prepareOurs + verifyOurs,
    prepareTheirs + verifyTheirs,
    ...['@keywax/compat', 'sigstore'].map(requireScript),
  ],
  20,
).map(({ median }) => median) as [number, number, number, number, number, number];
printTable(
  ['', 'keywax', 'reference', 'reference / keywax'],
  [
    ['import the verifier', ms(importOurs), ms(importTheirs), times(importTheirs / importOurs)],
    ['import, prepare trust, verify one bundle', ms(firstOurs), ms(firstTheirs), times(firstTheirs / firstOurs)],
    ['require `@keywax/compat`, `sigstore`', ms(swapped), ms(original), times(original / swapped)],
  ],
);

console.log('Installed, with all dependencies\n');
const sizes = ['@keywax/verify', '@sigstore/verify'].map((name) => measureInstalled(name, import.meta.filename));
printTable(
  ['', 'packages', 'kB'],
  ['@keywax/verify', '@sigstore/verify'].map((name, i) => [
    name,
    `${sizes[i]?.packages}`,
    ((sizes[i]?.bytes ?? 0) / 1_000).toFixed(0),
  ]),
);

console.log('Reading a TUF snapshot (ms, median)\n');
printTable(
  ['entries', 'kB', 'keywax: parse, verify, check', 'JSON.parse and one hash', 'ratio'],
  (await measureSnapshots([5_000, 10_000, 20_000])).map(({ entries, bytes, refreshMs, leastMs }) => [
    `${entries}`,
    (bytes / 1_000).toFixed(0),
    ms(refreshMs),
    ms(leastMs),
    times(refreshMs / leastMs),
  ]),
);

const project = { packages: 2_000, attested: 200 };
console.log(
  `Auditing a project of ${project.packages} packages, ${project.attested} with provenance, against a registry on loopback; npm ${readNpmVersion()}\n`,
);
const audits = await measureAudits(project);
const npmMs = audits.find(({ name }) => name === 'npm audit signatures')?.ms ?? Number.NaN;
printTable(
  ['', 's', 'peak MB', 'requests', 'npm audit signatures / this'],
  audits.map(({ name, ms: taken, peakMegabytes, requests }) => [
    name,
    (taken / 1_000).toFixed(1),
    peakMegabytes.toFixed(0),
    `${requests}`,
    times(npmMs / taken),
  ]),
);
