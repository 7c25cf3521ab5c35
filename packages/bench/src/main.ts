// SPDX-License-Identifier: Apache-2.0
// `pnpm bench`: Keywax, the reference client and the floor, on the same bundles, in one run. Ratios hold from machine to
// machine; absolute times do not.

import { createRequire } from 'node:module';
import { arch, cpus, platform } from 'node:os';
import { loadSyncCrypto } from '@keywax/core/crypto';
import { timeProcesses } from './cold.ts';
import { floor, keywax, keywaxSync, reference } from './contenders.ts';
import { makeFixtures } from './fixtures.ts';
import { measureThroughput, timeInTurns } from './latency.ts';
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

const { trustedRoot, fixtures } = await makeFixtures();
await loadSyncCrypto();
console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? arch()}, ${platform()}; reference: @sigstore/verify ${version}\n`,
);

console.log('Verifying one bundle, warm, parsing included (ms, median; ratios of medians)\n');
const latencyRows: string[][] = [];
for (const fixture of fixtures) {
  const contenders = [keywax, keywaxSync, reference, floor].map((make) => make(trustedRoot, fixture));
  const [ours, sync, theirs, least] = (await timeInTurns(contenders, { warmUp: 60, rounds: 200 })).map(
    ({ median }) => median,
  ) as [number, number, number, number];
  latencyRows.push([
    fixture.name,
    ms(ours),
    ms(sync),
    ms(theirs),
    ms(least),
    times(theirs / ours),
    times(theirs / sync),
    times(sync / least),
  ]);
}
printTable(
  ['bundle', 'keywax', 'keywax, sync', 'reference', 'floor', 'reference / keywax', 'reference / sync', 'sync / floor'],
  latencyRows,
);

console.log('Bundles per second, 16 in flight\n');
const throughputRows: string[][] = [];
for (const fixture of fixtures) {
  const ours = await measureThroughput(keywax(trustedRoot, fixture), { inFlight: 16, count: 600 });
  const theirs = await measureThroughput(reference(trustedRoot, fixture), { inFlight: 16, count: 150 });
  throughputRows.push([fixture.name, ours.toFixed(0), theirs.toFixed(0), times(ours / theirs)]);
}
printTable(['bundle', 'keywax', 'reference', 'keywax / reference'], throughputRows);

console.log('New process, over an empty one (ms, median)\n');
const data = JSON.stringify({
  trustedRoot,
  ...fixtures[0],
  artifact: Buffer.from(fixtures[0]?.artifact ?? []).toString('base64'),
});
const prepareOurs = `const f = ${data}; const { prepareTrust, verifyBundle, unsafeAnyIdentity } = await import('@keywax/verify'); const { decodeTrustedRoot } = await import('@keywax/trust');`;
const prepareTheirs = `const f = ${data}; const { Verifier, toSignedEntity, toTrustMaterial } = await import('@sigstore/verify'); const { bundleFromJSON } = await import('@sigstore/bundle'); const { TrustedRoot } = await import('@sigstore/protobuf-specs');`;
const verifyOurs = `await verifyBundle(f.bundle, { trust: prepareTrust(decodeTrustedRoot(f.trustedRoot)), artifact: Buffer.from(f.artifact, 'base64'), identity: unsafeAnyIdentity, now: new Date() });`;
const verifyTheirs = `new Verifier(toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(f.trustedRoot)))).verify(toSignedEntity(bundleFromJSON(JSON.parse(f.bundle)), Buffer.from(f.artifact, 'base64')));`;
const [importOurs, importTheirs, firstOurs, firstTheirs] = timeProcesses(
  [prepareOurs, prepareTheirs, prepareOurs + verifyOurs, prepareTheirs + verifyTheirs],
  20,
).map(({ median }) => median) as [number, number, number, number];
printTable(
  ['', 'keywax', 'reference', 'reference / keywax'],
  [
    ['import the verifier', ms(importOurs), ms(importTheirs), times(importTheirs / importOurs)],
    ['import, prepare trust, verify one bundle', ms(firstOurs), ms(firstTheirs), times(firstTheirs / firstOurs)],
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
