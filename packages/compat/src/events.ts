// SPDX-License-Identifier: Apache-2.0
// What a caller may want to know although nothing failed: where the options leave more open than a verifier should.

/** Something that a call left unchecked, or went on without. */
export interface CompatEvent {
  /**
   * `identityUnchecked`: no option says who may have signed.
   * `identityUnanchored`: an identity is a regular expression that also matches inside of longer names.
   * `artifactIgnored`: data was given for an envelope, which is not compared with its subjects; `digest` would be.
   * `trustCompiled`: the repository could not be reached, and the trusted root that was compiled in is used.
   * `repository`: something that the client of the TUF repository noticed.
   */
  readonly kind: 'identityUnchecked' | 'identityUnanchored' | 'artifactIgnored' | 'trustCompiled' | 'repository';
  readonly message: string;
}

/** Takes events as they come. */
export type CompatListener = (event: CompatEvent) => void;
