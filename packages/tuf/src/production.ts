// SPDX-License-Identifier: Apache-2.0
// What is compiled in of Sigstore's production instance: the build's own statement (RUL-26). Kept apart, so that only
// who asks for it loads it.

export { PRODUCTION_ROOT, PRODUCTION_SOURCE, PRODUCTION_TRUSTED_ROOT } from './production.generated.js';
