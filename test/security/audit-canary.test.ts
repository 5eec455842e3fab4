// The trail tells what happened and to which account, and nothing by which somebody is found, followed or let in.
import { auditEvents } from '../../src/domain/audit.ts';
import type { Brand } from '../../src/domain/brands.ts';
import { createClient } from '../../src/flows/admin/create-client.ts';
import { rotateClientSecret } from '../../src/flows/admin/rotate-client-secret.ts';
import { answerConsents } from '../../src/flows/answer-consents.ts';
import { beginRegistration } from '../../src/flows/begin-registration.ts';
import { confirmEmailChange, requestEmailChange } from '../../src/flows/change-email.ts';
import { completeAccount, skipQuestions } from '../../src/flows/complete-account.ts';
import { confirmConsent } from '../../src/flows/confirm-consent.ts';
import { confirmRegistration } from '../../src/flows/confirm-registration.ts';
import { forgotPassword } from '../../src/flows/forgot-password.ts';
import { login } from '../../src/flows/login.ts';
import { resetPassword } from '../../src/flows/reset-password.ts';
import { requestUnlock, unlock } from '../../src/flows/unlock.ts';
import { answerProfile, updateProfile } from '../../src/flows/update-profile.ts';
import * as brands from '../../src/storage/brands.ts';
import { clientsOfTest, party, secrets } from '../support/clients.ts';
import { mailTo, waitingMails } from '../support/mails.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount, obtainTokens, password } from '../support/protocol.ts';
import { letters, news, question } from '../support/questions.ts';

let portico: RunningPortico;
let brand: Brand;
beforeAll(async () => {
  // Questions of the tenth sign-in: nobody below is stopped by them.
  const fields = ['club', 'colour'].map((key) => question(key, { ask: key === 'club' ? 'registration' : 'later', fromSignIn: 10 }));
  const born = question('birthdate', { type: 'birth_date', fromSignIn: 10, minimumAge: 16, keep: 'age' });
  const asks = { consents: [news, letters], fields: [...fields, born] };
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest, ...asks }] });
  brand = (await brands.findBySlug(portico.db, 'nightfall')) as Brand;
});
afterAll(() => portico.stop());

const ip = '203.0.113.77';
const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 canary-agent';
const source = { ip, userAgent, clientId: 'shop', locale: 'en' };
const other = { ip: '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff', userAgent, locale: 'de' };
const email = 'canary.newcomer@nightfall.example';
const second = 'canary.second@nightfall.example';
const chosen = 'canary lantern 77 orbit';
const wrong = 'canary wrong guess 99';
const club = 'canary club of night owls';
const birthdate = '1947-04-17';

async function rows(): Promise<string[]> {
  const { rows } = await portico.db.pool.query(
    'select row_to_json(e)::text as line from (select event, actor, account_id, client_id, details, personal from portico.audit_events order by at) e',
  );
  return rows.map(({ line }) => line as string);
}

/** From joining to another address, with everything that was mailed on the way. */
async function live(): Promise<void> {
  const { services } = portico;
  const form = {
    consents: { news: { version: '1', accepted: true }, letters: { version: '1', accepted: true } },
    typed: { club },
  };
  const { handle } = await beginRegistration(services, brand, { email, password: chosen, form, source, confirmPath: '/confirm-email' });
  const joined = await mailTo(services, email, 'confirm_registration');
  const { account } = await confirmRegistration(services, brand, { shown: { handle, typed: joined.params.digits }, source });
  await agreeAndAnswer(account.id);
  for (const attempt of [wrong, chosen, chosen]) await login(services, brand, { email, password: attempt, source }).catch(() => {});
  await login(services, brand, { email: 'canary.nobody@nightfall.example', password: wrong, source: other }).catch(() => {});
  await requestUnlock(services, brand, { email, source });
  const { link } = (await mailTo(services, email, 'unlock')).params;
  await unlock(services, brand, { token: new URL(link).searchParams.get('token') as string, source: other });
  const forgotten = await forgotPassword(services, brand, { email, source });
  const { digits } = (await mailTo(services, email, 'reset_password')).params;
  await resetPassword(services, brand, { shown: { handle: forgotten.handle, typed: digits }, password: `${chosen} anew`, source });
  const change = { accountId: account.id, email: second, password: `${chosen} anew`, source };
  const asked = await requestEmailChange(services, brand, change);
  const changing = await mailTo(services, second, 'change_email');
  await confirmEmailChange(services, brand, {
    shown: { handle: asked.handle, typed: changing.params.digits },
    by: { accountId: account.id, sessionUid: 'canary-session-uid' },
    source,
  });
}

