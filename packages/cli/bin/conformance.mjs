#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The entry point for the Sigstore client conformance suite. Works from a built tree.

import { createProcessHost, runConformance } from '../dist/index.js';

process.exitCode = await runConformance(process.argv.slice(2), createProcessHost(new AbortController().signal));
