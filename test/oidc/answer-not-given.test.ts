// What a request decided could not be written: nothing of the answer it would have had may leave.
import { clientsOfTest, party } from '../support/clients.ts';
import { exchange } from '../support/exchange.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';

let portico: RunningPortico;

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
});
afterAll(() => portico.stop());

test('an authorization request that cannot be stored is told to come again, and led nowhere', async () => {
  const { url } = await (await party(portico.issuer, 'phone')).begin();
  const holder = await portico.db.pool.connect();
  try {
    await holder.query('begin');
    await holder.query('lock table portico.oidc_tokens in access exclusive mode');
    const { status, headers } = await exchange(url, { headers: { accept: 'text/html' } });
    expect(status).toBe(503);
    expect(headers['retry-after']).toBeDefined();
    expect(headers['set-cookie']).toBeUndefined();
    expect(headers.location).toBeUndefined();
  } finally {
    await holder.query('rollback');
    holder.release();
  }
  expect((await exchange(url, { headers: { accept: 'text/html' } })).headers.location).toContain('/interaction/');
});
