// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { TAG, encodeDer, encodeInteger } from '../src/der.js';
import { encodeOid } from '../src/oid.js';
import { judgePath } from './judge-path.js';
import {
  CERT_SIGN,
  DIGITAL_SIGNATURE,
  DURING,
  EMPTY_NAME,
  type Holder,
  PURPOSE,
  alternativeNames,
  basicConstraints,
  directoryName,
  dnsName,
  emailName,
  encodeName,
  encodeRelativeName,
  extendedKeyUsage,
  makeIntermediate,
  makeLeaf,
  makeRoot,
  nameConstraints,
  sequence,
  uriName,
} from './mint.js';

const root = makeRoot();

function judge(leaf: Holder, intermediates: readonly Holder[], anchor: Holder = root): string {
  return judgePath(leaf.certificate, {
    anchors: [anchor.certificate],
    intermediates: intermediates.map(({ certificate }) => certificate),
    purpose: PURPOSE,
    times: [DURING],
  });
}

describe('name constraints', () => {
  const refused = 'CERTIFICATE_PATH_INVALID';
  const bmp = (text: string): Uint8Array => sequence(encodeRelativeName(text, '2.5.4.10', 0x1e));
  const organization = (text: string, tag: number = TAG.utf8String): Uint8Array => encodeName(text, '2.5.4.10', tag);
  const evil = sequence(encodeRelativeName('Evil  Corp', '2.5.4.10', TAG.printableString), encodeRelativeName('x'));

  type Row = readonly [
    what: string,
    code: string,
    trees: Parameters<typeof nameConstraints>[0],
    names: readonly Uint8Array[],
    subject?: Uint8Array,
  ];
  const rows: readonly Row[] = [
    [
      'URI: the permitted host',
      'accepted',
      { permitted: [uriName('a.example')] },
      [uriName('https://A.example:8443/x?y#z')],
    ],
    ['URI: another host', refused, { permitted: [uriName('a.example')] }, [uriName('https://b.example/')]],
    [
      'URI: below the permitted host, which names itself alone',
      refused,
      { permitted: [uriName('a.example')] },
      [uriName('https://x.a.example/')],
    ],
    [
      'URI: below the permitted domain',
      'accepted',
      { permitted: [uriName('.a.example')] },
      [uriName('https://x.y.a.example/')],
    ],
    [
      'URI: the permitted domain itself, which names what is below',
      refused,
      { permitted: [uriName('.a.example')] },
      [uriName('https://a.example/')],
    ],
    [
      'URI: a host that ends like the permitted domain',
      refused,
      { permitted: [uriName('.a.example')] },
      [uriName('https://xa.example/')],
    ],
    [
      'URI: the permitted host in the user part',
      refused,
      { permitted: [uriName('a.example')] },
      [uriName('https://a.example@b.example/')],
    ],
    [
      'URI: the permitted host after a user part',
      refused,
      { permitted: [uriName('a.example')] },
      [uriName('https://b.example@a.example/')],
    ],
    [
      'URI: the permitted host after a backslash',
      refused,
      { permitted: [uriName('a.example')] },
      [uriName('https://b.example\\.a.example/')],
    ],
    ['URI: without authority', refused, { permitted: [uriName('a.example')] }, [uriName('mailto:x@a.example')]],
    ['URI: an address for host', refused, { excluded: [uriName('a.example')] }, [uriName('https://192.0.2.1/')]],
    ['URI: the excluded host', refused, { excluded: [uriName('a.example')] }, [uriName('https://a.example/')]],
    [
      'URI: the excluded host with a dot at its end',
      refused,
      { excluded: [uriName('a.example')] },
      [uriName('https://a.example./')],
    ],
    [
      'URI: another than the excluded host',
      'accepted',
      { excluded: [uriName('a.example')] },
      [uriName('https://b.example/')],
    ],
    [
      'URI: bytes that are no text',
      refused,
      { excluded: [uriName('a.example')] },
      [uriName('https://\u00e9.example/')],
    ],
    [
      'URI: two names, one of them outside',
      refused,
      { permitted: [uriName('a.example')] },
      [uriName('https://a.example/'), uriName('https://b.example/')],
    ],
    [
      'URI: permitted and excluded',
      refused,
      { permitted: [uriName('.example')], excluded: [uriName('a.example')] },
      [uriName('https://a.example/')],
    ],
    ['email: the permitted host', 'accepted', { permitted: [emailName('a.example')] }, [emailName('x@A.example')]],
    ['email: below the permitted host', refused, { permitted: [emailName('a.example')] }, [emailName('x@b.a.example')]],
    [
      'email: below the permitted domain',
      'accepted',
      { permitted: [emailName('.a.example')] },
      [emailName('x@b.a.example')],
    ],
    ['email: the permitted mailbox', 'accepted', { permitted: [emailName('x@a.example')] }, [emailName('x@a.example')]],
    ['email: another mailbox', refused, { permitted: [emailName('x@a.example')] }, [emailName('y@a.example')]],
    [
      'email: the permitted mailbox in other case',
      refused,
      { permitted: [emailName('x@a.example')] },
      [emailName('X@a.example')],
    ],
    [
      'email: the excluded mailbox in other case',
      refused,
      { excluded: [emailName('x@a.example')] },
      [emailName('X@a.example')],
    ],
    ['email: two at signs', refused, { permitted: [emailName('a.example')] }, [emailName('x@b.example@a.example')]],
    ['email: no at sign', refused, { permitted: [emailName('a.example')] }, [emailName('a.example')]],
    [
      'email: a mailbox as base below a domain',
      refused,
      { permitted: [emailName('x@.a.example')] },
      [emailName('x@b.a.example')],
    ],
    [
      'email: in the subject',
      refused,
      { permitted: [emailName('a.example')] },
      [],
      encodeName('x@b.example', '1.2.840.113549.1.9.1', TAG.ia5String),
    ],
    [
      'email: in the subject, permitted',
      'accepted',
      { permitted: [emailName('a.example')] },
      [],
      encodeName('x@a.example', '1.2.840.113549.1.9.1', TAG.ia5String),
    ],
    [
      'email: in the subject, as a string that is not decoded',
      refused,
      { excluded: [emailName('a.example')] },
      [],
      encodeName('x@b.example', '1.2.840.113549.1.9.1', 0x1e),
    ],
    [
      'DNS: the permitted host and below',
      'accepted',
      { permitted: [dnsName('a.example')] },
      [dnsName('A.example'), dnsName('x.y.a.example')],
    ],
    [
      'DNS: a host that ends like the permitted',
      refused,
      { permitted: [dnsName('a.example')] },
      [dnsName('xa.example')],
    ],
    ['DNS: the excluded host below', refused, { excluded: [dnsName('a.example')] }, [dnsName('x.a.example')]],
    [
      'DNS: a wildcard that may reach the excluded host',
      refused,
      { excluded: [dnsName('x.a.example')] },
      [dnsName('*.a.example')],
    ],
    [
      'DNS: a wildcard below the permitted host',
      'accepted',
      { permitted: [dnsName('a.example')] },
      [dnsName('*.a.example')],
    ],
    [
      'DNS: a wildcard that reaches beyond the permitted host',
      refused,
      { permitted: [dnsName('x.a.example')] },
      [dnsName('*.a.example')],
    ],
    ['DNS: a base with a leading dot', refused, { permitted: [dnsName('.a.example')] }, [dnsName('x.a.example')]],
    ['DNS: a name that is no host name', refused, { excluded: [dnsName('a.example')] }, [dnsName('b..example')]],
    [
      'directory: the permitted beginning',
      'accepted',
      { permitted: [directoryName(organization('Good'))] },
      [],
      sequence(encodeRelativeName('Good', '2.5.4.10'), encodeRelativeName('x')),
    ],
    [
      'directory: another beginning',
      refused,
      { permitted: [directoryName(organization('Good'))] },
      [],
      encodeName('x'),
    ],
    [
      'directory: the permitted beginning in another string type',
      refused,
      { permitted: [directoryName(organization('Good', TAG.printableString))] },
      [],
      organization('Good'),
    ],
    [
      'directory: the permitted name in a longer base',
      refused,
      { permitted: [directoryName(evil)] },
      [],
      organization('Evil  Corp', TAG.printableString),
    ],
    [
      'directory: the excluded beginning',
      refused,
      { excluded: [directoryName(organization('Evil  Corp', TAG.printableString))] },
      [],
      evil,
    ],
    [
      'directory: the excluded beginning in other spelling',
      refused,
      { excluded: [directoryName(organization('evil corp'))] },
      [],
      evil,
    ],
    [
      'directory: the excluded beginning with invisible characters',
      refused,
      { excluded: [directoryName(organization('evil corp'))] },
      [],
      organization('Evil\u200b Corp'),
    ],
    [
      'directory: a string type that is not decoded',
      refused,
      { excluded: [directoryName(organization('evil corp'))] },
      [],
      bmp('xx'),
    ],
    [
      'directory: another than the excluded beginning',
      'accepted',
      { excluded: [directoryName(organization('evil corp'))] },
      [],
      organization('good'),
    ],
    [
      'directory: in the alternative names',
      refused,
      { excluded: [directoryName(organization('evil corp'))] },
      [directoryName(evil)],
    ],
    [
      'no name of the constrained kind',
      'accepted',
      { permitted: [dnsName('a.example')] },
      [uriName('https://b.example/')],
    ],
    [
      'CP-012: an address',
      refused,
      { permitted: [encodeDer(0x87, new Uint8Array(8))] },
      [uriName('https://b.example/')],
    ],
    [
      'CP-012: an otherName',
      refused,
      { excluded: [encodeDer(0xa0, encodeOid('1.2.3'), encodeDer(0xa0, encodeInteger(1)))] },
      [uriName('https://b.example/')],
    ],
    [
      'CP-012: a registered identifier',
      refused,
      { excluded: [encodeDer(0x88, Uint8Array.of(42))] },
      [uriName('https://b.example/')],
    ],
    ['CP-012: an empty base', refused, { excluded: [uriName('')] }, [dnsName('b.example')]],
    ['CP-012: a base that is no text', refused, { excluded: [uriName('\u00e9.example')] }, [dnsName('b.example')]],
  ];

  test.each(rows.map((row) => [row[0], row[1], row] as const))('CP-011: %s → %s', (_what, code, row) => {
    const [, , trees, names, subject = EMPTY_NAME] = row;
    const ca = makeIntermediate(root, 'constrained', {}, [nameConstraints(trees)]);
    const alternatives = names.length === 0 ? [] : [alternativeNames(names)];
    const extensions = [DIGITAL_SIGNATURE, extendedKeyUsage([PURPOSE]), ...alternatives];
    expect(judge(makeLeaf(ca, { extensions, subject }), [ca])).toBe(code);
  });

  test('CP-011: hold when they are not critical, and when the anchor sets them', () => {
    const trees = { permitted: [uriName('b.example')] };
    const lax = makeIntermediate(root, 'lax', {}, [nameConstraints(trees, false)]);
    expect(judge(makeLeaf(lax), [lax])).toBe(refused);
    const anchor = makeRoot('root', { extensions: [basicConstraints(true), CERT_SIGN, nameConstraints(trees)] });
    const between = makeIntermediate(anchor);
    expect(judge(makeLeaf(between), [between], anchor)).toBe(refused);
  });

  test('CP-011: bind intermediates, but not self-issued ones', () => {
    const trees = { excluded: [directoryName(encodeName('same'))] };
    const upper = makeIntermediate(root, 'same', {}, [nameConstraints(trees)]);
    const rolled = makeIntermediate(upper, 'same');
    expect(judge(makeLeaf(rolled), [rolled, upper])).toBe('accepted');
    const other = makeIntermediate(root, 'other', {}, [nameConstraints(trees)]);
    const below = makeIntermediate(other, 'same');
    expect(judge(makeLeaf(below), [below, other])).toBe(refused);
  });
});
