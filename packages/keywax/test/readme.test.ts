// SPDX-License-Identifier: Apache-2.0

import { describeExamples } from '../../../test/readme.js';

describeExamples(new URL('../', import.meta.url), new URL('../../../README.md', import.meta.url));
