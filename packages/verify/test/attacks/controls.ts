// SPDX-License-Identifier: Apache-2.0
// What must be accepted: the twins of the attacks.

import { CERTIFICATE_CONTROLS } from './controls-certificate.js';
import { LOG_CONTROLS } from './controls-log.js';
import { SIGNATURE_CONTROLS } from './controls-signature.js';
import { TIME_CONTROLS } from './controls-time.js';
import type { Control } from './case.js';

/** Every control by its name. */
export const CONTROLS: Readonly<Record<string, Control>> = {
  ...SIGNATURE_CONTROLS,
  ...LOG_CONTROLS,
  ...TIME_CONTROLS,
  ...CERTIFICATE_CONTROLS,
};
