// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeUtf8 } from '../src/bytes.js';
import { TAG, encodeDer, parseDer } from '../src/der.js';
import {
  encodeGeneralizedTime,
  encodeUtcTime,
  formatRfc3339,
  isWithin,
  parseGeneralizedTime,
  parseRfc3339,
  parseUtcTime,
} from '../src/time.js';
import { codeOf, faultOf } from './fault.js';

const supported = {
  min: new Date('0001-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
};
const element = (tag: number, text: string) => parseDer(encodeDer(tag, encodeUtf8(text)), '$');

describe('parseRfc3339', () => {
  test.each([
    ['2021-01-12T11:53:27Z', '2021-01-12T11:53:27.000Z'],
    ['2021-01-12T11:53:27.000Z', '2021-01-12T11:53:27.000Z'],
    ['2022-12-31T23:59:59.999Z', '2022-12-31T23:59:59.999Z'],
    ['2022-12-31T23:59:59.9Z', '2022-12-31T23:59:59.900Z'],
    ['2022-12-31T23:59:59.123456789Z', '2022-12-31T23:59:59.123Z'],
    ['2022-12-31T23:59:59.999999999Z', '2022-12-31T23:59:59.999Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
    ['2021-01-01T00:30:00+01:00', '2020-12-31T23:30:00.000Z'],
    ['2020-12-31T23:30:00-00:45', '2021-01-01T00:15:00.000Z'],
    ['2020-12-31T23:30:00-00:00', '2020-12-31T23:30:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['0050-06-01T00:00:00Z', '0050-06-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('reads %s', (text, iso) => {
    expect(parseRfc3339(text, '$').toISOString()).toBe(iso);
  });

  test.each([
    '',
    '1',
    '2024',
    '2024-01-01',
    '2024-01-01T00:00:00',
    '2024-01-01 00:00:00Z',
    '2024-01-01t00:00:00Z',
    '2024-01-01T00:00:00z',
    ' 2024-01-01T00:00:00Z',
    '2024-01-01T00:00:00Z\n',
    '2024-01-01T00:00Z',
    '2024-1-1T00:00:00Z',
    '24-01-01T00:00:00Z',
    '+002024-01-01T00:00:00Z',
    '-0001-01-01T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '2024-00-01T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-01-00T00:00:00Z',
    '2024-02-30T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2024-04-31T00:00:00Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:60:00Z',
    '2024-01-01T23:59:60Z',
    '2024-01-01T00:00:00.Z',
    '2024-01-01T00:00:00,5Z',
    '2024-01-01T00:00:00.1234567890Z',
    '2024-01-01T00:00:00+24:00',
    '2024-01-01T00:00:00+00:60',
    '2024-01-01T00:00:00+0000',
    '2024-01-01T00:00:00+00',
    '２０２４-01-01T00:00:00Z',
    'Mon, 01 Jan 2024 00:00:00 GMT',
  ])('refuses %j', (text) => {
    expect(faultOf(() => parseRfc3339(text, '$.t'))).toBe('INPUT_MALFORMED $.t');
  });

  test('reads back what formatRfc3339 writes', () => {
    fc.assert(
      fc.property(fc.date(supported), (date) => parseRfc3339(formatRfc3339(date), '$').getTime() === date.getTime()),
    );
  });

  test('gives a valid date or a KeywaxError for any text of its characters', () => {
    const digits = (count: number) => fc.stringMatching(new RegExp(`^[0-9]{${count}}$`));
    const text = fc
      .tuple(digits(4), digits(2), digits(2), digits(2), digits(2), digits(2))
      .map(([y, mo, d, h, mi, s]) => `${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
    fc.assert(
      fc.property(text, (written) => {
        const code = codeOf(() => parseRfc3339(written, '$'));
        return code === 'accepted' ? formatRfc3339(parseRfc3339(written, '$')) === written : code === 'INPUT_MALFORMED';
      }),
    );
  });
});

describe('formatRfc3339', () => {
  test.each([
    ['2021-01-12T11:53:27.000Z', '2021-01-12T11:53:27Z'],
    ['2021-01-12T11:53:27.120Z', '2021-01-12T11:53:27.120Z'],
  ])('writes %s as %s', (iso, text) => {
    expect(formatRfc3339(new Date(iso))).toBe(text);
  });

  test.each([new Date(Number.NaN), new Date('+010000-01-01T00:00:00Z'), new Date('0000-01-01T00:00:00Z')])(
    'refuses date %#',
    (date) => {
      expect(codeOf(() => formatRfc3339(date))).toBe('CONFIG_INVALID');
      expect(codeOf(() => encodeGeneralizedTime(date))).toBe('CONFIG_INVALID');
      expect(codeOf(() => encodeUtcTime(date))).toBe('CONFIG_INVALID');
    },
  );
});

describe('parseUtcTime', () => {
  test.each([
    ['240229235959Z', '2024-02-29T23:59:59.000Z'],
    ['491231235959Z', '2049-12-31T23:59:59.000Z'],
    ['500101000000Z', '1950-01-01T00:00:00.000Z'],
    ['000101000000Z', '2000-01-01T00:00:00.000Z'],
  ])('reads %s', (text, iso) => {
    expect(parseUtcTime(element(TAG.utcTime, text), '$').toISOString()).toBe(iso);
  });

  test.each([
    '',
    '2402292359Z',
    '240229235959',
    '240229235959+0000',
    '240229235959.5Z',
    '230229000000Z',
    '241301000000Z',
    '240100000000Z',
    '240101240000Z',
    '240101006000Z',
    '240101000060Z',
    '20240101000000Z',
    '240101000000Z\n',
    '24010100000 Z',
  ])('refuses %j', (text) => {
    expect(faultOf(() => parseUtcTime(element(TAG.utcTime, text), '$.t'))).toBe('INPUT_MALFORMED $.t');
  });

  test('refuses another tag', () => {
    expect(codeOf(() => parseUtcTime(element(TAG.generalizedTime, '240229235959Z'), '$'))).toBe('INPUT_MALFORMED');
  });

  test('reads back what encodeUtcTime writes, in whole seconds', () => {
    const dates = fc.date({
      min: new Date('1950-01-01T00:00:00Z'),
      max: new Date('2049-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, (date) => {
        const read = parseUtcTime(parseDer(encodeUtcTime(date), '$'), '$');
        return read.getTime() === Math.floor(date.getTime() / 1000) * 1000;
      }),
    );
  });

  test.each(['1949-12-31T23:59:59Z', '2050-01-01T00:00:00Z'])('has no form for %s', (iso) => {
    expect(codeOf(() => encodeUtcTime(new Date(iso)))).toBe('CONFIG_INVALID');
  });
});

describe('parseGeneralizedTime', () => {
  test.each([
    ['20500101000000Z', false, '2050-01-01T00:00:00.000Z'],
    ['20240229235959Z', true, '2024-02-29T23:59:59.000Z'],
    ['20240229235959.5Z', true, '2024-02-29T23:59:59.500Z'],
    ['20240229235959.123456789Z', true, '2024-02-29T23:59:59.123Z'],
    ['20240229235959.001Z', true, '2024-02-29T23:59:59.001Z'],
  ])('reads %s', (text, fraction, iso) => {
    expect(parseGeneralizedTime(element(TAG.generalizedTime, text), '$', { fraction }).toISOString()).toBe(iso);
  });

  test.each([
    ['20240229235959.5Z', false],
    ['20240229235959.50Z', true],
    ['20240229235959.0Z', true],
    ['20240229235959.Z', true],
    ['20240229235959,5Z', true],
    ['20240229235959.1234567891Z', true],
    ['20240229235959', true],
    ['20240229235959+0000', true],
    ['202402292359Z', true],
    ['20230229000000Z', true],
    ['20241301000000Z', true],
    ['20240101000060Z', true],
    ['00000101000000Z', true],
    ['240229235959Z', true],
    ['', true],
  ])('refuses %j (fraction: %s)', (text, fraction) => {
    expect(faultOf(() => parseGeneralizedTime(element(TAG.generalizedTime, text), '$.t', { fraction }))).toBe(
      'INPUT_MALFORMED $.t',
    );
  });

  test('refuses another tag', () => {
    expect(codeOf(() => parseGeneralizedTime(element(TAG.utcTime, '20240229235959Z'), '$', { fraction: false }))).toBe(
      'INPUT_MALFORMED',
    );
  });

  test('reads back what encodeGeneralizedTime writes, in whole seconds', () => {
    fc.assert(
      fc.property(fc.date(supported), (date) => {
        const read = parseGeneralizedTime(parseDer(encodeGeneralizedTime(date), '$'), '$', { fraction: false });
        return read.getTime() === Math.floor(date.getTime() / 1000) * 1000;
      }),
    );
  });
});

describe('isWithin', () => {
  const start = new Date(1_000);
  const end = new Date(2_000);
  const range = { start, end };
  test.each([
    [range, 999, false],
    [range, 1_000, true],
    [range, 2_000, true],
    [range, 2_001, false],
    [{ start }, 8e15, true],
    [{ start }, 999, false],
    [range, Number.NaN, false],
    [{ start: new Date(Number.NaN) }, 1_500, false],
    [{ start, end: new Date(Number.NaN) }, 1_500, false],
  ])('is closed at both ends (%#)', (span, time, expected) => {
    expect(isWithin(span, new Date(time))).toBe(expected);
  });
});
