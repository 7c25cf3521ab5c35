// SPDX-License-Identifier: Apache-2.0
// x509-limbo: path validation cases written for TLS servers. Extended key usage is a parameter here, and so it is there.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { corpus, describeCorpus, hasCorpus } from '../../../test/corpus.js';
import { isKeywaxError } from '../src/errors.js';
import { parseSinglePem } from '../src/pem.js';
import { type Certificate, parseCertificate } from '../src/x509.js';
import { judgePath } from './judge-path.js';

interface Case {
  readonly id: string;
  readonly validation_kind: 'SERVER' | 'CLIENT';
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  readonly validation_time: string | null;
  readonly expected_result: 'SUCCESS' | 'FAILURE';
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const NOW = '2025-06-01T00:00:00Z'; // every case without a time is valid then

/** Namespaces whose cases concern host names, which belong to TLS. */
const HOST_NAMES = ['webpki::san::', 'webpki::cn::'];

const LEAF_ROLE = 'a leaf has to say what it is for, and must not be a CA';
const ADDRESSES = 'constraints of addresses and otherNames are not implemented, and refused whatever they would bind';
const HOSTS = 'names of hosts are for TLS to compare';
const KEY_IDENTIFIERS = 'key identifiers need not be there; where both sides have them, they have to agree';
const WEB_PKI = 'a rule of the web PKI alone';

/** Valid there and refused here, and why. */
const STRICTER: readonly (readonly [id: string, reason: string])[] = [
  ['pathlen::validation-ignores-pathlen-in-leaf', LEAF_ROLE],
  ['rfc5280::ca-as-leaf', LEAF_ROLE],
  ['rfc5280::eku::ee-without-eku', LEAF_ROLE],
  ['rfc5280::no-keyusage', LEAF_ROLE],
  ['rfc5280::nc::excluded-different-constraint-type', ADDRESSES],
  ['rfc5280::nc::permitted-different-constraint-type', ADDRESSES],
  ['rfc5280::nc::permitted-ipv4-match', ADDRESSES],
  ['rfc5280::nc::permitted-ipv6-match', ADDRESSES],
  ['rfc5280::nc::nc-forbids-othername-noop', ADDRESSES],
  ['rfc5280::validity::notafter-fractional', 'instants are compared as they are: 5 ms late is late'],
];

/** Invalid there and accepted here, and why. */
const LAXER: readonly (readonly [id: string, reason: string])[] = [
  ['pathlen::max-chain-depth-0-exhausted', 'the length of paths is a constant'],
  ['pathlen::max-chain-depth-1-exhausted', 'the length of paths is a constant'],
  ['rfc5280::aki::cross-signed-root-missing-aki', KEY_IDENTIFIERS],
  ['rfc5280::aki::intermediate-missing-aki', KEY_IDENTIFIERS],
  ['rfc5280::aki::leaf-missing-aki', KEY_IDENTIFIERS],
  ['rfc5280::ski::intermediate-missing-ski', KEY_IDENTIFIERS],
  ['rfc5280::ski::root-missing-ski', KEY_IDENTIFIERS],
  ['rfc5280::nc::permitted-dns-match-noncritical', 'constraints are honoured whether or not they are critical'],
  ['rfc5280::san::ip-in-dns', HOSTS],
  ['rfc5280::san::underscore-dns', HOSTS],
  ['webpki::aki::root-with-aki-all-fields', WEB_PKI],
  ['webpki::aki::root-with-aki-missing-keyidentifier', WEB_PKI],
  ['webpki::aki::root-with-aki-ski-mismatch', WEB_PKI],
  ['webpki::eku::ee-anyeku', WEB_PKI],
  ['webpki::eku::ee-critical-eku', WEB_PKI],
  ['webpki::eku::root-has-eku', WEB_PKI],
  ['webpki::forbidden-rsa-key-not-divisible-by-8-in-leaf', WEB_PKI],
  ['webpki::forbidden-rsa-not-divisible-by-8-in-root', WEB_PKI],
  ['webpki::malformed-aia', 'extensions that nothing reads are kept as bytes'],
];

const cases: readonly Case[] = hasCorpus ? JSON.parse(readFileSync(corpus('x509-limbo/cases.json'), 'utf8')) : [];

describeCorpus('x509-limbo', () => {
  const applicable = cases.filter(({ id }) => !HOST_NAMES.some((namespace) => id.startsWith(namespace)));
  const exceptions = new Map([...STRICTER, ...LAXER]);

  test('has as many cases as expected', () => {
    expect(applicable).toHaveLength(157);
  });

  test.each(applicable.map((one) => [one.id, one] as const))('%s', (id, one) => {
    const isException = exceptions.has(id);
    const isValid = one.expected_result === 'SUCCESS';
    expect(judge(one) === 'accepted').toBe(isException ? !isValid : isValid);
  });

  test('has no exception on the wrong side, nor for a case that it does not have', () => {
    const results = new Map(applicable.map((one) => [one.id, one.expected_result]));
    expect(STRICTER.filter(([id]) => results.get(id) !== 'SUCCESS')).toEqual([]);
    expect(LAXER.filter(([id]) => results.get(id) !== 'FAILURE')).toEqual([]);
  });
});

function judge(one: Case): string {
  try {
    return judgePath(parseCertificate(parseSinglePem(one.peer_certificate, 'CERTIFICATE', 'leaf'), 'leaf'), {
      anchors: parseUsable(one.trusted_certs),
      intermediates: parseUsable(one.untrusted_intermediates),
      purpose: one.validation_kind === 'SERVER' ? SERVER_AUTH : CLIENT_AUTH,
      times: [new Date(one.validation_time ?? NOW)],
    });
  } catch (error) {
    if (isKeywaxError(error)) return error.code;
    throw error;
  }
}

/** Those that parse; the others can be part of no path. */
function parseUsable(pems: readonly string[]): readonly Certificate[] {
  return pems.flatMap((pem) => {
    try {
      return [parseCertificate(parseSinglePem(pem, 'CERTIFICATE', 'candidate'), 'candidate')];
    } catch (error) {
      if (isKeywaxError(error)) return [];
      throw error;
    }
  });
}
