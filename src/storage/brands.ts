// The table of brands. Settings are stored as what differs from the defaults, so that a better default reaches every brand.
import { type Brand, type BrandSettings, defaultSettings } from '../domain/brands.ts';
import { defaultTheme, type Theme } from '../domain/themes.ts';
import { announce } from './brand-changes.ts';
import { type Db, sql } from './database.ts';

type BrandRow = Omit<Brand, 'settings' | 'theme'> & { settings: Partial<BrandSettings>; theme: Partial<Theme> };

/** The brand whose issuer is the longest of the given candidates (one host, several paths). */
export async function findByIssuer(db: Db, candidates: string[]): Promise<Brand | undefined> {
  return toBrand(
    await db.row<BrandRow>(sql`
      select id, slug, issuer, name, version, home_slice as "homeSlice", slices, settings, theme,
        identifier_key as "identifierKey", smtp, disabled_at as "disabledAt", consents, fields
      from portico.brand_configurations
      where issuer = any(${candidates})
      order by length(issuer) desc, issuer desc
      limit 1`),
  );
}

export async function findBySlug(db: Db, slug: string): Promise<Brand | undefined> {
  return toBrand(
    await db.row<BrandRow>(sql`
      select id, slug, issuer, name, version, home_slice as "homeSlice", slices, settings, theme,
        identifier_key as "identifierKey", smtp, disabled_at as "disabledAt", consents, fields
      from portico.brand_configurations
      where slug = ${slug}`),
  );
}

export async function findById(db: Db, id: number): Promise<Brand | undefined> {
  return toBrand(
    await db.row<BrandRow>(sql`
      select id, slug, issuer, name, version, home_slice as "homeSlice", slices, settings, theme,
        identifier_key as "identifierKey", smtp, disabled_at as "disabledAt", consents, fields
      from portico.brand_configurations
      where id = ${id}`),
  );
}

export async function list(db: Db): Promise<Brand[]> {
  const rows = await db.rows<BrandRow>(sql`
    select id, slug, issuer, name, version, home_slice as "homeSlice", slices, settings, theme,
      identifier_key as "identifierKey", smtp, disabled_at as "disabledAt", consents, fields
    from portico.brand_configurations
    order by slug`);
  return rows.map((row) => toBrand(row) as Brand);
}

export interface NewBrand {
  slug: string;
  issuer: string;
  name: string;
  homeSlice: number;
  settings: Partial<BrandSettings>;
  theme: Partial<Theme>;
  identifierKey: Buffer;
  smtp?: Buffer | null;
}

/** @returns the new brand, or undefined when the slug or the issuer is taken. */
export async function insert(db: Db, brand: NewBrand): Promise<Brand | undefined> {
  const inserted = toBrand(
    await db.row<BrandRow>(sql`
      insert into portico.brands (slug, issuer, name, home_slice, settings, theme, identifier_key, smtp)
      values (${brand.slug}, ${brand.issuer}, ${brand.name}, ${brand.homeSlice}, ${JSON.stringify(brand.settings)},
        ${JSON.stringify(brand.theme)}, ${brand.identifierKey}, ${brand.smtp ?? null})
      on conflict do nothing
      returning id, slug, issuer, name, version, home_slice as "homeSlice", slices, settings, theme,
        identifier_key as "identifierKey", smtp, disabled_at as "disabledAt", '[]'::jsonb as consents, '[]'::jsonb as fields`),
  );
  if (inserted) await announce(db, inserted.id);
  return inserted;
}

/** Merges what is named into the brand; what is not named stays; `smtp: null` takes it away. The version rises only when something changed. */
export async function update(
  db: Db,
  brandId: number,
  change: { issuer?: string; name?: string; settings?: Partial<BrandSettings>; theme?: Partial<Theme>; smtp?: Buffer | null },
): Promise<boolean> {
  const namesSmtp = change.smtp !== undefined;
  const changed = await db.run(sql`
    update portico.brands
    set issuer = coalesce(${change.issuer ?? null}, issuer),
      name = coalesce(${change.name ?? null}, name),
      settings = settings || ${JSON.stringify(change.settings ?? {})}::jsonb,
      theme = theme || ${JSON.stringify(change.theme ?? {})}::jsonb,
      smtp = case when ${namesSmtp}::boolean then ${change.smtp ?? null}::bytea else smtp end,
      version = version + 1,
      updated_at = portico.now()
    where id = ${brandId}
      and (issuer, name, settings, theme, smtp) is distinct from (
        coalesce(${change.issuer ?? null}, issuer),
        coalesce(${change.name ?? null}, name),
        settings || ${JSON.stringify(change.settings ?? {})}::jsonb,
        theme || ${JSON.stringify(change.theme ?? {})}::jsonb,
        case when ${namesSmtp}::boolean then ${change.smtp ?? null}::bytea else smtp end)`);
  if (changed > 0) await announce(db, brandId);
  return changed > 0;
}

/** Whatever is cached for the brand is stale from now on. */
export async function raiseVersion(db: Db, brandId: number): Promise<void> {
  await db.run(sql`update portico.brands set version = version + 1, updated_at = portico.now() where id = ${brandId}`);
  await announce(db, brandId);
}

function toBrand(row: BrandRow | undefined): Brand | undefined {
  if (!row) return undefined;
  const { limits, emailVerification } = defaultSettings;
  const settings = {
    ...defaultSettings,
    ...row.settings,
    limits: { ...limits, ...row.settings.limits },
    emailVerification: { ...emailVerification, ...row.settings.emailVerification },
  };
  return { ...row, settings, theme: { ...defaultTheme, ...row.theme } };
}
