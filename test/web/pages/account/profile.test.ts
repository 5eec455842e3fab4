import { enterAccount } from '../../../support/account-pages.ts';
import { textOf } from '../../../support/html.ts';
import { type RunningPortico, startPortico } from '../../../support/portico.ts';

let portico: RunningPortico;
beforeAll(async () => {
  portico = await startPortico();
});
afterAll(() => portico.stop());

const shownIn = (body: string, id: string) => new RegExp(`id="profile-${id}"[^>]* value="([^"]*)"`, 's').exec(body)?.[1];

test('a saved profile is there when the page comes back, and says so', async () => {
  const { browser, page } = await enterAccount(portico, { path: '/profile' });
  const typed = { given_name: 'Ada', family_name: 'Lovelace', birthdate: '1815-12-10', phone_number: '+44 20 7946 0018', locale: '' };
  const saved = await browser.submit(page, page.form(), typed);
  expect([saved.status, saved.url]).toEqual([200, `${portico.issuer}/account/profile?done=profile`]);
  expect(saved.text).toContain('Your profile is saved.');
  expect(['given_name', 'family_name', 'birthdate', 'phone_number'].map((id) => shownIn(saved.body, id))).toEqual([
    ...['Ada', 'Lovelace', '1815-12-10', '+442079460018'],
  ]);
  expect((await browser.get(`${portico.issuer}/account`)).text).toContain('Hello Ada');
});

test('a refused profile keeps what was typed and says why at its field', async () => {
  const { browser, page } = await enterAccount(portico, { path: '/profile' });
  const typed = { given_name: '<b>Ada</b> & "Co"', family_name: '', birthdate: '', phone_number: '12', locale: 'de' };
  const refused = await browser.submit(page, page.form(), typed);
  expect(refused.status).toBe(422);
  expect(refused.body).toContain('<title>Error: Profile');
  expect(refused.body).toMatch(/<a href="#profile-phone_number">/);
  expect(refused.body).toMatch(
    /id="profile-phone_number"[^>]*aria-describedby="profile-phone_number-hint profile-phone_number-refusal"[^>]*aria-invalid="true"/s,
  );
  expect(shownIn(refused.body, 'phone_number')).toBe('12');
  expect(refused.body).toContain('<option value="de" selected>');
  expect(refused.body).not.toContain('<b>Ada');
  expect(shownIn(refused.body, 'given_name')).toBe('&lt;b&gt;Ada&lt;/b&gt; &amp; &#34;Co&#34;');
  const again = await browser.submit(refused, refused.form(), { ...typed, phone_number: '' });
  expect(again.text).toContain('Dein Profil ist gespeichert.');
  expect(textOf((await browser.get(`${portico.issuer}/account`)).body)).toContain('Hallo <b>Ada</b> & "Co"');
});

test('whoever chooses a language is spoken to in it', async () => {
  const { browser, page } = await enterAccount(portico, { path: '/profile' });
  const saved = await browser.submit(page, page.form(), { locale: 'de' });
  expect(saved.text).toContain('Dein Profil ist gespeichert.');
});

test('a language and a birthday that came from elsewhere are shown and survive', async () => {
  const { browser, id } = await enterAccount(portico);
  await portico.db.pool.query(`update portico.accounts set claims = '{"locale":"fr-CA","birthdate":"1990"}' where id = $1`, [id]);
  const page = await browser.get(`${portico.issuer}/account/profile`);
  expect(page.body).toContain('<option value="fr-CA" selected>');
  expect(shownIn(page.body, 'birthdate')).toBe('1990');
  expect(page.body).not.toContain('type="date"');
  await browser.submit(page, page.form(), { given_name: 'Ada', locale: 'fr-CA' });
  const { rows } = await portico.db.pool.query('select claims from portico.accounts where id = $1', [id]);
  expect(rows[0].claims).toEqual({ given_name: 'Ada', name: 'Ada', locale: 'fr-CA', birthdate: '1990' });
});

test('the page that the version before drew, which does not say what it asks, is saved all the same', async () => {
  const { browser, page } = await enterAccount(portico, { path: '/profile' });
  const { asked: _asked, ...fields } = page.form().fields;
  const saved = await browser.submit(page, { ...page.form(), fields }, { given_name: 'Ada' });
  expect(saved.text).toContain('Your profile is saved.');
  expect(shownIn(saved.body, 'given_name')).toBe('Ada');
});
