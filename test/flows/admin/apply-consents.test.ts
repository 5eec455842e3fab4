import { OperatorError } from '../../../src/errors.ts';
import { applyBrand } from '../../../src/flows/admin/apply-brand.ts';
import { applyInstallation } from '../../../src/flows/admin/apply-installation.ts';
import * as brands from '../../../src/storage/brands.ts';
import { consentDocument, consentVersion, news, question, terms } from '../../support/questions.ts';
import { createTestBrand, type TestBrand } from '../test-brand.ts';

let at: TestBrand;
beforeEach(async () => {
  at = await createTestBrand();
});
afterEach(() => at.close());

const apply = (more: Partial<Parameters<typeof applyBrand>[1]>, slug = 'demo') =>
  applyBrand(at, { slug, issuer: `https://${slug}.example`, name: 'Nightfall Records', algorithms: ['ES256'], ...more });
const brand = async (slug = 'demo') => (await brands.findBySlug(at.db, slug))!;

test('documents and questions become the brand’s, in their order, and applying them again changes nothing', async () => {
  const defined = { consents: [terms(1, 2), news], fields: [question('b'), question('a', { required: true })] };
  expect(await apply(defined)).toMatchObject({ changed: true });
  const { consents, fields, version } = await brand();
  expect(consents.map(({ name, owner, versions }) => [name, owner, versions.length])).toEqual([
    ['terms', 'brand', 2],
    ['news', 'brand', 1],
  ]);
  expect(consents[0]?.versions[1]).toEqual(consentVersion(2));
  expect(fields).toEqual(defined.fields);
  expect(await apply(defined)).toMatchObject({ changed: false });
  expect((await brand()).version).toBe(version);
  const { rows } = await at.db.pool.query("select details from portico.audit_events where event = 'brand_applied'");
  expect(rows.map(({ details }) => details.defined)).toEqual(['terms, terms 1, terms 2, news, news 1, field b, field a']);
});

test('a version that is published stays as it is, whatever a file says of it', async () => {
  await apply({ consents: [terms(1, 2)] });
  const before = (await brand()).consents;
  const reworded = consentDocument('terms', consentVersion(2, { texts: { en: 'I agree to everything.' } }));
  await expect(apply({ consents: [reworded] })).rejects.toThrow(
    'terms: version 2 is published, and people may have agreed to it. It stays as it is; publish a version 3.',
  );
  await expect(apply({ consents: [consentDocument('terms', consentVersion(1, { kind: 'optional' }))] })).rejects.toThrow(OperatorError);
  await expect(apply({ consents: [consentDocument('terms', consentVersion(3, { effectiveAt: '2019-01-01T00:00:00Z' }))] })).rejects.toThrow(
    'before version 2',
  );
  expect((await brand()).consents).toEqual(before);
  await apply({ consents: [terms(3)] });
  expect((await brand()).consents[0]?.versions.map(({ version }) => version)).toEqual([1, 2, 3]);
});

test('a document can be switched off and on; its versions stay', async () => {
  await apply({ consents: [terms(1)] });
  await apply({ consents: [{ ...terms(1), enabled: false }] });
  expect((await brand()).consents[0]).toMatchObject({ enabled: false, versions: [{ version: 1 }] });
});

test('the installation asks for all its brands, before what a brand asks, and each hears of it', async () => {
  await apply({ consents: [terms(1)] });
  await apply({}, 'other');
  const versions = [(await brand()).version, (await brand('other')).version];
  const platform = consentDocument('platform_terms', consentVersion(1));
  expect(await applyInstallation(at, [platform])).toEqual(['platform_terms', 'platform_terms 1']);
  expect((await brand()).consents.map(({ name, owner }) => `${owner} ${name}`)).toEqual(['installation platform_terms', 'brand terms']);
  expect((await brand('other')).consents.map(({ name }) => name)).toEqual(['platform_terms']);
  expect([(await brand()).version, (await brand('other')).version]).toEqual(versions.map((version) => version + 1));
  expect(await applyInstallation(at, [platform])).toEqual([]);
});

test('a name belongs to the installation or to brands, whoever came first', async () => {
  await applyInstallation(at, [consentDocument('platform_terms', consentVersion(1))]);
  await expect(apply({ consents: [consentDocument('platform_terms', consentVersion(1))] })).rejects.toThrow(
    'The installation has a document "platform_terms"',
  );
  await apply({ consents: [terms(1)] });
  await expect(applyInstallation(at, [terms(1)])).rejects.toThrow('The brand demo has a document "terms" of its own.');
});

test('of a brand and the installation that want one name at once one gets it', async () => {
  for (let round = 0; round < 10; round += 1) {
    const document = consentDocument(`name_${round}`, consentVersion(1));
    const both = await Promise.allSettled([apply({ consents: [document] }), applyInstallation(at, [document])]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  }
});

test('twenty applies of one file at once publish it once', async () => {
  await Promise.all(Array.from({ length: 20 }, () => apply({ consents: [terms(1, 2), news] })));
  const { rows } = await at.db.pool.query('select name, version from portico.consent_versions order by name, version');
  expect(rows).toEqual([
    { name: 'news', version: 1 },
    { name: 'terms', version: 1 },
    { name: 'terms', version: 2 },
  ]);
});

test('a question that people may have answered stays of its kind, and goes with what is there already', async () => {
  const options = [{ value: 'red', label: { en: 'Red' } }];
  const group = question('boats', { type: 'group', items: [question('length', { type: 'number' })] });
  await apply({ fields: [question('colour', { type: 'radio', options }), group, question('given_name')] });
  const before = (await brand()).fields;
  for (const other of [
    question('colour', { type: 'multi_select', options }),
    question('colour', { type: 'group', items: [question('a')] }),
    question('boats', { ...group, items: [question('length')] }),
  ])
    await expect(apply({ fields: [other] })).rejects.toThrow('Give the new question a key of its own.');
  await expect(apply({ fields: [question('name', { type: 'name' })] })).rejects.toThrow('Switch off one of them.');
  expect((await brand()).fields).toEqual(before);
  await apply({
    fields: [
      question('colour', { type: 'select', options }),
      question('given_name', { enabled: false }),
      question('name', { type: 'name' }),
    ],
  });
  expect((await brand()).fields.map(({ key, type }) => `${key} ${type}`)).toEqual([
    'colour select',
    'given_name text',
    'name name',
    'boats group',
  ]);
});

test('a newer version asks at least those the one before asks, and ends no fewer acceptances', async () => {
  await apply({
    consents: [consentDocument('terms', consentVersion(1, { clients: ['web'] }), consentVersion(2, { clients: ['web'], cutoff: 2 }))],
  });
  await expect(apply({ consents: [consentDocument('terms', consentVersion(3, { clients: ['native'] }))] })).rejects.toThrow(
    'leaves out people',
  );
  await expect(apply({ consents: [consentDocument('terms', consentVersion(3, { cutoff: 1 }))] })).rejects.toThrow('count again');
  await apply({ consents: [consentDocument('terms', consentVersion(3, { clients: ['native', 'web'] }))] });
});
