// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { TAG, encodeDer, encodeInteger } from '../src/der.js';
import { OID, encodeOid } from '../src/oid.js';
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
  emailName,
  encodeName,
  encodeRelativeName,
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
    ['CP-001', 'leaf not yet valid', 'CERTIFICATE_PATH_INVALID', () => judge({ times: [new Date(START.getTime() - second)] })],
    ['CP-002', 'intermediate expired', 'CERTIFICATE_PATH_INVALID', () => judgeIntermediate(expired)],
    ['CP-003', 'root expired', 'CERTIFICATE_PATH_INVALID', () => {
      const old = makeRoot('root', expired);
      return judge({ leaf: makeLeaf(old), anchors: [old], intermediates: [] });
    }],
    ['CP-004', 'time at notBefore', 'accepted', () => judge({ times: [START] })],
    ['CP-004', 'time at notAfter', 'accepted', () => judge({ times: [END] })],
    ['CP-004', 'time a second after notAfter', 'CERTIFICATE_PATH_INVALID', () => judge({ times: [new Date(END.getTime() + second)] })],
    ['CP-004', 'time a millisecond after notAfter', 'CERTIFICATE_PATH_INVALID', () => judge({ times: [new Date(END.getTime() + 1)] })],
    ['CP-004', 'an invalid time', 'CERTIFICATE_PATH_INVALID', () => judge({ times: [new Date(Number.NaN)] })],
    ['CP-005', 'two times, one outside', 'CERTIFICATE_PATH_INVALID', () => judge({ times: [DURING, new Date(END.getTime() + second)] })],
  ])('%s: %s → %s', (_id, _what, code, run) => {
    expect(run()).toBe(code);
  });

  test.each([
    ['CP-006', 'signed by another CA of the same name', 'CERTIFICATE_PATH_INVALID', () => {
      const twin = makeRoot('root', { extensions: [basicConstraints(true), CERT_SIGN] });
      const signed = makeLeaf(twin, { extensions: leafExtensions(twin).slice(0, 2).concat(alternativeNames([uriName('https://a')])) });
      const anchor = makeRoot('root', { extensions: [basicConstraints(true), CERT_SIGN] });
      return judge({ leaf: signed, anchors: [anchor], intermediates: [] });
    }],
    ['CP-006', 'signed by one of two CAs of the same name', 'accepted', () => {
      const twin = makeRoot();
      return judge({ leaf: makeLeaf(twin), anchors: [root, twin], intermediates: [] });
    }],
    ['CP-007', 'signed by another leaf', 'CERTIFICATE_PATH_INVALID', () => {
      const issuing = makeIntermediate(root, 'leaf', { extensions: leafExtensions(root) });
      return judge({ leaf: makeLeaf(issuing), intermediates: [issuing] });
    }],
    ['CP-028', 'A issues B issues A', 'CERTIFICATE_PATH_INVALID', () => {
      const a = makeRoot('a');
      const b = makeIntermediate(a, 'b');
      const again = makeIntermediate(b, 'a');
      return judge({ leaf: makeLeaf(b), intermediates: [a, b, again] });
    }],
    ['CP-028', 'many CAs of one name that all sign each other', 'INPUT_TOO_LARGE', () => {
      const extensions = [basicConstraints(true), CERT_SIGN];
      const cas = Array.from({ length: 12 }, () => makeRoot('same', { extensions }));
      return judge({ leaf: makeLeaf(cas[0] as Holder, { extensions: [] }), intermediates: cas });
    }],
    ['CP-028', '65 anchors of one name', 'INPUT_TOO_LARGE', () => {
      const extensions = [basicConstraints(true), CERT_SIGN];
      const anchors = Array.from({ length: 65 }, () => makeRoot('same', { extensions }));
      return judge({ leaf: makeLeaf(anchors[0] as Holder, { extensions: [] }), anchors, intermediates: [] });
    }],
    ['CP-038', 'the key of leaf and intermediate the same, which RFC 5280 allows', 'accepted', () => {
      const spki = intermediate.pair.publicKey.spki;
      const extensions = leafExtensions(intermediate);
      const der = mintCertificate(intermediate.pair.privateKey, { issuer: intermediate.name, extensions }, spki);
      return judge({ leaf: { ...leaf, certificate: parseCertificate(der, '$') } });
    }],
    ['CP-039', 'the intermediate given', 'accepted', () => judge({ intermediates: [intermediate] })],
    ['CP-039', 'the intermediate not given', 'CERTIFICATE_PATH_INVALID', () => judge({ intermediates: [] })],
    ['CP-039', 'the intermediate as anchor', 'accepted', () => judge({ anchors: [intermediate], intermediates: [] })],
    ['TR-016', 'no anchors', 'CERTIFICATE_PATH_INVALID', () => judge({ anchors: [] })],
    ['TR-010', 'the leaf as anchor', 'CERTIFICATE_PATH_INVALID', () => judge({ anchors: [leaf], intermediates: [] })],
    ['BP-046', "an attacker's root among the intermediates", 'CERTIFICATE_PATH_INVALID', () => {
      const evil = makeRoot();
      return judge({ leaf: makeLeaf(evil), intermediates: [evil] });
    }],
  ])('%s: %s → %s', (_id, _what, code, run) => {
    expect(run()).toBe(code);
  });

  test('is at most 8 certificates long', () => {
    const chain = [root];
    for (let i = 1; i < 8; i++) chain.push(makeIntermediate(chain[i - 1] as Holder, `ca ${i}`));
    const below = (depth: number): string =>
      judge({ leaf: makeLeaf(chain[depth] as Holder), intermediates: chain.slice(1) });
    expect(below(6)).toBe('accepted');
    expect(below(7)).toBe('CERTIFICATE_PATH_INVALID');
    const whole = [makeLeaf(chain[7] as Holder), ...chain.toReversed()].map(({ certificate }) => certificate);
    expect(codeOf(() => checkPath(whole, { purpose: PURPOSE }))).toBe('CERTIFICATE_PATH_INVALID');
    expect(codeOf(() => checkPath([root.certificate], { purpose: PURPOSE }))).toBe('CERTIFICATE_PATH_INVALID');
    expect(codeOf(() => checkPath([], { purpose: PURPOSE }))).toBe('CERTIFICATE_PATH_INVALID');
  });

  test('has one signature per certificate but the anchor', () => {
    const [path = []] = findPaths(leaf.certificate, { intermediates: [intermediate.certificate], anchors: [root.certificate] });
    expect(path).toEqual([leaf.certificate, intermediate.certificate, root.certificate]);
    expect(pathSignatures(path)).toEqual([
      { certificate: leaf.certificate, issuer: intermediate.certificate },
      { certificate: intermediate.certificate, issuer: root.certificate },
    ]);
    expect(codeOf(() => checkPathValidity(path, DURING))).toBe('accepted');
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
    ['CP-008', 'with basic constraints that are not critical', 'CERTIFICATE_PATH_INVALID', [...only(OID.basicConstraints), basicConstraints(true, undefined, false)]],
    ['CP-009', 'without keyCertSign', 'CERTIFICATE_PATH_INVALID', [...only(OID.keyUsage), DIGITAL_SIGNATURE]],
    ['CP-009', 'without key usage', 'CERTIFICATE_PATH_INVALID', only(OID.keyUsage)],
    ['CP-013', 'for another purpose', 'CERTIFICATE_PATH_INVALID', [...only(), extendedKeyUsage([OID.timeStamping])]],
    ['CP-013', 'for a purpose whose last arc wraps at 32 bits', 'CERTIFICATE_PATH_INVALID', [...only(), extendedKeyUsage(['1.3.6.1.5.5.7.3.4294967299'])]],
    ['CP-013', 'for this purpose', 'accepted', [...only(), extendedKeyUsage([OID.timeStamping, PURPOSE])]],
    ['CP-013', 'for any purpose', 'accepted', [...only(), extendedKeyUsage([OID.anyExtendedKeyUsage])]],
    ['CP-018', 'with an unknown critical extension', 'CERTIFICATE_PATH_INVALID', [...only(), extension(unknown, EMPTY, true)]],
    ['CP-019', 'with an unknown extension', 'accepted', [...only(), extension(unknown, EMPTY)]],
    ['E3', 'with policy constraints', 'CERTIFICATE_PATH_INVALID', [...only(), extension(OID.policyConstraints, sequence())]],
    ['E3', 'with critical policies', 'CERTIFICATE_PATH_INVALID', [...only(), extension(OID.certificatePolicies, sequence(), true)]],
    ['CP-029', 'with another subject key identifier than the leaf names', 'CERTIFICATE_PATH_INVALID', [...only(), subjectKeyIdentifier(root.pair)]],
    ['CP-029', 'without subject key identifier', 'accepted', only()],
    ['CP-030', 'that is a precertificate', 'CERTIFICATE_PATH_INVALID', [...only(), extension(OID.precertificatePoison, encodeDer(TAG.null), true)]],
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
      const extensions = [...leafExtensions(intermediate).filter((_, i) => i !== 2), extension(OID.authorityKeyIdentifier, value)];
      return judgeLeaf(extensions);
    };
    expect(named(root.name, 7)).toBe('accepted');
    expect(named(root.name, 8)).toBe('CERTIFICATE_PATH_INVALID');
    expect(named(intermediate.name, 7)).toBe('CERTIFICATE_PATH_INVALID');
  });

  test('has a name', () => {
    const nameless = makeRoot('', { subject: EMPTY_NAME, issuer: EMPTY_NAME });
    expect(judge({ leaf: makeLeaf(nameless), anchors: [nameless], intermediates: [] })).toBe('CERTIFICATE_PATH_INVALID');
  });
});

