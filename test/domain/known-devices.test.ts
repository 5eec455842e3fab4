import { createHash, randomBytes } from 'node:crypto';
import { knowsDevice, rememberDevice } from '../../src/domain/known-devices.ts';

const key = randomBytes(32);
const digestOf = (name: string) => createHash('sha256').update(name).digest();
const anna = digestOf('anna');

test('a device knows the account that signed in with it and no other', () => {
  const cookie = rememberDevice(key, undefined, anna);
  expect(knowsDevice(key, cookie, anna)).toBe(cookie.split('.')[0]);
  expect(knowsDevice(key, cookie, digestOf('eve'))).toBeUndefined();
  expect(knowsDevice(randomBytes(32), cookie, anna)).toBeUndefined();
});

test('a family shares a device: the last four accounts are known, the device stays the same', () => {
  const family = ['a', 'b', 'c', 'd', 'e'].map(digestOf);
  const cookie = family.reduce<string | undefined>((value, digest) => rememberDevice(key, value, digest), undefined);
  expect(family.map((digest) => knowsDevice(key, cookie, digest) !== undefined)).toEqual([false, true, true, true, true]);
  const again = rememberDevice(key, cookie, family[2]!);
  expect(again.split('.')).toHaveLength(5);
  expect(knowsDevice(key, again, family[1]!)).toBe(cookie!.split('.')[0]);
});

test('a tampered, borrowed or oversized cookie is an unknown device', () => {
  const cookie = rememberDevice(key, undefined, anna);
  const other = rememberDevice(key, undefined, digestOf('eve'));
  const swapped = `${other.split('.')[0]}.${cookie.split('.')[1]}`;
  const flipped = `${cookie[0] === 'A' ? 'B' : 'A'}${cookie.slice(1)}`;
  for (const value of [
    '',
    'x',
    swapped,
    flipped,
    `${cookie}.`,
    `${cookie}\n`,
    `${cookie}${'.'.repeat(5000)}`,
    cookie.slice(0, -1),
    `ü${cookie.slice(1)}`,
  ]) {
    expect(knowsDevice(key, value, anna)).toBeUndefined();
    expect(knowsDevice(key, rememberDevice(key, value, anna), anna)).toBeDefined();
  }
});
