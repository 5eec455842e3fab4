// A brand's mail as its files say it: addresses are settings, the server's address is a secret.
import { inspect } from 'node:util';
import { openSmtp } from '../../../src/domain/mails.ts';
import * as brands from '../../../src/storage/brands.ts';
import { createOperator, type Operator } from './operator.ts';

let operator: Operator;
beforeAll(async () => {
  operator = await createOperator();
});
afterAll(() => operator.close());

const described = (slug: string) => ({ slug, name: slug, issuer: `https://${slug}.example` });
const smtpUrl = 'smtps://crew:hunter2@smtp.harbour.example';

test('a mail server of its own is stored sealed, changes nothing when applied again, and can be given back', async () => {
  const { brand } = await operator.apply({ ...described('sealed'), smtpUrl });
  expect(openSmtp(operator.keyring, brand)).toBe(smtpUrl);
  expect(
    inspect(await operator.db.rows({ text: "select * from portico.brands where slug = 'sealed'", values: [] } as never)),
  ).not.toContain('hunter2');
  expect((await operator.apply({ ...described('sealed'), smtpUrl })).changed).toBe(false);
  const unnamed = await operator.apply(described('sealed'));
  expect(openSmtp(operator.keyring, unnamed.brand)).toBe(smtpUrl);
  const other = await operator.apply({ ...described('sealed'), smtpUrl: 'smtp://other.example' });
  expect([other.changed, other.brand.version]).toEqual([true, brand.version + 1]);
  const back = await operator.apply({ ...described('sealed'), smtpUrl: null });
  expect([back.changed, back.brand.smtp]).toEqual([true, null]);
});

test('one brand’s sealed server opens for no other', async () => {
  const { brand } = await operator.apply({ ...described('mine'), smtpUrl });
  expect(() => openSmtp(operator.keyring, { slug: 'theirs', smtp: brand.smtp })).toThrow();
});

test('members of mail and emailVerification are merged one by one; an empty address gives it back', async () => {
  await operator.apply({ ...described('merged'), settings: { mail: { from: 'a@merged.example' }, emailVerification: { pages: 'after' } } });
  await operator.apply({ ...described('merged'), settings: { mail: { replyTo: 'b@merged.example' } } });
  const brand = await brands.findBySlug(operator.db, 'merged');
  expect(brand?.settings.mail).toEqual({ from: 'a@merged.example', replyTo: 'b@merged.example' });
  expect(brand?.settings.emailVerification).toEqual({ pages: 'after' });
  const { brand: back } = await operator.apply({ ...described('merged'), settings: { mail: { from: '' } } });
  expect(back.settings.mail).toEqual({ replyTo: 'b@merged.example' });
});