describe('a leaf', () => {
  const [usage, purpose, authority, names] = leafExtensions(intermediate) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const poison = encodeDer(TAG.null);
  test.each([
    ['CP-014', 'without extended key usage', 'CERTIFICATE_PROFILE_INVALID', [usage, authority, names]],
    ['CP-015', 'for another purpose', 'CERTIFICATE_PROFILE_INVALID', [usage, extendedKeyUsage(['1.3.6.1.5.5.7.3.1']), names]],
    ['CP-015', 'for any purpose', 'CERTIFICATE_PROFILE_INVALID', [usage, extendedKeyUsage([OID.anyExtendedKeyUsage]), names]],
    ['CP-032', 'for a purpose whose last arc wraps at 32 bits', 'CERTIFICATE_PROFILE_INVALID', [usage, extendedKeyUsage(['1.3.6.1.5.5.7.3.4294967299']), names]],
    ['CP-015', 'for this purpose among others', 'accepted', [usage, extendedKeyUsage(['1.3.6.1.5.5.7.3.1', PURPOSE]), names]],
    ['CP-016', 'without key usage', 'CERTIFICATE_PROFILE_INVALID', [purpose, authority, names]],
    ['CP-016', 'for key agreement alone', 'CERTIFICATE_PROFILE_INVALID', [KEY_AGREEMENT, purpose, names]],
    ['CP-016', 'for signing certificates too', 'CERTIFICATE_PROFILE_INVALID', [keyUsage(2, 0x84), purpose, names]],
    ['CP-017', 'with CA TRUE', 'CERTIFICATE_PROFILE_INVALID', [usage, purpose, names, basicConstraints(true)]],
    ['CP-017', 'with CA FALSE', 'accepted', [usage, purpose, names, basicConstraints(false)]],
    ['CP-018', 'with an unknown critical extension', 'CERTIFICATE_PROFILE_INVALID', [usage, purpose, names, extension(unknown, EMPTY, true)]],
    ['CP-018', 'with a critical authority key identifier', 'CERTIFICATE_PROFILE_INVALID', [usage, purpose, names, extension(OID.authorityKeyIdentifier, sequence(), true)]],
    ['CP-019', 'with an unknown extension', 'accepted', [usage, purpose, names, extension(unknown, EMPTY)]],
    ['CP-030', 'that is a precertificate', 'CERTIFICATE_PROFILE_INVALID', [usage, purpose, names, extension(OID.precertificatePoison, poison, true)]],
    ['CP-030', 'with a poison that is not critical', 'CERTIFICATE_PROFILE_INVALID', [usage, purpose, names, extension(OID.precertificatePoison, poison)]],
    ['E2', 'without names', 'CERTIFICATE_PROFILE_INVALID', [usage, purpose]],
    ['E2', 'without subject and with alternative names that are not critical', 'CERTIFICATE_PROFILE_INVALID', [usage, purpose, alternativeNames([uriName('https://a')], false)]],
    ['RFC 5280 §4.2.1.10', 'with name constraints', 'CERTIFICATE_PROFILE_INVALID', [usage, purpose, names, nameConstraints({ permitted: [dnsName('a')] })]],
  ])('%s: %s → %s', (_id, _what, code, extensions) => {
    expect(judgeLeaf(extensions)).toBe(code);
    const { certificate } = makeLeaf(intermediate, { extensions });
    expect(codeOf(() => checkLeaf(certificate, { purpose: PURPOSE }))).toBe(code);
  });

  test('E2: with a subject needs no critical alternative names', () => {
    expect(judgeLeaf([usage, purpose, alternativeNames([uriName('https://a')], false)], { subject: encodeName('a') })).toBe('accepted');
  });

  test('is for the purpose that is asked for', () => {
    const path = [leaf.certificate, intermediate.certificate, root.certificate];
    expect(codeOf(() => checkPath(path, { purpose: OID.timeStamping }))).toBe('CERTIFICATE_PROFILE_INVALID');
  });
});

