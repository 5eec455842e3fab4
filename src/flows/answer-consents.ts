// A person answers what they are asked to agree to: between sign-in and app, on their own page, or through an API. Each answer is a new
// line of the ledger; withdrawing is one too. Of two tabs that answer the same, the second one finds it said.
import type { Account } from '../domain/accounts.ts';
import type { Brand } from '../domain/brands.ts';
import {
  type AnsweredConsent,
  consentField,
  consentLine,
  type GivenConsents,
  newsOf,
  partByOptIn,
  readConsents,
} from '../domain/consent-answers.ts';
import type { ConsentChannel } from '../domain/consent-ledger.ts';
import { type ConsentMoment, type ConsentVersion, concerningConsents, consentsToAsk, deferConsents } from '../domain/consents.ts';
import { parseEmail } from '../domain/email.ts';
import { identifierDigest, openIdentifierKey } from '../domain/identifiers.ts';
import { mailAttempt } from '../domain/limits.ts';
import { networkOf } from '../domain/networks.ts';
import type { Source } from '../domain/sources.ts';
import { Refusal, refuseAll } from '../errors.ts';
import type { Services } from '../services.ts';
import * as accountConsents from '../storage/account-consents.ts';
import * as accountProfiles from '../storage/account-profiles.ts';
import * as accounts from '../storage/accounts.ts';
import type { Db } from '../storage/database.ts';
import * as limits from '../storage/limits.ts';
import { traced } from '../traced.ts';

export interface AnswerConsents {
  accountId: string;
  given: GivenConsents;
  channel: ConsentChannel;
  source: Source;
  /** For documents that only some countries have. */
  country?: string | undefined;
  /**
   * `sign_in`: whatever is open has to be answered, and only that is; `choice`: the documents named, in whatever way: what was accepted
   * may be withdrawn.
   */
  at: 'sign_in' | 'choice';
}

type Doors = Pick<Services, 'db' | 'keyring'>;

/**
 * @returns the documents that have a new answer, and those that wait for the link of a mail.
 * @throws Refusal consent_required, consent_outdated, consent_unknown, each at its field and with the others beside it; account_unavailable.
 */
export const answerConsents = traced(async function answerConsents(
  services: Doors,
  brand: Brand,
  input: AnswerConsents,
): Promise<{ answered: string[]; mailed: string[] }> {
  const { accountId, source } = input;
  const now = new Date();
  const mails = await admittedMails(services, brand, input);
  return services.db.transaction(async (db) => {
    const account = await held(db, brand, accountId);
    const news = answersOf(brand, account, input, now).flatMap((one) => {
      const last = account.consents.current[one.document.name];
      const answer = newsOf(one, last, account.consents.pending?.[one.document.name] !== undefined);
      // What is withdrawn is what was accepted, whatever is asked for by now.
      const version = answer === 'withdrawn' ? versionOf(brand, one, last?.version) : one.version;
      return answer ? [{ ...one, version, answer }] : [];
    });
    const parted = partByOptIn(news);
    const evidence = { at: now, source, channel: input.channel, fallbackLocale: brand.settings.locale };
    const after = await accountConsents.write(db, services.keyring, brand, {
      accountId,
      before: account.consents,
      lines: parted.now.map((one) => consentLine(one, evidence)),
      optIns: parted.byMail.map((one) => consentLine(one, evidence)),
      email: account.email,
      mails,
      source,
      actor: input.channel === 'admin' ? 'operator' : 'end_user',
    });
    if (input.at === 'sign_in') await deferRest(db, brand, { ...account, consents: after }, momentOf(account, input, now));
    return { answered: namesOf(parted.now), mailed: namesOf(parted.byMail) };
  });
});

/**
 * "Not now", where what is open may still be put off.
 * @throws Refusal consent_required where it may not; account_unavailable.
 */
