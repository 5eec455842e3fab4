// Questions as the pages draw them, in English.
import { join } from 'node:path';
import type { ProfileField } from '../../src/domain/profile-fields.ts';
import type { ProfileInput } from '../../src/web/locals/questions.ts';
import { createLocales } from '../../src/web/middleware/locale.ts';
import { profileInput } from '../../src/web/profile-inputs.ts';

const locales = createLocales({ folder: join(import.meta.dirname, '../../config/locales'), production: false });
const languages = locales.localeLinks('en').map(({ code, label }) => ({ code, label }));

export function inputsOf(fields: readonly ProfileField[], values: Record<string, string> = {}, add?: string): ProfileInput[] {
  return fields.map((field) =>
    profileInput(field, { t: locales.translator('en'), locale: 'en', fallback: 'en', languages, values, add, more: 'here' }),
  );
}
