// What a person gets when they ask for their data (GDPR 15 and 20): one JSON document with names a reader understands. It opens no door.
import type { Account } from './accounts.ts';
import type { Brand } from './brands.ts';
import type { AccountClaims } from './claims.ts';
import { ACCOUNT_CLIENT } from './clients.ts';
import type { ConsentLine } from './consent-ledger.ts';
import type { AccountConsents } from './consents.ts';

/** Times are ISO 8601 in UTC; `null` where there is nothing. */
export interface DataExport {
  provider: { name: string; issuer: string };
  exported_at: string;
  account: ReturnType<typeof describeAccount>;
  profile: AccountClaims;
  /** Answers to questions: `value` of those that are no part of the profile, and of all who gave them and when. */
  answers: Account['answers'];
  /** What they agreed to, as it stands, and every line of the ledger (newest last). */
  consents: { current: AccountConsents; lines: ReturnType<typeof consentLine>[] };
  password: { set_at: string } | null;
  /** What the account is found by; the values are in `account` and `identity_providers`. */
  found_by: { kind: string; since: string; reserved_until: string | null }[];
  identity_providers: { name: string; issuer: string; subject: string; linked_at: string }[];
  signed_in: {
    device: string | null;
    network: string | null;
    since: string;
    last_used_at: string | null;
    until: string;
    apps: string[];
  }[];
  access_given: { app: string; client_id: string; scopes: string[]; since: string; until: string }[];
  codes_mailed: { purpose: string; at: string; until: string; used_at: string | null }[];
  /** Newest first. */
  history: {
    event: string;
    by: string;
    at: string;
    app: string | null;
    device: string | null;
    network: string | null;
    details: Record<string, unknown>;
  }[];
}

/** As it is stored. */
export interface PersonalData {
  details: AccountDetails | undefined;
  identifiers: Identifier[];
  federatedIdentities: { providerName: string; issuer: string; subject: string; linkedAt: Date }[];
  consents: ConsentLine[];
  sessions: Session[];
  access: Access[];
  codes: MailedCode[];
  history: HistoryEvent[];
}

export interface AccountDetails {
  passwordChangedAt: Date | null;
  eraseLocale: string | null;
}

export interface Identifier {
  kind: string;
  createdAt: Date;
  heldUntil: Date | null;
}

export interface Session {
  device: string | null;
  network: string | null;
  createdAt: Date;
  usedAt: Date | null;
  expiresAt: Date;
  /** As people call them; by its id where one is gone. */
  apps: string[];
}

export interface Access {
  clientId: string;
  clientName: string | null;
  /** Of the provider itself, separated by spaces. */
  scope: string | null;
  /** By resource indicator, the same. */
  resources: Record<string, string> | null;
  createdAt: Date;
  expiresAt: Date;
}

export interface MailedCode {
  purpose: string;
  createdAt: Date;
  expiresAt: Date;
  consumedAt: Date | null;
}

export interface HistoryEvent {
  event: string;
  actor: string;
  at: Date;
  clientId: string | null;
  details: Record<string, unknown>;
  personal: { device?: string; network?: string } | null;
}

export function dataExport({ name, issuer }: Pick<Brand, 'name' | 'issuer'>, account: Account, data: PersonalData, at: Date): DataExport {
  // The account's own pages sign people in as an app does, but no table knows a name for them.
  const appName = (app: string) => (app === ACCOUNT_CLIENT ? `${name} account` : app);
  return {
    provider: { name, issuer },
    exported_at: iso(at),
    account: describeAccount(account, data.details),
    profile: account.claims,
    answers: account.answers,
    consents: { current: account.consents, lines: data.consents.map(consentLine) },
    password: data.details?.passwordChangedAt ? { set_at: iso(data.details.passwordChangedAt) } : null,
    found_by: data.identifiers.map(foundBy),
    identity_providers: data.federatedIdentities.map(identityProvider),
    signed_in: data.sessions.map((session) => signedIn({ ...session, apps: session.apps.map(appName) })),
    access_given: data.access.map((access) => accessGiven({ ...access, clientName: access.clientName ?? appName(access.clientId) })),
    codes_mailed: data.codes.map(codeMailed),
    history: data.history.map((event) => happened({ ...event, clientId: event.clientId && appName(event.clientId) })),
  };
}

/** `portico-nightfall-2026-11-22.json` */
export function exportFileName(slug: string, { exported_at: at }: Pick<DataExport, 'exported_at'>): string {
  return `portico-${slug}-${at.slice(0, 10)}.json`;
}

function describeAccount(account: Account, details: AccountDetails | undefined) {
  return {
    sub: account.id,
    email: account.email,
    email_verified: account.emailVerified,
    registered_at: iso(account.registeredAt),
    last_login_at: iso(account.lastLoginAt),
    sign_ins: account.signIns,
    updated_at: iso(account.updatedAt),
    disabled_at: iso(account.disabledAt),
    signed_out_everywhere_at: iso(account.signedOutAt),
    will_be_erased_after: iso(account.eraseAfter),
    language_of_last_mail: details?.eraseLocale ?? null,
  };
}

/** Without the digests that make the ledger hold: they tell nothing to a reader. */
function consentLine({ number, document, version, locale, answer, at, askedAt, clientId, channel, network, userAgent }: ConsentLine) {
  return {
    ...{ number, document, version, language: locale, answer, at, asked_at: askedAt },
    ...{ app: clientId, by_way_of: channel, network, user_agent: userAgent },
  };
}

function foundBy({ kind, createdAt, heldUntil }: Identifier): DataExport['found_by'][number] {
  return { kind, since: iso(createdAt), reserved_until: iso(heldUntil) };
}

function identityProvider({ providerName, issuer, subject, linkedAt }: PersonalData['federatedIdentities'][number]) {
  return { name: providerName, issuer, subject, linked_at: iso(linkedAt) };
}

function signedIn({ device, network, createdAt, usedAt, expiresAt, apps }: Session): DataExport['signed_in'][number] {
  return { device, network, since: iso(createdAt), last_used_at: iso(usedAt), until: iso(expiresAt), apps };
}

function accessGiven({ clientId, clientName, scope, resources, createdAt, expiresAt }: Access): DataExport['access_given'][number] {
  const scopes = scopesOf(scope, resources);
  return { app: clientName ?? clientId, client_id: clientId, scopes, since: iso(createdAt), until: iso(expiresAt) };
}

function codeMailed({ purpose, createdAt, expiresAt, consumedAt }: MailedCode): DataExport['codes_mailed'][number] {
  return { purpose, at: iso(createdAt), until: iso(expiresAt), used_at: iso(consumedAt) };
}

function happened({ event, actor, at, clientId, details, personal }: HistoryEvent): DataExport['history'][number] {
  const { device = null, network = null } = personal ?? {};
  return { event, by: actor, at: iso(at), app: clientId, device, network, details };
}

/** The scopes of the provider and of its brand's APIs, each once. */
function scopesOf(scope: string | null, resources: Record<string, string> | null): string[] {
  const all = [scope, ...Object.values(resources ?? {})].flatMap((scopes) => (scopes ?? '').split(' '));
  return [...new Set(all)].filter(Boolean);
}

function iso(date: Date): string;
function iso(date: Date | null | undefined): string | null;
function iso(date: Date | null | undefined): string | null {
  return date ? date.toISOString() : null;
}
