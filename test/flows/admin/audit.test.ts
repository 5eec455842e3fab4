// What an operator does stands in the trail: once, with the names of what was changed and never with its values.
import { hash as argon2 } from '@node-rs/argon2';
import { createClient } from '../../../src/flows/admin/create-client.ts';
import { disableAccount, enableAccount } from '../../../src/flows/admin/disable-account.ts';
import { disableClient, enableClient } from '../../../src/flows/admin/disable-client.ts';
import { importAccount } from '../../../src/flows/admin/import-account.ts';
import { rotateClientSecret } from '../../../src/flows/admin/rotate-client-secret.ts';
import { rotateSigningKeys } from '../../../src/flows/admin/rotate-signing-keys.ts';
import { updateClient } from '../../../src/flows/admin/update-client.ts';
import { createHasher } from '../../../src/hasher.ts';
import { createOperator, type Operator, twentyAtOnce } from './operator.ts';

let operator: Operator;
let brand: Awaited<ReturnType<Operator['brand']>>;
const hasher = createHasher({ concurrency: 1 });
const email = 'imported@nightfall.example';
const unknown = '0b6a8a52-5b3f-4a54-9f1c-1f0a2b3c0007';

beforeAll(async () => {
  operator = await createOperator();
  brand = await operator.brand();
});
afterAll(async () => {
  hasher.close();
  await operator.close();
});

/** The rows that `work` adds. */
async function noted(work: () => Promise<unknown>): Promise<Record<string, unknown>[]> {
  await operator.db.pool.query('delete from portico.audit_events');
  await work().catch(() => {});
  const { rows } = await operator.db.pool.query(
    'select event, actor, account_id, client_id, personal, details from portico.audit_events order by at',
  );
  return rows;
}

const row = (event: string, details: object = {}, account_id: unknown = null) => ({
  event,
  actor: 'operator',
  account_id,
  client_id: null,
  personal: null,
  details,
});

const apply = (more: object) => operator.apply({ slug: brand.slug, issuer: brand.issuer, name: brand.name, ...more });
const create = (client_id: string) => createClient(operator, brand, { kind: 'service', metadata: { client_id } });
const importIt = async (passwordHash: string) => importAccount({ ...operator, hasher }, brand, { email, passwordHash });

test('a brand: made, changed by the names of its members, and not when nothing changed', async () => {
  const made = await noted(() => operator.brand({ slug: 'fresh', issuer: 'https://fresh.example', name: 'Fresh' }));
  expect(made).toEqual([row('brand_applied', { created: true, changed: '', clients: '' })]);
  const clients = [{ kind: 'service', metadata: { client_id: 'applied' }, secret: 'a secret of more than sixteen characters' }];
  const more = { settings: { auditDays: 400 }, theme: { brandColor: '#123456' }, clients };
  expect(await noted(() => apply(more))).toEqual([
    row('brand_applied', { created: false, changed: 'settings.auditDays theme.brandColor', clients: 'applied' }),
  ]);
  expect(await noted(() => apply(more))).toEqual([]);
});

test('a client: created, changed, given a new secret, disabled and enabled, each once', async () => {
  expect(await noted(() => create('one'))).toEqual([row('client_created', { client: 'one', kind: 'service' })]);
  const rename = () => updateClient(operator, brand, 'one', { client_name: 'A name of its own' });
  expect(await noted(rename)).toEqual([row('client_changed', { client: 'one', changed: 'client_name' })]);
  expect(await noted(rename)).toEqual([]);
  expect(await noted(() => rotateClientSecret(operator, brand, { clientId: 'one', graceSeconds: 60 }))).toEqual([
    row('client_secret_rotated', { client: 'one', graceSeconds: 60, force: false }),
  ]);
  expect(await noted(() => disableClient(operator, brand, 'one'))).toEqual([row('client_disabled', { client: 'one' })]);
  expect(await noted(() => disableClient(operator, brand, 'one'))).toEqual([]);
  expect(await noted(() => enableClient(operator, brand, 'one'))).toEqual([row('client_enabled', { client: 'one' })]);
});

test('an account: imported, disabled and enabled, each once', async () => {
  const [imported, ...more] = await noted(async () => importIt(await argon2('a password of theirs')));
  const id = imported?.account_id as string;
  expect([imported, more]).toEqual([row('account_imported', {}, expect.any(String)), []]);
  expect(await noted(() => disableAccount(operator, brand, id))).toEqual([row('account_disabled', {}, id)]);
  expect(await noted(() => disableAccount(operator, brand, id))).toEqual([]);
  expect(await noted(() => enableAccount(operator, brand, id))).toEqual([row('account_enabled', {}, id)]);
});

test('signing keys', async () => {
  const details = { algorithms: 'ES256', force: true, dropPrevious: false };
  expect(await noted(() => rotateSigningKeys(operator, brand, { force: true }))).toEqual([row('signing_keys_rotated', details)]);
});

test('what is refused leaves nothing', async () => {
  await create('taken');
  const refused: (() => Promise<unknown>)[] = [
    () => operator.apply({ slug: 'thief', issuer: brand.issuer, name: 'Thief' }),
    () => apply({ clients: [{ kind: 'web', metadata: { client_id: 'odd', redirect_uris: ['javascript:alert(1)'] } }] }),
    () => create('taken'),
    () => updateClient(operator, brand, 'nobody', { client_name: 'x' }),
    () => updateClient(operator, brand, 'taken', { redirect_uris: ['javascript:alert(1)'] }),
    () => rotateClientSecret(operator, brand, { clientId: 'nobody' }),
    () => disableClient(operator, brand, 'nobody'),
    () => disableAccount(operator, brand, unknown),
    () => enableAccount(operator, brand, unknown),
    async () => importIt('no hash at all'),
    async () => importIt(await argon2('the address is taken')),
    () => rotateSigningKeys(operator, brand),
  ];
  for (const work of refused) {
    await expect(work()).rejects.toThrow();
    expect(await noted(work)).toEqual([]);
  }
});

test('of 20 at once each one that succeeded stands there', async () => {
  let done = 0;
  const rows = await noted(async () => {
    done = (await twentyAtOnce(() => disableAccountOnce())).done.filter(Boolean).length;
  });
  expect(done).toBe(1);
  expect(rows).toHaveLength(1);
  expect(await noted(() => twentyAtOnce(() => create('many')))).toHaveLength(1);
});

async function disableAccountOnce(): Promise<boolean> {
  const { rows } = await operator.db.pool.query('select id from portico.accounts limit 1');
  return disableAccount(operator, brand, rows[0].id);
}