export const deferTerms = traced(async function deferTerms(
  { db }: Pick<Services, 'db'>,
  brand: Brand,
  { accountId, source, country }: Pick<AnswerConsents, 'accountId' | 'source' | 'country'>,
): Promise<void> {
  await db.transaction(async (db) => {
    const account = await held(db, brand, accountId);
    const moment = momentOf(account, { source, country }, new Date());
    const open = consentsToAsk(brand.consents, account.consents, moment);
    refuseAll(open.filter(({ must }) => must).map(({ document }) => new Refusal('consent_required', consentField(document.name))));
    if (open.length > 0) await accountProfiles.saveConsents(db, brand.id, accountId, deferConsents(open, account.consents, moment.now));
  });
});

/** What may be put off and was not ticked beside what had to be: not asked again before another day. */
async function deferRest(db: Db, brand: Brand, { id, consents }: Pick<Account, 'id' | 'consents'>, moment: ConsentMoment): Promise<void> {
  const rest = consentsToAsk(brand.consents, consents, moment);
  if (rest.length > 0) await accountProfiles.saveConsents(db, brand.id, id, deferConsents(rest, consents, moment.now));
}

function answersOf(brand: Brand, account: Account, input: AnswerConsents, now: Date): AnsweredConsent[] {
  const moment = momentOf(account, input, now);
  if (input.at === 'sign_in') {
    const open = consentsToAsk(brand.consents, account.consents, moment);
    // Where everything may be put off, "Not now" says so; a form without a tick is a mistake.
    const asked = open.some(({ must }) => must) ? open : open.map(({ document, version }) => ({ document, version }));
    const { answers, faults } = readConsents(asked, input.given);
    refuseAll(faults);
    return answers;
  }
  const applicable = concerningConsents(brand.consents, account.consents, moment);
  // Of what is switched off, an answer can only be taken back.
  const isAsked = (name: string) =>
    applicable.some(({ document }) => document.name === name && (document.enabled || !input.given[name]?.accepted));
  const unknown = Object.keys(input.given).filter((name) => !isAsked(name));
  const { answers, faults } = readConsents(
    applicable.filter(({ document }) => Object.hasOwn(input.given, document.name) && isAsked(document.name)),
    input.given,
  );
  // Whoever withdraws a required one may: they are asked again before they get on.
  const wrong = faults.filter(({ code }) => code !== 'consent_required');
  refuseAll([...unknown.map((name) => new Refusal('consent_unknown', consentField(name), { params: { name } })), ...wrong]);
  return answers;
}

function versionOf({ consents }: Brand, { document, version }: AnsweredConsent, number: number | undefined): ConsentVersion {
  const versions = consents.find(({ name }) => name === document.name)?.versions;
  return versions?.find((one) => one.version === number) ?? version;
}

/** What an account says of its country counts before what its request does. */
function momentOf({ claims }: Account, { source, country }: Pick<AnswerConsents, 'source' | 'country'>, now: Date): ConsentMoment {
  return { now, clientId: source.clientId, country: claims.address?.country ?? country };
}

async function held(db: Db, brand: Brand, accountId: string): Promise<Account> {
  const account = await accounts.lock(db, brand.id, accountId);
  if (!account) throw new Refusal('account_unavailable', undefined, { params: { brand: brand.name } });
  return account;
}

/** One for each mailing that is ticked. */
async function admittedMails({ db, keyring }: Doors, brand: Brand, { accountId, given, source }: AnswerConsents): Promise<number> {
  const isTicked = (name: string) => Object.hasOwn(given, name) && given[name]?.accepted === true;
  const ticked = brand.consents.filter(({ name, versions }) => isTicked(name) && versions.some(({ doubleOptIn }) => doubleOptIn));
  const email = ticked.length > 0 ? (await accounts.find(db, brand.id, accountId))?.email : undefined;
  if (!email) return 0;
  const digest = identifierDigest(openIdentifierKey(keyring, brand), 'email', parseEmail(email).canonical);
  return limits.reserveSome(db, brand.id, mailAttempt(keyring, brand, { digest, network: networkOf(source.ip) }), ticked.length);
}

function namesOf(answers: readonly AnsweredConsent[]): string[] {
  return answers.map(({ document }) => document.name);
}
