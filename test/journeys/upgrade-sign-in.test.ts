// While a new version is rolled out it and the one before serve the same people: a sign-in that is begun at one goes on at the other.
import { Browser } from '../support/http-browser.ts';
import { typeCode } from '../support/mails.ts';
import { newEmail, passThrough, password } from '../support/people.ts';
import { testAgainst } from '../support/releases.ts';
import type { Apps, Rollout } from '../support/rollout.ts';
import {
  beginJoining,
  both,
  expectNoFaults,
  invalidGrant,
  join,
  linkIn,
  loginRequired,
  mailWith,
  personOf,
  refusalOf,
  signIn,
  startBoth,
  ways,
} from './upgrades/side-by-side.ts';

let rollout: Rollout;
let apps: Apps;

const tested = testAgainst('previous');
beforeAll(async () => {
  ({ rollout, apps } = await startBoth());
}, 60_000);
afterEach(() => expectNoFaults(rollout));
afterAll(() => rollout.close());

describe.each(ways)('from %s to %s', (one, other) => {
  beforeEach(() => rollout.lead(one));

  tested('an account made at one is signed in to at the other', async () => {
    const { email, sub } = await join(rollout, apps.shop);
    rollout.lead(other);
    expect((await signIn(rollout, apps.shop, email)).sub).toBe(sub);
  });

  tested('a newcomer whose code was mailed by one types it at the other', async () => {
    const [email, browser] = [newEmail(), new Browser(rollout.issuer)];
    const { begun, page } = await beginJoining(apps.shop, email, browser);
    const { digits } = await mailWith(rollout, email, 'digits');
    rollout.lead(other);
    const { sub } = personOf(email, browser, await apps.shop.finish((await typeCode(browser, page, digits)).url, begun));
    for (const version of both) {
      rollout.lead(version);
      expect((await signIn(rollout, apps.shop, email)).sub).toBe(sub);
    }
  });

  tested('a newcomer whose link was mailed by one presses it at the other, on another device, and goes on where they began', async () => {
    const [email, browser, phone] = [newEmail(), new Browser(rollout.issuer), new Browser(rollout.issuer)];
    const { begun, page } = await beginJoining(apps.shop, email, browser);
    const mail = await mailWith(rollout, email, 'digits');
    rollout.lead(other);
    const shown = await phone.get(linkIn(mail, 'token='));
    await phone.submit(shown, shown.form());
    rollout.lead(one);
    const confirmed = await browser.get(page.url);
    const back = await browser.submit(confirmed, confirmed.form('carry-on'));
    expect((await apps.shop.finish(back.url, begun)).claims()?.sub).toBeDefined();
  });

  tested('a page opened at one takes the password at the other, and the code is redeemed at the first', async () => {
    const { email, sub } = await join(rollout, apps.shop);
    const browser = new Browser(rollout.issuer);
    const begun = await apps.shop.begin();
    const page = await browser.get(begun.url);
    rollout.lead(other);
    const wrong = await browser.submit(page, page.form('login'), { email, password: 'not my password 1' });
    expect([wrong.status, wrong.form('login').fields.email]).toEqual([422, email]);
    rollout.lead(one);
    const back = await browser.submit(wrong, wrong.form('login'), { password });
    rollout.lead(other);
    expect((await apps.shop.finish(back.url, begun)).claims()?.sub).toBe(sub);
  });

  tested.each(['shop', 'phone'] as const)('the %s refreshes alternately, and each access token is known to both', async (name) => {
    const app = apps[name];
    let { sub, tokens } = await join(rollout, app);
    for (let turn = 0; turn < 4; turn += 1) {
      rollout.lead(turn % 2 ? one : other);
      tokens = await app.refresh(tokens.refresh_token ?? '');
      rollout.lead(turn % 2 ? other : one);
      expect([tokens.claims()?.sub, (await app.userinfo(tokens)).sub]).toEqual([sub, sub]);
    }
  });

  tested('a refresh token that was spent at one is a replay at the other, and its family ends at both', async () => {
    const { tokens } = await join(rollout, apps.shop);
    const next = await apps.shop.refresh(tokens.refresh_token ?? '');
    // Within a moment it would be a lost race.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    rollout.lead(other);
    expect(await refusalOf(apps.shop.refresh(tokens.refresh_token ?? ''))).toEqual(invalidGrant);
    for (const version of both) {
      rollout.lead(version);
      expect(await refusalOf(apps.shop.refresh(next.refresh_token ?? ''))).toEqual(invalidGrant);
    }
  });

  tested('who is signed in at one is signed in at the other, for every app', async () => {
    const { browser, sub } = await join(rollout, apps.shop);
    for (const [version, app] of [
      [other, apps.radio],
      [one, apps.radio],
      [other, apps.shop],
    ] as const) {
      rollout.lead(version);
      expect((await passThrough(browser, app, { prompt: 'none' })).claims()?.sub).toBe(sub);
    }
  });

  tested('who signs out at one is signed out at the other; the page that asks may be the other’s', async () => {
    const { browser, tokens } = await join(rollout, apps.shop);
    const asked = await browser.get(apps.shop.endSessionUrl(tokens, 'https://shop.example/', 'bye'));
    rollout.lead(other);
    expect((await browser.submit(asked, asked.form('logout'))).url).toBe('https://shop.example/?state=bye');
    for (const version of both) {
      rollout.lead(version);
      expect(await refusalOf(passThrough(browser, apps.shop, { prompt: 'none' }))).toEqual(loginRequired);
      await expect(apps.shop.userinfo(tokens)).rejects.toThrow();
    }
  });
});

tested('the version before starts on the newer schema, should the new one have to go', async () => {
  rollout.lead('current');
  const { email, sub, browser } = await join(rollout, apps.shop);
  expect([await rollout.stop('old'), await rollout.stop('current')]).toEqual([0, 0]);
  await rollout.start('old');
  rollout.lead('old');
  expect((await signIn(rollout, apps.shop, email)).sub).toBe(sub);
  expect((await passThrough(browser, apps.radio, { prompt: 'none' })).claims()?.sub).toBe(sub);
});
