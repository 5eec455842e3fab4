// The same people, two versions: what somebody does with their account at one holds at the other.
import { Browser } from '../support/http-browser.ts';
import { newEmail, passThrough, password } from '../support/people.ts';
import { testAgainst } from '../support/releases.ts';
import type { Apps, Rollout } from '../support/rollout.ts';
import {
  both,
  chosen,
  expectNoFaults,
  forget,
  invalidGrant,
  join,
  limits,
  linkIn,
  loginRequired,
  mailWith,
  openAccount,
  refusalOf,
  signIn,
  startBoth,
  ways,
} from './upgrades/side-by-side.ts';

let rollout: Rollout;
let apps: Apps;
/** Of a brand whose documents and questions only the current version knows. */
let club: Apps;

const terms = { version: 1, kind: 'required', effective: '2026-01-01', text: { en: 'I agree to the terms.' } };
const news = { version: 1, kind: 'optional', effective: '2026-01-01', doubleOptIn: true, text: { en: 'Send me news.' } };
const clubFiles = {
  'brand.json': { slug: 'club', name: 'Nightfall Club', issuer: '/club', settings: { limits } },
  'consents.json': [
    { name: 'terms', versions: [terms] },
    { name: 'news', versions: [news] },
  ],
  'profile.json': [{ key: 'card', label: { en: 'Card' }, ask: 'account' }],
};

const tested = testAgainst('previous');
beforeAll(async () => {
  ({ rollout, apps } = await startBoth());
  rollout.lead('current');
  club = await rollout.apply('current', 'club', '/club', clubFiles);
}, 60_000);
afterEach(() => expectNoFaults(rollout));
afterAll(() => rollout.close());

describe.each(ways)('from %s to %s', (one, other) => {
  beforeEach(() => rollout.lead(one));

  tested.each(['code', 'link'] as const)('a forgotten password: asked for at one, the mailed %s used at the other', async (way) => {
    const { email, sub, tokens } = await join(rollout, apps.shop);
    const browser = new Browser(rollout.issuer);
    const { begun, page } = await forget(apps.shop, email, browser);
    const mail = await mailWith(rollout, email, 'digits');
    rollout.lead(other);
    const opened = way === 'code' ? page : await browser.get(linkIn(mail, 'token='));
    const typed = way === 'code' ? { code: mail.digits, password: chosen } : { password: chosen };
    const again = await browser.submit(opened, opened.form(way === 'code' ? 'reset' : undefined), typed);
    rollout.lead(one);
    const back = await browser.submit(again, again.form('login'), { email, password: chosen });
    expect((await apps.shop.finish(back.url, begun)).claims()?.sub).toBe(sub);
    for (const version of both) {
      rollout.lead(version);
      expect(await refusalOf(apps.shop.refresh(tokens.refresh_token ?? ''))).toEqual(invalidGrant);
      expect((await signIn(rollout, apps.shop, email, chosen)).sub).toBe(sub);
    }
  });

  tested('a password changed at one ends every other session at the other, and is the only one at both', async () => {
    const here = await join(rollout, apps.shop);
    rollout.lead(other);
    const there = await signIn(rollout, apps.shop, here.email);
    rollout.lead(one);
    const page = await openAccount(rollout.issuer, here, 'password');
    await here.browser.submit(page, page.form(), { password, new_password: chosen });
    rollout.lead(other);
    expect(await refusalOf(passThrough(there.browser, apps.shop, { prompt: 'none' }))).toEqual(loginRequired);
    expect(await refusalOf(apps.shop.refresh(there.tokens.refresh_token ?? ''))).toEqual(invalidGrant);
    expect((await passThrough(here.browser, apps.shop, { prompt: 'none' })).claims()?.sub).toBe(here.sub);
    for (const version of both) {
      rollout.lead(version);
      await expect(signIn(rollout, apps.shop, here.email)).rejects.toThrow();
      expect((await signIn(rollout, apps.shop, here.email, chosen)).sub).toBe(here.sub);
    }
  });

  tested('"sign out everywhere" at one reaches who came in at the other', async () => {
    const here = await join(rollout, apps.shop);
    rollout.lead(other);
    const there = await signIn(rollout, apps.shop, here.email);
    rollout.lead(one);
    const page = await openAccount(rollout.issuer, here, 'sessions');
    await here.browser.submit(page, page.form('everything'));
    for (const version of both) {
      rollout.lead(version);
      for (const { browser, tokens } of [here, there]) {
        expect(await refusalOf(passThrough(browser, apps.shop, { prompt: 'none' }))).toEqual(loginRequired);
        expect(await refusalOf(apps.shop.refresh(tokens.refresh_token ?? ''))).toEqual(invalidGrant);
      }
    }
    rollout.lead(other);
    expect((await signIn(rollout, apps.shop, here.email)).sub).toBe(here.sub);
  });

  tested('my account: entered at one, changed at the other, seen at both', async () => {
    const here = await join(rollout, apps.shop);
    const page = await openAccount(rollout.issuer, here, 'profile');
    rollout.lead(other);
    const saved = await here.browser.submit(page, page.form(), { given_name: 'Ada', family_name: 'Lovelace' });
    expect(saved.text).toContain('Your profile is saved.');
    for (const version of both) {
      rollout.lead(version);
      expect((await here.browser.get(`${rollout.issuer}/account`)).text).toContain('Hello Ada');
      expect((await here.browser.get(`${rollout.issuer}/account/sessions`)).text).toContain('This browser');
    }
  });

  tested('an address: asked for at one, proved at the other, taken back at the first', async () => {
    const here = await join(rollout, apps.shop);
    const next = newEmail('countess');
    const page = await openAccount(rollout.issuer, here, 'email');
    const waiting = await here.browser.submit(page, page.form('ask'), { email: next, password });
    const { digits } = await mailWith(rollout, next, 'digits');
    rollout.lead(other);
    const form = waiting.forms.find(({ fields }) => 'code' in fields);
    const done = await here.browser.submit(waiting, form as NonNullable<typeof form>, { code: digits });
    expect(done.text).toContain(next);
    expect((await signIn(rollout, apps.shop, next)).sub).toBe(here.sub);
    const mail = await mailWith(rollout, here.email, '/undo-email');
    rollout.lead(one);
    const undo = await here.browser.get(linkIn(mail, '/undo-email'));
    const undone = await here.browser.submit(undo, undo.form());
    await here.browser.submit(undone, undone.form(), { password: chosen });
    rollout.lead(other);
    expect((await signIn(rollout, apps.shop, here.email, chosen)).sub).toBe(here.sub);
  });
});

