// SPDX-License-Identifier: Apache-2.0
// Every bound of the TUF client, each checked before the work that it bounds. Sizes follow the defaults of python-tuf.

/** Bytes of one file of each role. */
export const MAX_ROOT_BYTES = 512_000;
export const MAX_TIMESTAMP_BYTES = 16_384;
export const MAX_SNAPSHOT_BYTES = 2_000_000;
export const MAX_TARGETS_BYTES = 5_000_000;

/** Bytes of a target, unless the caller allows more: what Sigstore distributes takes a hundredth of it. */
export const MAX_TARGET_BYTES = 5_000_000;

/** Roots that one refresh steps through. */
export const MAX_ROOT_ROTATIONS = 256;

/** Cached roots that a start steps through: eight refreshes full of rotations, more than any repository has had. */
export const MAX_CACHED_ROOTS = 2_048;

/** Delegated roles that the search for one target visits. */
export const MAX_DELEGATIONS = 32;

/** Keys of one file. */
export const MAX_KEYS = 1_024;

/** Roles that one file describes. */
export const MAX_ROLES = 1_024;

/** Key ids of one role, which also bounds the signatures that are checked for it. */
export const MAX_ROLE_KEY_IDS = 64;

/** Signatures of one file: by the keys of two roots that change all their keys, and as many that do not matter. */
export const MAX_SIGNATURES = 256;

/** Characters of a key id; ids are 64 hexadecimal digits in practice. */
export const MAX_KEY_ID_CHARS = 256;

/** Hashes of one file or target. */
export const MAX_HASHES = 16;

/** Path patterns or hash prefixes of one delegation. */
export const MAX_PATTERNS = 4_096;

/** Comparisons of characters in the search for one target: a few milliseconds. */
export const MAX_PATTERN_STEPS = 4_000_000;

/** Files in one snapshot, and targets in one role: what fits into the bytes, and each is a few values. */
export const MAX_FILES = 65_536;
export const MAX_FILE_VALUES = 1_000_000;
