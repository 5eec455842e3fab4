// People and apps as on any day, and how long they wait for their answers.
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { party, secrets } from '../../support/clients.ts';
import { exchange, postForm } from '../../support/exchange.ts';
import { Browser } from '../../support/http-browser.ts';
import { basic, obtainTokens, type SignIn } from '../../support/protocol.ts';

export interface Waits {
  /** Of pages, discovery and refreshes: the 99th percentile, in milliseconds. */
  p99: number;
  /** Of whole sign-ins, from the app to its tokens: the median, in milliseconds. */
  signIn: number;
  /** How many requests that were. */
  count: number;
}

export interface GoodTraffic {
  /** Goes on for so many milliseconds. @throws when anything but the right answer came. */
  measure(milliseconds: number): Promise<Waits>;
  stop(): void;
}

/** Of everybody's requests of one sort the next follows the answer after a moment: nobody overtakes themselves. */
const PAUSE_MS = 4;
const BETWEEN_SIGN_INS_MS = 100;

export async function startGoodTraffic(issuer: string, person: SignIn): Promise<GoodTraffic> {
  const agent = new http.Agent({ keepAlive: true });
  const [shop, phone] = [await party(issuer, 'shop'), await party(issuer, 'phone')];
  const browser = new Browser(issuer);
  const { url: page } = await browser.get((await shop.begin()).url);
  const cookie = browser.cookies.header(new URL(page));
  const { tokens } = await obtainTokens(shop, person);
  let refreshToken = tokens.refresh_token ?? '';

  const sorts = {
    page: () => exchange(page, { headers: { cookie, accept: 'text/html' }, agent }),
    discovery: () => exchange(`${issuer}/.well-known/openid-configuration`, { agent }),
    refresh: async () => {
      const fields = { grant_type: 'refresh_token', refresh_token: refreshToken };
      const answer = await postForm(`${issuer}/token`, fields, basic('shop', secrets.shop as string), { agent });
      if (answer.status === 200) refreshToken = JSON.parse(answer.body).refresh_token;
      return answer;
    },
  };

  async function measure(milliseconds: number): Promise<Waits> {
    const end = performance.now() + milliseconds;
    const [requests, signIns]: [number[], number[]] = [[], []];
    const asking = Object.entries(sorts).map(async ([sort, ask]) => {
      while (performance.now() < end) {
        const answer = await ask();
        if (answer.status !== 200) throw new Error(`${sort}: ${answer.status} ${answer.body}`);
        requests.push(answer.milliseconds);
        await sleep(PAUSE_MS);
      }
    });
    const entering = (async () => {
      while (performance.now() < end) {
        const began = performance.now();
        await obtainTokens(phone, person);
        signIns.push(performance.now() - began);
        await sleep(BETWEEN_SIGN_INS_MS);
      }
    })();
    await Promise.all([...asking, entering]);
    return { p99: quantile(requests, 0.99), signIn: quantile(signIns, 0.5), count: requests.length };
  }

  return { measure, stop: () => agent.destroy() };
}

function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
