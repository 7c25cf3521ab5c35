// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { TAG, encodeDer } from '../src/der.js';
import { OID } from '../src/oid.js';
import { type Certificate, parseCertificate } from '../src/x509.js';
import { checkLeaf, checkPath, checkPathValidity, findPaths, pathSignatures } from '../src/x509-path.js';
import { codeOf } from './fault.js';
import { judgePath } from './judge-path.js';
import {
  CERT_SIGN,
  type CertificateParts,
  DIGITAL_SIGNATURE,
  DURING,
  EMPTY,
  EMPTY_NAME,
  END,
  type Holder,
  KEY_AGREEMENT,
  PURPOSE,
  START,
  alternativeNames,
  authorityKeyIdentifier,
  basicConstraints,
  directoryName,
  dnsName,
  encodeName,
  encodeTime,
  extendedKeyUsage,
  extension,
  keyIdentifier,
  keyUsage,
  leafExtensions,
  makeIntermediate,
  makeLeaf,
  makeRoot,
  mintCertificate,
  nameConstraints,
  sequence,
  subjectKeyIdentifier,
  uriName,
} from './mint.js';

const root = makeRoot();
const intermediate = makeIntermediate(root);
const leaf = makeLeaf(intermediate);
const unknown = '1.3.6.1.4.1.55738.1';
const second = 1_000;

interface Judged {
  readonly leaf?: Holder;
  readonly anchors?: readonly Holder[];
  readonly intermediates?: readonly Holder[];
  readonly times?: readonly Date[];
}

function judge(given: Judged): string {
  const { leaf: end = leaf, anchors = [root], intermediates = [intermediate], times = [DURING] } = given;
  return judgePath(end.certificate, {
    anchors: anchors.map(({ certificate }) => certificate),
    intermediates: intermediates.map(({ certificate }) => certificate),
    purpose: PURPOSE,
    times,
  });
}

/** The verdict over a leaf below an intermediate made of these parts, or with these extensions added. */
function judgeIntermediate(parts: Partial<CertificateParts>, more: readonly Uint8Array[] = []): string {
  const ca = makeIntermediate(root, 'other', parts, more);
  return judge({ leaf: makeLeaf(ca), intermediates: [ca] });
}

function judgeLeaf(extensions: readonly Uint8Array[], parts: Partial<CertificateParts> = {}): string {
  return judge({ leaf: makeLeaf(intermediate, { extensions, ...parts }) });
}

/** The usual extensions of an intermediate below the root, without those of these types. */
function intermediateExtensions(...without: readonly string[]): readonly Uint8Array[] {
  const extensions: readonly (readonly [string, Uint8Array])[] = [
    [OID.basicConstraints, basicConstraints(true)],
    [OID.keyUsage, CERT_SIGN],
    [OID.authorityKeyIdentifier, authorityKeyIdentifier(keyIdentifier(root.pair))],
  ];
  return extensions.filter(([id]) => !without.includes(id)).map(([, encoded]) => encoded);
}

