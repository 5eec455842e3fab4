// What may stand between an authorization request and its answer, in this order. One prompt, one page of the same name.
import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { Brand } from '../domain/brands.ts';
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
  policy.add(new Prompt({ name: 'verify_email', requestable: false }, emailUnverified(brand)), policy.indexOf(consent));
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
