// SPDX-License-Identifier: Apache-2.0
// All tests: builds, runs every vitest project, then the smoke tests of the packed packages under the oldest Node.
// The last line says how many passed, failed and were skipped; the status is 0 only when something passed and nothing failed.

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './packages.mjs';
import { run, runPnpm } from './run.mjs';
import { runSmokeTests } from './smoke.mjs';

const REPORT = join(ROOT, '.test-results.json');
const ONE_FAILURE = { passed: 0, failed: 1, skipped: 0 };

const built = runPnpm(['run', 'build']) === 0;
const counts = [
  built ? { passed: 0, failed: 0, skipped: 0 } : ONE_FAILURE,
  runUnitTests(),
  built ? trySmokeTests() : ONE_FAILURE,
];
const total = (key) => counts.reduce((sum, count) => sum + count[key], 0);
const [passed, failed, skipped] = [total('passed'), total('failed'), total('skipped')];

process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);

function runUnitTests() {
  rmSync(REPORT, { force: true });
  const vitest = join(ROOT, 'node_modules/.bin/vitest');
  const status = run(vitest, ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`]);
  try {
    const report = JSON.parse(readFileSync(REPORT, 'utf8'));
    // A file that could not be loaded has no tests that could fail, and neither has an error outside of them.
    const unloaded = report.testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.length === 0,
    ).length;
    const failed = report.numFailedTests + unloaded;
    const skipped = report.numPendingTests + report.numTodoTests;
    return { passed: report.numPassedTests, failed: status !== 0 && failed === 0 ? 1 : failed, skipped };
  } catch (error) {
    console.error(`no test report: ${error.message}`);
    return ONE_FAILURE;
  }
}

function trySmokeTests() {
  try {
    return runSmokeTests();
  } catch (error) {
    console.error(`smoke tests: ${error.message}`);
    return ONE_FAILURE;
  }
}