describe('a path', () => {
  test('is accepted whole: leaf, intermediate, root', () => {
    expect(judge({})).toBe('accepted');
    expect(judge({ leaf: makeLeaf(root), intermediates: [] })).toBe('accepted');
  });

  const at = (time: Date): Partial<CertificateParts> => ({ notAfter: encodeTime(time) });
  const expired = at(new Date(DURING.getTime() - second));
  test.each([
    ['CP-001', 'leaf expired', 'CERTIFICATE_PATH_INVALID', () => judge({ leaf: makeLeaf(intermediate, expired) })],
    [
      'CP-001',
      'leaf not yet valid',
      'CERTIFICATE_PATH_INVALID',
      () => judge({ times: [new Date(START.getTime() - second)] }),
    ],
    ['CP-002', 'intermediate expired', 'CERTIFICATE_PATH_INVALID', () => judgeIntermediate(expired)],
    [
      'CP-003',
      'root expired',
      'CERTIFICATE_PATH_INVALID',
      () => {
        const old = makeRoot('root', expired);
        return judge({ leaf: makeLeaf(old), anchors: [old], intermediates: [] });
      },
    ],
    ['CP-004', 'time at notBefore', 'accepted', () => judge({ times: [START] })],
    ['CP-004', 'time at notAfter', 'accepted', () => judge({ times: [END] })],
    [
      'CP-004',
      'time a second after notAfter',
      'CERTIFICATE_PATH_INVALID',
      () => judge({ times: [new Date(END.getTime() + second)] }),
    ],
    [
      'CP-004',
      'time a millisecond after notAfter',
      'CERTIFICATE_PATH_INVALID',
      () => judge({ times: [new Date(END.getTime() + 1)] }),
    ],
    ['CP-004', 'an invalid time', 'CERTIFICATE_PATH_INVALID', () => judge({ times: [new Date(Number.NaN)] })],
    [
      'CP-005',
      'two times, one outside',
      'CERTIFICATE_PATH_INVALID',
      () => judge({ times: [DURING, new Date(END.getTime() + second)] }),
    ],
  ])('%s: %s → %s', (_id, _what, code, run) => {
    expect(run()).toBe(code);
  });

  test.each([
    [
      'CP-006',
      'signed by another CA of the same name',
      'CERTIFICATE_PATH_INVALID',
      () => {
        const twin = makeRoot('root', { extensions: [basicConstraints(true), CERT_SIGN] });
        const signed = makeLeaf(twin, {
          extensions: leafExtensions(twin)
            .slice(0, 2)
            .concat(alternativeNames([uriName('https://a')])),
        });
        const anchor = makeRoot('root', { extensions: [basicConstraints(true), CERT_SIGN] });
        return judge({ leaf: signed, anchors: [anchor], intermediates: [] });
      },
    ],
    [
      'CP-006',
      'signed by one of two CAs of the same name',
      'accepted',
      () => {
        const twin = makeRoot();
        return judge({ leaf: makeLeaf(twin), anchors: [root, twin], intermediates: [] });
      },
    ],
    [
      'CP-007',
      'signed by another leaf',
      'CERTIFICATE_PATH_INVALID',
      () => {
        const issuing = makeIntermediate(root, 'leaf', { extensions: leafExtensions(root) });
        return judge({ leaf: makeLeaf(issuing), intermediates: [issuing] });
      },
    ],
    [
      'CP-028',
      'A issues B issues A',
      'CERTIFICATE_PATH_INVALID',
      () => {
        const a = makeRoot('a');
        const b = makeIntermediate(a, 'b');
        const again = makeIntermediate(b, 'a');
        return judge({ leaf: makeLeaf(b), intermediates: [a, b, again] });
      },
    ],
    [
      'CP-028',
      'many CAs of one name that all sign each other',
      'INPUT_TOO_LARGE',
      () => {
        const extensions = [basicConstraints(true), CERT_SIGN];
        const cas = Array.from({ length: 12 }, () => makeRoot('same', { extensions }));
        return judge({ leaf: makeLeaf(cas.at(0) as Holder, { extensions: [] }), intermediates: cas });
      },
    ],
    [
      'CP-028',
      '65 anchors of one name',
      'INPUT_TOO_LARGE',
      () => {
        const extensions = [basicConstraints(true), CERT_SIGN];
        const anchors = Array.from({ length: 65 }, () => makeRoot('same', { extensions }));
        return judge({ leaf: makeLeaf(anchors.at(0) as Holder, { extensions: [] }), anchors, intermediates: [] });
      },
    ],
    [
      'CP-038',
      'the key of leaf and intermediate the same, which RFC 5280 allows',
      'accepted',
      () => {
        const spki = intermediate.pair.publicKey.spki;
        const extensions = leafExtensions(intermediate);
        const der = mintCertificate(intermediate.pair.privateKey, { issuer: intermediate.name, extensions }, spki);
        return judge({ leaf: { ...leaf, certificate: parseCertificate(der, '$') } });
      },
    ],
    ['CP-039', 'the intermediate given', 'accepted', () => judge({ intermediates: [intermediate] })],
    ['CP-039', 'the intermediate not given', 'CERTIFICATE_PATH_INVALID', () => judge({ intermediates: [] })],
    ['CP-039', 'the intermediate as anchor', 'accepted', () => judge({ anchors: [intermediate], intermediates: [] })],
    ['TR-016', 'no anchors', 'CERTIFICATE_PATH_INVALID', () => judge({ anchors: [] })],
    ['TR-010', 'the leaf as anchor', 'CERTIFICATE_PATH_INVALID', () => judge({ anchors: [leaf], intermediates: [] })],
    [
      'BP-046',
      "an attacker's root among the intermediates",
      'CERTIFICATE_PATH_INVALID',
      () => {
        const evil = makeRoot();
        return judge({ leaf: makeLeaf(evil), intermediates: [evil] });
      },
    ],
  ])('%s: %s → %s', (_id, _what, code, run) => {
    expect(run()).toBe(code);
  });

  test('is at most 8 certificates long', () => {
    const chain = [root];
    for (let i = 1; i < 8; i++) chain.push(makeIntermediate(chain.at(i - 1) as Holder, `ca ${i}`));
    const below = (depth: number): string =>
      judge({ leaf: makeLeaf(chain.at(depth) as Holder), intermediates: chain.slice(1) });
    expect(below(6)).toBe('accepted');
    expect(below(7)).toBe('CERTIFICATE_PATH_INVALID');
    const whole = [makeLeaf(chain.at(7) as Holder), ...chain.toReversed()].map(({ certificate }) => certificate);
    expect(codeOf(() => checkPath(whole, { purpose: PURPOSE }))).toBe('CERTIFICATE_PATH_INVALID');
    expect(codeOf(() => checkPath([root.certificate], { purpose: PURPOSE }))).toBe('CERTIFICATE_PATH_INVALID');
    expect(codeOf(() => checkPath([], { purpose: PURPOSE }))).toBe('CERTIFICATE_PATH_INVALID');
  });

  test('has one signature per certificate but the anchor', () => {
    const [path = []] = findPaths(leaf.certificate, {
      intermediates: [intermediate.certificate],
      anchors: [root.certificate],
    });
    expect(path).toEqual([leaf.certificate, intermediate.certificate, root.certificate]);
    expect(pathSignatures(path)).toEqual([
      { certificate: leaf.certificate, issuer: intermediate.certificate },
      { certificate: intermediate.certificate, issuer: root.certificate },
    ]);
    expect(codeOf(() => checkPathValidity(path, DURING))).toBe('accepted');
  });

  test('is found once, however often its certificates are given', () => {
    const anchors = [root.certificate, root.certificate, parseCertificate(root.certificate.der.slice(), '$')];
    const intermediates = [intermediate.certificate, root.certificate, intermediate.certificate];
    expect(findPaths(leaf.certificate, { intermediates, anchors })).toHaveLength(1);
  });

  test('is refused when its certificates do not follow on each other', () => {
    const shuffled: readonly Certificate[] = [leaf.certificate, root.certificate];
    expect(codeOf(() => checkPath(shuffled, { purpose: PURPOSE }))).toBe('CERTIFICATE_PATH_INVALID');
  });
});

