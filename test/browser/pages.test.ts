// Every page in every state, as people meet it: the real stylesheet and script over HTTP, the policy on, in a phone's narrowest window.
import type { Browser, Page } from 'playwright-core';
import { overflowOf, violationsOn } from '../support/accessibility.ts';
import { launchBrowser, openPage, type WatchedPage } from '../support/browser.ts';
import { samples } from '../support/page-samples.ts';
import { servePages } from '../support/preview.ts';

const WIDTH = 320;

let browser: Browser;
let site: Awaited<ReturnType<typeof servePages>>;
let watched: WatchedPage;

// One tab for all: a profile of its own for each page would cost more than the page.
beforeAll(async () => {
  [browser, site] = await Promise.all([launchBrowser(), servePages()]);
  watched = await openPage(browser, { viewport: { width: WIDTH, height: 640 }, reducedMotion: 'reduce' });
  // The page that sends itself stays to be looked at.
  await watched.context.addInitScript({ content: 'HTMLFormElement.prototype.requestSubmit = () => {}' });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await site?.close();
});
beforeEach(() => {
  watched.complaints.length = 0;
});

interface Look {
  brand: 'demo' | 'harbour';
  locale: 'en' | 'de' | 'ar-XB';
  colorScheme: 'light' | 'dark';
  /** All by default. */
  rules?: string[];
}

const light: Look = { brand: 'demo', locale: 'en', colorScheme: 'light' };
const darkAndMirrored: Look = { brand: 'demo', locale: 'ar-XB', colorScheme: 'dark' };
// The same elements in other colours and in the language of the longest words.
const harbour: Look = { brand: 'harbour', locale: 'de', colorScheme: 'light', rules: ['color-contrast'] };

/** What is wrong with the page as it stands. */
async function faultsOf(page: Page, { locale, colorScheme, rules }: Look): Promise<string[]> {
  const overflow = await overflowOf(page);
  const faults = [...(await violationsOn(page, rules)), ...(overflow ? [`${overflow} px too wide`] : []), ...watched.complaints];
  return faults.map((fault) => `${locale}, ${colorScheme}: ${fault}`);
}

async function show(sample: string, { brand, locale, colorScheme }: Look): Promise<Page> {
  const { page } = watched;
  await page.emulateMedia({ colorScheme });
  await page.goto(`${site.origin}/${brand}/${locale}/${sample}`);
  return page;
}

/** Each element and how far it is from the side on which lines start; not what stands inside of words in a language of their own. */
async function startsOf(page: Page): Promise<{ tag: string; start: number }[]> {
  return page.evaluate(`
    [...document.querySelectorAll('body *:not(bdi *)')].filter((element) => element.checkVisibility()).map((element) => {
      const { left, right } = element.getBoundingClientRect();
      const start = document.dir === 'rtl' ? innerWidth - right : left;
      return { tag: element.cloneNode().outerHTML, start };
    })`);
}

/** The pseudo-language is English in a mirror, so its page has to be the mirrored English page, to the pixel. */
function unmirrored(one: Awaited<ReturnType<typeof startsOf>>, mirrored: typeof one): string[] {
  expect(mirrored).toHaveLength(one.length);
  const moved = one.filter(({ start }, index) => Math.abs(start - mirrored[index]!.start) > 1);
  return moved.map(({ tag }) => `is not mirrored: ${tag}`);
}

for (const sample of Object.keys(samples)) {
  test(`${sample}: for a screen reader, in the dark, from right to left and ${WIDTH} px wide`, async () => {
    const faults: string[] = [];
    const page = await show(sample, light);
    const starts = await startsOf(page);
    faults.push(...(await faultsOf(page, light)));
    await show(sample, darkAndMirrored);
    faults.push(...unmirrored(starts, await startsOf(page)), ...(await faultsOf(page, darkAndMirrored)));
    await show(sample, harbour);
    faults.push(...(await faultsOf(page, harbour)));
    expect(faults).toEqual([]);
  });
}

test('these tests notice a page that is too pale, too wide, without a name, or shifted to one side', async () => {
  const page = await show('logged-out', light);
  const starts = await startsOf(page);
  await page.evaluate(`
    document.title = '';
    document.querySelector('h1').style.color = '#ddd';
    document.querySelector('h1').style.marginLeft = '24px';
    document.querySelector('main').style.minWidth = '400px'`);
  const faults = [...unmirrored(starts, await startsOf(page)), ...(await faultsOf(page, light))].join('\n');
  for (const fault of ['color-contrast: <h1', 'document-title: <html', 'px too wide', 'not mirrored: <h1']) expect(faults).toContain(fault);
});

test('"Show" shows the password and says "Hide" until it is hidden again', async () => {
  const page = await show('login', light);
  const password = page.locator('#login-password');
  const button = page.locator('#login-password + button');
  const state = async () => [await password.getAttribute('type'), await button.innerText(), await button.getAttribute('aria-label')];
  expect(await state()).toEqual(['password', 'Show', 'Show password']);
  await button.click();
  expect(await state()).toEqual(['text', 'Hide', 'Hide password']);
  await button.click();
  expect(await state()).toEqual(['password', 'Show', 'Show password']);
});

test('side by side a refused form stays where it was, and what belongs together stands on one line', async () => {
  const { page } = watched;
  await page.setViewportSize({ width: 1024, height: 800 });
  try {
    const placesOf = async (sample: string) => {
      await show(sample, light);
      const boxOf = async (selector: string) => (await page.locator(selector).boundingBox())!;
      const [login, register] = await Promise.all(['login', 'register'].map((form) => boxOf(`form[aria-labelledby=${form}]`)));
      const buttons = await Promise.all(['login', 'register'].map((form) => boxOf(`form[aria-labelledby=${form}] > button`)));
      const labels = await Promise.all(['login', 'register'].map((form) => boxOf(`label[for=${form}-password]`)));
      return { columns: [login!.x, register!.x], uneven: [buttons[0]!.y - buttons[1]!.y, labels[0]!.y - labels[1]!.y] };
    };
    const untouched = await placesOf('login');
    expect(untouched.uneven).toEqual([0, 0]);
    for (const sample of ['login-refused', 'login-register-refused', 'login-both-empty', 'login-waiting']) {
      expect([sample, await placesOf(sample)]).toEqual([sample, untouched]);
    }
  } finally {
    await page.setViewportSize({ width: WIDTH, height: 640 });
  }
});

test('a page that signs out presses its own button', async () => {
  const { page } = watched;
  const posted: (string | null)[] = [];
  await page.route('**/interaction/*', (route) => {
    posted.push(route.request().postData());
    return route.fulfill({ status: 204 });
  });
  await show('form-post-sign-out', light);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForTimeout(100);
  expect(posted).toEqual([expect.stringContaining('logout=yes')]);
  await page.unrouteAll();
});
