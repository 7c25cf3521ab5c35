// SPDX-License-Identifier: Apache-2.0

import { isKeywaxError } from '@keywax/core/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchRepositoryUrls, normalizeRepositoryUrl } from '../src/index.js';

const REPOSITORY = 'https://github.com/octo-org/octo.js';

describe('the address of a git repository', () => {
  test.each([
    ['octo-org/octo.js', REPOSITORY],
    ['github:octo-org/octo.js', REPOSITORY],
    ['https://github.com/octo-org/octo.js', REPOSITORY],
    ['https://github.com/octo-org/octo.js/', REPOSITORY],
    ['https://github.com/octo-org/octo.js.git', REPOSITORY],
    ['https://GitHub.com/Octo-Org/Octo.js', REPOSITORY],
    ['https://github.com:443/octo-org/octo.js', REPOSITORY],
    ['http://github.com/octo-org/octo.js', REPOSITORY],
    ['git+https://github.com/octo-org/octo.js.git', REPOSITORY],
    ['git+https://git@github.com/octo-org/octo.js.git#main', REPOSITORY],
    ['git+ssh://git@github.com/octo-org/octo.js.git', REPOSITORY],
    ['ssh://git@github.com:22/octo-org/octo.js.git', REPOSITORY],
    ['git://github.com/octo-org/octo.js.git', REPOSITORY],
    ['git@github.com:octo-org/octo.js.git', REPOSITORY],
    ['github.com/octo-org/octo.js', REPOSITORY],
    ['https://github.com/octo-org/octo.js/tree/main/packages/x', REPOSITORY],
    ['gitlab:group/sub/project', 'https://gitlab.com/group/sub/project'],
    ['https://gitlab.com/Group/Sub/Project.git', 'https://gitlab.com/group/sub/project'],
    ['https://gitlab.com/group/project/-/tree/main/x', 'https://gitlab.com/group/project'],
    ['bitbucket:team/project', 'https://bitbucket.org/team/project'],
    ['https://git.example/Team/Project.git', 'https://git.example/Team/Project'],
    ['https://git.example:8443/team/project', 'https://git.example:8443/team/project'],
  ])('%s is %s', (text, url) => {
    expect(normalizeRepositoryUrl(text)).toBe(url);
    expect(normalizeRepositoryUrl(url)).toBe(url);
    expect(matchRepositoryUrls(text, url)).toBe(true);
  });

  test.each([
    ['', 'INPUT_MALFORMED'],
    ['octo', 'INPUT_MALFORMED'],
    ['https://github.com/', 'INPUT_MALFORMED'],
    ['https://github.com/octo-org', 'INPUT_MALFORMED'],
    ['https://github.com/octo-org/.git', 'INPUT_MALFORMED'],
    ['https://github.com/octo-org/..', 'INPUT_MALFORMED'],
    ['https://github.com/octo-org/...git', 'INPUT_MALFORMED'],
    ['https://github.com/octo-org/../other/repo', 'INPUT_MALFORMED'],
    ['https://git.example/a/./b', 'INPUT_MALFORMED'],
    ['https://github.com/octo-org/octo.js/../../evil/repo', 'INPUT_MALFORMED'],
    ['https://gitlab.com/group/project/-/../../../evil/repo', 'INPUT_MALFORMED'],
    ['https://evil.example?@github.com/octo-org/octo.js', 'INPUT_MALFORMED'],
    ['git@evil.example?@github.com:octo-org/octo.js', 'INPUT_MALFORMED'],
    ['https://github.com/octo-org/octo.js?x=1', 'INPUT_MALFORMED'],
    ['https://github.com/octo%2dorg/octo.js', 'INPUT_MALFORMED'],
    ['https://github.com\\@evil.example/octo-org/octo.js', 'INPUT_MALFORMED'],
    ['https://a@b@github.com/octo-org/octo.js', 'INPUT_MALFORMED'],
    ['https:/github.com/octo-org/octo.js', 'INPUT_MALFORMED'],
    ['octo-org/octo js', 'INPUT_MALFORMED'],
    ['octo-org/octo\u200b', 'INPUT_MALFORMED'],
    ['gist:11081aaa281', 'INPUT_MALFORMED'],
    ['file:///home/git/repo', 'INPUT_MALFORMED'],
    ['javascript://github.com/octo-org/octo.js', 'INPUT_UNSUPPORTED'],
    [1 as never, 'INPUT_MALFORMED'],
    [`a/${'b'.repeat(3000)}`, 'INPUT_MALFORMED'],
  ])('is not %j', (text, code) => {
    expect(() => normalizeRepositoryUrl(text)).toThrow(expect.objectContaining({ code }));
    expect(matchRepositoryUrls(text, text)).toBe(false);
  });

  test.each([
    ['octo-org/octo.js', 'octo-org/octo'],
    ['octo-org/octo.js', 'octo-org-evil/octo.js'],
    [REPOSITORY, 'https://github.com.evil.example/octo-org/octo.js'],
    [REPOSITORY, 'https://github.com@evil.example/octo-org/octo.js'],
    [REPOSITORY, 'https://gitlab.com/octo-org/octo.js'],
    ['https://git.example/Team/Project', 'https://git.example/team/project'],
    ['https://git.example:8443/team/project', 'https://git.example/team/project'],
  ])('%s is another than %s', (a, b) => {
    expect(matchRepositoryUrls(a, b)).toBe(false);
  });

  test('has one spelling, whatever the text', () => {
    const address = fc.stringMatching(
      /^(git\+)?(https|ssh|git|http):\/\/([a-z]{1,3}@)?[a-zA-Z.:0-9]{1,12}\/[\w./#?%@~-]{0,20}$/,
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), address), (text) => {
        try {
          const url = normalizeRepositoryUrl(text);
          expect(normalizeRepositoryUrl(url)).toBe(url);
        } catch (error) {
          if (!isKeywaxError(error)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
