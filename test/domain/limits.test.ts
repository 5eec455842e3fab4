import { randomBytes } from 'node:crypto';
import { defaultSettings } from '../../src/domain/brands.ts';
import { loginAttempt, refuseExceeded, registerAttempt, userCodeAttempt } from '../../src/domain/limits.ts';
import { createKeyring } from '../../src/keyring.ts';

const keyring = createKeyring('a root secret of more than thirty-two characters');
const brand = { id: 1, settings: { limits: defaultSettings.limits } };
const attempt = { digest: randomBytes(32), network: '203.0.113.9/32', deviceId: undefined };

const keysOf = (budgets: { key: Buffer }[]) => budgets.map(({ key }) => key.toString('hex'));

test('each brand, kind, network and account has a counter of its own', () => {
  const all = [
    loginAttempt(keyring, brand, attempt),
    loginAttempt(keyring, { ...brand, id: 2 }, attempt),
    loginAttempt(keyring, brand, { ...attempt, digest: randomBytes(32), network: '203.0.113.10/32' }),
    registerAttempt(keyring, brand, attempt.network),
    userCodeAttempt(keyring, brand, attempt.network),
  ].flatMap(keysOf);
  expect(new Set(all).size).toBe(all.length);
  expect(keysOf(loginAttempt(keyring, brand, attempt))).toEqual(all.slice(0, 3));
});

test('a known device shares the network with everybody and its own budgets with nobody', () => {
  const [network, identifier, day] = keysOf(loginAttempt(keyring, brand, attempt));
  const [sameNetwork, device, deviceDay] = keysOf(loginAttempt(keyring, brand, { ...attempt, deviceId: 'a'.repeat(22) }));
  expect(sameNetwork).toBe(network);
  expect(new Set([identifier, day, device, deviceDay]).size).toBe(4);
});

test('budgets are locked in one order: those that count admitted attempts come last', () => {
  const budgets = [...loginAttempt(keyring, brand, attempt), ...loginAttempt(keyring, brand, { ...attempt, deviceId: 'a'.repeat(22) })];
  const sorted = budgets.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ counts }) => counts);
  expect(sorted).toEqual(['attempts', 'attempts', 'attempts', 'attempts', 'admitted', 'admitted']);
});

test('a refusal names the longest wait and never less than a second', () => {
  const reservation = { key: Buffer.alloc(17), used: 4, attempts: 3, secondsLeft: 61 };
  expect(() => refuseExceeded([{ ...reservation, used: 3 }])).not.toThrow();
  const refusalOf = (secondsLeft: number) => {
    try {
      refuseExceeded([
        { ...reservation, secondsLeft: 5 },
        { ...reservation, secondsLeft },
      ]);
    } catch (error) {
      return error;
    }
    return undefined;
  };
  expect(refusalOf(61)).toMatchObject({ code: 'too_many_attempts', status: 429, retryAfter: 61, params: { minutes: 2 } });
  expect(refusalOf(-3)).toMatchObject({ retryAfter: 5, params: { minutes: 1 } });
});
