// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { type ProxyOptions, readProxyRule } from '../src/proxy.node.js';

type Environment = Readonly<Record<string, string>>;

const one = 'http://one.example:1/';
const two = 'http://two.example:2/';

describe('the proxy of a request', () => {
  test.each<[ProxyOptions, Environment, string | undefined, string | undefined]>([
    [{}, {}, undefined, undefined],
    [{}, { HTTPS_PROXY: one }, one, one],
    [{}, { https_proxy: one, HTTPS_PROXY: two }, one, one],
    [{}, { HTTP_PROXY: one }, undefined, one],
    [{}, { PROXY: one }, undefined, one],
    [{}, { https_proxy: one, http_proxy: two }, one, one],
    [{}, { HTTPS_PROXY: ' ' }, undefined, undefined],
    [{ proxy: '' }, { HTTPS_PROXY: one }, one, one],
    [{ proxy: two }, { HTTPS_PROXY: one, HTTP_PROXY: one }, two, two],
    [{ httpProxy: two }, { HTTPS_PROXY: one }, one, two],
    [{ proxy: one, httpProxy: two }, {}, one, two],
    [{ proxy: one }, { NO_PROXY: 'a.example' }, undefined, undefined],
    [{ proxy: one, noProxy: 'b.example' }, { NO_PROXY: 'a.example' }, one, one],
    [{ proxy: one, noProxy: 'example:443' }, {}, undefined, one],
    [{ proxy: one, noProxy: 'A.EXAMPLE:80' }, {}, one, undefined],
    [{ proxy: one, noProxy: ',' }, {}, one, one],
    [{ proxy: one, noProxy: '.' }, {}, one, one],
  ])('with %j and %j is %s, or %s for plain http', (options, environment, forHttps, forHttp) => {
    const rule = readProxyRule(options, environment);
    const found = ['https://a.example/', 'http://a.example/'].map((url) => rule(new URL(url))?.url.href);
    expect(found).toEqual([forHttps, forHttp]);
  });

  test.each([
    ['https://[::1]/', '::1', false],
    ['https://[::1]/', '[::1]', false],
    ['https://[::1]:8/', '[::1]:8', false],
    ['https://[::1]/', '[::1]:8', true],
    ['https://a.example/', 'b.a.example', true],
    ['https://aexample/', 'example', true],
  ])('of %s, where %j has none: %j', (url, noProxy, isUsed) => {
    expect(readProxyRule({ proxy: one, noProxy }, {})(new URL(url)) !== undefined).toBe(isUsed);
  });
});
