import { randomBytes } from 'node:crypto';
import { nobodyFor } from '../../src/domain/nobody.ts';
import { SLICES, sliceOfAccount } from '../../src/domain/slices.ts';
import { createKeyring } from '../../src/keyring.ts';

const keyring = createKeyring('a root secret of more than thirty-two characters');
const brand = { id: 1, homeSlice: SLICES - 2, slices: 4 };

test('nobody looks like an account of the brand', () => {
  const slices = new Set<number>();
  for (let round = 0; round < 200; round += 1) {
    const id = nobodyFor(keyring, brand, randomBytes(32));
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    slices.add(sliceOfAccount(id));
  }
  expect([...slices].sort((one, other) => one - other)).toEqual([0, 1, SLICES - 2, SLICES - 1]);
});

test('nobody is the same for an address and another for every other address, brand and installation', () => {
  const digest = randomBytes(32);
  const others = [
    nobodyFor(keyring, brand, digest),
    nobodyFor(keyring, { ...brand, id: 2 }, digest),
    nobodyFor(keyring, brand, randomBytes(32)),
    nobodyFor(createKeyring('another root secret of more than thirty-two characters'), brand, digest),
  ];
  expect(new Set(others).size).toBe(4);
  expect(nobodyFor(keyring, brand, digest)).toBe(others[0]);
});
