// What may stand between an authorization request and its answer, in this order. One prompt, one page of the same name.
import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { Account } from '../domain/accounts.ts';
import type { Brand } from '../domain/brands.ts';
import { ACCOUNT_CLIENT } from '../domain/clients.ts';
import { consentsToAsk } from '../domain/consents.ts';
import { dueFields, shouldCaptureBeDisplayed } from '../domain/profile-capture.ts';
import { fieldsOf } from '../domain/profile-fields.ts';
import { clientOf } from './clients.ts';
import { accountOf, isSignedOut } from './find-account.ts';

const { Prompt, Check, base } = interactionPolicy;

export function prompts(brand: Brand) {
  const policy = base();
  const login = policy.get('login');
  const consent = policy.get('consent');
  if (!login || !consent) throw new Error('oidc-provider no longer has the prompts login and consent');
  login.checks.add(accountUnavailable());
  login.checks.add(signedOutSince());
  consent.checks.remove('native_client_prompt');
  consent.checks.add(nativeClient());
  const ours = { verify_email: emailUnverified(brand), accept_terms: termsOpen(brand), complete_account: questionsDue(brand) };
  for (const [name, check] of Object.entries(ours)) policy.add(new Prompt({ name, requestable: false }, check), policy.indexOf(consent));
  // "Initiating User Registration via OpenID Connect 1.0": the same page, with creating an account first.
  policy.add(new Prompt({ name: 'create', requestable: true }), 0);
  return policy;
}

/** A live session of an account that was disabled or erased signs in anew instead of making the request fail. */
function accountUnavailable() {
  return new Check('account_unavailable', 'the account is not available', 'login_required', ({ oidc }: KoaContextWithOIDC) =>
    oidc.session?.accountId !== undefined && oidc.entities.Account === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
  );
}

/**
 * A sign-in from before everything was ended (a new password, "sign out everywhere") counts no more, also when it was still on its way:
 * its page was answered, its session not yet made. The library counts in whole seconds, and so does this.
 */
function signedOutSince() {
  return new Check('signed_out', 'the account was signed out everywhere', 'login_required', (ctx: KoaContextWithOIDC) =>
    isSignedOut(ctx) ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
  );
}

/**
 * Where a brand verifies addresses after the account was made, no sign-in passes without. What the page answered is not asked: the
 * account itself says whether its address is proved. A brand that verifies before asks nobody who is here already.
 */
function emailUnverified(brand: Brand) {
  return new Check('email_unverified', 'the e-mail address is not verified', 'interaction_required', ({ oidc }: KoaContextWithOIDC) => {
    const account = accountOf(oidc.entities.Account);
    const asks = brand.settings.emailVerification.pages === 'after' && account?.email && !account.emailVerified;
    return asks ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
  });
}

/**
 * A required document without an answer that counts, in a live session too. What may still be put off stops nobody who cannot see a page.
 * The account's own row says what was answered, so that this costs no statement.
 */
function termsOpen(brand: Brand) {
  return new Check('terms_open', 'terms have to be accepted', 'interaction_required', (ctx: KoaContextWithOIDC) => {
    const account = askedAccount(ctx);
    const moment = account && { now: new Date(), clientId: ctx.oidc.client?.clientId, country: countryOf(account, ctx) };
    const open = moment && consentsToAsk(brand.consents, account.consents, moment, { silent: isSilent(ctx) });
    return open && open.length > 0 ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
  });
}

/** Questions whose time has come. Optional ones stop nobody who cannot see a page. */
function questionsDue(brand: Brand) {
  return new Check('questions_due', 'the account is not complete', 'interaction_required', (ctx: KoaContextWithOIDC) => {
    const account = askedAccount(ctx);
    if (!account) return Check.NO_NEED_TO_PROMPT;
    const moment = { now: new Date(), clientId: ctx.oidc.client?.clientId };
    const fields = fieldsOf(brand);
    const asks = isSilent(ctx) ? shouldCaptureBeDisplayed(fields, account, moment) : dueFields(fields, account, moment).length > 0;
    return asks ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
  });
}

/** Nobody is kept from their own account pages: who does not accept must still be able to take their data and leave. */
function askedAccount({ oidc }: KoaContextWithOIDC): Account | undefined {
  return oidc.client?.clientId === ACCOUNT_CLIENT ? undefined : accountOf(oidc.entities.Account);
}

function isSilent({ oidc }: KoaContextWithOIDC): boolean {
  return oidc.promptPending('none');
}

/** What an account says of its country counts before what its request does (web/middleware/brand.ts writes that into it). */
function countryOf({ claims }: Account, { req }: KoaContextWithOIDC): string | undefined {
  const guessed = req.headers['x-portico-country'];
  return claims.address?.country ?? (typeof guessed === 'string' ? guessed : undefined);
}

/**
 * An app that others can imitate (RFC 8252 8.6) never gets an answer without the person acting.
 * A claimed https redirect reaches only the app that owns the domain, so the brand's own apps may skip it.
 */
function nativeClient() {
  return new Check(
    'native_client_prompt',
    'native clients require End-User interaction',
    'interaction_required',
    ({ oidc }: KoaContextWithOIDC) => {
      const { client, params, result } = oidc;
      if (client?.applicationType !== 'native' || result?.consent) return Check.NO_NEED_TO_PROMPT;
      const claimed = String(params?.['redirect_uri'] ?? '').startsWith('https:');
      return claimed && clientOf(client).first_party ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
    },
  );
}
