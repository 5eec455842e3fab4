// What relying parties learn of answers: under the scopes `consents` and `profile_fields`, and by the claims parameter.
import { clientsOfTest, party } from '../support/clients.ts';
import { Browser } from '../support/http-browser.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount, obtainTokens } from '../support/protocol.ts';
import { define, news, question } from '../support/questions.ts';

let portico: RunningPortico;
const ada = { email: 'ada@nightfall.example' };

beforeAll(async () => {
  const fields = [
    question('club', { ask: 'account' }),
    question('secret', { ask: 'account', clients: ['radio'] }),
    question('off', { ask: 'account', enabled: false }),
  ];
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest, consents: [news], fields }] });
  await createAccount(portico, { ...ada, claims: { given_name: 'Ada' } });
  await portico.db.pool.query(
    `update portico.accounts set answers = answers || '{"club":{"value":"vinyl"},"secret":{"value":"42"},"off":{"value":"x"}}'`,
  );
});
afterAll(() => portico.stop());

const infoOf = async (client: 'shop' | 'radio' | 'partner', scope: string, parameters = {}) => {
  const app = await party(portico.issuer, client, undefined, scope);
  return app.userinfo((await obtainTokens(app, { ...ada, parameters })).tokens);
};

test('each scope releases its one claim, and nothing of it stands in `profile`', async () => {
  expect(await infoOf('shop', 'openid consents profile_fields profile')).toMatchObject({
    consents: { news: { state: 'unanswered', version: null, newest_version: 1, required: false, needs_update: false } },
    profile_fields: { club: 'vinyl' },
    given_name: 'Ada',
  });
  const plain = await infoOf('shop', 'openid profile');
  expect([plain.consents, plain.profile_fields, plain.profile]).toEqual([undefined, undefined, undefined]);
});

test('an answer goes only to the apps its question is for, and a question that is switched off to nobody', async () => {
  expect((await infoOf('shop', 'openid profile_fields')).profile_fields).toEqual({ club: 'vinyl' });
  expect((await infoOf('radio', 'openid profile_fields')).profile_fields).toEqual({ club: 'vinyl', secret: '42' });
});

test('the claims parameter may ask for one, also in the ID token', async () => {
  const app = await party(portico.issuer, 'shop', undefined, 'openid');
  const claims = JSON.stringify({ id_token: { profile_fields: null }, userinfo: { consents: null } });
  const { tokens } = await obtainTokens(app, { ...ada, parameters: { claims } });
  expect(tokens.claims()).toMatchObject({ profile_fields: { club: 'vinyl' } });
  expect(await app.userinfo(tokens)).toHaveProperty('consents.news');
});

test('another company’s app has to be allowed to see them, in words a person understands', async () => {
  const partner = await party(portico.issuer, 'partner', undefined, 'openid consents profile_fields');
  const browser = new Browser(portico.issuer);
  const page = await browser.get((await partner.begin()).url);
  const asked = await browser.submit(page, page.form('login'), { ...ada, password: 'tremolo cassette 47' });
  expect(asked.text).toContain('see what you agreed to');
  expect(asked.text).toContain('see your answers to our questions');
});

test('a brand that asks nothing releases nothing', async () => {
  const other = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
  try {
    await createAccount(other, ada);
    const app = await party(other.issuer, 'shop', undefined, 'openid consents profile_fields');
    const info = await app.userinfo((await obtainTokens(app, ada)).tokens);
    expect(Object.keys(info)).toEqual(['sub']);
    await define(other, { fields: [question('club', { ask: 'account' })] });
    expect((await app.userinfo((await obtainTokens(app, ada)).tokens)).profile_fields).toEqual({});
  } finally {
    await other.stop();
  }
});
