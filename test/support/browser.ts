// A real browser without a window: an installed Chrome or Chromium, else the one that npm brings.
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const installed = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser', 'chrome'].flatMap((name) =>
  ['/usr/bin', '/usr/local/bin', '/snap/bin', '/opt/google/chrome'].map((folder) => `${folder}/${name}`),
);
const others = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

// No sandbox: CI runs as root. The rest keeps it quiet and on this machine.
const flags = [
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function launchBrowser(): Promise<Browser> {
  const found = [process.env.CHROME_PATH ?? '', ...installed, ...others].find((path) => path && existsSync(path));
  if (found) return chromium.launch({ executablePath: found, args: flags });
  const { default: bundled } = await import('@sparticuz/chromium');
  return chromium.launch({ executablePath: await bundled.executablePath(), args: [...bundled.args, ...flags] });
}

export interface WatchedPage {
  context: BrowserContext;
  page: Page;
  /** Everything the browser complained of: the policy's violations, errors of scripts, failed requests for parts of a page. */
  complaints: string[];
}

/** A page in a fresh profile. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  // Below the test's own limit, so that a hang says what was waited for.
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  // Of every tab: the app may open more.
  context.on('console', (message) => {
    // A page with another status than 200 is often meant.
    if (message.type() === 'error' && !/^Failed to load resource: the server responded/.test(message.text()))
      complaints.push(message.text());
  });
  context.on('weberror', (fault) => void complaints.push(String(fault.error())));
  if (options.javaScriptEnabled !== false) {
    await context.exposeFunction('complain', (text: string) => void complaints.push(text));
    await context.addInitScript({
      content: `document.addEventListener('securitypolicyviolation', (event) => complain(event.violatedDirective + ' blocked ' + event.blockedURI))`,
    });
  }
  return { context, page, complaints };
}
