// A person whose password came from another system signs in as ever, and from then on it is kept as ours.
import { importAccount } from '../../src/flows/admin/import-account.ts';
import { login } from '../../src/flows/login.ts';
import * as brands from '../../src/storage/brands.ts';
import * as passwords from '../../src/storage/passwords.ts';
import { type RunningPortico, startPortico } from '../support/portico.ts';
import { password } from '../support/protocol.ts';

let portico: RunningPortico;
beforeAll(async () => {
  portico = await startPortico();
});
afterAll(() => portico.stop());

const imported = [
  '$2b$05$CCCCCCCCCCCCCCCCCCCCC.uZwA7lPlRtlqw40pHEc8X0p.vkYhddq',
  'pbkdf2_sha256$1000$NaCl$tCCQwkpZtODlu8GhQuMdTcXdfBpqAl99NJIpq2/I/V0=',
  '$scrypt$ln=10,r=8,p=1$8PHy8/T19vf4+fr7/P3+/w$Xmo7lvl4noukQ0BTHMmNFK34HPg5BNU4FVbc8lMfWBs',
  '$P$Babcdefghf8lxg8QUhlQzZU4DmWVna1',
  'md5$NaCl$c645a75027919e4a7c2931c008ba2646',
];

test.each(imported)('%s is replaced at the first sign-in, and not before', async (hash) => {
  const email = `p${imported.indexOf(hash)}@nightfall.example`;
  const brand = (await brands.findBySlug(portico.db, 'nightfall'))!;
  const { id } = await importAccount(portico.services, brand, { email, passwordHash: hash });
  const enter = (typed: string) => login(portico.services, brand, { email, password: typed, source: { ip: '192.0.2.1', locale: 'en' } });

  const before = portico.services.hasher.count;
  await expect(enter('wrong')).rejects.toMatchObject({ code: 'wrong_credentials' });
  // As many computations as an unknown address costs.
  expect(portico.services.hasher.count).toBe(before + 1);
  expect(await passwords.find(portico.db, brand.id, id)).toBe(hash);

  await enter(password);
  const renewed = await passwords.find(portico.db, brand.id, id);
  expect(renewed).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  await enter(password);
  expect(await passwords.find(portico.db, brand.id, id)).toBe(renewed);
});

test('ten first sign-ins at once all succeed and leave one hash of ours', async () => {
  const email = 'crowd@nightfall.example';
  const brand = (await brands.findBySlug(portico.db, 'nightfall'))!;
  const { id } = await importAccount(portico.services, brand, { email, passwordHash: imported[4]! });
  const all = Array.from({ length: 10 }, () =>
    login(portico.services, brand, { email, password, source: { ip: '192.0.2.2', locale: 'en' } }),
  );
  expect((await Promise.all(all)).length).toBe(10);
  expect(await passwords.find(portico.db, brand.id, id)).toMatch(/^\$argon2id\$/);
});

test('a hash of an unknown form is refused to the operator, and nothing is written', async () => {
  const email = 'odd@nightfall.example';
  const brand = (await brands.findBySlug(portico.db, 'nightfall'))!;
  const bring = (passwordHash: string) => importAccount(portico.services, brand, { email, passwordHash });
  for (const hash of ['', 'tremolo cassette 47', '$1$old$style', '$2b$31$CCCCCCCCCCCCCCCCCCCCC.uZwA7lPlRtlqw40pHEc8X0p.vkYhddq'])
    await expect(bring(hash)).rejects.toThrow(/^The password hash has a form that Portico does not know/);
  await bring(imported[0]!);
  await expect(bring(imported[0]!)).rejects.toMatchObject({ code: 'email_taken' });
});
