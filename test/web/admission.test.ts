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
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }], hashQueue: 1 });
  shop = await party(portico.issuer, 'shop');
  await createAccount(portico, person);
});
afterAll(() => portico.stop());

/** The cores are busy with hashing, and one more waits all the time. @returns what ends it. */
async function busy(): Promise<() => Promise<void>> {
  let over = false;
  const hashes = Array.from({ length: 3 }, async () => {
    while (!over) await portico.services.hasher.hash('somebody else').catch(() => new Promise((resolve) => setTimeout(resolve, 1)));
  });
  while (portico.services.hasher.load.waiting === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  return async () => {
    over = true;
    await Promise.all(hashes);
  };
}

const html = { accept: 'text/html' };

test('newcomers are sent away before anything is written for them, and let in again when there is room', async () => {
  const [opened, signedIn] = [new Browser(portico.issuer), new Browser(portico.issuer)];
  const page = await opened.get((await shop.begin()).url);
  const first = await signedIn.get((await shop.begin()).url);
  await signedIn.submit(first, first.form('login'), person);
  const { url } = await shop.begin();
  const over = await busy();

  portico.statements.length = 0;
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
  expect((await opened.get(page.url)).status).toBe(200);
  expect(answerIn((await signedIn.get((await shop.begin()).url)).url)).toHaveProperty('code');
  expect(answerIn((await new Browser(portico.issuer).get((await shop.begin({ prompt: 'none' })).url)).url).error).toBe('login_required');

  await over();
  expect((await exchange(url, { headers: html })).status).toBe(303);
  expect((await opened.submit(page, page.form('login'), person)).url).toContain('https://shop.example/callback?code=');
});

test('whoever sends a form slowly keeps nobody out, and whoever hangs up leaves their place', async () => {
  const { host, port } = new URL(portico.issuer);
  const sockets = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const socket = net.connect(Number(port), 'localhost');
      await once(socket, 'connect');
      const type = 'Content-Type: application/x-www-form-urlencoded';
      if (index % 2) socket.write(`POST /interaction/slow HTTP/1.1\r\nHost: ${host}\r\n${type}\r\nContent-Length: 9\r\n\r\na=`);
      else socket.write(`GET /interaction/slow HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      return socket;
    }),
  );
  for (const socket of sockets.filter((_, index) => index % 2 === 0)) socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await exchange((await shop.begin()).url, { headers: html })).status).toBe(303);
  for (const socket of sockets) socket.destroy();
});