tested('what was agreed to and answered outlives visits to the version that knows neither', async () => {
  rollout.lead('current');
  const member = await join(rollout, club.shop, { consent_terms: 'yes', consent_news: 'yes' });
  const clubIssuer = `${rollout.issuer}/club`;
  const page = await openAccount(clubIssuer, member, 'profile');
  await member.browser.submit(page, page.form(), { given_name: 'Ada', card: 'RC-1' });
  const mail = await mailWith(rollout, member.email, '/confirm-consent');

  rollout.lead('old');
  const old = await openAccount(clubIssuer, member, 'profile');
  expect((await member.browser.submit(old, old.form(), { given_name: 'Augusta' })).text).toContain('Your profile is saved.');
  expect((await signIn(rollout, club.radio, member.email)).sub).toBe(member.sub);

  rollout.lead('current');
  const link = await member.browser.get(linkIn(mail, '/confirm-consent'));
  await member.browser.submit(link, link.form());
  const now = await member.browser.get(`${clubIssuer}/account/profile`);
  expect(now.body).toMatch(/value="Augusta"/);
  expect(now.body).toMatch(/value="RC-1"/);
  const consents = await rollout.operate('current', 'account', 'consents', member.email, '--brand', 'club');
  expect(JSON.stringify(consents)).toContain('"news"');
  expect((await signIn(rollout, club.shop, member.email)).sub).toBe(member.sub);
});

tested('who joined at the version that asks for nothing is asked by the current one, and gets in', async () => {
  rollout.lead('old');
  const { email, sub } = await join(rollout, club.shop);
  rollout.lead('current');
  const browser = new Browser(rollout.issuer);
  const begun = await club.shop.begin();
  const start = await browser.get(begun.url);
  const asked = await browser.submit(start, start.form('login'), { email, password });
  expect(asked.text).toContain('I agree to the terms.');
  const back = await browser.submit(asked, asked.form('accept'), { consent_terms: 'yes' });
  expect((await club.shop.finish(back.url, begun)).claims()?.sub).toBe(sub);
});

tested('the trail both wrote is whole for both', async () => {
  for (const version of both)
    expect(await rollout.operate(version, 'audit', 'verify', '--brand', 'nightfall')).toMatchObject({ valid: true });
});
