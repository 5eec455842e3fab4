// A page of "my account" in the hands of its owner: what every page gets and needs. A page is one file and one line in pages.ts.
import type { Account } from '../../../domain/accounts.ts';
import { csrfToken } from '../../csrf.ts';
import { type Drawing, show } from '../../drawing.ts';
import type { Form } from '../../form.ts';
import type { AccountFrame, AccountPages, FramedPage } from '../../locals/account.ts';
import type { Pages } from '../../page-locals.ts';
import type { Context } from '../../request.ts';
import { seeOther } from '../visit.ts';
import type { ClientBack } from './client-back.ts';

export interface AccountVisit {
  drawing: Drawing;
  ctx: Context;
  /** Read for this request. */
  account: Account;
  /** The session at the provider these pages were signed in with. */
  session: { uid: string; authTime: number };
  /** The app the person came from, when it has a registered home. */
  clientBack?: ClientBack | undefined;
}

export interface AccountPage {
  show(visit: AccountVisit): Promise<void>;
  /** The form is ours and of this session. Ends with `done` or, after a "no", by drawing the page with what was typed. */
  submit?(visit: AccountVisit, form: Form): Promise<void>;
  /** Shown and sent only within 5 minutes after signing in; else the person signs in again and comes back to the page. */
  fresh?: boolean | ((drawing: Drawing, ctx: Context) => boolean);
}

/** What a page may say after something was done: `account.done.<word>` in the locales. */
const words = [
  'profile',
  'session',
  'others',
  'app',
  'access',
  'email',
  'email_typed',
  'password',
  'kept',
  'consent_given',
  'consent_withdrawn',
  'consent_mailed',
] as const;

export type Done = (typeof words)[number];

/** In this order; what stands in the navigation has a sentence `account.nav.<segment>`. */
const navigation = ['', 'profile', 'email', 'password', 'sessions', 'apps', 'consents', 'data', 'delete'] as const;

export type Segment = (typeof navigation)[number];

/** The path of a page, as a link or a form names it. */
export function accountPath({ ctx }: Pick<AccountVisit, 'ctx'>, segment = ''): string {
  return `${ctx.state.mountPath}/account${segment && `/${segment}`}`;
}

/** Where the page's forms post, and the token that proves they are ours and of this session. */
export function accountTarget(visit: AccountVisit, segment = ''): { action: string; csrf: string } {
  const { drawing, ctx, session } = visit;
  return { action: accountPath(visit, segment), csrf: csrfToken(drawing.services.keyring, ctx.state.brand.id, csrfName(session.uid)) };
}

/** What a form's token is made of (csrf.ts). */
export function csrfName(uid: string): string {
  return `account/${uid}`;
}

/** It is done: on to a page that says so (303). `segment` '' is the overview. */
export function done(visit: AccountVisit, segment: Segment, word: Done): void {
  const { ctx } = visit;
  seeOther(ctx, `${ctx.state.brand.issuer}/account${segment && `/${segment}`}?done=${word}`);
}

/** Draws a page inside the account's frame: navigation, the way back, and what was just done. */
export function showAccount<Name extends FramedPage>(
  visit: AccountVisit,
  name: Name,
  locals: Omit<AccountPages[Name], 'frame'>,
  status = 200,
): void {
  const { drawing, ctx, clientBack } = visit;
  const client = clientBack && { name: clientBack.name, homeUrl: clientBack.url };
  show(drawing, ctx, ctx.state, name, { ...locals, frame: frameOf(visit) } as unknown as Pages[Name], { client, status });
}

/** Where nobody is asked to agree to anything, and nothing was agreed to, there is no page about it. */
export function hasConsents({ ctx, account }: AccountVisit): boolean {
  return ctx.state.brand.consents.length > 0 || account.consents.lines > 0;
}

function navigationOf(visit: AccountVisit): readonly Segment[] {
  return hasConsents(visit) ? navigation : navigation.filter((segment) => segment !== 'consents');
}

function frameOf(visit: AccountVisit): AccountFrame {
  const { ctx, clientBack } = visit;
  const here = /^\/account\/?([a-z-]*)/.exec(ctx.path)?.[1] ?? '';
  return {
    segment: here,
    nav: navigationOf(visit).map((segment) => ({ segment, href: accountPath(visit, segment), current: segment === here })),
    home: accountPath(visit),
    csrf: accountTarget(visit).csrf,
    back: clientBack,
    done: words.find((word) => word === ctx.query.done),
  };
}
