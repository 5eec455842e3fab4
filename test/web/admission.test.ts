// More people than can be let in: newcomers hear it at the door, and whoever has begun goes on.
import { once } from 'node:events';
import net from 'node:net';
import { clientsOfTest, party } from '../support/clients.ts';
import { exchange } from '../support/exchange.ts';
import { Browser } from '../support/http-browser.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { answerIn, createAccount, password } from '../support/protocol.ts';
import type { RelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
let shop: RelyingParty;
const person = { email: 'ada@nightfall.example', password };

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }], hashQueue: 2 });
  shop = await party(portico.issuer, 'shop');
  await createAccount(portico, person);
});
afterAll(() => portico.stop());

/** Somebody who has begun to send a form and takes their time. */
async function underway(): Promise<() => Promise<void>> {
  const { host, port } = new URL(portico.issuer);
  const socket = net.connect(Number(port), 'localhost');
  await once(socket, 'connect');
  const type = 'Content-Type: application/x-www-form-urlencoded';
  socket.write(`POST /interaction/slow HTTP/1.1\r\nHost: ${host}\r\n${type}\r\nContent-Length: 9\r\n\r\na=`);
  await new Promise((resolve) => setTimeout(resolve, 100));
  return async () => {
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
  };
}

const html = { accept: 'text/html' };

test('newcomers are sent away before anything is written for them, and let in again when there is room', async () => {
  const [opened, signedIn] = [new Browser(portico.issuer), new Browser(portico.issuer)];
  const page = await opened.get((await shop.begin()).url);
  const first = await signedIn.get((await shop.begin()).url);
  await signedIn.submit(first, first.form('login'), person);
  const others = [await underway(), await underway()];

  portico.statements.length = 0;
  const { url } = await shop.begin();
  const refused = await exchange(url, { headers: html });
  expect(refused.status).toBe(503);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect(refused.headers['set-cookie']).toBeUndefined();
  expect(refused.body).toContain('Nightfall Records');
  // The way back is the very request.
  expect(refused.body).toContain(`href="${new URL(url).pathname}?${new URL(url).search.slice(1).replaceAll('&', '&amp;')}"`);
  expect(portico.statements).toEqual([]);
  expect((await exchange(url, { headers: { accept: 'application/json' } })).body).toContain('temporarily_unavailable');

  // A page that is open, a live session, and an app that only asks whether there is one.
  expect((await opened.submit(page, page.form('login'), person)).url).toContain('https://shop.example/callback?code=');
  expect(answerIn((await signedIn.get((await shop.begin()).url)).url)).toHaveProperty('code');
  expect(answerIn((await new Browser(portico.issuer).get((await shop.begin({ prompt: 'none' })).url)).url).error).toBe('login_required');

  await others[0]!();
  expect((await exchange(url, { headers: html })).status).toBe(303);
  await others[1]!();
});
