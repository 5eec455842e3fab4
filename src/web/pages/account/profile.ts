// What a person says of themselves. A refused form keeps what was typed.
import { type Profile, profileFields } from '../../../domain/profile.ts';
import { Refusal } from '../../../errors.ts';
import { updateProfile } from '../../../flows/update-profile.ts';
import type { Form } from '../../form.ts';
import { speak } from '../../middleware/choose-locale.ts';
import type { FormState } from '../../page-locals.ts';
import { sourceOf } from '../../source.ts';
import { type AccountPage, type AccountVisit, accountTarget, done, showAccount } from './visit.ts';

export const profile: AccountPage = {
  async show(visit) {
    draw(visit, { values: saidIn({ ...visit.account.claims }) });
  },

  async submit(visit, form) {
    const { drawing, ctx, account } = visit;
    const said = saidIn(form);
    try {
      await updateProfile(drawing.services, ctx.state.brand, { accountId: account.id, profile: said, source: sourceOf(ctx) });
    } catch (error) {
      if (!(error instanceof Refusal) || !error.field) throw error;
      return draw(visit, { values: said, refusal: error }, error.status);
    }
    // Who says which language they like is spoken to in it from here on.
    if (said.locale !== (account.claims.locale ?? '')) speak(drawing.locales, ctx, said.locale);
    done(visit, 'profile', 'profile');
  },
};

function saidIn(values: Form | Readonly<Record<string, unknown>>): Profile & Record<string, string> {
  const said = profileFields.map((field) => [field, typeof values[field] === 'string' ? values[field] : '']);
  return Object.fromEntries(said) as Profile & Record<string, string>;
}

function draw(visit: AccountVisit, form: FormState, status = 200): void {
  const { locale = '', birthdate = '' } = form.values;
  const languages = languagesOf(visit, locale);
  // A year alone, or a day without one (OpenID Connect Core 5.1), is more than a date field can show.
  const wholeDate =
    /^(?!0000)\d{4}-\d\d-\d\d$/.test(visit.account.claims.birthdate ?? '2000-01-01') && /^(\d{4}-\d\d-\d\d)?$/.test(birthdate);
  showAccount(visit, 'account-profile', { ...accountTarget(visit, 'profile'), form, languages, wholeDate }, status);
}

/** Those our pages speak, and the one that was chosen elsewhere. */
function languagesOf({ drawing, ctx }: AccountVisit, chosen: string): { code: string; label: string }[] {
  const spoken = drawing.locales.localeLinks(ctx.state.locale).map(({ code, label }) => ({ code, label }));
  return chosen === '' || spoken.some(({ code }) => code === chosen) ? spoken : [...spoken, { code: chosen, label: nameOf(chosen) }];
}

function nameOf(locale: string): string {
  try {
    return new Intl.DisplayNames([locale], { type: 'language' }).of(locale) ?? locale;
  } catch {
    return locale;
  }
}
