// SPDX-License-Identifier: Apache-2.0
// Everything in one module. Internal: the build makes one file of it for each kind of host, to which all subpaths lead, and
// the other packages are built against it, so that one file is loaded in place of forty. Sources import the subpaths.

export * from './algorithms.js';
export * from './bytes.js';
export * from './crypto.js';
export * from './decimal.js';
export * from './decode.js';
export * from './der.js';
export * from './dsse.js';
export * from './errors.js';
export * from './hash.js';
export * from './jcs.js';
export * from './json.js';
export * from './key.js';
export * from './key-pair.js';
export * from './merkle.js';
export * from './merkle-tree.js';
export * from './note.js';
export * from './oid.js';
export * from './pem.js';
export * from './sct.js';
export * from './time.js';
export * from './timestamp.js';
export * from './x509.js';
export * from './x509-path.js';