describe('an issuer', () => {
  const only = intermediateExtensions;
  test.each([
    ['CP-008', 'without basic constraints', 'CERTIFICATE_PATH_INVALID', only(OID.basicConstraints)],
    ['CP-008', 'with CA FALSE', 'CERTIFICATE_PATH_INVALID', [...only(OID.basicConstraints), basicConstraints(false)]],
    [
      'CP-008',
      'with basic constraints that are not critical',
      'CERTIFICATE_PATH_INVALID',
      [...only(OID.basicConstraints), basicConstraints(true, undefined, false)],
    ],
    ['CP-009', 'without keyCertSign', 'CERTIFICATE_PATH_INVALID', [...only(OID.keyUsage), DIGITAL_SIGNATURE]],
    ['CP-009', 'without key usage', 'CERTIFICATE_PATH_INVALID', only(OID.keyUsage)],
    ['CP-013', 'for another purpose', 'CERTIFICATE_PATH_INVALID', [...only(), extendedKeyUsage([OID.timeStamping])]],
    [
      'CP-013',
      'for a purpose whose last arc wraps at 32 bits',
      'CERTIFICATE_PATH_INVALID',
      [...only(), extendedKeyUsage(['1.3.6.1.5.5.7.3.4294967299'])],
    ],
    ['CP-013', 'for this purpose', 'accepted', [...only(), extendedKeyUsage([OID.timeStamping, PURPOSE])]],
    ['CP-013', 'for any purpose', 'accepted', [...only(), extendedKeyUsage([OID.anyExtendedKeyUsage])]],
    [
      'CP-018',
      'with an unknown critical extension',
      'CERTIFICATE_PATH_INVALID',
      [...only(), extension(unknown, EMPTY, true)],
    ],
    ['CP-019', 'with an unknown extension', 'accepted', [...only(), extension(unknown, EMPTY)]],
    [
      'E3',
      'with policy constraints',
      'CERTIFICATE_PATH_INVALID',
      [...only(), extension(OID.policyConstraints, sequence())],
    ],
    [
      'E3',
      'with critical policies',
      'CERTIFICATE_PATH_INVALID',
      [...only(), extension(OID.certificatePolicies, sequence(), true)],
    ],
    [
      'CP-029',
      'with another subject key identifier than the leaf names',
      'CERTIFICATE_PATH_INVALID',
      [...only(), subjectKeyIdentifier(root.pair)],
    ],
    ['CP-029', 'without subject key identifier', 'accepted', only()],
    [
      'CP-030',
      'that is a precertificate',
      'CERTIFICATE_PATH_INVALID',
      [...only(), extension(OID.precertificatePoison, encodeDer(TAG.null), true)],
    ],
  ])('%s: %s → %s', (_id, _what, code, extensions) => {
    expect(judgeIntermediate({ extensions })).toBe(code);
  });

  test('CP-010: may be followed by as many intermediates as its path length says, self-issued ones not counted', () => {
    const limited = (pathLength: number): Holder =>
      makeIntermediate(root, 'limited', { extensions: [basicConstraints(true, pathLength), CERT_SIGN] });
    const zero = limited(0);
    const below = makeIntermediate(zero, 'below');
    expect(judge({ leaf: makeLeaf(zero), intermediates: [zero] })).toBe('accepted');
    expect(judge({ leaf: makeLeaf(below), intermediates: [below, zero] })).toBe('CERTIFICATE_PATH_INVALID');
    const one = limited(1);
    const belowOne = makeIntermediate(one, 'below');
    expect(judge({ leaf: makeLeaf(belowOne), intermediates: [belowOne, one] })).toBe('accepted');
    const rolled = makeIntermediate(zero, 'limited');
    expect(judge({ leaf: makeLeaf(rolled), intermediates: [rolled, zero] })).toBe('accepted');
  });

  test('CP-010: an anchor is bound by its path length too', () => {
    const anchor = makeRoot('root', { extensions: [basicConstraints(true, 0), CERT_SIGN] });
    const ca = makeIntermediate(anchor);
    expect(judge({ leaf: makeLeaf(ca), anchors: [anchor], intermediates: [ca] })).toBe('CERTIFICATE_PATH_INVALID');
  });

  test('CP-029: is the one that the authority key identifier names by issuer and serial number', () => {
    const named = (issuer: Uint8Array, serialNumber: number): string => {
      const value = sequence(encodeDer(0xa1, directoryName(issuer)), encodeDer(0x82, Uint8Array.of(serialNumber)));
      const extensions = [
        ...leafExtensions(intermediate).filter((_, i) => i !== 2),
        extension(OID.authorityKeyIdentifier, value),
      ];
      return judgeLeaf(extensions);
    };
    expect(named(root.name, 7)).toBe('accepted');
    expect(named(root.name, 8)).toBe('CERTIFICATE_PATH_INVALID');
    expect(named(intermediate.name, 7)).toBe('CERTIFICATE_PATH_INVALID');
  });

  test('has a name', () => {
    const nameless = makeRoot('', { subject: EMPTY_NAME, issuer: EMPTY_NAME });
    expect(judge({ leaf: makeLeaf(nameless), anchors: [nameless], intermediates: [] })).toBe(
      'CERTIFICATE_PATH_INVALID',
    );
  });
});