/** By every way there is, with words that were typed or chosen. */
async function agreeAndAnswer(accountId: string): Promise<void> {
  const { services } = portico;
  const { link } = (await mailTo(services, email, 'confirm_consent')).params;
  await confirmConsent(services, brand, { token: new URL(link).searchParams.get('token') as string, source: other });
  for (const [name, accepted] of Object.entries({ letters: false, news: false, 'canary-document': true })) {
    const given = { [name]: { version: '1', accepted } };
    await answerConsents(services, brand, { accountId, given, channel: 'page', source: other, at: 'choice' }).catch(() => {});
  }
  const asked = ['club', 'colour', 'birthdate'];
  const typed = { club: `${club} again`, colour: 'canary violet', birthdate };
  await completeAccount(services, brand, { accountId, asked, typed: { ...typed, birthdate: '2999-01-01' }, source }).catch(() => {});
  await completeAccount(services, brand, { accountId, asked, typed, source });
  await skipQuestions(services, brand, { accountId, asked, source });
  await updateProfile(services, brand, {
    accountId,
    asked: [...asked, 'given_name'],
    typed: { ...typed, given_name: 'Canarygiven', colour: 'canary green' },
    source,
  });
  await answerProfile(services, brand, { accountId, given: { colour: 'canary red' }, source: other, by: 'api' });
}

test('no address, secret, code, token, answer, whole network address or User-Agent stands in any row', async () => {
  await live();
  const made = await createClient(portico.services, brand, {
    kind: 'web',
    metadata: { client_id: 'made', redirect_uris: ['https://made.example/cb'] },
  });
  const rotated = await rotateClientSecret(portico.services, brand, { clientId: 'made' });
  const texts = (await waitingMails(portico.services)).flatMap(({ to, params }) => [to ?? '', ...Object.values(params).map(String)]);
  const mailed = texts.flatMap((text) => [text, text.split('token=')[1] ?? '']).filter((text) => /^\d{6}$/.test(text) || text.length > 20);
  expect(mailed.length).toBeGreaterThan(8);
  // Six digits may stand in any id.
  const lines = (await rows()).map((line) => line.replace(/"account_id":"[^"]*"/, ''));
  expect(lines.length).toBeGreaterThan(10);
  const canaries = [
    email,
    second,
    'canary',
    'Canary',
    birthdate,
    '@',
    ip,
    'dddd:eeee',
    'Mozilla',
    '140.0',
    password,
    made.secret,
    rotated.secret,
    secrets.shop,
    ...mailed,
  ];
  for (const event of ['consent_answered', 'consent_requested', 'profile_changed'])
    expect(lines.filter((line) => line.includes(`"event":"${event}"`)).length).toBeGreaterThan(0);
  for (const canary of canaries) {
    expect(typeof canary).toBe('string');
    expect(lines.filter((line) => line.includes(canary as string))).toEqual([]);
  }
});

test('each row has the shape it should have, whatever flow wrote it', async () => {
  for (const line of await rows()) {
    const row = JSON.parse(line);
    expect(auditEvents).toContain(row.event);
    if (row.personal) {
      expect(Object.keys(row.personal).filter((name) => !['device', 'network'].includes(name))).toEqual([]);
      expect(row.personal.network).toMatch(/(\.0\/24|::\/48)$/);
    }
    for (const value of Object.values(row.details)) {
      expect(['string', 'number', 'boolean']).toContain(typeof value);
      // Words, ids of clients and names of members; nothing random.
      expect(String(value)).not.toMatch(/[A-Za-z0-9_-]{20,}|@|:\/\//);
    }
  }
});

test('a sign-in is one row, and refreshes, userinfo and an app that joins a live session are none', async () => {
  await createAccount(portico, { email: 'regular@nightfall.example' });
  await portico.db.pool.query('delete from portico.audit_events');
  const shop = await party(portico.issuer, 'shop');
  const { tokens, browser } = await obtainTokens(shop, { email: 'regular@nightfall.example' });
  let next = tokens;
  for (let count = 0; count < 3; count += 1) next = await shop.refresh(next.refresh_token as string);
  await shop.userinfo(next);
  await obtainTokens(await party(portico.issuer, 'radio'), { email: 'regular@nightfall.example', browser });
  expect((await rows()).map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ event: 'login_succeeded', actor: 'end_user', client_id: 'shop', account_id: expect.any(String) }),
  ]);
});