describe('name constraints', () => {
  const refused = 'CERTIFICATE_PATH_INVALID';
  const bmp = (text: string): Uint8Array => sequence(encodeRelativeName(text, '2.5.4.10', 0x1e));
  const organization = (text: string, tag: number = TAG.utf8String): Uint8Array => encodeName(text, '2.5.4.10', tag);
  const evil = sequence(encodeRelativeName('Evil  Corp', '2.5.4.10', TAG.printableString), encodeRelativeName('x'));

  type Row = readonly [what: string, code: string, trees: Parameters<typeof nameConstraints>[0], names: readonly Uint8Array[], subject?: Uint8Array];
  const rows: readonly Row[] = [
    ['URI: the permitted host', 'accepted', { permitted: [uriName('a.example')] }, [uriName('https://A.example:8443/x?y#z')]],
    ['URI: another host', refused, { permitted: [uriName('a.example')] }, [uriName('https://b.example/')]],
    ['URI: below the permitted host, which names itself alone', refused, { permitted: [uriName('a.example')] }, [uriName('https://x.a.example/')]],
    ['URI: below the permitted domain', 'accepted', { permitted: [uriName('.a.example')] }, [uriName('https://x.y.a.example/')]],
    ['URI: the permitted domain itself, which names what is below', refused, { permitted: [uriName('.a.example')] }, [uriName('https://a.example/')]],
    ['URI: a host that ends like the permitted domain', refused, { permitted: [uriName('.a.example')] }, [uriName('https://xa.example/')]],
    ['URI: the permitted host in the user part', refused, { permitted: [uriName('a.example')] }, [uriName('https://a.example@b.example/')]],
    ['URI: the permitted host after a user part', refused, { permitted: [uriName('a.example')] }, [uriName('https://b.example@a.example/')]],
    ['URI: the permitted host after a backslash', refused, { permitted: [uriName('a.example')] }, [uriName('https://b.example\\.a.example/')]],
    ['URI: without authority', refused, { permitted: [uriName('a.example')] }, [uriName('mailto:x@a.example')]],
    ['URI: an address for host', refused, { excluded: [uriName('a.example')] }, [uriName('https://192.0.2.1/')]],
    ['URI: the excluded host', refused, { excluded: [uriName('a.example')] }, [uriName('https://a.example/')]],
    ['URI: the excluded host with a dot at its end', refused, { excluded: [uriName('a.example')] }, [uriName('https://a.example./')]],
    ['URI: another than the excluded host', 'accepted', { excluded: [uriName('a.example')] }, [uriName('https://b.example/')]],
    ['URI: bytes that are no text', refused, { excluded: [uriName('a.example')] }, [uriName('https://\u00e9.example/')]],
    ['URI: two names, one of them outside', refused, { permitted: [uriName('a.example')] }, [uriName('https://a.example/'), uriName('https://b.example/')]],
    ['URI: permitted and excluded', refused, { permitted: [uriName('.example')], excluded: [uriName('a.example')] }, [uriName('https://a.example/')]],
    ['email: the permitted host', 'accepted', { permitted: [emailName('a.example')] }, [emailName('x@A.example')]],
    ['email: below the permitted host', refused, { permitted: [emailName('a.example')] }, [emailName('x@b.a.example')]],
    ['email: below the permitted domain', 'accepted', { permitted: [emailName('.a.example')] }, [emailName('x@b.a.example')]],
    ['email: the permitted mailbox', 'accepted', { permitted: [emailName('x@a.example')] }, [emailName('x@a.example')]],
    ['email: another mailbox', refused, { permitted: [emailName('x@a.example')] }, [emailName('y@a.example')]],
    ['email: the permitted mailbox in other case', refused, { permitted: [emailName('x@a.example')] }, [emailName('X@a.example')]],
    ['email: the excluded mailbox in other case', refused, { excluded: [emailName('x@a.example')] }, [emailName('X@a.example')]],
    ['email: two at signs', refused, { permitted: [emailName('a.example')] }, [emailName('x@b.example@a.example')]],
    ['email: no at sign', refused, { permitted: [emailName('a.example')] }, [emailName('a.example')]],
    ['email: a mailbox as base below a domain', refused, { permitted: [emailName('x@.a.example')] }, [emailName('x@b.a.example')]],
    ['email: in the subject', refused, { permitted: [emailName('a.example')] }, [], encodeName('x@b.example', '1.2.840.113549.1.9.1', TAG.ia5String)],
    ['email: in the subject, permitted', 'accepted', { permitted: [emailName('a.example')] }, [], encodeName('x@a.example', '1.2.840.113549.1.9.1', TAG.ia5String)],
    ['email: in the subject, as a string that is not decoded', refused, { excluded: [emailName('a.example')] }, [], encodeName('x@b.example', '1.2.840.113549.1.9.1', 0x1e)],
    ['DNS: the permitted host and below', 'accepted', { permitted: [dnsName('a.example')] }, [dnsName('A.example'), dnsName('x.y.a.example')]],
    ['DNS: a host that ends like the permitted', refused, { permitted: [dnsName('a.example')] }, [dnsName('xa.example')]],
    ['DNS: the excluded host below', refused, { excluded: [dnsName('a.example')] }, [dnsName('x.a.example')]],
    ['DNS: a wildcard that may reach the excluded host', refused, { excluded: [dnsName('x.a.example')] }, [dnsName('*.a.example')]],
    ['DNS: a wildcard below the permitted host', 'accepted', { permitted: [dnsName('a.example')] }, [dnsName('*.a.example')]],
    ['DNS: a wildcard that reaches beyond the permitted host', refused, { permitted: [dnsName('x.a.example')] }, [dnsName('*.a.example')]],
    ['DNS: a base with a leading dot', refused, { permitted: [dnsName('.a.example')] }, [dnsName('x.a.example')]],
    ['DNS: a name that is no host name', refused, { excluded: [dnsName('a.example')] }, [dnsName('b..example')]],
    ['directory: the permitted beginning', 'accepted', { permitted: [directoryName(organization('Good'))] }, [], sequence(encodeRelativeName('Good', '2.5.4.10'), encodeRelativeName('x'))],
    ['directory: another beginning', refused, { permitted: [directoryName(organization('Good'))] }, [], encodeName('x')],
    ['directory: the permitted beginning in another string type', refused, { permitted: [directoryName(organization('Good', TAG.printableString))] }, [], organization('Good')],
    ['directory: the permitted name in a longer base', refused, { permitted: [directoryName(evil)] }, [], organization('Evil  Corp', TAG.printableString)],
    ['directory: the excluded beginning', refused, { excluded: [directoryName(organization('Evil  Corp', TAG.printableString))] }, [], evil],
    ['directory: the excluded beginning in other spelling', refused, { excluded: [directoryName(organization('evil corp'))] }, [], evil],
    ['directory: the excluded beginning with invisible characters', refused, { excluded: [directoryName(organization('evil corp'))] }, [], organization('Evil\u200b Corp')],
    ['directory: a string type that is not decoded', refused, { excluded: [directoryName(organization('evil corp'))] }, [], bmp('xx')],
    ['directory: another than the excluded beginning', 'accepted', { excluded: [directoryName(organization('evil corp'))] }, [], organization('good')],
    ['directory: in the alternative names', refused, { excluded: [directoryName(organization('evil corp'))] }, [directoryName(evil)]],
    ['no name of the constrained kind', 'accepted', { permitted: [dnsName('a.example')] }, [uriName('https://b.example/')]],
    ['CP-012: an address', refused, { permitted: [encodeDer(0x87, new Uint8Array(8))] }, [uriName('https://b.example/')]],
    ['CP-012: an otherName', refused, { excluded: [encodeDer(0xa0, encodeOid('1.2.3'), encodeDer(0xa0, encodeInteger(1)))] }, [uriName('https://b.example/')]],
    ['CP-012: a registered identifier', refused, { excluded: [encodeDer(0x88, Uint8Array.of(42))] }, [uriName('https://b.example/')]],
    ['CP-012: an empty base', refused, { excluded: [uriName('')] }, [dnsName('b.example')]],
    ['CP-012: a base that is no text', refused, { excluded: [uriName('\u00e9.example')] }, [dnsName('b.example')]],
  ];

  test.each(rows)('CP-011: %s → %s', (_what, code, trees, names, subject = EMPTY_NAME) => {
    const ca = makeIntermediate(root, 'constrained', {}, [nameConstraints(trees)]);
    const alternatives = names.length === 0 ? [] : [alternativeNames(names)];
    const extensions = [DIGITAL_SIGNATURE, extendedKeyUsage([PURPOSE]), ...alternatives];
    expect(judge({ leaf: makeLeaf(ca, { extensions, subject }), intermediates: [ca] })).toBe(code);
  });

  test('CP-011: hold when they are not critical, and when the anchor sets them', () => {
    const trees = { permitted: [uriName('b.example')] };
    const lax = makeIntermediate(root, 'lax', {}, [nameConstraints(trees, false)]);
    expect(judge({ leaf: makeLeaf(lax), intermediates: [lax] })).toBe(refused);
    const anchor = makeRoot('root', { extensions: [basicConstraints(true), CERT_SIGN, nameConstraints(trees)] });
    const between = makeIntermediate(anchor);
    expect(judge({ leaf: makeLeaf(between), anchors: [anchor], intermediates: [between] })).toBe(refused);
  });

  test('CP-011: bind intermediates, but not self-issued ones', () => {
    const trees = { excluded: [directoryName(encodeName('same'))] };
    const upper = makeIntermediate(root, 'same', {}, [nameConstraints(trees)]);
    const rolled = makeIntermediate(upper, 'same');
    expect(judge({ leaf: makeLeaf(rolled), intermediates: [rolled, upper] })).toBe('accepted');
    const other = makeIntermediate(root, 'other', {}, [nameConstraints(trees)]);
    const below = makeIntermediate(other, 'same');
    expect(judge({ leaf: makeLeaf(below), intermediates: [below, other] })).toBe(refused);
  });
});
