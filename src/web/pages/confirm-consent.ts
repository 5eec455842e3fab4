// The link of a double opt-in. It may be opened anywhere; what was ticked counts once its button is pressed.
import { Refusal } from '../../errors.ts';
import { confirmConsent as confirm, type FoundOptIn, findOptIn } from '../../flows/confirm-consent.ts';
import { consentText } from '../consent-choices.ts';
import { show } from '../drawing.ts';
import { linkCsrf } from '../mail-link.ts';
import { sourceOf } from '../source.ts';
import { showDeadLink } from './dead-link.ts';
import type { LinkPage, LinkVisit } from './mail-links.ts';
import { seeOther } from './visit.ts';

export const confirmConsent: LinkPage = {
  async show(visit) {
    const found = await find(visit);
    if (!found) return showDeadLink(visit.drawing, visit.ctx);
    draw(visit, found);
  },

  async submit(visit) {
    const { drawing, ctx, token } = visit;
    const again = () => seeOther(ctx, ctx.state.brand.issuer + ctx.path);
    try {
      await confirm(drawing.services, ctx.state.brand, { token, source: sourceOf(ctx) });
    } catch (error) {
      if (!(error instanceof Refusal) || error.status >= 500) throw error;
      // Pressed twice: it counts all the same.
      return error.code === 'code_used' ? again() : showDeadLink(drawing, ctx);
    }
    again();
  },
};

function find({ drawing, ctx, token }: LinkVisit): Promise<FoundOptIn | undefined> {
  return findOptIn(drawing.services, ctx.state.brand, token);
}

function draw({ drawing, ctx }: LinkVisit, { document, version, locale, state }: FoundOptIn): void {
  const { brand, mountPath } = ctx.state;
  const shown = brand.consents.find(({ name }) => name === document)?.versions.find((one) => one.version === version);
  // In the words that were ticked.
  const { parts, lang } = shown ? consentText(ctx, shown, locale) : { parts: [], lang: locale };
  const page = {
    action: mountPath + ctx.path,
    csrf: linkCsrf(drawing.services.keyring, ctx),
    state,
    parts,
    lang,
    consentsUrl: `${mountPath}/account/consents`,
  };
  show(drawing, ctx, ctx.state, 'confirm-consent', page);
}