describe('a leaf', () => {
  const [usage, purpose, authority, names] = leafExtensions(intermediate) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const poison = encodeDer(TAG.null);
  test.each([
    ['CP-014', 'without extended key usage', 'CERTIFICATE_PROFILE_INVALID', [usage, authority, names]],
    [
      'CP-015',
      'for another purpose',
      'CERTIFICATE_PROFILE_INVALID',
      [usage, extendedKeyUsage(['1.3.6.1.5.5.7.3.1']), names],
    ],
    [
      'CP-015',
      'for any purpose',
      'CERTIFICATE_PROFILE_INVALID',
      [usage, extendedKeyUsage([OID.anyExtendedKeyUsage]), names],
    ],
    [
      'CP-032',
      'for a purpose whose last arc wraps at 32 bits',
      'CERTIFICATE_PROFILE_INVALID',
      [usage, extendedKeyUsage(['1.3.6.1.5.5.7.3.4294967299']), names],
    ],
    [
      'CP-015',
      'for this purpose among others',
      'accepted',
      [usage, extendedKeyUsage(['1.3.6.1.5.5.7.3.1', PURPOSE]), names],
    ],
    ['CP-016', 'without key usage', 'CERTIFICATE_PROFILE_INVALID', [purpose, authority, names]],
    ['CP-016', 'for key agreement alone', 'CERTIFICATE_PROFILE_INVALID', [KEY_AGREEMENT, purpose, names]],
    ['CP-016', 'for signing certificates too', 'CERTIFICATE_PROFILE_INVALID', [keyUsage(2, 0x84), purpose, names]],
    ['CP-017', 'with CA TRUE', 'CERTIFICATE_PROFILE_INVALID', [usage, purpose, names, basicConstraints(true)]],
    ['CP-017', 'with CA FALSE', 'accepted', [usage, purpose, names, basicConstraints(false)]],
    [
      'CP-018',
      'with an unknown critical extension',
      'CERTIFICATE_PROFILE_INVALID',
      [usage, purpose, names, extension(unknown, EMPTY, true)],
    ],
    [
      'CP-018',
      'with a critical authority key identifier',
      'CERTIFICATE_PROFILE_INVALID',
      [usage, purpose, names, extension(OID.authorityKeyIdentifier, sequence(), true)],
    ],
    ['CP-019', 'with an unknown extension', 'accepted', [usage, purpose, names, extension(unknown, EMPTY)]],
    [
      'CP-030',
      'that is a precertificate',
      'CERTIFICATE_PROFILE_INVALID',
      [usage, purpose, names, extension(OID.precertificatePoison, poison, true)],
    ],
    [
      'CP-030',
      'with a poison that is not critical',
      'CERTIFICATE_PROFILE_INVALID',
      [usage, purpose, names, extension(OID.precertificatePoison, poison)],
    ],
    ['E2', 'without names', 'CERTIFICATE_PROFILE_INVALID', [usage, purpose]],
    [
      'E2',
      'without subject and with alternative names that are not critical',
      'CERTIFICATE_PROFILE_INVALID',
      [usage, purpose, alternativeNames([uriName('https://a')], false)],
    ],
    [
      'RFC 5280 §4.2.1.10',
      'with name constraints',
      'CERTIFICATE_PROFILE_INVALID',
      [usage, purpose, names, nameConstraints({ permitted: [dnsName('a')] })],
    ],
  ])('%s: %s → %s', (_id, _what, code, extensions) => {
    expect(judgeLeaf(extensions)).toBe(code);
    const { certificate } = makeLeaf(intermediate, { extensions });
    expect(codeOf(() => checkLeaf(certificate, { purpose: PURPOSE }))).toBe(code);
  });

  test('E2: with a subject needs no critical alternative names', () => {
    expect(
      judgeLeaf([usage, purpose, alternativeNames([uriName('https://a')], false)], { subject: encodeName('a') }),
    ).toBe('accepted');
  });

  test('is for the purpose that is asked for', () => {
    const { certificate } = leaf;
    expect(codeOf(() => checkLeaf(certificate, { purpose: OID.timeStamping }))).toBe('CERTIFICATE_PROFILE_INVALID');
  });

  test('is not looked at by the check of its issuers', () => {
    const { certificate } = makeLeaf(intermediate, { extensions: [names] });
    const path = [certificate, intermediate.certificate, root.certificate];
    expect(codeOf(() => checkPath(path, { purpose: PURPOSE }))).toBe('accepted');
  });
});
