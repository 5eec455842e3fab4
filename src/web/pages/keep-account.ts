// The link of the mail that says "your account will be deleted": its page keeps the account, once. Without a link it tells whoever
// has just asked for the deletion, in the browser they did it in, until when that works.
import { codeKey, readToken, secretDigest } from '../../domain/one-time-codes.ts';
import { keepAccountByLink } from '../../flows/keep-account.ts';
import * as accounts from '../../storage/accounts.ts';
import * as oneTimeCodes from '../../storage/one-time-codes.ts';
import { show } from '../drawing.ts';
import { type FlowPlace, flowHandle, forgetFlow } from '../flow-cookie.ts';
import type { KeepAccountPage } from '../locals/account.ts';
import { forgetToken, linkCsrf } from '../mail-link.ts';
import { sourceOf } from '../source.ts';
import type { LinkPage, LinkVisit } from './mail-links.ts';
import { seeOther } from './visit.ts';

/** Where a browser remembers until when the account it left can be kept. */
export const requestedHere: FlowPlace = { purpose: 'keep_account', under: '/keep-account' };

export const keepAccount: LinkPage = {
  async show(visit) {
    const { drawing, ctx, token } = visit;
    if (ctx.query.done !== undefined) return draw(visit, 'kept');
    const until = await eraseAfterOf(visit);
    if (until) return draw(visit, 'ask', until);
    const requested = token ? undefined : flowHandle(drawing.services.keyring, ctx, requestedHere);
    draw(visit, requested ? 'requested' : 'gone', requested ? new Date(requested) : undefined);
  },

  async submit(visit) {
    const { drawing, ctx, token } = visit;
    const kept = await keepAccountByLink(drawing.services, ctx.state.brand, { token, source: sourceOf(ctx) });
    if (!kept) return draw(visit, 'gone');
    forgetToken(ctx);
    forgetFlow(ctx, requestedHere);
    seeOther(ctx, `${ctx.state.brand.issuer}/keep-account?done`);
  },
};

/** When the account of a link that still works is erased. */
async function eraseAfterOf({ drawing, ctx, token }: LinkVisit): Promise<Date | undefined> {
  const { db } = drawing.services;
  const { id: brandId } = ctx.state.brand;
  const parts = readToken(token);
  const key = parts && codeKey(parts.handle);
  if (!key) return undefined;
  const row = await oneTimeCodes.find(db, { brandId, purpose: 'keep_account', key }, { secret: secretDigest(parts.secret) });
  const account = row && (await accounts.find(db, brandId, row.accountId));
  return account?.eraseAfter ?? undefined;
}

function draw(visit: LinkVisit, outcome: KeepAccountPage['outcome'], until?: Date): void {
  const { drawing, ctx } = visit;
  const page: KeepAccountPage = {
    outcome,
    action: ctx.state.mountPath + ctx.path,
    csrf: linkCsrf(drawing.services.keyring, ctx),
    date: until && new Intl.DateTimeFormat(ctx.state.locale, { dateStyle: 'long', timeZone: 'UTC' }).format(until),
    accountUrl: `${ctx.state.mountPath}/account`,
  };
  show(drawing, ctx, ctx.state, 'keep-account', page, { status: outcome === 'gone' ? 410 : 200 });
}
