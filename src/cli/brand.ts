// brand list, brand show, brand apply
import { readBrandFiles } from '../brand-files.ts';
import { environmentVariable } from '../config.ts';
import { demoUrl } from '../demo.ts';
import type { Brand } from '../domain/brands.ts';
import { applyBrand } from '../flows/admin/apply-brand.ts';
import * as brands from '../storage/brands.ts';
import * as clients from '../storage/clients.ts';
import * as signingKeys from '../storage/signing-keys.ts';
import type { Command, Input, Output } from './command.ts';
import { brandOf } from './find-brand.ts';
import { counted, fields, table } from './text.ts';

export const brandCommands: Readonly<Record<string, Command>> = {
  'brand list': {
    says: 'List the brands',
    options: {},
    example: 'brand list',
    run: list,
  },
  'brand show': {
    says: 'Show a brand with its settings, theme, clients and keys',
    arguments: ['slug'],
    options: {},
    example: 'brand show demo',
    run: show,
  },
  'brand apply': {
    says: 'Create or update a brand from a folder with brand.json, theme.json, clients.json, consents.json, profile.json and a logo',
    arguments: ['folder'],
    options: {},
    example: 'brand apply config/brands/demo',
    run: apply,
  },
};

async function list(input: Input): Promise<Output> {
  const all = await brands.list((await input.services()).db);
  const rows = all.map(({ slug, name, issuer, version, disabledAt }) => [
    slug,
    name,
    issuer,
    String(version),
    disabledAt ? 'disabled' : '',
  ]);
  return {
    json: all.map(summary),
    text: rows.length > 0 ? table(['brand', 'name', 'issuer', 'version', ''], rows) : 'There is no brand yet.',
  };
}

async function show(input: Input): Promise<Output> {
  const services = await input.services();
  const brand = await brandOf(services, input.arguments[0] as string);
  const clientIds = (await clients.list(services.db, brand.id)).map(({ id }) => id);
  const keys = (await signingKeys.list(services.db, brand.id)).map(({ kid, alg, state }) => ({ kid, alg, state }));
  const { settings, theme } = brand;
  return {
    json: { ...summary(brand), settings, theme, consents: brand.consents, fields: brand.fields, clients: clientIds, keys },
    text: fields({
      brand: brand.slug,
      name: brand.name,
      issuer: brand.issuer,
      version: brand.version,
      disabled: brand.disabledAt,
      settings: members(settings),
      theme: members(theme),
      consents: brand.consents.map(
        ({ name, owner, enabled, versions }) => `${name} ${versions.at(-1)?.version} (${owner}${enabled ? '' : ', off'})`,
      ),
      questions: brand.fields.map(
        ({ key, type, required, enabled }) => `${key}: ${type}${required ? ', required' : ''}${enabled ? '' : ', off'}`,
      ),
      clients: clientIds,
      keys: keys.map(({ kid, alg, state }) => `${alg} ${state.padEnd(8)} ${kid}`),
    }),
  };
}

async function apply(input: Input): Promise<Output> {
  const config = input.config();
  // Files are read first: a broken one is told without touching the database.
  const files = readBrandFiles(input.arguments[0] as string, {
    publicUrl: config.publicUrl,
    demoUrl: demoUrl(config),
    variable: environmentVariable,
  });
  const { brand, created, changed, secrets } = await applyBrand(await input.services(), files);
  const news = created ? 'was created' : changed ? 'was changed' : 'is as the files say already';
  const shown = Object.entries(secrets);
  return {
    json: { ...summary(brand), created, changed: created || changed, client_secrets: secrets },
    text: [
      `${brand.slug} ${news}: ${brand.issuer} (version ${brand.version})`,
      ...(shown.length > 0 ? ['', `${counted(shown.length, 'new secret')}, shown this once:`, fields(secrets)] : []),
    ].join('\n'),
  };
}

function summary({ slug, name, issuer, version, disabledAt }: Brand) {
  return { slug, name, issuer, version, disabled: disabledAt !== null };
}

function members(group: object): string[] {
  return Object.entries(group).map(([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : value}`);
}
