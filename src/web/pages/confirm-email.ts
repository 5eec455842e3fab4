// The link of a mail that proves an address: of a newcomer, or of an account. It may be opened anywhere; it confirms and signs nobody in.
// In the browser that waits for it, a button goes on there.
import type { Brand } from '../../domain/brands.ts';
import { type CodePurpose, codeKey, openRemembered, readToken, secretDigest } from '../../domain/one-time-codes.ts';
import type { Seen, Source } from '../../domain/sources.ts';
import { Refusal } from '../../errors.ts';
import { confirmEmailChange } from '../../flows/change-email.ts';
import { confirmRegistration } from '../../flows/confirm-registration.ts';
import { verifyEmail } from '../../flows/verify-email.ts';
import { findInteraction } from '../../oidc/interactions.ts';
import type { Services } from '../../services.ts';
import * as oneTimeCodes from '../../storage/one-time-codes.ts';
import { show } from '../drawing.ts';
import type { ConfirmEmailPage } from '../locals/registration.ts';
import { linkCsrf } from '../mail-link.ts';
import { sourceOf } from '../source.ts';
import { wordsFor } from './account/words.ts';
import { showDeadLink } from './dead-link.ts';
import type { LinkPage, LinkVisit } from './mail-links.ts';
import { seeOther } from './visit.ts';
import { waitingHere } from './waiting-here.ts';

type Confirm = (services: Services, brand: Brand, input: { shown: { token: string }; source: Source }) => Promise<unknown>;

/** Which row a token opens decides what it confirms. */
const confirmations: readonly (readonly [CodePurpose, Confirm])[] = [
  ['register', confirmRegistration],
  ['verify_email', verifyEmail],
  ['change_email', confirmEmailChange],
];

interface Found {
  purpose: CodePurpose;
  confirm: Confirm;
  row: oneTimeCodes.OneTimeCode;
  remembered: { email: string; seen?: Seen };
}

export const confirmEmail: LinkPage = {
  async show(visit) {
    const found = await findLink(visit);
    if (!found) return dead(visit);
    await draw(visit, found, found.row.consumedAt ? 'confirmed' : 'ask');
  },

  async submit(visit) {
    const found = await findLink(visit);
    if (!found) return dead(visit);
    const { drawing, ctx } = visit;
    const again = () => seeOther(ctx, ctx.state.brand.issuer + ctx.path);
    try {
      await found.confirm(drawing.services, ctx.state.brand, { shown: { token: visit.token }, source: sourceOf(ctx) });
    } catch (error) {
      if (!(error instanceof Refusal) || error.status >= 500) throw error;
      if (error.code === 'email_taken') return draw(visit, found, 'taken', error.status);
      // Pressed twice, or the code was typed meanwhile: it is confirmed all the same.
      return error.code === 'code_used' ? again() : dead(visit);
    }
    again();
  },
};

/** The row a token opens, by its first half, if the second one is right. */
async function findLink({ drawing: { services }, ctx, token }: LinkVisit): Promise<Found | undefined> {
  const { brand } = ctx.state;
  const halves = readToken(token);
  const key = halves && codeKey(halves.handle);
  if (!halves || !key) return undefined;
  for (const [purpose, confirm] of confirmations) {
    const row = await oneTimeCodes.find(services.db, { brandId: brand.id, purpose, key }, { secret: secretDigest(halves.secret) });
    if (row) return { purpose, confirm, row, remembered: openRemembered(services.keyring, brand.id, purpose, key, row.sealed) };
  }
  return undefined;
}

async function draw(visit: LinkVisit, found: Found, state: ConfirmEmailPage['state'], status = 200): Promise<void> {
  const { drawing, ctx } = visit;
  const { purpose, row, remembered } = found;
  const words = wordsFor(drawing, ctx);
  const begun = remembered.seen;
  const here = await waitingHere(visit, purpose, row.accountId);
  const page: ConfirmEmailPage = {
    action: ctx.state.mountPath + ctx.path,
    csrf: linkCsrf(drawing.services.keyring, ctx),
    state: state === 'confirmed' && purpose === 'change_email' ? 'changed' : state,
    email: remembered.email,
    begun: {
      device: begun?.device && words.device(begun.device),
      network: words.network(begun?.network ?? null),
      ago: words.ago(row.createdAt),
    },
    carryOn: state === 'confirmed' ? here?.form : undefined,
    accountUrl: `${ctx.state.mountPath}/account`,
  };
  show(drawing, ctx, ctx.state, 'confirm-email', page, { client: here?.client, status });
}

/** A new one is asked for where this one was: in the sign-in, when it is still open here, else by signing in. */
async function dead({ drawing, ctx, uid }: LinkVisit): Promise<void> {
  const { provider, mountPath } = ctx.state;
  const open = uid && (await findInteraction(provider, ctx.req, ctx.res, uid));
  showDeadLink(drawing, ctx, { again: open ? `${mountPath}/interaction/${uid}` : undefined });
}
