import { expect, test } from 'vitest';

import { bytes, gflop, seconds } from './figures';

test('times have two digits', () => {
  expect([0.00044, 0.0000021, 0.0131, 0.52, 25.4, 59.9, 130].map(seconds)).toEqual(['440 µs', '2.1 µs', '13 ms', '0.52 s', '25 s', '60 s', '2 min']);
});

test('bytes have three digits and a unit', () => {
  expect([0, 1010, 1030 * 1024, 962 * 1024, 3.5 * 1024 ** 3].map(bytes)).toEqual(['0 B', '1010 B', '1.01 MiB', '962 KiB', '3.5 GiB']);
  expect(gflop(0.14567)).toBe('0.146');
});
