import { secretDigest } from '../../../src/domain/clients.ts';
import type { ApplyBrand } from '../../../src/flows/admin/apply-brand.ts';
import { updateClient } from '../../../src/flows/admin/update-client.ts';
import * as brands from '../../../src/storage/brands.ts';
import * as clients from '../../../src/storage/clients.ts';
import * as signingKeys from '../../../src/storage/signing-keys.ts';
import { createOperator, type Operator, twentyAtOnce } from './operator.ts';

let operator: Operator;
beforeAll(async () => {
  operator = await createOperator();
});
afterAll(() => operator.close());

const limit = { attempts: 3, seconds: 60 };

function described(slug: string): ApplyBrand {
  return {
    slug,
    issuer: `https://${slug}.example`,
    name: 'Nightfall',
    settings: { locale: 'de', limits: { loginPerNetwork: limit } as never },
    theme: { radius: 3, links: { help: 'https://help.example/', terms: 'https://terms.example/' } },
    logo: { mediaType: 'image/png', bytes: Buffer.from('a logo') },
    clients: [
      { kind: 'web', metadata: { client_id: 'web', redirect_uris: ['https://app.example/cb'] } },
      { kind: 'native', metadata: { client_id: 'native', redirect_uris: ['com.example.app:/cb'] } },
    ],
  };
}

test('a new brand has keys, clients with templates, and a secret that is shown once', async () => {
  const { brand, created, secrets } = await operator.apply(described('fresh'));
  expect(created).toBe(true);
  expect(Object.keys(secrets)).toEqual(['web']);
  expect((await signingKeys.list(operator.db, brand.id)).map(({ alg, state }) => `${alg} ${state}`)).toEqual([
    'ES256 current',
    'ES256 next',
  ]);
  const web = await clients.find(operator.db, brand.id, 'web');
  expect(web?.metadata).toMatchObject({ application_type: 'web', first_party: true, response_types: ['code'] });
  expect(web?.secrets).toMatchObject([{ digest: secretDigest(secrets.web as string), expires_at: null }]);
  expect((await clients.find(operator.db, brand.id, 'native'))?.secrets).toEqual([]);
});

test('applying the same files again changes nothing, not even the version', async () => {
  const first = await operator.apply(described('same'));
  const before = await clients.list(operator.db, first.brand.id);
  const again = await operator.apply(described('same'));
  expect(again).toMatchObject({ created: false, changed: false, secrets: {} });
  expect(again.brand).toEqual(first.brand);
  expect(await clients.list(operator.db, first.brand.id)).toEqual(before);
});

test('what the files do not name stays: settings, limits, links, clients and their members', async () => {
  const { brand } = await operator.apply(described('kept'));
  await updateClient(operator, brand, 'web', { client_name: 'Named by hand' });
  const again = await operator.apply({
    slug: 'kept',
    issuer: 'https://kept.example',
    name: 'Nightfall',
    settings: { passwordMinimum: 12, limits: { loginPerIdentifier: limit } as never },
    theme: { links: { help: 'https://new.example/' } },
    clients: [{ kind: 'web', metadata: { client_id: 'web', redirect_uris: ['https://app.example/new'] } }],
  });
  expect(again).toMatchObject({ changed: true, secrets: {} });
  expect(again.brand.settings).toMatchObject({ locale: 'de', passwordMinimum: 12 });
  expect(again.brand.settings.limits).toMatchObject({ loginPerNetwork: limit, loginPerIdentifier: limit });
  expect(again.brand.theme).toMatchObject({ radius: 3, links: { help: 'https://new.example/', terms: 'https://terms.example/' } });
  const web = await clients.find(operator.db, brand.id, 'web');
  expect(web?.metadata).toMatchObject({ client_name: 'Named by hand', redirect_uris: ['https://app.example/new'] });
  expect(web?.secrets).toHaveLength(1);
  expect(await clients.find(operator.db, brand.id, 'native')).toBeDefined();
});

test('an issuer that belongs to another brand is refused, for a new brand and for one that moves', async () => {
  const taken = await operator.brand();
  const moving = await operator.brand();
  const says = `The address ${taken.issuer} already belongs to another brand.`;
  await expect(operator.apply({ slug: 'late', issuer: taken.issuer, name: 'Late' })).rejects.toThrow(says);
  await expect(operator.apply({ slug: moving.slug, issuer: taken.issuer, name: 'Moving' })).rejects.toThrow(says);
  expect((await brands.findBySlug(operator.db, moving.slug))?.issuer).toBe(moving.issuer);
});

test('of 20 who apply one new brand at once one creates it, and the one secret it has is shown to that one', async () => {
  const { done, refused } = await twentyAtOnce(() => operator.apply(described('twenty')));
  expect(refused).toEqual([]);
  expect(done.filter(({ created }) => created)).toHaveLength(1);
  const shown = done.flatMap(({ secrets }) => Object.values(secrets));
  expect(shown).toHaveLength(1);
  const { id, version } = (done[0] as (typeof done)[number]).brand;
  expect(version).toBe(1);
  expect(await signingKeys.list(operator.db, id)).toHaveLength(2);
  expect((await clients.find(operator.db, id, 'web'))?.secrets).toMatchObject([{ digest: secretDigest(shown[0] as string) }]);
});

test('of 20 who add one client to a brand at once one makes its secret', async () => {
  const { slug, issuer, name, id } = await operator.brand();
  const { done } = await twentyAtOnce(() => operator.apply({ slug, issuer, name, clients: described('x').clients ?? [] }));
  const shown = done.flatMap(({ secrets }) => Object.values(secrets));
  expect(shown).toHaveLength(1);
  expect((await clients.find(operator.db, id, 'web'))?.secrets).toMatchObject([{ digest: secretDigest(shown[0] as string) }]);
});
