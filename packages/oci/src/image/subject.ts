// SPDX-License-Identifier: Apache-2.0
// Names that cosign derives from the digest of an image.

import type { ArtifactDigests } from 'keywax';
import { configError } from '../fault.js';

/** Algorithm and hexadecimal digits of a digest that was parsed. */
export function splitDigest(digest: string): readonly ['sha256' | 'sha512', string] {
  return [digest.startsWith('sha512:') ? 'sha512' : 'sha256', digest.slice(digest.indexOf(':') + 1)];
}

/** The image as the artifact of a verification. */
export function describeArtifact(digest: string): ArtifactDigests {
  const [algorithm, hex] = splitDigest(digest);
  return { [algorithm]: hex };
}

/** What hangs on an image by a tag: `.sig` signatures, `.att` attestations, `.sbom` documents without a signature. */
export type TagSuffix = 'sig' | 'att' | 'sbom';

/** The tag beside an image: `sha256-<hex>.sig` and its like; none for a digest of sha512, which is longer than tags are. */
export function evidenceTag(digest: string, suffix: TagSuffix): string | undefined {
  const [algorithm, hex] = splitDigest(digest);
  return algorithm === 'sha256' ? `${algorithm}-${hex}.${suffix}` : undefined;
}

/** The same, for what is written there. @throws CONFIG_INVALID where there is none */
export function expectEvidenceTag(digest: string, suffix: TagSuffix): string {
  const tag = evidenceTag(digest, suffix);
  if (tag !== undefined) return tag;
  throw configError('format', 'bundle, because the older format has no tag for a digest of sha512');
}
